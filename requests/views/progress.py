"""A request in plain words: whose turn it is, which steps are done, why the date is what it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests.enums import ClockKind, Filer, Outcome, State, Waiting
from requests.models import Ticket
from requests.services import clocks, reasons

UNCONFIRMED = "unconfirmed"
MANDATE = "mandate"
CHOSEN = "chosen"

# One sentence for every situation; the first word says whose turn it is.
TURN: dict[str, Any] = {
    UNCONFIRMED: gettext_lazy(
        "You need to do something: confirm your email. Until then we cannot start."
    ),
    MANDATE: gettext_lazy(
        "We are waiting for the person you act for. They have an email from us to answer."
    ),
    CHOSEN: gettext_lazy("We saved your choice. You do not need to do anything now."),
    State.NEW: gettext_lazy("We have your request. You do not need to do anything now."),
    State.TRIAGE: gettext_lazy(
        "We have your request and check it now. You do not need to do anything."
    ),
    Waiting.IDENTITY: gettext_lazy(
        "You need to do something: show us who you are. Our message says how."
    ),
    Waiting.CLARIFICATION: gettext_lazy("You need to do something: answer our question."),
    Waiting.FEE: gettext_lazy("You need to do something: pay the fee. Our message says how."),
    State.IN_PROGRESS: gettext_lazy(
        "We are working on your request. You do not need to do anything now."
    ),
    State.REVIEW: gettext_lazy(
        "We have written the answer and check it. You do not need to do anything now."
    ),
    State.ANSWERED: gettext_lazy("We have answered."),
    State.APPEAL: gettext_lazy("We look at our answer again. You do not need to do anything now."),
    State.CLOSED: gettext_lazy("This request is closed."),
    Outcome.WITHDRAWN: gettext_lazy("You withdrew this request. It is closed."),
    Outcome.NOT_CONFIRMED: gettext_lazy(
        "Nobody confirmed the email, so this request is closed. You can make a new one."
    ),
    Outcome.EXPIRED: gettext_lazy(
        "We got no answer to our question, so this request is closed. You can make a new one."
    ),
    Outcome.NOT_A_REQUEST: gettext_lazy("This request is closed. We did nothing with it."),
}

# What has just been done, after a button was pressed; named in the page's address.
DONE: dict[str, Any] = {
    "confirmed": gettext_lazy("Your email is confirmed."),
    "resent": gettext_lazy("A new email is on its way. The old link no longer works."),
    "code": gettext_lazy("A code is on its way to your mailbox."),
    "address": gettext_lazy("The address is changed. A new email is on its way."),
    "written": gettext_lazy("We have your message."),
    "added": gettext_lazy("We have your address. An email with the number is on its way."),
    "withdrawn": gettext_lazy("Your request is withdrawn."),
    "again": gettext_lazy("We look at our answer again."),
}


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    at: datetime | None
    state: str  # past, now, next


def is_unconfirmed(ticket: Ticket) -> bool:
    return ticket.state == State.NEW and not ticket.is_confirmed


def situation(ticket: Ticket) -> str:
    """The key of TURN that fits."""
    if is_unconfirmed(ticket):
        return UNCONFIRMED
    if ticket.state == State.AWAITING_REQUESTER:
        return ticket.waiting_for
    if ticket.state == State.CLOSED:
        return ticket.outcome if ticket.outcome in TURN else State.CLOSED
    if ticket.state == State.TRIAGE and _waits_for_mandate(ticket):
        return MANDATE
    if ticket.state == State.TRIAGE and ticket.right.one_button:
        return CHOSEN
    return ticket.state


def turn(ticket: Ticket, *, full: bool) -> str:
    """Whose turn it is, and where the rest can be read if not here."""
    sentence = str(TURN[situation(ticket)])
    if not full and not is_unconfirmed(ticket):
        return sentence + " " + _("Messages can be read after you show that the mailbox is yours.")
    return sentence


def _waits_for_mandate(ticket: Ticket) -> bool:
    agent = ticket.filer == Filer.AGENT and ticket.right.needs_mailbox
    return agent and ticket.mandate_at is None


def steps(ticket: Ticket) -> list[Step]:
    """What is done, what is being done, what comes; exactly one is now while it is open."""
    done: list[tuple[str, bool, datetime | None]] = [(_("Received"), True, ticket.received_at)]
    if ticket.right.needs_mailbox:
        confirmed = ticket.is_confirmed
        name = _("Email confirmed") if confirmed else _("You confirm your email")
        done.append((name, confirmed, ticket.confirmed_at))
        if ticket.filer == Filer.AGENT:
            agreed = ticket.mandate_at is not None
            name = _("The person agreed") if agreed else _("The person says that you may act")
            done.append((name, agreed, ticket.mandate_at))
    ended = ticket.state in {State.ANSWERED, State.APPEAL, State.CLOSED}
    if ended and ticket.answered_at is None:
        kept = [step for step in done if step[1]]
        kept.append((_("Closed"), True, ticket.closed_at))
        return [Step(name, at, "past") for name, _is_done, at in kept]
    past_work = ended or ticket.state == State.REVIEW
    done.append((_("We work on it"), past_work, None))
    done.append((_("A person checks the answer"), ended, None))
    done.append((_("Answered") if ended else _("You get the answer"), ended, ticket.answered_at))
    return _with_now(done)


def _with_now(done: list[tuple[str, bool, datetime | None]]) -> list[Step]:
    found, found_now = [], False
    for name, is_done, at in done:
        state = "past" if is_done else "next" if found_now else "now"
        found_now = found_now or state == "now"
        found.append(Step(name, at if is_done else None, state))
    return found


def why(ticket: Ticket) -> list[str]:
    """The calculator's own reasons for the date, one line each."""
    return reasons.lines(ticket.clock) or sorted(
        str(rule.get("law") or rule.get("id")) for rule in ticket.rules
    )


@dataclass(frozen=True, slots=True)
class Clock:
    """What happened to the date, for its reader: it stands still, or it was moved, and why."""

    still_since: datetime | None
    extended_at: datetime | None
    extended_because: str


def clock(ticket: Ticket) -> Clock:
    still = ticket.clock.get("stopped_since") if ticket.is_open else None
    told = clocks.has(ticket, ClockKind.EXTENSION_NOTICE_SENT)
    return Clock(
        still_since=datetime.fromisoformat(still) if still else None,
        extended_at=told.at if told else None,
        extended_because=told.reason if told else "",
    )
