"""PLACEHOLDER until helper calc writes the calculator: overwrite this file freely."""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Event:
    kind: str
    at: datetime


@dataclass(frozen=True)
class Explanation:
    due_on: date
    trace: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {"due_on": self.due_on.isoformat(), "trace": self.trace}


def compute(rules: list[dict[str, Any]], events: list[Event], *, settings: Any, calendars: Mapping[str, Any]) -> Explanation:
    day = min(e.at for e in events).date()
    year, month = divmod(day.month, 12)
    y, m = day.year + year, month + 1
    legal = date(y, m, min(day.day, calendar.monthrange(y, m)[1]))
    return Explanation(due_on=min(legal, day + timedelta(days=30)))
