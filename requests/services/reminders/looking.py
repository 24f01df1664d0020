"""One pass over the requests that have to be looked at, in batches that no two workers share.

The statements of a pass grow with what is due, never with what is not. Each batch is one
transaction: its Firings, its mails and the date of the next look are committed together.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Case, DateTimeField, Value, When
from django.utils import timezone

from consent.models import Firing
from consent.services import schedule
from requests.models import Ticket
from requests.services import alarms
from requests.services.reminders import brake, digest, facts, late, nudges
from requests.services.reminders.colleagues import Colleagues
from requests.services.reminders.facts import Surroundings
from requests.services.reminders.steps import LATE, TO_PERSONS, Facts, Kind, Step, steps_of

logger = logging.getLogger(__name__)

BATCH = 1000
# What could not be done now, a held or failed nudge, is tried again then.
LATER = timedelta(hours=1)
_FIELDS = (
    *("organisation", "right", "residence", "handler", "reference", "state", "waiting_for"),
    *("language", "email", "person_email", "filer", "confirmed_at", "due_on", "clock"),
    *("received_at", "closed_at", "outcome", "denial_code", "version", "next_alarm_at"),
)


@dataclass(slots=True)
class Pass:
    """One pass: its moment, what it read once, and how many mails to persons it may still send."""

    now: datetime
    around: Surroundings
    colleagues: Colleagues
    left: int | None
    sent: int = 0


class Reached(NamedTuple):
    """A step whose moment has come, of one request."""

    job: str
    ticket: Ticket
    step: Step
    known: Facts


@dataclass(slots=True)
class Batch:
    """What one batch will write."""

    firings: list[Firing] = field(default_factory=list)
    looks: dict[int, datetime] = field(default_factory=dict)
    late: list[Ticket] = field(default_factory=list)


def remind_due(*, now: datetime | None = None) -> int:
    """Do everything that time has made due at ``now``; return how much that was.

    Safe at any time, in parallel, twice, and after days of silence.
    """
    moment = now or timezone.now()
    if not brake.may_pass(now=moment):
        return 0
    _check_a_part(moment)
    around = Surroundings.read()
    this = Pass(moment, around, Colleagues.read(), brake.allowance(now=moment))
    done = 0
    while found := _look(this):
        done += found
    done += this.sent
    done += digest.send_due(around, this.colleagues, now=moment)
    brake.passed(now=moment)
    return done


def _check_a_part(now: datetime) -> None:
    """Once a day, look at a part of all open requests anew, in case a date was wrong."""
    day = now.date()
    if schedule.first_time("reminders:check", day.isoformat(), now=now):
        alarms.look_at_all(now=now, part=day.toordinal())


@transaction.atomic
def _look(this: Pass) -> int:
    """Look at one batch; return its size."""
    tickets = list(
        Ticket.objects.open()
        .filter(next_alarm_at__lte=this.now)
        .select_for_update(skip_locked=True)
        .order_by("next_alarm_at")
        .only(*_FIELDS)[:BATCH]
    )
    if not tickets:
        return 0
    known = facts.read(tickets, this.around)
    batch = Batch()
    reached = [found for t in tickets for found in _reached(t, known.get(t.pk), this, batch)]
    done = facts.fired((found.job, found.step.due) for found in reached)
    for found in reached:
        if (found.job, found.step.due) not in done:
            _fire(found, this, batch)
    late.tell(batch.late, this.colleagues, now=this.now)
    Firing.objects.bulk_create(batch.firings, ignore_conflicts=True)
    _write_looks(batch.looks)
    return len(tickets)


def _reached(ticket: Ticket, known: Facts | None, this: Pass, batch: Batch) -> list[Reached]:
    """The last reached step of each kind; notes when the next one will be."""
    if known is None:
        batch.looks[ticket.pk] = this.now + LATER
        return []
    last: dict[Kind, Step] = {}
    following = alarms.NEVER
    for step in steps_of(known, now=this.now):
        if step.at <= this.now:
            last[step.kind] = step
        else:
            following = min(following, step.at)
    batch.looks[ticket.pk] = following
    return [Reached(facts.job_of(ticket, step), ticket, step, known) for step in last.values()]


def _fire(found: Reached, this: Pass, batch: Batch) -> None:
    """Act on a step that was reached and not done; a person's may have to wait."""
    ticket, step = found.ticket, found.step
    if step.kind in TO_PERSONS:
        again = _to_person(found, this)
        if again is not None:
            batch.looks[ticket.pk] = min(batch.looks[ticket.pk], again)
            return
        batch.looks[ticket.pk] = this.now  # what follows may depend on when this was done
    elif step.number == LATE:
        batch.late.append(ticket)
    untold = step.kind not in TO_PERSONS
    batch.firings.append(Firing(job=found.job, due=step.due, fired_at=this.now, untold=untold))


def _to_person(found: Reached, this: Pass) -> datetime | None:
    """Do what a person notices, or return when to try again."""
    ticket, step, known = found.ticket, found.step, found.known
    if this.left is not None and this.left <= this.sent:
        brake.pull(brake.BULK, this.colleagues, now=this.now)
        this.left = 0
        return this.now + LATER
    wait = nudges.not_before(step, known, now=this.now)
    if wait is not None:
        return wait
    try:
        with transaction.atomic():
            done = nudges.act(ticket, step, known, now=this.now)
    except Exception:
        logger.exception("Reminder %s of request %s failed", step.kind, ticket.pk)
        done = False
    this.sent += done
    return None if done else this.now + LATER


def _write_looks(looks: dict[int, datetime]) -> None:
    """Note when each is looked at next. Many share a morning, so they are written by moment."""
    by_moment: dict[datetime, list[int]] = {}
    for pk, at in looks.items():
        by_moment.setdefault(at, []).append(pk)
    for part in _parts(list(by_moment.items())):
        cases = [When(pk__in=ids, then=Value(at)) for at, ids in part]
        ids = [pk for _at, found in part for pk in found]
        Ticket.objects.filter(pk__in=ids).update(
            next_alarm_at=Case(*cases, output_field=DateTimeField())
        )


def _parts(
    groups: Sequence[tuple[datetime, list[int]]],
) -> Iterator[Sequence[tuple[datetime, list[int]]]]:
    """At most a hundred moments in one statement."""
    for start in range(0, len(groups), 100):
        yield groups[start : start + 100]
