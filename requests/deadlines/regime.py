"""The dates of one rule: one step of the count, one function.

The order is the law's: receipt, start, period, pause, end on a day off, promise, extension.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from consent.calendars import days_after, last_weekday
from requests.deadlines import pauses, terms
from requests.deadlines.case import Case
from requests.deadlines.explanation import RegimeDates
from requests.deadlines.extensions import Extension, extension_of
from requests.deadlines.facts import APPEAL, Calendars, Event, Rule, Settings


def dates_of(
    rule: Rule,
    received: datetime,
    events: list[Event],
    *,
    settings: Settings,
    calendars: Calendars,
) -> RegimeDates:
    """Return every date of ``rule`` for a request received then, with these events."""
    case = Case.of(rule, received, events, settings, calendars)
    receipt = case.days.earlier(received)
    case.note("received", None, receipt)
    if not in_force(rule, receipt):
        return _only_promise(case, receipt)
    if rule["respond"] is None:
        return _only_acknowledgement(case, receipt)
    if rule["respond"]["unit"] == terms.HOUR:
        return _in_hours(case)
    return _counted(case, receipt)


def in_force(rule: Rule, day: date) -> bool:
    until = rule.get("effective_to")
    begun = date.fromisoformat(rule["effective_from"]) <= day
    return begun and (until is None or day <= date.fromisoformat(until))


def _only_promise(case: Case, receipt: date) -> RegimeDates:
    """The law did not apply yet, or no longer; what the company promised still does."""
    promise = _promise(case, receipt)
    return RegimeDates(
        rule=case.rule["id"],
        receipt_date=receipt,
        in_force=False,
        promise_due=promise,
        reply_due=promise,
        substantive_due=promise,
        **_work_towards(case, promise, None),
        promise_leads=promise is not None,
        trace=tuple(case.steps),
    )


def _only_acknowledgement(case: Case, receipt: date) -> RegimeDates:
    """No day for the answer itself: "without undue delay" cannot be counted."""
    return RegimeDates(
        rule=case.rule["id"],
        receipt_date=receipt,
        in_force=True,
        ack_due=_acknowledgement(case, receipt),
        trace=tuple(case.steps),
    )


def _in_hours(case: Case) -> RegimeDates:
    """Elapsed hours: a change to summer time neither gives nor takes one."""
    hours = case.rule["respond"]["n"]
    due = (case.received.astimezone(UTC) + timedelta(hours=hours)).astimezone(case.days.regime)
    case.note("hours", case.days.local(case.received), due.date(), amount=hours, unit=terms.HOUR)
    return RegimeDates(rule=case.rule["id"], due_at=due, counts_days=False, trace=tuple(case.steps))


def _counted(case: Case, receipt: date) -> RegimeDates:
    """A rule that counts days or months: all steps."""
    ack = _acknowledgement(case, receipt)
    stops = _stops(case, receipt)
    raw, legal = _legal(case, stops)
    promise = _promise(case, receipt)
    extension = _extension(case, stops, raw, legal)
    moved = bool(extension.valid or stops.days or stops.is_open or stops.start > receipt)
    target = None if stops.is_open else extension.due_if_used if extension.valid else legal
    substantive, promise_leads = _substantive(case, target, promise, moved=moved)
    unmoved = case.roll(case.answer_from(receipt)) if moved else legal
    reply = unmoved if promise is None else min(unmoved, promise)
    return RegimeDates(
        rule=case.rule["id"],
        receipt_date=receipt,
        in_force=True,
        clock_start=stops.start if case.rule.get("anchor") == pauses.RELEVANT_TIME else None,
        ack_due=ack,
        legal_due_raw=raw,
        legal_due=legal,
        promise_due=promise,
        reply_due=reply,
        substantive_due=substantive,
        extension_notice_due=extension.notice_due,
        extended_due_if_used=extension.due_if_used,
        extension_valid=extension.valid,
        promise_missed=_promise_missed(extension, promise),
        paused_days=stops.days or None,
        pause_open=stops.is_open,
        **_work_towards(case, substantive, legal),
        interim_on=_interim(extension, stops),
        promise_leads=promise_leads,
        **_other_dates(case, receipt, legal, extension),
        trace=tuple(case.steps),
    )


def _acknowledgement(case: Case, receipt: date) -> date | None:
    term = case.rule.get("ack")
    if not term:
        return None
    due = case.count(receipt, term["n"], term)
    due = case.roll(due) if term.get("roll") else due
    case.note("acknowledge", receipt, due, amount=term["n"], unit=term["unit"])
    return due


def _stops(case: Case, receipt: date) -> pauses.Stops:
    """What our questions did to the clock. The last day to ask is the last day to answer."""

    def last_day(start: date, paused_days: int) -> date:
        raw = days_after(case.answer_from(start), paused_days)
        legal = case.roll(raw)
        extension = extension_of(case, start=start, raw=raw, legal=legal, paused_days=paused_days)
        return extension.due_if_used if extension.valid and extension.due_if_used else legal

    stops = pauses.stops_of(case.rule, case.events, case.days, receipt, last_day=last_day)
    if stops.start > receipt:
        case.note("start", receipt, stops.start)
    return stops


def _legal(case: Case, stops: pauses.Stops) -> tuple[date, date]:
    """The last day by law, before and after it moves off a day off."""
    respond = case.rule["respond"]
    end = case.answer_from(stops.start)
    amount = terms.length(respond, case.settings)
    case.note("answer", stops.start, end, amount=amount, unit=respond["unit"])
    raw = days_after(end, stops.days)
    if raw > end:
        case.note("pause", end, raw, amount=stops.days, unit=terms.DAY)
    legal = case.roll(raw)
    if legal > raw:
        case.note("roll", raw, legal)
    if stops.open_since is not None:
        case.note("stopped", None, stops.open_since)
    return raw, legal


def _promise(case: Case, receipt: date) -> date | None:
    """The company's own date: never moved, paused or extended (INV-03)."""
    if not case.settings.promise or not case.rule["promise_applies"]:
        return None
    due = days_after(receipt, case.settings.promise_days)
    case.note("promise", receipt, due, amount=case.settings.promise_days, unit=terms.DAY)
    return due


def _extension(case: Case, stops: pauses.Stops, raw: date, legal: date) -> Extension:
    found = extension_of(case, start=stops.start, raw=raw, legal=legal, paused_days=stops.days)
    if found.valid and found.due_if_used:
        case.note("extension", legal, found.due_if_used)
    elif found.valid is False:
        case.note("extension_refused", found.sent_on, legal)
    return found


def _substantive(
    case: Case, target: date | None, promise: date | None, *, moved: bool
) -> tuple[date | None, bool]:
    """The day for the answer, and whether the promise gave it.

    Law that was moved takes the promise with it only while an interim reply counts as one.
    """
    if promise is None or (moved and case.settings.interim_reply_counts):
        return target, False
    if target is None or promise < target:
        return promise, True
    return target, False


def _promise_missed(extension: Extension, promise: date | None) -> bool | None:
    if extension.sent_on is None or promise is None:
        return None
    return extension.sent_on > promise


def _interim(extension: Extension, stops: pauses.Stops) -> date | None:
    """The first day on which the person heard why the answer takes longer."""
    sent = extension.sent_on if extension.valid else None
    return min(filter(None, [stops.first_asked, sent]), default=None)


def _work_towards(case: Case, substantive: date | None, legal: date | None) -> dict[str, Any]:
    """The target of the office, and the instant before which the answer leaves."""
    found: dict[str, Any] = {}
    if substantive is not None:
        found["internal_target"] = last_weekday(substantive)
    day = substantive or legal
    if day is not None:
        found["due_before_utc"] = end_of_day(day, case.days.controller, case.days.regime)
    return found


def _other_dates(case: Case, receipt: date, legal: date, extension: Extension) -> dict[str, Any]:
    """Dates that only some rules know."""
    rule, found = case.rule, _appeal(case)
    if rule.get("compliance_notice_days"):
        found["compliance_notice_due"] = days_after(receipt, rule["compliance_notice_days"])
    if rule.get("deemed_refusal"):
        last = extension.due_if_used if extension.valid else legal
        found["deemed_refusal_on"] = days_after(last or legal, 1)
    if rule.get("action_hours"):
        found["action_due_at"] = case.received + timedelta(hours=rule["action_hours"])
    return found


def _appeal(case: Case) -> dict[str, Any]:
    term = case.rule.get("appeal")
    arrived = next((case.days.earlier(e.at) for e in case.events if e.kind == APPEAL), None)
    if not term or arrived is None:
        return {}
    found = {"appeal_due": days_after(arrived, term["n"])}
    if term.get("extension_n"):
        found["appeal_extended_due"] = days_after(found["appeal_due"], term["extension_n"])
    return found


def end_of_day(day: date, *zones: ZoneInfo) -> datetime:
    """The instant before which the answer must leave: midnight where it comes first (INV-21)."""
    midnight = datetime.combine(days_after(day, 1), time.min)
    return min(midnight.replace(tzinfo=zone).astimezone(UTC) for zone in zones)
