"""The deadline panel: every clock of a request, rule by rule, and what stopped it.

Read from what was computed and stored (Ticket.clock); nothing is counted anew here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from requests.deadlines.facts import PROMISE
from requests.enums import ASKED, CONFIRMED, ClockKind, State
from requests.models import ClockEvent, DeadlineRule, Ticket
from requests.services import reasons

# The dates of a rule in the order in which they come, and what each is.
DATES: dict[str, Any] = {
    "ack_due": _("Confirm receipt by"),
    "action_due_at": _("Act by"),
    "reply_due": _("The person hears from us by"),
    "compliance_notice_due": _("Tell how we comply by"),
    "substantive_due": _("Answer by"),
    "due_at": _("Report by"),
    "extension_notice_due": _("More time can be told until"),
    "extended_due_if_used": _("Answer with more time by"),
    "deemed_refusal_on": _("Counts as refused from"),
    "appeal_due": _("Second look by"),
    "appeal_extended_due": _("Second look with more time by"),
}


@dataclass(frozen=True, slots=True)
class Stop:
    """One question: asked, and answered unless ``until`` is empty."""

    what: str
    since: datetime
    until: datetime | None

    @property
    def is_open(self) -> bool:
        return self.until is None


@dataclass(frozen=True, slots=True)
class Clock:
    """One rule's clock."""

    rule: str
    version: int
    pk: int | None
    law: str
    is_confirmed: bool
    leads: bool
    dates: list[tuple[Any, date]]
    paused_days: int
    stands_still: bool
    extended: bool
    kept: bool  # the promise, by a notice or a question in time


@dataclass(frozen=True, slots=True)
class Panel:
    received: datetime
    reopened: datetime | None
    acknowledged: datetime | None
    extended: ClockEvent | None
    stops: list[Stop]
    clocks: list[Clock]
    confirmed: bool  # every rule of this request
    may_extend: bool
    may_acknowledge: bool
    may_recount: bool

    @property
    def stopped_days(self) -> int:
        """The most that any of the clocks left out."""
        return max((clock.paused_days for clock in self.clocks), default=0)


def of(ticket: Ticket, user: User) -> Panel:
    events = list(ClockEvent.objects.standing().filter(ticket=ticket).order_by("id"))
    last = {event.kind: event for event in events}
    reopened = last.get(ClockKind.REOPENED)
    extended = last.get(ClockKind.EXTENSION_NOTICE_SENT)
    if extended and reopened and extended.pk < reopened.pk:
        extended = None
    acknowledged = last.get(ClockKind.ACKNOWLEDGED)
    works = user.has_perm("ticket.work")
    clocks = _clocks(ticket, user)
    return Panel(
        received=ticket.received_at,
        reopened=reopened.at if reopened else None,
        acknowledged=acknowledged.at if acknowledged else None,
        extended=extended,
        stops=_stops(events),
        clocks=clocks,
        confirmed=all(clock.is_confirmed for clock in clocks),
        may_extend=works and ticket.state == State.IN_PROGRESS and extended is None,
        may_acknowledge=works and ticket.is_open and acknowledged is None and ticket.is_confirmed,
        may_recount=works and ticket.is_open,
    )


def _stops(events: list[ClockEvent]) -> list[Stop]:
    found = []
    for asked, came in ASKED.values():
        question: ClockEvent | None = None
        for event in events:
            if event.kind == asked and question is None:
                question = event
            elif event.kind == came and question is not None:
                found.append(_stop(question, event.at))
                question = None
        if question is not None:
            found.append(_stop(question, None))
    return sorted(found, key=lambda stop: stop.since)


def _stop(question: ClockEvent, until: datetime | None) -> Stop:
    return Stop(str(ClockKind(question.kind).label), question.at, until)


def _clocks(ticket: Ticket, user: User) -> list[Clock]:
    stored = ticket.clock.get("per_regime") or {}
    rows: dict[tuple[str, int], int] = {}
    if user.has_perm("registry.read"):  # else the number would lead to a closed door
        codes = [body["id"] for body in ticket.rules]
        found = DeadlineRule.objects.filter(code__in=codes).values_list("code", "version", "pk")
        rows = {(code, version): pk for code, version, pk in found}
    return [_clock(ticket, body, stored.get(body["id"]) or {}, rows) for body in ticket.rules]


def _clock(
    ticket: Ticket,
    body: Mapping[str, Any],
    dates: Mapping[str, Any],
    rows: Mapping[tuple[str, int], int],
) -> Clock:
    code, version = str(body["id"]), int(body.get("version", 1))
    extended = bool(dates.get("extension_valid"))
    return Clock(
        rule=code,
        version=version,
        pk=rows.get((code, version)),
        law=reasons.source_of(body["law"]),
        is_confirmed=body.get("status") == CONFIRMED,
        leads=ticket.clock.get("leading") == code,
        dates=[
            (label, _day(ticket, dates[name]))
            for name, label in DATES.items()
            if dates.get(name) and not _is_over(name, extended=extended)
        ],
        paused_days=int(dates.get("paused_days") or 0),
        stands_still=bool(dates.get("pause_open")),
        extended=extended,
        kept=code == PROMISE and _is_kept(ticket.clock, dates),
    )


def _is_kept(clock: Mapping[str, Any], promise: Mapping[str, Any]) -> bool:
    """Whether the request's own date lies after the promised one: then that one leads no more."""
    promised, answer = promise.get("substantive_due"), clock.get("substantive_due")
    return bool(promised) and (answer is None or answer > promised)


def _is_over(name: str, *, extended: bool) -> bool:
    """Once more time is taken, how it could be taken says nothing any more."""
    return extended and name in {"extension_notice_due", "extended_due_if_used"}


def _day(ticket: Ticket, text: str) -> date:
    if "T" not in text:
        return date.fromisoformat(text)
    zone = ZoneInfo(ticket.organisation.time_zone)
    return datetime.fromisoformat(text).astimezone(zone).date()
