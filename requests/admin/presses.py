"""One press, one service call: what a button on the ticket page does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from consent.errors import PortalError
from requests.admin import answering
from requests.errors import GateClosed
from requests.models import Decision, Ticket
from requests.services import decisions, lifecycle, manual, undoing
from requests.services import messages as letters_and_notes


@dataclass(frozen=True, slots=True)
class Press:
    run: Callable[[HttpRequest, Ticket, User], Any]
    done: Any  # the sentence, or what makes it of the result


def _seen(request: HttpRequest) -> int | None:
    typed = request.POST.get("seen", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


def _decision(ticket: Ticket) -> Decision:
    decision = answering.latest(ticket)
    if decision is None:
        raise GateClosed(_("There is no answer to this request yet."))
    return decision


def _approve(request: HttpRequest, ticket: Ticket, by: User) -> object:
    decision = decisions.approve(_decision(ticket).pk, by=by, seen=_seen(request))
    answering.announce(request, decision)
    return decision


PRESSES = {
    "take": Press(
        lambda _request, ticket, by: lifecycle.take(ticket.pk, by=by), _("The request is yours.")
    ),
    "start": Press(
        lambda request, ticket, by: lifecycle.start_work(ticket.pk, by=by, seen=_seen(request)),
        _("Work has begun."),
    ),
    "read": Press(
        lambda _request, ticket, by: letters_and_notes.mark_read(ticket.pk, by=by),
        _("The messages are marked as read."),
    ),
    "acknowledge": Press(
        lambda request, ticket, by: manual.acknowledge(ticket.pk, by=by, seen=_seen(request)),
        _("Noted: the person knows that we have the request."),
    ),
    "close": Press(
        lambda _request, ticket, by: lifecycle.close(ticket.pk, by=by), _("The request is closed.")
    ),
    "approve": Press(_approve, _("The answer is released.")),
    "undo": Press(
        # The form names the thing, so that a double click does not take back another one.
        lambda request, ticket, by: undoing.take_back(
            ticket.pk, by=by, name=request.POST.get("what", "")
        ),
        lambda thing: undoing.DONE[thing.kind],
    ),
}


def handle(request: HttpRequest, ticket: Ticket, press: Press) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]  # the gate lets only accounts in
    try:
        result = press.run(request, ticket, user)
    except PortalError as error:
        messages.error(request, str(error))
    else:
        done = press.done(result) if callable(press.done) else press.done
        messages.success(request, str(done))
    return redirect("admin:requests_ticket_change", ticket.pk)
