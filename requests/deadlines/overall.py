"""Several rules on one request: the earliest date leads (INV-02)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.utils.translation import gettext as _

from consent.calendars import days_after
from requests.deadlines.explanation import Explanation, RegimeDates, Step
from requests.deadlines.facts import (
    PROMISE,
    PROMISE_LAW,
    Calendars,
    ClockRefused,
    Event,
    Rule,
    Settings,
    read,
    zone,
)
from requests.deadlines.regime import dates_of


def compute(
    rules: Sequence[Rule],
    events: Iterable[Event],
    *,
    settings: Settings | None = None,
    calendars: Calendars,
) -> Explanation:
    """Return every date of a request under all its rules, and the reasons for the leading one."""
    settings = _with_promise(settings or Settings(), rules)
    received, later = read(events)
    regimes = [
        dates_of(rule, received, later, settings=settings, calendars=calendars) for rule in rules
    ]
    receipt = _receipt(received, regimes, settings)
    counting = [found for found in regimes if not _is_satisfied(found, regimes, settings)]
    trace = _reasons(counting, receipt, settings)
    return Explanation(
        receipt_date=receipt,
        due_on=trace[-1].until,
        leading=trace[-1].rule,
        substantive_due=_earliest(found.substantive_due for found in counting),
        reply_due=_earliest(found.reply_due for found in regimes),
        promise_due=_earliest(_promise_of(found) for found in regimes),
        ack_due=_earliest(found.ack_due for found in regimes),
        pause_open=any(found.pause_open for found in regimes),
        per_regime={found.rule: found for found in regimes},
        trace=trace,
        settings=settings,
    )


def _with_promise(settings: Settings, rules: Sequence[Rule]) -> Settings:
    """The length of the promise is the one of its snapshot, where the request carries one."""
    days = next((rule["respond"]["n"] for rule in rules if rule["id"] == PROMISE), None)
    if days is None or days == settings.promise_days:
        return settings
    return replace(settings, promise_days=days)


def _receipt(received: datetime, regimes: list[RegimeDates], settings: Settings) -> date:
    own_day = received.astimezone(zone(settings.controller_tz)).date()
    receipt = _earliest(found.receipt_date for found in regimes) or own_day
    if settings.declared_date and settings.declared_date < receipt:
        raise ClockRefused(_("The date you name for the answer lies before the request."))
    return receipt


def _is_satisfied(found: RegimeDates, regimes: list[RegimeDates], settings: Settings) -> bool:
    """Whether this is the promise, kept in time by a notice or question of a law (INV-03)."""
    last = found.legal_due
    if found.rule != PROMISE or last is None or not settings.interim_reply_counts:
        return False
    return any(other.interim_on is not None and other.interim_on <= last for other in regimes)


def _promise_of(found: RegimeDates) -> date | None:
    return found.legal_due if found.rule == PROMISE else found.promise_due


def _reasons(counting: list[RegimeDates], receipt: date, settings: Settings) -> tuple[Step, ...]:
    """The steps of the leading rule, what the others would give, and the date itself."""
    dated = [(found.shown, found) for found in counting if found.shown is not None]
    if not dated:
        return _house_rule(receipt, settings)
    due, leader = min(dated, key=lambda pair: pair[0])
    last = _last_step(leader, due)
    told = {last.rule, *(step.rule for step in leader.trace)}  # the promise is told with the law
    others = [
        Step("other", receipt, shown, found.rule, _citation(found))
        for shown, found in dated
        if found is not leader and found.rule not in told
    ]
    return (*leader.trace, *others, last)


def _last_step(leader: RegimeDates, due: date) -> Step:
    if leader.promise_leads:
        return Step("due", leader.receipt_date, due, PROMISE, PROMISE_LAW)
    code = "due" if leader.substantive_due or leader.due_at else "reply"
    return Step(code, leader.receipt_date, due, leader.rule, _citation(leader))


def _citation(found: RegimeDates) -> str:
    """The text of law the rule counts by: its last step that is not the company's promise."""
    return [step.citation for step in found.trace if step.rule == found.rule][-1]


def _house_rule(receipt: date, settings: Settings) -> tuple[Step, ...]:
    """No rule gives a date: as long as the promise, so that nothing waits without one."""
    due = days_after(receipt, settings.promise_days)
    return (
        Step("received", None, receipt, PROMISE, PROMISE_LAW),
        Step("house", receipt, due, PROMISE, PROMISE_LAW, settings.promise_days, "calendar_day"),
    )


def _earliest(days: Iterable[date | None]) -> date | None:
    return min((day for day in days if day is not None), default=None)
