"""One page per request: what happens, who must act, by when, and what the person can do now."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from consent import crypto
from consent.errors import PortalError
from requests import browser
from requests.enums import WITHDRAWABLE, DenialCode, State
from requests.forms import AddressForm, AgainForm, CodeForm, MessageForm, PlainForm
from requests.models import Ticket
from requests.references import parse_reference
from requests.services import appeals, identity, lifecycle, links, messages, optouts
from requests.views import progress
from requests.views.pages import count, limited, private, show
from requests.views.returning import come_back


def _find(request: HttpRequest, typed: str) -> tuple[str, tuple[Ticket, bool] | None]:
    """The number people meant, and what this browser may see of it."""
    reference = parse_reference(typed)
    if reference is None:
        raise Http404
    return reference, links.access(reference, browser.of(request), now=timezone.now())


@private
@require_http_methods(["GET", "HEAD", "POST"])
def status(request: HttpRequest, reference: str) -> HttpResponse:
    """Progress for the browser that filed; messages too for one that showed the mailbox."""
    number, found = _find(request, reference)
    if number != reference:
        return HttpResponseRedirect(_address(number))
    if found is None:
        return come_back(request, number)
    ticket, full = found
    if request.method != "POST":
        return _page(request, ticket, full=full)
    action = ACTIONS.get(request.POST.get("do", ""))
    return action(request, ticket, full) if action else _there(ticket)


def _type_code(request: HttpRequest, ticket: Ticket, full: bool) -> HttpResponse:
    count(request, "codes")
    form = CodeForm(request.POST)
    if not form.is_valid() or form.is_trap():
        return _page(request, ticket, full=full, failed=form)
    try:
        identity.confirm_by_code(ticket, form.cleaned_data["code"], browser=_token(request))
    except PortalError as error:
        return _refused(request, ticket, full, form, "code", error)
    return _there(ticket, "confirmed")


def _resend(request: HttpRequest, ticket: Ticket, full: bool) -> HttpResponse:
    count(request, "codes")
    try:
        identity.resend(ticket.pk, browser=_token(request))
    except PortalError as error:
        return _refused(request, ticket, full, PlainForm(request.POST), None, error)
    return _there(ticket, "resent")


def _ask_to_see(request: HttpRequest, ticket: Ticket, full: bool) -> HttpResponse:  # noqa: ARG001 -- the shape of all actions
    """The browser that filed asks for a code to its own address, to read the messages."""
    count(request, "codes")
    identity.ask_return_code(ticket.reference, ticket.email, browser=_token(request))
    return _there(ticket, "code")


def _write(request: HttpRequest, ticket: Ticket, full: bool) -> HttpResponse:
    if not full:
        return _there(ticket)
    count(request, "messages")
    form = MessageForm(request.POST)
    if form.is_trap():
        return _there(ticket)
    if not form.is_valid():
        return _page(request, ticket, full=full, failed=form)
    nonce = form.cleaned_data["nonce"]
    try:
        messages.write_to_office(ticket.pk, form.cleaned_data["body"], nonce=nonce or None)
    except PortalError as error:
        return _refused(request, ticket, full, form, "body", error)
    return _there(ticket, "written")


def _add_email(request: HttpRequest, ticket: Ticket, full: bool) -> HttpResponse:
    """An opt-out of this browser is extended to what is known under an address."""
    if not full:
        return _there(ticket)
    count(request, "codes")
    form = AddressForm(request.POST)
    if form.is_trap():
        return _there(ticket)
    if not form.is_valid():
        return _page(request, ticket, full=full, failed=form)
    try:
        optouts.add_email(ticket.pk, form.cleaned_data["email"], browser=_token(request))
    except PortalError as error:
        return _refused(request, ticket, full, form, "email", error)
    return _there(ticket, "added")


ACTIONS = {
    "code": _type_code,
    "resend": _resend,
    "see": _ask_to_see,
    "message": _write,
    "email": _add_email,
}


@private
@limited("codes")
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest, reference: str) -> HttpResponse:
    """Correct a mistyped address without typing the request again."""
    number, found = _find(request, reference)
    if found is None or not progress.is_unconfirmed(found[0]):
        return HttpResponseRedirect(_address(number))
    ticket, _full = found
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and not form.is_trap():
        try:
            identity.change_address(ticket.pk, form.cleaned_data["email"], browser=_token(request))
        except PortalError as error:
            form.add_error("email", str(error))
        else:
            return _there(ticket, "address")
    context = {"ticket": ticket, "form": form}
    return show(request, "address", context, failed=form if form.is_bound else None)


@private
@limited("messages")
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    """A page that says what withdrawing means, and the button that does it."""
    number, found = _find(request, reference)
    if found is None or not found[1]:
        return HttpResponseRedirect(_address(number))
    ticket, _full = found
    if request.method == "POST":
        lifecycle.withdraw(ticket.pk)
        return _there(ticket, "withdrawn")
    if ticket.state not in WITHDRAWABLE:
        return _there(ticket)
    return show(request, "withdraw", {"ticket": ticket, "form": PlainForm()})


@private
@limited("messages")
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest, reference: str) -> HttpResponse:
    """The person does not agree with the answer: their words, and one button (T12)."""
    number, found = _find(request, reference)
    if found is None or not found[1]:
        return HttpResponseRedirect(_address(number))
    ticket, _full = found
    if request.method != "POST":
        if not appeals.may_ask_again(ticket):
            return _there(ticket)
        form = AgainForm(initial={"nonce": crypto.new_token()})
        return show(request, "again", {"ticket": ticket, "form": form})
    form = AgainForm(request.POST)
    if form.is_trap():
        return _there(ticket)
    if form.is_valid():
        nonce = form.cleaned_data["nonce"] or None
        try:
            appeals.ask_again(ticket.pk, form.cleaned_data["body"], nonce=nonce)
        except PortalError as error:
            form.add_error("body", str(error))
        else:
            return _there(ticket, "again")
    return show(request, "again", {"ticket": ticket, "form": form}, failed=form)


def _page(
    request: HttpRequest,
    ticket: Ticket,
    *,
    full: bool,
    failed: PlainForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with the form ``failed`` as it was typed and the others empty."""
    unconfirmed = progress.is_unconfirmed(ticket)
    asked = request.GET.get("done", "")
    said = ticket.messages.for_person(now=timezone.now()) if full else []
    forms: dict[str, Any] = {
        "code_form": CodeForm(),
        "message_form": MessageForm(initial={"nonce": crypto.new_token()}),
        "email_form": AddressForm(),
    }
    for name, form in forms.items():
        if type(form) is type(failed):
            forms[name] = failed
    context = {
        **forms,
        "ticket": ticket,
        "full": full,
        "turn": progress.turn(ticket, full=full),
        "steps": progress.steps(ticket),
        "why": progress.why(ticket),
        "clock": progress.clock(ticket),
        "may_ask_again": full and appeals.may_ask_again(ticket),
        "done": progress.DONE.get(asked, ""),
        "unconfirmed": unconfirmed,
        "wants_code": unconfirmed or (not full and (asked == "code" or failed is not None)),
        "said": said,
        "may_withdraw": full and ticket.state in WITHDRAWABLE,
        "may_write": full and ticket.state != State.CLOSED,
        "may_add_email": full and ticket.right.one_button and not ticket.email and ticket.is_open,
        "reason": _reason(ticket) if full else None,
    }
    return show(request, "status", context, failed=failed, status=status)


def _reason(ticket: Ticket) -> DenialCode | None:
    return DenialCode(ticket.denial_code) if ticket.denial_code in DenialCode.values else None


def _refused(  # noqa: PLR0913 -- what a page with an error consists of
    request: HttpRequest,
    ticket: Ticket,
    full: bool,
    form: PlainForm,
    field: str | None,
    error: PortalError,
) -> HttpResponse:
    """The page again, with what a service said about ``field``."""
    form.is_valid()
    form.add_error(field, str(error))
    return _page(request, ticket, full=full, failed=form, status=error.http_status)


def _token(request: HttpRequest) -> str:
    """The browser's token: who comes here has one."""
    return browser.of_or_new(request)


def _address(number: str) -> str:
    return reverse("requests:status", args=[number])


def _there(ticket: Ticket, done: str = "") -> HttpResponse:
    """To the page of the request; ``done`` names a sentence of progress.DONE."""
    query = f"?done={done}" if done else ""
    response = HttpResponseRedirect(f"{_address(ticket.reference)}{query}")
    response.status_code = 303
    return response
