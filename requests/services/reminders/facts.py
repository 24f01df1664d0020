"""What is known of a batch of requests, read in the same few statements whatever its size."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from consent.models import Firing, Jurisdiction, Organisation
from requests.deadlines.facts import QUESTIONS
from requests.enums import ClockKind, State
from requests.models import ClockEvent, RightRule, Ticket
from requests.services.reminders.steps import CONFIRM_AFTER, Facts, Kind, Step

_ANSWERS = frozenset(QUESTIONS.values())
logger = logging.getLogger(__name__)

_SECOND_NUDGE = CONFIRM_AFTER[-1].days


@dataclass(slots=True)
class Surroundings:
    """Reference rows one pass needs: a few hundred, read once."""

    organisations: dict[int, Organisation] = field(default_factory=dict)
    rights: dict[int, RightRule] = field(default_factory=dict)
    zones: dict[int, ZoneInfo] = field(default_factory=dict)
    places: dict[int, ZoneInfo] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Surroundings":
        organisations = Organisation.objects.in_bulk()
        return cls(
            organisations=organisations,
            rights=RightRule.objects.in_bulk(),
            zones={pk: ZoneInfo(found.time_zone) for pk, found in organisations.items()},
            places={
                pk: ZoneInfo(name)
                for pk, name in Jurisdiction.objects.values_list("pk", "time_zone")
            },
        )


def job_of(ticket: Ticket, step: Step) -> str:
    return f"reminder:{ticket.organisation_id}:{ticket.pk}:{step.kind}:{step.number}"


def read(tickets: Sequence[Ticket], around: Surroundings) -> dict[int, Facts]:
    """The facts of each ticket, by its id; one whose dates cannot be read is left out."""
    acknowledged, asked, filed = _events(tickets)
    nudged = _nudges(ticket for ticket in tickets if ticket.pk in filed)
    found = {}
    for ticket in tickets:
        ticket.right = around.rights[ticket.right_id]
        ticket.organisation = around.organisations[ticket.organisation_id]
        try:
            known = _of(ticket, around, is_acknowledged=ticket.pk in acknowledged)
        except (AttributeError, KeyError, TypeError, ValueError):
            logger.exception("The dates of request %s cannot be read", ticket.pk)
            continue
        found[ticket.pk] = replace(
            known,
            asked_at=asked.get(ticket.pk),
            filed_at=filed.get(ticket.pk),
            nudged_at=nudged.get(ticket.pk),
        )
    return found


def _of(ticket: Ticket, around: Surroundings, *, is_acknowledged: bool) -> Facts:
    office, clock = around.zones[ticket.organisation_id], ticket.clock
    return Facts(
        state=State(ticket.state),
        office=office,
        person=around.places.get(ticket.residence_id or 0, office),
        due_on=ticket.due_on,
        is_confirmed=ticket.state != State.NEW or ticket.is_confirmed,
        has_address=bool(ticket.email) if ticket.state == State.NEW else ticket.is_reachable,
        stopped=is_stopped(ticket),
        acknowledge_by=None if is_acknowledged else _day(clock, "ack_due"),
        decide_by=_decide_by(clock),
    )


def is_stopped(ticket: Ticket) -> bool:
    """Whether the clock stands still while we wait for the person."""
    return bool(ticket.clock.get("pause_open"))


def fired(keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these (job, due) have been done."""
    wanted = set(keys)
    rows = Firing.objects.filter(job__in={job for job, _due in wanted})
    return wanted & set(rows.values_list("job", "due"))


def _events(
    tickets: Sequence[Ticket],
) -> tuple[set[int], dict[int, datetime], dict[int, datetime]]:
    """Who was told that we have it, since when a question is open, when a new one was filed."""
    acknowledged: set[int] = set()
    asked: dict[int, dict[str, datetime]] = {}
    filed: dict[int, datetime] = {}
    new = {ticket.pk for ticket in tickets if ticket.state == State.NEW}
    rows = ClockEvent.objects.filter(ticket_id__in=[ticket.pk for ticket in tickets])
    rows = rows.exclude(kind=ClockKind.ANSWERED).order_by("ticket_id", "at", "id")
    for pk, kind, at, recorded in rows.values_list("ticket_id", "kind", "at", "recorded_at"):
        if kind == ClockKind.ACKNOWLEDGED:
            acknowledged.add(pk)
        elif kind in QUESTIONS:
            asked.setdefault(pk, {})[QUESTIONS[kind]] = at
        elif kind in _ANSWERS:
            asked.get(pk, {}).pop(kind, None)
        elif kind == ClockKind.REOPENED:
            asked.pop(pk, None)
        elif kind == ClockKind.RECEIVED and pk in new:
            filed.setdefault(pk, recorded)
    open_since = {pk: max(found.values()) for pk, found in asked.items() if found}
    return acknowledged, open_since, filed


def _nudges(tickets: Iterable[Ticket]) -> dict[int, datetime]:
    """When the last nudge to confirm was sent."""
    names = {
        f"reminder:{ticket.organisation_id}:{ticket.pk}:{Kind.UNCONFIRMED}:{_SECOND_NUDGE}": (
            ticket.pk
        )
        for ticket in tickets
    }
    if not names:
        return {}
    rows = Firing.objects.filter(job__in=names).values_list("job", "fired_at")
    return {names[job]: at for job, at in rows}


def _decide_by(clock: dict[str, Any]) -> date | None:
    """Until when more time can be taken: only where a law gives it and nobody took it yet."""
    regimes = clock.get("per_regime", {}).values()
    if any(dates.get("extension_valid") is not None for dates in regimes):
        return None
    notice = _earliest(clock, "extension_notice_due")
    promise = _day(clock, "promise_due")
    return min(notice, promise) if notice and promise else notice


def _earliest(clock: dict[str, Any], name: str) -> date | None:
    found = [dates[name] for dates in clock.get("per_regime", {}).values() if dates.get(name)]
    return date.fromisoformat(min(found)) if found else None


def _day(clock: dict[str, Any], name: str) -> date | None:
    value = clock.get(name)
    return date.fromisoformat(value) if value else None
