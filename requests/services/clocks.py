"""The ticket's clock: facts in, dates out, never ``created + 30``.

The dates come from requests.deadlines, which is pure. This module brings it the rule
snapshots, the clock events and the settings, and writes down what it said. A request that was
opened again begins a new count; one that is looked at again follows the time for that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from consent.calendars import days_after, days_before
from consent.models import Jurisdiction, Organisation
from consent.services.audit import Actor
from requests import deadlines
from requests.deadlines import Event, Explanation, Settings, Step
from requests.deadlines.facts import PROMISE, PROMISE_LAW
from requests.enums import ASKED, ClockKind, Waiting
from requests.models import ClockEvent, RightRule, Ticket
from requests.services import alarms, rules

Rules = Sequence[Mapping[str, Any]]


def start(ticket: Ticket, received: ClockEvent) -> None:
    """Set rules, dates and ``due_on`` of a ticket that is about to be saved (INV-01)."""
    ticket.rules = rules.snapshots_for(ticket.right, ticket.residence, ticket.received_at)
    _apply(ticket, [received])


def foresee(
    right: RightRule,
    residence: Jurisdiction | None,
    received_at: datetime,
    organisation: Organisation,
) -> Explanation:
    """The dates a request would get if it had come in at ``received_at``."""
    snapshots = rules.snapshots_for(right, residence, received_at)
    facts = [Event(kind=ClockKind.RECEIVED, at=received_at)]
    return _compute(snapshots, facts, rules.settings_for(organisation))


def explain(
    ticket: Ticket,
    *,
    also: Iterable[Event] = (),
    snapshots: Rules | None = None,
    settings: Settings | None = None,
) -> Explanation:
    """The ticket's dates with every step, as stored, or as they would be.

    ``also`` adds facts, ``snapshots`` and ``settings`` replace the stored ones: for a page that
    shows what a step would do before it is taken. Nothing is written.
    """
    facts = [*_facts(_events(ticket)), *also]
    found = _compute(
        ticket.rules if snapshots is None else snapshots, facts, settings or settings_of(ticket)
    )
    return _with_second_look(found, facts, ticket.rules if snapshots is None else snapshots)


def rules_today(ticket: Ticket, residence: Jurisdiction | None) -> list[dict[str, Any]]:
    """The rules that would apply, as they are written today, on the day the count began."""
    opened = has(ticket, ClockKind.REOPENED)
    since = opened.at if opened else ticket.received_at
    return rules.snapshots_for(ticket.right, residence, since)


def settings_of(ticket: Ticket) -> Settings:
    """The settings a ticket was computed with (INV-01)."""
    stored = ticket.clock.get("settings")
    return Settings.from_json(stored) if stored else rules.settings_for(ticket.organisation)


def add(  # noqa: PLR0913 -- each is a column of the row, or a setting of this request
    ticket: Ticket,
    kind: ClockKind,
    *,
    at: datetime,
    by: Actor,
    reason: str = "",
    settings: Settings | None = None,
) -> ClockEvent:
    """Record one fact of a locked ticket and compute its dates anew from all facts."""
    event = ClockEvent.objects.create(
        ticket=ticket, kind=kind, at=at, actor_id=by.pk if by else None, reason=reason[:1000]
    )
    renew(ticket, settings=settings)
    return event


def take_back(ticket: Ticket, event: ClockEvent, *, at: datetime, by: Actor) -> ClockEvent:
    """Record that a fact of a locked ticket never left, and compute the dates without it.

    A day we named for a longer time goes with its notice.
    """
    cancelling = ClockEvent.objects.create(
        ticket=ticket,
        kind=ClockKind.TAKEN_BACK,
        at=at,
        actor_id=by.pk if by else None,
        cancels=event,
    )
    kept = settings_of(ticket)
    if event.kind == ClockKind.EXTENSION_NOTICE_SENT:
        kept = replace(kept, declared_date=None)
    renew(ticket, settings=kept)
    return cancelling


def renew(
    ticket: Ticket, *, snapshots: Rules | None = None, settings: Settings | None = None
) -> None:
    """Compute the dates of a locked ticket anew; with other rules only where that has a reason."""
    fields = ["clock", "due_on", alarms.FIELD]
    if snapshots is not None:
        ticket.rules = list(snapshots)
        fields.append("rules")
    _apply(ticket, _events(ticket), settings)
    ticket.save(update_fields=fields)


def open_question(ticket: Ticket) -> tuple[Waiting, ClockEvent] | None:
    """The question the person has not answered yet: the one that was asked last."""
    return _open_question(_events(ticket))


def has(ticket: Ticket, kind: ClockKind) -> ClockEvent | None:
    """The last fact of this kind in the present count, if there is one."""
    return next((event for event in reversed(_count(_events(ticket))) if event.kind == kind), None)


def _events(ticket: Ticket) -> list[ClockEvent]:
    """As they were entered. The calculator puts them in the order in which they happened."""
    return list(ClockEvent.objects.standing().filter(ticket=ticket).order_by("id"))


def _apply(ticket: Ticket, events: list[ClockEvent], settings: Settings | None = None) -> None:
    facts = _facts(events)
    found = _compute(ticket.rules, facts, settings or settings_of(ticket))
    found = _with_second_look(found, facts, ticket.rules)
    asked = _open_question(events)
    ticket.clock = {
        **found.as_json(),
        "stopped_since": asked[1].at.isoformat() if asked and found.pause_open else None,
        alarms.PART: alarms.part_of(
            found,
            asked_at=asked[1].at if asked else None,
            is_acknowledged=any(e.kind == ClockKind.ACKNOWLEDGED for e in _count(events)),
        ),
    }
    ticket.due_on = found.due_on
    alarms.look_again(ticket)


def _compute(snapshots: Rules, facts: list[Event], settings: Settings) -> Explanation:
    calendars = rules.calendars_for([dict(body) for body in snapshots])
    return deadlines.compute(snapshots, facts, settings=settings, calendars=calendars)


def _count(events: list[ClockEvent]) -> list[ClockEvent]:
    """The facts since the request was last opened again; all of them where it never was."""
    for place in range(len(events) - 1, -1, -1):
        if events[place].kind == ClockKind.REOPENED:
            return events[place:]
    return events


def _facts(events: list[ClockEvent]) -> list[Event]:
    """What the calculator is told. New content has a new clock, from the day it came (T16)."""
    return [
        Event(
            kind=ClockKind.RECEIVED if event.kind == ClockKind.REOPENED else event.kind,
            at=event.at,
        )
        for event in _count(events)
    ]


def _open_question(events: list[ClockEvent]) -> tuple[Waiting, ClockEvent] | None:
    found = None
    for waiting, (asked, came) in ASKED.items():
        last = next((e for e in reversed(_count(events)) if e.kind in {asked, came}), None)
        if last is not None and last.kind == asked and (found is None or last.at >= found[1].at):
            found = waiting, last
    return found


def _with_second_look(found: Explanation, facts: list[Event], snapshots: Rules) -> Explanation:
    """Once the person asked to look again, that time leads: the rule's, else the promise's."""
    asked = next((fact.at for fact in facts if fact.kind == ClockKind.APPEAL_RECEIVED), None)
    if asked is None:
        return found
    due, rule, law, days = _time_to_look_again(found, asked, snapshots)
    since = days_before(due, days)
    steps = (
        Step("asked_again", None, since, rule, law),
        Step("appeal", since, due, rule, law, days, "calendar_day"),
    )
    return replace(found, due_on=due, leading=rule, trace=steps)


def _time_to_look_again(
    found: Explanation, asked: datetime, snapshots: Rules
) -> tuple[date, str, str, int]:
    dated: list[tuple[date, Mapping[str, Any]]] = []
    for rule in snapshots:
        dates = found.per_regime.get(rule["id"])
        if dates is not None and dates.appeal_due is not None:
            dated.append((dates.appeal_due, rule))
    if dated:
        due, body = min(dated, key=lambda pair: pair[0])
        law = str((body.get("cites") or {}).get("appeal", body["law"]))
        return due, str(body["id"]), law, int(body["appeal"]["n"])
    days = found.settings.promise_days
    arrived = asked.astimezone(ZoneInfo(found.settings.controller_tz)).date()
    return days_after(arrived, days), PROMISE, PROMISE_LAW, days
