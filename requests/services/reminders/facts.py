"""What is known of a batch of requests, read in the same few statements whatever its size."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from consent.models import Firing, Jurisdiction, Organisation
from requests.enums import ClockKind, State
from requests.models import ClockEvent, RightRule, Ticket
from requests.services import alarms
from requests.services.reminders.steps import CONFIRM_AFTER, Facts, Kind

logger = logging.getLogger(__name__)


class Row(NamedTuple):
    """What of a request a pass reads: no more, because most of it is large."""

    pk: int
    organisation_id: int
    right_id: int
    residence_id: int | None
    handler_id: int | None
    reference: str
    state: str
    email: str
    confirmed_at: datetime | None
    identity_level: str
    due_on: date
    part: dict[str, Any] | None


COLUMNS = (*Row._fields[:-1], f"clock__{alarms.PART}")


@dataclass(slots=True)
class Surroundings:
    """Reference rows one pass needs: a few hundred, read once."""

    organisations: dict[int, Organisation]
    rights: dict[int, RightRule]
    zones: dict[int, ZoneInfo]
    places: dict[int, ZoneInfo]

    @classmethod
    def read(cls) -> "Surroundings":
        organisations = Organisation.objects.in_bulk()
        names = dict(Jurisdiction.objects.values_list("pk", "time_zone"))
        return cls(
            organisations=organisations,
            rights=RightRule.objects.in_bulk(),
            zones={pk: ZoneInfo(found.time_zone) for pk, found in organisations.items()},
            places={pk: ZoneInfo(name) for pk, name in names.items()},
        )


def take(count: int, *, now: datetime) -> list[Row]:
    """Lock up to ``count`` requests that have to be looked at and that nobody else looks at."""
    rows = (
        Ticket.objects.open()
        .filter(next_alarm_at__lte=now)
        .select_for_update(skip_locked=True)
        .order_by("next_alarm_at")
        .values_list(*COLUMNS)
    )
    return [Row._make(row) for row in rows[:count]]


def read(rows: Sequence[Row], around: Surroundings) -> Iterator[tuple[Row, Facts | None]]:
    """The facts of each; None where its dates cannot be read."""
    new = {row.pk: row.organisation_id for row in rows if row.state == State.NEW}
    filed, nudged = (_filed(new), _nudged(new)) if new else ({}, {})
    for row in rows:
        try:
            yield row, _of(row, around, filed.get(row.pk), nudged.get(row.pk))
        except (AttributeError, KeyError, TypeError, ValueError):
            logger.exception("The dates of request %s cannot be read", row.pk)
            yield row, None


def _of(
    row: Row, around: Surroundings, filed_at: datetime | None, nudged_at: datetime | None
) -> Facts:
    office, part = around.zones[row.organisation_id], row.part or {}
    asks_mailbox = around.rights[row.right_id].needs_mailbox
    is_new = row.state == State.NEW
    return Facts(
        state=State(row.state),
        office=office,
        person=around.places.get(row.residence_id or 0, office),
        due_on=row.due_on,
        is_confirmed=not is_new or row.confirmed_at is not None or bool(row.identity_level),
        has_address=bool(row.email) and (is_new or bool(row.confirmed_at) or not asks_mailbox),
        stopped=bool(part.get("stopped")),
        acknowledge_by=_day(part.get("acknowledge_by")),
        decide_by=_day(part.get("decide_by")),
        asked_at=datetime.fromisoformat(part["asked_at"]) if part.get("asked_at") else None,
        filed_at=filed_at,
        nudged_at=nudged_at,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _filed(new: dict[int, int]) -> dict[int, datetime]:
    """When it was entered; a letter's day of receipt may lie weeks before that."""
    rows = ClockEvent.objects.filter(ticket_id__in=new, kind=ClockKind.RECEIVED)
    return dict(rows.order_by("-id").values_list("ticket_id", "recorded_at"))


def _nudged(new: dict[int, int]) -> dict[int, datetime]:
    """When the last nudge to confirm was sent."""
    last = CONFIRM_AFTER[-1].days
    names = {
        f"reminder:{organisation}:{pk}:{Kind.UNCONFIRMED}:{last}": pk
        for pk, organisation in new.items()
    }
    rows = Firing.objects.filter(job__in=names).values_list("job", "fired_at")
    return {names[job]: at for job, at in rows}
