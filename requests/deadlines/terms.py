"""Periods: so many days, working days or months, and where they end.

Sources
    Reg. (EEC, Euratom) 1182/71 art. 3   months, the day of the event, ends on a day off
    EDPB Guidelines 01/2022 on access    the same for GDPR art. 12(3), with worked examples
    11 CCR 7021                          calendar days, business days for the acknowledgement
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from consent.calendars import add_business_days, add_months, days_after, next_working_day
from requests.deadlines.facts import ONLY_WEEKENDS, Calendars, Rule, Settings, holidays_of

Term = Mapping[str, Any]

MONTH = "month"
DAY = "calendar_day"
BUSINESS_DAY = "business_day"
HOUR = "hour"
DECLARED = "declared_date"


def length(term: Term, settings: Settings) -> int:
    """How many units; a request to an address we did not name may have a longer term."""
    if not settings.designated_channel and term.get("other_channel_n"):
        return int(term["other_channel_n"])
    return int(term["n"])


def end_of(
    start: date, amount: int, term: Term, *, settings: Settings, calendars: Calendars
) -> date:
    """Return the last day of ``amount`` units after ``start``, which does not count."""
    if term["unit"] == MONTH:
        return add_months(start, amount)
    if term["unit"] == BUSINESS_DAY:
        name = settings.calendar or term.get("calendar") or ONLY_WEEKENDS
        return add_business_days(start, amount, holidays_of(calendars, name))
    return days_after(start, amount)


def counts_receipt_day(rule: Rule, settings: Settings) -> bool:
    """Whether the day of receipt is day one: a strict reading that a switch of the rule allows."""
    switch = rule.get("receipt_day_switch")
    return bool(rule.get("receipt_day_counts")) or bool(switch and settings.switches.get(switch))


def rolled(end: date, rule: Rule, *, settings: Settings, calendars: Calendars) -> date:
    """Move an end on a day off to the next working day, once, where the rule says so."""
    roll = rule.get("roll")
    if not roll:
        return end
    return next_working_day(end, holidays_of(calendars, settings.calendar or roll["calendar"]))
