"""What a step would do to the dates, told before it is taken: each rule's date now and then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from consent.models import Jurisdiction
from requests.deadlines import Event, Explanation, RegimeDates, Settings
from requests.deadlines.facts import PROMISE
from requests.deadlines.pauses import RELEVANT_TIME
from requests.enums import ASKED, CONFIRMED, ClockKind, Waiting
from requests.models import Ticket
from requests.services import clocks, reasons

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One rule: its date before and after, and in words what happens to it."""

    rule: str
    law: str
    is_confirmed: bool
    before: date | None
    after: date | None
    sentence: str

    @property
    def moves(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Effect:
    """The date that leads, before and after, and each rule's part in it."""

    before: date
    after: date
    stops: bool
    lines: tuple[Line, ...]

    @property
    def moves(self) -> bool:
        return self.before != self.after


def of_question(ticket: Ticket, about: Waiting, *, at: datetime) -> Effect:
    """What a question does to each clock: it stops, it starts later, or it goes on."""
    asked, _came = ASKED[about]
    before = clocks.explain(ticket)
    after = clocks.explain(ticket, also=[Event(asked, at)])
    return _compare(before, after, ticket.rules, ticket.rules, _asked_sentence(after, asked))


def of_extension(
    ticket: Ticket,
    *,
    at: datetime,
    settings: Settings,
    refusal: Callable[[Body, RegimeDates], str],
) -> tuple[Explanation, Effect]:
    """What a notice that leaves at ``at`` moves; ``refusal`` says why a rule does not move."""
    before = clocks.explain(ticket)
    after = clocks.explain(
        ticket, also=[Event(ClockKind.EXTENSION_NOTICE_SENT, at)], settings=settings
    )

    def sentence(body: Body, dates: RegimeDates) -> str:
        if dates.extension_valid:
            return _("The answer may take longer.")
        return refusal(body, dates)

    return after, _compare(before, after, ticket.rules, ticket.rules, sentence)


def of_residence(ticket: Ticket, residence: Jurisdiction | None) -> Effect:
    """What moves when the person lives somewhere else than we thought."""
    return _of_rules(ticket, clocks.rules_today(ticket, residence))


def of_newer_rules(ticket: Ticket) -> Effect:
    """What moves under the rules as they are written today (INV-01)."""
    return of_residence(ticket, ticket.residence)


def _of_rules(ticket: Ticket, snapshots: list[dict[str, Any]]) -> Effect:
    before = clocks.explain(ticket)
    after = clocks.explain(ticket, snapshots=snapshots)
    stored = {body["id"]: body for body in ticket.rules}
    new = {body["id"]: body for body in snapshots}

    def sentence(body: Body, _dates: RegimeDates) -> str:
        code = body["id"]
        if code not in new:
            return _("No longer applies.")
        if code not in stored:
            return _("Applies from now on.")
        if stored[code].get("version") != new[code].get("version"):
            return _("Applies in a newer version.")
        if stored[code] != new[code]:
            return _("Applies as before, with the days off of the other place.")
        return _("Applies as before.")

    return _compare(before, after, ticket.rules, snapshots, sentence)


def _compare(
    before: Explanation,
    after: Explanation,
    old: list[dict[str, Any]],
    new: list[dict[str, Any]],
    sentence: Callable[[Body, RegimeDates], str],
) -> Effect:
    bodies = {body["id"]: body for body in (*old, *new)}
    lines = []
    for code, body in bodies.items():
        was, becomes = before.per_regime.get(code), after.per_regime.get(code)
        dates = becomes or was
        assert dates is not None  # noqa: S101 -- each rule was counted at least once
        lines.append(
            Line(
                rule=code,
                law=reasons.source_of(body["law"]),
                is_confirmed=body["status"] == CONFIRMED,
                before=was.shown if was else None,
                after=becomes.shown if becomes else None,
                sentence=sentence(body, dates),
            )
        )
    return Effect(before.due_on, after.due_on, after.pause_open, tuple(lines))


def _asked_sentence(after: Explanation, asked: ClockKind) -> Callable[[Body, RegimeDates], str]:
    interim = any(dates.interim_on is not None for dates in after.per_regime.values())

    def sentence(body: Body, dates: RegimeDates) -> str:
        if body["id"] == PROMISE:
            if interim and after.settings.interim_reply_counts:
                return _("A question in time counts as our first reply, so the promise is kept.")
            return _("The promise goes on: it does not stop for a question.")
        if not dates.pause_open:
            return _("The time goes on: this law does not stop for a question.")
        if body.get("anchor") == RELEVANT_TIME and asked not in _stopping(body):
            return _("The time starts when the answer arrives.")
        if not (body.get("pause") or {}).get("statutory", True):
            return _(
                "The time stands still until the person answers. "
                "That is guidance of the authorities, not the text of the law."
            )
        return _("The time stands still until the person answers.")

    return sentence


def _stopping(body: Body) -> list[str]:
    triggers: list[str] = (body.get("pause") or {}).get("triggers", [])
    return triggers
