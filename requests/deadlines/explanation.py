"""What the calculator answers: the dates, and the steps that led to them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

from requests.deadlines.facts import Settings

# Named also when there is no date: no promise applies, or the question is still open.
NAMED_WHEN_EMPTY = frozenset({"promise_due", "substantive_due"})
# How the answer was found; not dates of the regime.
NOT_A_DATE = frozenset({"rule", "trace", "interim_on", "promise_leads", "counts_days"})


@dataclass(frozen=True, slots=True)
class Step:
    """From one date to the next, and the text of law that says so."""

    code: str
    since: date | None
    until: date
    rule: str
    citation: str
    amount: int | None = None
    unit: str | None = None

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "code": self.code,
            "from": self.since.isoformat() if self.since else None,
            "to": self.until.isoformat(),
            "rule": self.rule,
            "citation": self.citation,
        }
        if self.amount is not None:
            found |= {"amount": self.amount, "unit": self.unit}
        return found

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Step":
        since = stored["from"]
        return cls(
            code=stored["code"],
            since=date.fromisoformat(since) if since else None,
            until=date.fromisoformat(stored["to"]),
            rule=stored["rule"],
            citation=stored["citation"],
            amount=stored.get("amount"),
            unit=stored.get("unit"),
        )


@dataclass(frozen=True, slots=True)
class RegimeDates:
    """Every date of one rule. Empty means that the rule has no such date here.

    ``interim_on`` is the day on which the person heard from us in a way that moved the answer:
    a valid extension notice, or a question that stops this clock. ``promise_leads`` says that
    the company's promise, not the law, gave ``substantive_due``.
    """

    rule: str
    receipt_date: date | None = None
    in_force: bool | None = None
    clock_start: date | None = None
    ack_due: date | None = None
    legal_due_raw: date | None = None
    legal_due: date | None = None
    promise_due: date | None = None
    reply_due: date | None = None
    substantive_due: date | None = None
    extension_notice_due: date | None = None
    extended_due_if_used: date | None = None
    extension_valid: bool | None = None
    promise_missed: bool | None = None
    paused_days: int | None = None
    pause_open: bool | None = None
    internal_target: date | None = None
    due_before_utc: datetime | None = None
    compliance_notice_due: date | None = None
    appeal_due: date | None = None
    appeal_extended_due: date | None = None
    deemed_refusal_on: date | None = None
    action_due_at: datetime | None = None
    due_at: datetime | None = None
    interim_on: date | None = None
    promise_leads: bool = False
    counts_days: bool = True
    trace: tuple[Step, ...] = ()

    @property
    def shown(self) -> date | None:
        """The date to work towards: the answer, or a word to the person while we wait."""
        if self.due_at is not None:
            return self.due_at.date()
        if self.substantive_due is None and not self.pause_open:
            return self.ack_due
        return self.substantive_due or self.reply_due

    def as_json(self) -> dict[str, Any]:
        found = {}
        for name in _dates():
            value = getattr(self, name)
            if value is not None or (name in NAMED_WHEN_EMPTY and self.counts_days):
                found[name] = _plain(name, value)
        return found

    @classmethod
    def from_json(cls, rule: str, stored: Mapping[str, Any]) -> "RegimeDates":
        values = {name: _typed(name, value) for name, value in stored.items()}
        return cls(rule=rule, counts_days="substantive_due" in stored, **values)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer for a request: the leading dates of all its rules, each rule's own, the reasons.

    ``due_on`` is the date to show. ``leading`` is the rule it comes from, and the last step of
    ``trace`` ends on it.
    """

    receipt_date: date
    due_on: date
    leading: str
    substantive_due: date | None
    reply_due: date | None
    promise_due: date | None
    ack_due: date | None
    pause_open: bool
    per_regime: Mapping[str, RegimeDates]
    trace: tuple[Step, ...]
    settings: Settings

    def as_json(self) -> dict[str, Any]:
        """The form a ticket keeps: dates as text, and the settings they were computed with."""
        dates = {name: _plain(name, getattr(self, name)) for name in _TOP}
        return {
            **dates,
            "leading": self.leading,
            "pause_open": self.pause_open,
            "per_regime": {code: dates.as_json() for code, dates in self.per_regime.items()},
            "trace": [step.as_json() for step in self.trace],
            "settings": self.settings.as_json(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Explanation":
        return cls(
            **{name: _typed(name, stored[name]) for name in _TOP},
            leading=stored["leading"],
            pause_open=stored["pause_open"],
            per_regime={
                code: RegimeDates.from_json(code, dates)
                for code, dates in stored["per_regime"].items()
            },
            trace=tuple(Step.from_json(step) for step in stored["trace"]),
            settings=Settings.from_json(stored["settings"]),
        )


_TOP = ("receipt_date", "due_on", "substantive_due", "reply_due", "promise_due", "ack_due")


def _dates() -> list[str]:
    return [field.name for field in fields(RegimeDates) if field.name not in NOT_A_DATE]


def _plain(name: str, value: Any) -> Any:
    if name == "due_before_utc" and value is not None:
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value


def _typed(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name.endswith(("_at", "_utc")):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value)
