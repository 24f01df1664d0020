"""What the calculator is told: clock events, settings, and nothing else.

Instants carry an offset. A date is derived from an instant twice, where the company is and
where the law is, and the earlier one counts (INV-21): a person in Tirana who writes after
midnight wrote the day before in Florida, and is answered by the earlier date.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _

from consent.errors import PortalError

Calendars = Mapping[str, Collection[date]]
Rule = Mapping[str, Any]

RECEIVED = "received"
EXTENSION = "extension_notice_sent"
APPEAL = "appeal_received"
# Each question is closed by its answer.
QUESTIONS = {
    "id_requested": "id_received",
    "clarification_requested": "clarification_received",
    "fee_requested": "fee_paid",
}
# Kept in the file of a request, but no date follows from them.
SILENT = frozenset({"acknowledged", "answered", "denial_sent"})
KINDS = frozenset({RECEIVED, EXTENSION, APPEAL, *QUESTIONS, *QUESTIONS.values()}) | SILENT

ONLY_WEEKENDS = "NONE"
# The company's own rule, and what its steps cite.
PROMISE = "PROMISE-30"
PROMISE_LAW = "Promise in the published privacy policy"


class ClockRefused(PortalError):
    """Facts no date can follow from. The text says which, for the person who entered them."""

    code: ClassVar[str] = "clock_refused"
    http_status: ClassVar[int] = 422


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a request, and when."""

    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Settings:
    """What the company chose. The last five belong to one request, not to the company."""

    controller_tz: str = "America/New_York"
    promise_days: int = 30
    interim_reply_counts: bool = True
    # Choices a rule names, such as "rule.AL.extension_enabled": counsel confirms them first.
    switches: Mapping[str, bool] = field(default_factory=dict)
    promise: bool = True
    designated_channel: bool = True
    declared_date: date | None = None
    calendar: str | None = None
    regime_tz: str | None = None

    def as_json(self) -> dict[str, Any]:
        declared = self.declared_date.isoformat() if self.declared_date else None
        return {**asdict(self), "switches": dict(self.switches), "declared_date": declared}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Settings":
        declared = stored.get("declared_date")
        values = {**stored, "declared_date": date.fromisoformat(declared) if declared else None}
        return cls(**values)


def _shown(name: str) -> str:
    """A name nobody knows, as it stands in a refusal: quoted, on one line, not too long."""
    return repr(name)[:60]


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ClockRefused(_("There is no time zone %(name)s.") % {"name": _shown(name)}) from None


def holidays_of(calendars: Calendars, name: str) -> Collection[date]:
    if name == ONLY_WEEKENDS:
        return calendars.get(name, ())
    if name not in calendars:
        raise ClockRefused(_("There is no holiday calendar %(name)s.") % {"name": _shown(name)})
    return calendars[name]


def read(events: Iterable[Event]) -> tuple[datetime, list[Event]]:
    """Return the instant of receipt and the other events in their order; refuse impossible ones."""
    ordered = sorted(events, key=lambda event: event.at)
    for event in ordered:
        if event.kind not in KINDS:
            raise ClockRefused(
                _("There is no clock event %(kind)s.") % {"kind": _shown(event.kind)}
            )
    received = [event.at for event in ordered if event.kind == RECEIVED]
    if not received:
        raise ClockRefused(_("Say when the request was received."))
    later = [event for event in ordered if event.kind != RECEIVED]
    if later and later[0].at < received[0]:
        raise ClockRefused(
            _("%(kind)s cannot lie before the request was received.") % {"kind": later[0].kind}
        )
    if sum(event.kind == EXTENSION for event in later) > 1:
        raise ClockRefused(_("The time for an answer can be extended only once."))
    return received[0], later


@dataclass(frozen=True, slots=True)
class Days:
    """From instants to dates, in the zone of the company and the zone of the law."""

    controller: ZoneInfo
    regime: ZoneInfo

    def earlier(self, at: datetime) -> date:
        """The date of what starts a period against us: the safe one of two."""
        return min(at.astimezone(self.controller).date(), at.astimezone(self.regime).date())

    def local(self, at: datetime) -> date:
        """The date where the law is: for what we sent, and for the length of a pause."""
        return at.astimezone(self.regime).date()
