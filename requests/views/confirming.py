"""The pages behind links in mails. Opening one changes nothing; a person presses a button."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from requests import browser
from requests.enums import Purpose, State
from requests.forms import PlainForm
from requests.models import Ticket, Verification
from requests.services import identity, links
from requests.views.pages import limited, private, show


def _find(token: str, purpose: Purpose) -> Verification:
    row = links.find(token, purpose)
    if row is None:
        raise Http404
    return row


def _has_ended(row: Verification) -> bool:
    return row.expires_at < timezone.now()


@private
@limited("codes")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    row = _find(token, Purpose.CONFIRM)
    if row.used_at is not None:
        return _page(request, row, "confirm_done")
    press = request.POST.get("press", "")
    if row.ticket.state == State.CLOSED and not identity.opens_again(row.ticket, row):
        if identity.was_left(row.ticket):
            return _ended(request, row, press, page="link_unconfirmed")
        return _page(request, row, "link_closed", status=410)
    if _has_ended(row):
        return _ended(request, row, press)
    return _answered(request, row, press)


def _answered(request: HttpRequest, row: Verification, press: str) -> HttpResponse:
    """What the owner of the mailbox says; without an answer, the page that asks."""
    if press == "not_me":
        identity.not_me(row)
        return _page(request, row, "confirm_not_me")
    if press == "confirm":
        mine = browser.of_or_new(request)
        return _open(identity.confirm(row, browser=mine), mine, "?done=confirmed")
    return _page(request, row, "confirm")


@private
@limited("codes")
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest, token: str) -> HttpResponse:
    row = _find(token, Purpose.FOLLOW)
    press = request.POST.get("press", "")
    if _has_ended(row):
        return _ended(request, row, press)
    if press == "open":
        mine = browser.of_or_new(request)
        return _open(identity.follow(row, browser=mine), mine)
    return _page(request, row, "follow")


@private
@limited("codes")
@require_http_methods(["GET", "HEAD", "POST"])
def mandate(request: HttpRequest, token: str) -> HttpResponse:
    """The person of whom an agent speaks says whether the agent may."""
    row = _find(token, Purpose.MANDATE)
    press = request.POST.get("press", "")
    if row.used_at is not None:
        return _page(request, row, "mandate_done")
    if row.ticket.state == State.CLOSED or _has_ended(row):
        return _page(request, row, "link_closed", status=410)
    if press in {"agree", "deny"}:
        ticket = identity.answer_mandate(row, agreed=press == "agree")
        row.ticket = ticket
        return _page(request, row, "mandate_done")
    return _page(request, row, "mandate")


def _ended(
    request: HttpRequest, row: Verification, press: str, *, page: str = "link_ended"
) -> HttpResponse:
    """Why the link no longer works, and one button for a new one to the address on file."""
    if press != "renew":
        return _page(request, row, page, status=410)
    mine = browser.of_or_new(request)
    identity.renew(row, browser=mine)
    return browser.keep(_page(request, row, "link_renewed"), mine)


def _page(request: HttpRequest, row: Verification, name: str, *, status: int = 200) -> HttpResponse:
    context = {"row": row, "ticket": row.ticket, "form": PlainForm()}
    return show(request, name, context, status=status)


def _open(ticket: Ticket, token: str, query: str = "") -> HttpResponse:
    """To the page of the request, which this browser may now see."""
    address = reverse("requests:status", args=[ticket.reference])
    response = HttpResponseRedirect(f"{address}{query}")
    response.status_code = 303
    return browser.keep(response, token)
