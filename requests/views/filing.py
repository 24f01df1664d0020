"""The question pages, the check page, and "Send my request".

Answers are kept as they were typed (requests.services.drafts), so that Back, a mistake, a change
of language or a closed laptop loses nothing. What was typed is judged when a page is sent and
once more before the request is filed.
"""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, translate_url
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consent.enums import Language
from requests import browser
from requests.enums import Filer
from requests.errors import GateClosed
from requests.forms import NOT_SAID, PlainForm, SendForm
from requests.models import Ticket
from requests.services import clocks, drafts, intake, places, reasons
from requests.views.answers import ABOUT, Answers, age, load, new_start
from requests.views.pages import limited, private, show

# Quicker than this from the first page to the last is no person.
MINIMUM = timedelta(seconds=3)


def _sent(answers: Answers) -> Ticket | None:
    """The request these answers became, if they were sent already."""
    if answers.draft is None:
        return None
    return Ticket.objects.filter(form_nonce=answers.draft.nonce).first()


@private
@limited("questions")
@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, code: str, page: str = ABOUT) -> HttpResponse:
    answers = load(request, code)
    if answers.right.one_button:
        return HttpResponseRedirect(reverse("requests:opt_out", args=[code]))
    if page == ABOUT and _sent(answers):  # a new request begins; the old one has its own page
        if request.method == "POST":
            drafts.discard(browser.of_or_new(request), code)
        answers = Answers(answers.right, None, {})
    if page not in answers.pages or (page != ABOUT and ABOUT not in answers.typed):
        return HttpResponseRedirect(_url(code, ABOUT))
    if request.method == "POST":
        return _answer(request, answers, page)
    return _page(request, answers, page, answers.form(page))


def _answer(request: HttpRequest, answers: Answers, page: str) -> HttpResponse:
    form = answers.form(page, data=request.POST)
    if form.is_trap():
        return HttpResponseRedirect(reverse("requests:start"))
    language = request.POST.get("switch", "")
    if language in Language.values:
        return _keep(request, answers, page, form, translate_url(request.get_full_path(), language))
    if not form.is_valid():
        return _page(request, answers, page, form, failed=form)
    return _keep(request, answers, page, form, None)


def _keep(
    request: HttpRequest, answers: Answers, page: str, form: PlainForm, then: str | None
) -> HttpResponse:
    """Keep what was typed and go on: to ``then``, or to the next page that is not answered."""
    token = browser.of_or_new(request)
    answers.typed[page] = {
        name: str(form.data.get(name, ""))[:5000] for name in form.fields if name != "website"
    }
    if page == ABOUT and age(answers) is None:
        answers.typed[page]["began"] = new_start()
    drafts.save(token, answers.right.code, answers.typed)
    return browser.keep(HttpResponseRedirect(then or _next(answers)), token)


def _next(answers: Answers) -> str:
    for page in answers.pages:
        if page not in answers.typed or not answers.judged(page).is_valid():
            return _url(answers.right.code, page)
    return reverse("requests:check", args=[answers.right.code])


def _url(code: str, page: str) -> str:
    if page == ABOUT:
        return reverse("requests:question", args=[code])
    return reverse("requests:question", args=[code, page])


def _page(
    request: HttpRequest,
    answers: Answers,
    page: str,
    form: PlainForm,
    *,
    failed: PlainForm | None = None,
) -> HttpResponse:
    number, code = answers.pages.index(page), answers.right.code
    back = _url(code, answers.pages[number - 1]) if number else reverse("requests:start")
    context = {
        "right": answers.right,
        "page": page,
        "form": form,
        "number": number + 1,
        "count": len(answers.pages),
        "back": back,
    }
    return show(request, "question", context, failed=failed)


@private
@limited("filing")
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, code: str) -> HttpResponse:
    """Everything at a glance, the date by which we answer, and the one button."""
    answers = load(request, code)
    if answers.draft is None:
        if request.method == "POST":
            raise GateClosed(_("There are no answers to send. Start with the first question."))
        return HttpResponseRedirect(_url(code, ABOUT))
    if request.method != "POST" and (sent := _sent(answers)):  # Back after sending
        return HttpResponseRedirect(reverse("requests:status", args=[sent.reference]))
    forms = {page: answers.judged(page) for page in answers.pages}
    if not all(page in answers.typed and form.is_valid() for page, form in forms.items()):
        return HttpResponseRedirect(_next(answers))
    asked = _asked(answers, forms)
    if request.method == "POST":
        return _send(request, answers, asked)
    return _check_page(request, answers, asked, SendForm())


def _send(request: HttpRequest, answers: Answers, asked: intake.Filing) -> HttpResponse:
    form = SendForm(request.POST)
    if form.is_trap():
        return HttpResponseRedirect(reverse("requests:start"))
    if (age(answers) or timedelta(0)) < MINIMUM:
        form.add_error(None, _("Wait a few seconds, then press “Send my request” again"))
        return _check_page(request, answers, asked, form, failed=form)
    token = browser.of_or_new(request)
    nonce = answers.draft.nonce if answers.draft else None  # two clicks, a reload: one request
    ticket, _new = intake.open_ticket(asked, by=None, nonce=nonce, browser=token)
    there = HttpResponseRedirect(reverse("requests:status", args=[ticket.reference]))
    there.status_code = 303
    return browser.keep(there, token)


def _asked(answers: Answers, forms: dict[str, PlainForm]) -> intake.Filing:
    values: dict[str, Any] = {}
    for form in forms.values():
        values |= form.cleaned_data
    return intake.Filing(
        right=answers.right,
        organisation=places.the_organisation(),
        language=translation.get_language() or Language.ENGLISH,
        received_at=timezone.now(),
        residence=places.residences().get(values.get("residence", NOT_SAID)),
        filer=Filer(values.get("filer") or Filer.PERSON),
        name=values["name"],
        email=values["email"],
        person_name=values.get("person_name", ""),
        person_email=values.get("person_email", ""),
        details=values["details"],
        customer_number=values["customer_number"],
    )


def _check_page(
    request: HttpRequest,
    answers: Answers,
    asked: intake.Filing,
    form: SendForm,
    *,
    failed: PlainForm | None = None,
) -> HttpResponse:
    code = answers.right.code
    found = clocks.foresee(asked.right, asked.residence, asked.received_at, asked.organisation)
    context = {
        "right": answers.right,
        "asked": asked,
        "due_on": found.due_on,
        "why": reasons.of_steps(found.trace),
        "form": form,
        "change": {page: _url(code, page) for page in answers.pages},
        "back": _url(code, answers.pages[-1]),
    }
    return show(request, "check", context, failed=failed)
