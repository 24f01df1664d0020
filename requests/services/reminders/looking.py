"""One pass over the requests that have to be looked at, in batches that no two workers share.

The statements of a pass grow with what is due, never with what is not. Each batch is one
transaction: its Firings, its mails and the date of the next look are committed together.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from consent.models import Firing
from consent.services import schedule
from consent.services.schedule import Ring
from requests.models import Ticket
from requests.services import alarms
from requests.services.reminders import brake, digest, facts, late, nudges
from requests.services.reminders.colleagues import Colleagues
from requests.services.reminders.facts import Row, Surroundings
from requests.services.reminders.steps import LATE, TO_PERSONS, Facts, Kind, Step, steps_of

logger = logging.getLogger(__name__)

BATCH = 1000
# What could not be done now, a held or failed nudge, is tried again then.
LATER = timedelta(hours=1)


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

    ring: Ring
    row: Row
    step: Step
    known: Facts


@dataclass(slots=True)
class Batch:
    """What one batch found, and when it looks at each of its requests again."""

    to_office: list[Reached] = field(default_factory=list)
    to_persons: list[Reached] = field(default_factory=list)
    looks: dict[int, datetime] = field(default_factory=dict)


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
    rows = facts.take(BATCH, now=this.now)
    batch = Batch()
    for row, known in facts.read(rows, this.around):
        if known is None:
            batch.looks[row.pk] = this.now + LATER
        else:
            _find(row, known, this.now, batch)
    new = schedule.first_times([found.ring for found in batch.to_office], now=this.now)
    passed = [
        found.row
        for found in batch.to_office
        if found.step.number == LATE and found.ring[:2] in new
    ]
    late.tell(passed, this.around, this.colleagues, now=this.now)
    _to_persons(batch, this)
    alarms.write(batch.looks)
    return len(rows)


def _find(row: Row, known: Facts, now: datetime, batch: Batch) -> None:
    """Note the last reached step of each kind, and when the next one will be."""
    last: dict[Kind, Step] = {}
    following = alarms.NEVER
    for step in steps_of(known, now=now):
        if step.at <= now:
            last[step.kind] = step
        else:
            following = min(following, step.at)
    batch.looks[row.pk] = following
    for step in last.values():
        to_person = step.kind in TO_PERSONS
        job = f"reminder:{row.organisation_id}:{row.pk}:{step.kind}:{step.number}"
        found = Reached(Ring(job, step.due, not to_person), row, step, known)
        (batch.to_persons if to_person else batch.to_office).append(found)


def _to_persons(batch: Batch, this: Pass) -> None:
    """Do each step that a person notices and that was not done; some have to wait."""
    new = schedule.first_times([found.ring for found in batch.to_persons], now=this.now)
    for found in batch.to_persons:
        if found.ring[:2] not in new:
            continue
        again = _to_person(found, this)
        if again is None:
            # Look once more: what follows may depend on when this was done.
            batch.looks[found.row.pk] = this.now
        else:
            Firing.objects.filter(job=found.ring.job, due=found.ring.due).delete()
            batch.looks[found.row.pk] = min(batch.looks[found.row.pk], again)


def _to_person(found: Reached, this: Pass) -> datetime | None:
    """Do it, or return when to try again."""
    if this.left is not None and this.left <= this.sent:
        brake.pull(brake.BULK, this.colleagues, now=this.now)
        this.left = 0
        return this.now + LATER
    wait = nudges.not_before(found.step, found.known, now=this.now)
    if wait is not None:
        return wait
    try:
        with transaction.atomic():
            ticket = Ticket.objects.select_related("right", "organisation").get(pk=found.row.pk)
            done = nudges.act(ticket, found.step, found.known, now=this.now)
    except Exception:
        logger.exception("Reminder %s of request %s failed", found.step.kind, found.row.pk)
        done = False
    this.sent += done
    return None if done else this.now + LATER
