"""More time for the answer: once, with a notice that leaves before the time is over.

Sources
    GDPR art. 12(3)               two further months, told within the first month
    11 CCR 7021(b)                45 further days, 90 in all from receipt
    PIPEDA s. 8(4), FADP rules    30 further days; a date the company names
"""

from dataclasses import dataclass
from datetime import date

from consent.calendars import days_after
from requests.deadlines import terms
from requests.deadlines.case import Case
from requests.deadlines.facts import EXTENSION


@dataclass(frozen=True, slots=True)
class Extension:
    """``valid`` is empty until a notice was sent."""

    notice_due: date | None = None
    due_if_used: date | None = None
    sent_on: date | None = None
    valid: bool | None = None


def extension_of(case: Case, *, start: date, raw: date, legal: date, paused_days: int) -> Extension:
    """Return what the rule allows, and what the notice that was sent is worth."""
    sent = next((case.days.local(e.at) for e in case.events if e.kind == EXTENSION), None)
    if not _is_allowed(case):
        return Extension(sent_on=sent, valid=False if sent else None)
    due = _due(case, start, raw, paused_days)
    valid = None if sent is None else due is not None and sent <= legal
    return Extension(legal, due, sent, valid)


def _is_allowed(case: Case) -> bool:
    """Whether the law knows an extension and, where it is not confirmed, counsel has agreed."""
    extension = case.rule.get("extension")
    if not extension:
        return False
    switch = extension.get("switch")
    return switch is None or bool(case.settings.switches.get(switch))


def _due(case: Case, start: date, raw: date, paused_days: int) -> date | None:
    extension = case.rule["extension"]
    if extension["unit"] == terms.DECLARED:
        return case.settings.declared_date
    if extension["computed_from"] == "base_due_raw":
        return case.roll(case.count(raw, extension["n"], extension))
    return case.roll(days_after(_from_anchor(case, start), paused_days))


def _from_anchor(case: Case, start: date) -> date:
    """Both periods in one from the start: 31 January + 3 months, not 28 February + 2."""
    respond, extension = case.rule["respond"], case.rule["extension"]
    if respond["unit"] != extension["unit"]:
        return case.count(case.answer_from(start), extension["n"], extension)
    both = terms.length(respond, case.settings) + extension["n"]
    return case.count_from(start, both, respond)
