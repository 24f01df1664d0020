"""Which reminders a request has, and when each is reached. Pure: facts in, steps out.

The table is DOMAIN 7 "Reminders". Days are counted where the office is, a mail to a person keeps
to the hours of the place where they live.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from consent.calendars import is_working_day
from requests.enums import State


class Kind(StrEnum):
    NEW = "new"
    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"
    EXTENSION = "extension"
    APPEAL = "appeal"
    PAUSED = "paused"
    WAITING = "waiting"  # to the person
    UNCONFIRMED = "unconfirmed"  # to the person


# What leaves the house, or ends a request, because time has passed.
TO_PERSONS = frozenset({Kind.WAITING, Kind.UNCONFIRMED})

ACKNOWLEDGE_BEFORE = (3, 1)  # working days
ANSWER_BEFORE = (10, 5, 2, 0)
# While the clock stands still: the day by which the person hears from us all the same.
WORD_BEFORE = (2, 0)
EXTENSION_BEFORE = 7
APPEAL_BEFORE = (15, 5, 1)
LATE = -1
NUDGE_AFTER = (7, 14)
# The second nudge had a day: from then on the officer hears of it each week.
PAUSED_FROM, PAUSED_EACH = 15, 7
CONFIRM_AFTER = (timedelta(hours=24), timedelta(days=7))
UNCONFIRMED_ENDS = timedelta(days=14)
# A late second nudge still leaves its reader so long before the request is closed.
LAST_CHANCE = timedelta(days=6)

_ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
OFFICE_OPENS = time(8)
_NUDGE_AT = time(9)
_NIGHT_ENDS, _NIGHT_BEGINS = time(7), time(21)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the reminders of one request follow from."""

    state: State
    office: ZoneInfo
    person: ZoneInfo
    due_on: date
    is_confirmed: bool = True
    has_address: bool = True
    stopped: bool = False
    acknowledge_by: date | None = None
    decide_by: date | None = None
    asked_at: datetime | None = None
    filed_at: datetime | None = None
    nudged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """``number`` counts the days before the date, or since the question; it is in the key."""

    kind: Kind
    number: int
    due: str
    at: datetime


def steps_of(facts: Facts, *, now: datetime) -> Iterator[Step]:
    """Every step of the request, in order within its kind."""
    if not facts.is_confirmed:
        yield from _unconfirmed(facts)
        return
    yield Step(Kind.NEW, 0, "", _ALWAYS)
    if facts.state == State.APPEAL:
        yield from _appeal(facts)
        return
    yield from _acknowledge(facts)
    if facts.asked_at is not None:
        yield from _waiting(facts, facts.asked_at, now)
    if facts.stopped:
        yield from _before(Kind.ANSWER, facts.due_on, facts.office, WORD_BEFORE)
        return
    yield from _extension(facts, now)
    yield from _answer(facts)


def office_day(facts: Facts, now: datetime) -> date:
    return now.astimezone(facts.office).date()


def after_the_night(at: datetime, zone: ZoneInfo) -> datetime:
    """``at``, or the end of the night where it falls into one: then no mail leaves to persons."""
    local = at.astimezone(zone)
    if _NIGHT_ENDS <= local.time() < _NIGHT_BEGINS:
        return at
    day = local.date() + timedelta(days=local.time() >= _NIGHT_BEGINS)
    return datetime.combine(day, _NIGHT_ENDS, tzinfo=zone)


def _extension(facts: Facts, now: datetime) -> Iterator[Step]:
    """Only while it can still be decided."""
    if facts.decide_by is not None and office_day(facts, now) <= facts.decide_by:
        yield from _before(Kind.EXTENSION, facts.decide_by, facts.office, (EXTENSION_BEFORE,))


def _answer(facts: Facts) -> tuple[Step, ...]:
    return _before_and_after(Kind.ANSWER, facts.due_on, facts.office, ANSWER_BEFORE)


# Thousands of requests share their date with others, so what follows from it is kept.
@lru_cache(maxsize=4096)
def _before(kind: Kind, day: date, office: ZoneInfo, before: tuple[int, ...]) -> tuple[Step, ...]:
    """At eight, so many days before the date."""
    found = [(days, _opens(office, day - timedelta(days=days))) for days in before]
    return tuple(Step(kind, days, day.isoformat(), at.astimezone(UTC)) for days, at in found)


@lru_cache(maxsize=4096)
def _before_and_after(
    kind: Kind, day: date, office: ZoneInfo, before: tuple[int, ...]
) -> tuple[Step, ...]:
    """The same, and once the date has passed."""
    # Where midnight is skipped by a change of the clock, this is the instant of the change.
    passed = datetime.combine(day + timedelta(days=1), time.min, tzinfo=office)
    late = Step(kind, LATE, day.isoformat(), passed.astimezone(UTC))
    return (*_before(kind, day, office, before), late)


def _acknowledge(facts: Facts) -> Iterator[Step]:
    if facts.acknowledge_by is None:
        return
    for days in ACKNOWLEDGE_BEFORE:
        at = _opens(facts.office, _working_days_before(facts.acknowledge_by, days))
        yield Step(Kind.ACKNOWLEDGE, days, facts.acknowledge_by.isoformat(), at)


def _appeal(facts: Facts) -> tuple[Step, ...]:
    """Once the person asked to look again, the time for that is the request's date."""
    return _before_and_after(Kind.APPEAL, facts.due_on, facts.office, APPEAL_BEFORE)


def _waiting(facts: Facts, asked_at: datetime, now: datetime) -> Iterator[Step]:
    asked = asked_at.astimezone(facts.person).date()
    if facts.has_address:
        for days in NUDGE_AFTER:
            day = asked + timedelta(days=days)
            at = datetime.combine(day, _NUDGE_AT, tzinfo=facts.person)
            yield Step(Kind.WAITING, days, asked_at.isoformat(), at)
    since = asked_at.astimezone(facts.office).date()
    weeks = max(0, ((office_day(facts, now) - since).days - PAUSED_FROM) // PAUSED_EACH)
    for week in (weeks - 1, weeks, weeks + 1):  # the last one reached, and the next
        if week >= 0:
            days = PAUSED_FROM + week * PAUSED_EACH
            at = _opens(facts.office, since + timedelta(days=days))
            yield Step(Kind.PAUSED, days, since.isoformat(), at)


def _unconfirmed(facts: Facts) -> Iterator[Step]:
    if facts.filed_at is None:
        return
    due = facts.filed_at.isoformat()
    if facts.has_address:
        for after in CONFIRM_AFTER:
            at = after_the_night(facts.filed_at + after, facts.person)
            yield Step(Kind.UNCONFIRMED, after.days, due, at)
        if facts.nudged_at is None:
            return  # nobody is shut out who was not told of it
    ends = facts.filed_at + UNCONFIRMED_ENDS
    if facts.nudged_at is not None:
        ends = max(ends, facts.nudged_at + LAST_CHANCE)
    yield Step(Kind.UNCONFIRMED, UNCONFIRMED_ENDS.days, due, ends)


def _opens(office: ZoneInfo, day: date) -> datetime:
    return datetime.combine(day, OFFICE_OPENS, tzinfo=office)


def _working_days_before(day: date, count: int) -> date:
    for _n in range(count):
        day -= timedelta(days=1)
        while not is_working_day(day):
            day -= timedelta(days=1)
    return day
