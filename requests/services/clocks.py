"""The ticket's clock: facts in, dates out, never ``created + 30``.

The dates come from requests.deadlines, which is pure. This module brings it the rule
snapshots, the clock events and the settings, and writes down what it said.
"""

from datetime import date, datetime

from consent.models import Jurisdiction, Organisation
from consent.services.audit import Actor
from requests import deadlines
from requests.enums import ClockKind
from requests.models import ClockEvent, RightRule, Ticket
from requests.services import alarms, rules


def start(ticket: Ticket, received: ClockEvent) -> None:
    """Set rules, dates and ``due_on`` of a ticket that is about to be saved (INV-01)."""
    ticket.rules = rules.snapshots_for(ticket.right, ticket.residence, ticket.received_at)
    _apply(ticket, [received])


def preview(
    right: RightRule,
    residence: Jurisdiction | None,
    received_at: datetime,
    organisation: Organisation,
) -> date:
    """The date a request would get if it were filed at ``received_at``."""
    snapshots = rules.snapshots_for(right, residence, received_at)
    explanation = deadlines.compute(
        snapshots,
        [deadlines.Event(kind=ClockKind.RECEIVED, at=received_at)],
        settings=rules.settings_for(organisation),
        calendars=rules.calendars_for(snapshots),
    )
    return explanation.due_on


def add(ticket: Ticket, kind: ClockKind, *, at: datetime, by: Actor, reason: str = "") -> None:
    """Record one fact of a locked ticket and compute its dates anew from all facts."""
    ClockEvent.objects.create(
        ticket=ticket, kind=kind, at=at, actor_id=by.pk if by else None, reason=reason[:1000]
    )
    _apply(ticket, list(ticket.clock_events.order_by("at", "id")))
    ticket.save(update_fields=["clock", "due_on", alarms.FIELD])


def _apply(ticket: Ticket, events: list[ClockEvent]) -> None:
    explanation = deadlines.compute(
        ticket.rules,
        [deadlines.Event(kind=event.kind, at=event.at) for event in events],
        settings=rules.settings_for(ticket.organisation),
        calendars=rules.calendars_for(ticket.rules),
    )
    ticket.clock = explanation.as_json()
    ticket.due_on = explanation.due_on
    alarms.look_again(ticket)
