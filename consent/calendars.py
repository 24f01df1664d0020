"""How days, months and working days are counted. Pure: dates in, dates out.

Source: Regulation (EEC, Euratom) No 1182/71, article 3. The day of the event never counts; a
period of months ends on the same day number, or on the last day of a month that lacks it; a
period that ends on a day off ends with the next working day; periods that are counted
backwards are never moved.
"""

import calendar
from collections.abc import Collection
from datetime import MAXYEAR, date, timedelta

_DAY = timedelta(days=1)
_SATURDAY = 5


def add_months(start: date, months: int) -> date:
    """Return the same day of the month, ``months`` later (Reg. 1182/71 art. 3(2)(c)).

    Like any date arithmetic, it raises OverflowError past the end of the calendar.

    >>> add_months(date(2026, 1, 31), 1)
    datetime.date(2026, 2, 28)
    """
    years, index = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, index + 1
    if year > MAXYEAR:
        raise OverflowError("date value out of range")
    last = calendar.monthrange(year, month)[1]
    return date(year, month, min(start.day, last))


def not_before_months(start: date, months: int) -> date:
    """Return the first day on which ``months`` have passed in full."""
    return add_months(start, months) + _DAY


def days_after(start: date, days: int) -> date:
    return start + timedelta(days=days)


def days_before(start: date, days: int) -> date:
    """Return the last day for a lead time; never moved (Reg. 1182/71 art. 3(4), last sentence)."""
    return start - timedelta(days=days)


def is_working_day(day: date, holidays: Collection[date] = ()) -> bool:
    return day.weekday() < _SATURDAY and day not in holidays


def next_working_day(day: date, holidays: Collection[date] = ()) -> date:
    """Return ``day``, or the first working day after it (Reg. 1182/71 art. 3(4))."""
    while not is_working_day(day, holidays):
        day += _DAY
    return day


def last_weekday(day: date) -> date:
    """Return ``day``, or the Friday before it when it falls on a weekend."""
    while day.weekday() >= _SATURDAY:
        day -= _DAY
    return day


def add_business_days(start: date, days: int, holidays: Collection[date] = ()) -> date:
    """Return the ``days``-th working day after ``start``, which itself never counts."""
    day = start
    for _ in range(days):
        day = next_working_day(day + _DAY, holidays)
    return day
