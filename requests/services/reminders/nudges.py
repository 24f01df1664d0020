"""What a person notices because time has passed: a mail that we wait, or an end."""

from datetime import datetime

from consent.services import audit
from requests.enums import Outcome, State
from requests.models import Ticket
from requests.services import clocks, letters, lifecycle
from requests.services.reminders.steps import (
    LAST_CHANCE,
    UNCONFIRMED_ENDS,
    Facts,
    Kind,
    Step,
    after_the_night,
    office_day,
)


def not_before(step: Step, known: Facts, *, now: datetime) -> datetime | None:
    """When the night of the reader ends, if it is night there now. Closing wakes nobody."""
    if _is_end(step):
        return None
    morning = after_the_night(now, known.person)
    return morning if morning > now else None


def act(ticket: Ticket, step: Step, known: Facts, *, now: datetime) -> bool:
    """Do what ``step`` says to a locked ticket. False: not now, the mailbox has had enough."""
    if _is_end(step):
        lifecycle.move(ticket, State.CLOSED, by=None, outcome=Outcome.NOT_CONFIRMED)
        return True
    if step.kind == Kind.UNCONFIRMED:
        sent = letters.confirm_again(ticket, closes_at=_closes_at(known, now))
    else:
        asked = clocks.open_question(ticket)
        if asked is None:
            return True  # it came meanwhile
        days_left = max(0, (ticket.due_on - office_day(known, now)).days)
        sent = letters.still_waiting(ticket, about=asked[0], step=step.number, days_left=days_left)
    if sent:
        data = {"reminder": str(step.kind), "step": step.number}
        audit.record("ticket.person_reminded", target=ticket, by=None, data=data)
    return sent


def _is_end(step: Step) -> bool:
    return step.kind == Kind.UNCONFIRMED and step.number == UNCONFIRMED_ENDS.days


def _closes_at(known: Facts, now: datetime) -> datetime:
    filed = known.filed_at or now
    return max(filed + UNCONFIRMED_ENDS, now + LAST_CHANCE)
