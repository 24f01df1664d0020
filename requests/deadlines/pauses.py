"""Days that do not count because we wait for the person.

Sources
    EDPB Guidelines 01/2022 on access   the period is suspended while identity is in doubt
    UK GDPR art. 12A                    the clock stands from the day of the question to the day
                                        of the answer, both included; identity and fee move the
                                        start instead (the "relevant time")
    11 CCR 7021(b)                      no pause at all: verification takes place on our time
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from requests.deadlines.facts import QUESTIONS, Days, Event, Rule

RELEVANT_TIME = "relevant_time"
# What moves the start under the "relevant time" of UK law.
MOVERS = ("id_requested", "fee_requested")


@dataclass(frozen=True, slots=True)
class Wait:
    """One question: asked, and answered unless ``until`` is empty."""

    kind: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Paused:
    days: frozenset[date]
    is_open: bool
    # The day on which the first question that counts was asked.
    first_asked: date | None


def waits(events: list[Event], kind: str, days: Days) -> Iterator[Wait]:
    """Pair each question with its answer; a second question while one is open adds nothing."""
    since: date | None = None
    for event in events:
        if event.kind == kind and since is None:
            since = days.local(event.at)
        elif event.kind == QUESTIONS[kind] and since is not None:
            yield Wait(kind, since, days.local(event.at))
            since = None
    if since is not None:
        yield Wait(kind, since, None)


def paused(
    rule: Rule, events: list[Event], days: Days, *, due_after: Callable[[int], date]
) -> Paused:
    """Return the days that do not count. ``due_after(n)`` is the due date after n such days.

    Each day is left out once, however many questions are open on it. A question that is asked
    when the time is already over stops nothing.
    """
    pause = rule.get("pause")
    if not pause:
        return Paused(frozenset(), is_open=False, first_asked=None)
    found: set[date] = set()
    is_open, first = False, None
    for wait in _in_order(pause["triggers"], events, days):
        if wait.since > due_after(len(found)):
            continue
        first = first or wait.since
        if wait.until is None:
            is_open = True
        else:
            found |= _between(wait.since, wait.until, inclusive=pause["counting"] == "inclusive")
    return Paused(frozenset(found), is_open, first)


def start_of_clock(rule: Rule, events: list[Event], days: Days, receipt: date) -> tuple[date, bool]:
    """Return the day the clock starts, and whether something is still missing for it."""
    if rule.get("anchor") != RELEVANT_TIME:
        return receipt, False
    arrivals = [days.earlier(e.at) for e in events if e.kind in {QUESTIONS[m] for m in MOVERS}]
    missing = any(wait.until is None for wait in _in_order(MOVERS, events, days))
    return max([receipt, *arrivals]), missing


def first_mover(rule: Rule, events: list[Event], days: Days) -> date | None:
    """The day of the first question that moves the start of this clock."""
    if rule.get("anchor") != RELEVANT_TIME:
        return None
    return next((wait.since for wait in _in_order(MOVERS, events, days)), None)


def _in_order(kinds: tuple[str, ...] | list[str], events: list[Event], days: Days) -> list[Wait]:
    found = [wait for kind in kinds for wait in waits(events, kind, days)]
    return sorted(found, key=lambda wait: wait.since)


def _between(since: date, until: date, *, inclusive: bool) -> set[date]:
    """The difference of the two dates, or one day more where both ends are left out."""
    count = (until - since).days + (1 if inclusive else 0)
    return {since + timedelta(days=number) for number in range(count)}
