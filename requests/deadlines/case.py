"""One request under one rule: what every step of the count needs at hand."""

from dataclasses import dataclass, field
from datetime import date, datetime

from consent.calendars import days_before
from requests.deadlines import terms
from requests.deadlines.explanation import Step
from requests.deadlines.facts import (
    PROMISE,
    PROMISE_LAW,
    Calendars,
    Days,
    Event,
    Rule,
    Settings,
    zone,
)


@dataclass(frozen=True, slots=True)
class Case:
    rule: Rule
    received: datetime
    events: list[Event]
    settings: Settings
    calendars: Calendars
    days: Days
    steps: list[Step] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        rule: Rule,
        received: datetime,
        events: list[Event],
        settings: Settings,
        calendars: Calendars,
    ) -> "Case":
        days = Days(zone(settings.controller_tz), zone(settings.regime_tz or rule["time_zone"]))
        return cls(rule, received, events, settings, calendars, days)

    def note(
        self,
        code: str,
        since: date | None,
        until: date,
        *,
        amount: int | None = None,
        unit: str | None = None,
    ) -> None:
        """Write down a step, with the text of law that asks for it."""
        rule, citation = str(self.rule["id"]), str(self.rule["law"])
        if code == "promise":
            rule, citation = PROMISE, PROMISE_LAW
        # A clock that stands still does so by the text that lets days not count.
        cited = "pause" if code == "stopped" else code
        citation = (self.rule.get("cites") or {}).get(cited, citation)
        self.steps.append(Step(code, since, until, rule, citation, amount, unit))

    def count(self, start: date, amount: int, term: terms.Term) -> date:
        """The last day of ``amount`` units after ``start``, before it moves off a day off."""
        return terms.end_of(start, amount, term, settings=self.settings, calendars=self.calendars)

    def count_from(self, start: date, amount: int, term: terms.Term) -> date:
        """The same for the period of the answer, whose first day may be the day of receipt."""
        strict = terms.counts_receipt_day(self.rule, self.settings)
        return self.count(days_before(start, 1) if strict else start, amount, term)

    def answer_from(self, start: date) -> date:
        """The last day of the period for the answer, counted from ``start``."""
        respond = self.rule["respond"]
        return self.count_from(start, terms.length(respond, self.settings), respond)

    def roll(self, end: date) -> date:
        return terms.rolled(end, self.rule, settings=self.settings, calendars=self.calendars)
