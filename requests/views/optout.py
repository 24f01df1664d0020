"""One button: no mail, no identity, nothing to type."""

import re

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_http_methods

from consent import crypto
from consent.enums import Language
from requests import browser
from requests.forms import PlainForm
from requests.services import optouts, places
from requests.views.pages import limited, private, show

SALE = "opt_out_sale_share"
# California asks to keep an opt-out for at least twelve months (Civ. Code 1798.135(c)(4)).
REMEMBERED = 400 * 24 * 60 * 60
_NONCE = re.compile(r"[A-Za-z0-9_-]{43}")


@private
@limited("filing")
@require_http_methods(["GET", "HEAD", "POST"])
def opt_out(request: HttpRequest, code: str = SALE) -> HttpResponse:
    right = places.rights().get(code)
    if right is None or not right.one_button:
        raise Http404
    if request.method != "POST":
        context = {"right": right, "nonce": crypto.new_token(), "form": PlainForm()}
        return show(request, "opt_out", context)
    if PlainForm(request.POST).is_trap():
        return HttpResponseRedirect(reverse("requests:start"))
    nonce = request.POST.get("nonce", "")
    token = browser.of_or_new(request)
    ticket = optouts.opt_out(
        right,
        places.the_organisation(),
        language=translation.get_language() or Language.ENGLISH,
        nonce=nonce if _NONCE.fullmatch(nonce) else crypto.new_token(),
        browser=token,
    )
    there = HttpResponseRedirect(reverse("requests:status", args=[ticket.reference]))
    there.status_code = 303
    there.set_cookie(  # read by the company's own pages, so not HttpOnly
        code, "1", max_age=REMEMBERED, secure=settings.SECURE, samesite="Lax"
    )
    return browser.keep(there, token)
