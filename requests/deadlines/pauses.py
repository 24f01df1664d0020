"""Days that do not count because we wait for the person.

Sources
    EDPB Guidelines 01/2022 on access   the period is suspended while identity is in doubt
    UK GDPR art. 12A                    the clock stands from the day of the question to the day
                                        of the answer, both included; identity and fee move the
                                        start instead (the "relevant time")
    11 CCR 7021(b)                      no pause at all: verification takes place on our time
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from consent.calendars import days_after
from requests.deadlines.facts import QUESTIONS, Days, Event, Rule

RELEVANT_TIME = "relevant_time"
# What moves the start under the "relevant time" of UK law.
MOVERS = ("id_requested", "fee_requested")

# From the first day that does not count up to the one that counts again.
Span = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Wait:
    """One question: ``asked`` is empty where the answer came by itself, ``answered`` while open."""

    kind: str
    asked: datetime | None
    answered: datetime | None

    @property
    def since(self) -> datetime:
        moment = self.asked or self.answered
        assert moment is not None  # noqa: S101 -- one of the two always stands
        return moment


@dataclass(frozen=True, slots=True)
class Stops:
    """What waiting did to a clock: where it starts, and the days that do not count.

    ``first_asked`` is the day on which the first question that counts was asked, ``open_since``
    that of the first one that is not answered.
    """

    start: date
    days: int = 0
    open_since: date | None = None
    first_asked: date | None = None

    @property
    def is_open(self) -> bool:
        return self.open_since is not None


def stops_of(
    rule: Rule,
    events: list[Event],
    days: Days,
    receipt: date,
    *,
    last_day: Callable[[date, int], date],
) -> Stops:
    """Follow the questions in their order; ``last_day`` tells the end from a start and a pause.

    Each day is left out once, however many questions are open on it, and no day before the
    clock starts. A question that is asked when the time is already over stops nothing.
    """
    pause, movers = rule.get("pause") or {}, _movers(rule)
    kinds = (*movers, *pause.get("triggers", ()))
    start = receipt
    open_since: date | None = None
    first: date | None = None
    spans: list[Span] = []
    for wait in _in_order(kinds, movers, events):
        if days.local(wait.since) > last_day(start, _length(spans, start)):
            continue
        if wait.asked is not None:
            first = first or days.local(wait.asked)
        if wait.answered is None:
            open_since = open_since or days.local(wait.since)
        elif wait.kind in movers:
            start = max(start, days.earlier(wait.answered))
        else:
            spans.append(_span(wait, days, inclusive=pause["counting"] == "inclusive"))
    return Stops(start, _length(spans, start), open_since, first)


def _movers(rule: Rule) -> tuple[str, ...]:
    return MOVERS if rule.get("anchor") == RELEVANT_TIME else ()


def _in_order(kinds: Iterable[str], movers: tuple[str, ...], events: list[Event]) -> list[Wait]:
    found = [wait for kind in kinds for wait in _waits(events, kind)]
    asked = [wait for wait in found if wait.asked is not None or wait.kind in movers]
    return sorted(asked, key=lambda wait: wait.since)


def _waits(events: list[Event], kind: str) -> Iterator[Wait]:
    """Pair each question with its answer; a second question while one is open adds nothing."""
    asked: datetime | None = None
    for event in events:
        if event.kind == kind:
            asked = asked or event.at
        elif event.kind == QUESTIONS[kind]:
            yield Wait(kind, asked, event.at)
            asked = None
    if asked is not None:
        yield Wait(kind, asked, None)


def _span(wait: Wait, days: Days, *, inclusive: bool) -> Span:
    """The difference of the two dates, or one day more where both ends are left out."""
    assert wait.asked is not None  # noqa: S101 -- a pause has a question
    assert wait.answered is not None  # noqa: S101 -- and, here, an answer
    end = days.local(wait.answered)
    return days.local(wait.asked), days_after(end, 1) if inclusive else end


def _length(spans: list[Span], start: date) -> int:
    """How many days the spans cover from ``start`` on; a day in two of them is one day."""
    total, counted_to = 0, start
    for since, until in sorted(spans):
        total += max(0, (until - max(since, counted_to)).days)
        counted_to = max(counted_to, until)
    return total
