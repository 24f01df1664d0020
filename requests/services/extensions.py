"""Taking the longer time that a law allows: once, with reasons, told before the time is over.

Sources
    GDPR art. 12(3)                two further months; told, with reasons, within the first one
    11 CCR 7021(b), PIPEDA 8(4)    45 and 30 further days
    FADP ordinance art. 18         a date that we name
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from consent.services import audit
from consent.services.audit import Actor
from requests.deadlines import RegimeDates, Settings
from requests.deadlines.facts import PROMISE
from requests.deadlines.terms import DECLARED
from requests.enums import ClockKind, Direction, ExtensionReason, State
from requests.errors import ExtensionRefused
from requests.models import ClockEvent, Message, Ticket
from requests.services import clocks, effects, letters, lifecycle, reasons
from requests.services.effects import Body, Effect

# Where a law does not name its own grounds: how hard the request is, and how many there are.
GROUNDS = (ExtensionReason.COMPLEXITY, ExtensionReason.NUMBER)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a notice that is sent now would do. ``refused`` is why nothing may be sent."""

    effect: Effect
    moved: tuple[str, ...]
    refused: str
    promise_missed: bool


def reasons_for(ticket: Ticket) -> list[ExtensionReason]:
    """The grounds the laws of this request know."""
    found: set[str] = set()
    for body in ticket.rules:
        extension = body.get("extension")
        if extension:
            found |= set(extension.get("grounds") or GROUNDS)
    return [reason for reason in ExtensionReason if reason in found]


def names_a_date(ticket: Ticket) -> bool:
    """Whether a law lets us name the new date instead of counting it."""
    return any((body.get("extension") or {}).get("unit") == DECLARED for body in ticket.rules)


def outlook(
    ticket: Ticket, *, at: datetime | None = None, declared_on: date | None = None
) -> Outlook:
    """What an extension would move and what it would not, and why. Nothing is written."""
    leaves_at = at or timezone.now() + timedelta(seconds=settings.UNDO_SECONDS)
    chosen = _settings(ticket, declared_on)
    if refused := _refused_by_state(ticket) or _refused_twice(ticket):
        before = clocks.explain(ticket)
        nothing = Effect(before.due_on, before.due_on, before.pause_open, ())
        return Outlook(nothing, (), refused, promise_missed=False)

    def why_not(body: Body, dates: RegimeDates) -> str:
        return refusal(body, dates, chosen, leaves_at)

    after, effect = effects.of_extension(ticket, at=leaves_at, settings=chosen, refusal=why_not)
    moved = tuple(code for code, dates in after.per_regime.items() if dates.extension_valid)
    laws = [line.sentence for line in effect.lines if line.rule != PROMISE]
    refused = "" if moved else (laws or [effect.lines[0].sentence])[0]
    missed = any(dates.promise_missed for dates in after.per_regime.values())
    return Outlook(effect, moved, refused, promise_missed=missed)


def refusal(  # noqa: PLR0911 -- one return, one reason
    body: Body, dates: RegimeDates, chosen: Settings, leaves_at: datetime
) -> str:
    """Why this rule gives no longer time: each reason is a sentence of its own."""
    extension = body.get("extension")
    if body["id"] == PROMISE:
        return _("The promise itself is never extended. A notice in time counts as our reply.")
    if not extension:
        return _("%(law)s knows no longer time.") % {"law": reasons.source_of(body["law"])}
    if not dates.in_force:
        return _("%(law)s did not apply yet when the request came in.") % {
            "law": reasons.source_of(body["law"])
        }
    switch = extension.get("switch")
    if switch and not chosen.switches.get(switch):
        return _("The longer time of %(law)s waits for counsel to confirm it.") % {
            "law": reasons.source_of(body["law"])
        }
    if extension["unit"] == DECLARED and chosen.declared_date is None:
        return _("Name the day by which the person will have the answer.")
    last = dates.extension_notice_due
    day = leaves_at.astimezone(ZoneInfo(chosen.regime_tz or body["time_zone"])).date()
    if last is not None and day > last:
        return _("The notice had to leave by %(day)s. The answer stays due.") % {
            "day": words_of(last)
        }
    return _("%(law)s gives no longer time here.") % {"law": reasons.source_of(body["law"])}


@transaction.atomic
def extend(  # noqa: PLR0913 -- what a notice consists of
    ticket_id: int,
    *,
    reason: str,
    by: Actor,
    text: str = "",
    declared_on: date | None = None,
    told_otherwise: bool = False,
    seen: int | None = None,
) -> Ticket:
    """Take the longer time and tell the person, in one step (T07, INV-04).

    ``text`` is the reason in the officer's words, in the person's language; without it the
    words of ``reason`` are used. ``declared_on`` is for laws that let us name the date.
    ``told_otherwise``: the person has no mailbox we may write to and is told by post or phone.
    Raises ExtensionRefused with the law's reason.
    """
    ticket = lifecycle.lock(ticket_id, seen=seen)
    if reason not in reasons_for(ticket) and not _refused_by_state(ticket):
        raise ExtensionRefused(
            _("Choose why the answer takes longer. The law asks for the reason.")
            if reasons_for(ticket)
            else outlook(ticket).refused
        )
    leaves_at = timezone.now() + timedelta(seconds=settings.UNDO_SECONDS)
    seen_now = outlook(ticket, at=leaves_at, declared_on=declared_on)
    if seen_now.refused:
        raise ExtensionRefused(seen_now.refused)
    _refuse_bad_date(ticket, declared_on)
    if not ticket.is_reachable and not told_otherwise:
        raise ExtensionRefused(
            _("The person must be told. Without a confirmed email, tell them another way first.")
        )
    before = ticket.due_on
    chosen = _settings(ticket, declared_on)
    why = text.strip() or _in_their_language(ticket, reason)
    event = clocks.add(
        ticket,
        ClockKind.EXTENSION_NOTICE_SENT,
        at=leaves_at,
        by=by,
        reason=why,
        settings=chosen,
    )
    ticket.version += 1
    ticket.save(update_fields=["version"])
    _tell(ticket, event, why, before, seen_now)
    audit.record(
        "ticket.extended",
        target=ticket,
        by=by,
        data={
            "reason": reason,
            "from": before.isoformat(),
            "to": ticket.due_on.isoformat(),
            "rules": list(seen_now.moved),
        },
    )
    return ticket


def _tell(ticket: Ticket, event: ClockEvent, why: str, before: date, seen: Outlook) -> None:
    """The notice: on the page of the request, and in a mail that leaves after the undo seconds."""
    stays = ticket.due_on == before
    new = _latest(seen) if stays else ticket.due_on
    with translation.override(ticket.language):
        told = _told(before, new, stays=stays)
        remedy = _("You can complain to the authority. The page of your request names it.")
    message = Message.objects.create(
        ticket=ticket,
        direction=Direction.TO_PERSON,
        body=f"{why}\n\n{told}\n\n{remedy}",
        author_id=event.actor_id,
        leaves_at=event.at if ticket.is_reachable else None,
        event=event,
    )
    if ticket.is_reachable:
        letters.extended(
            ticket,
            message,
            delay=settings.UNDO_SECONDS,
            why=why,
            old_date=before.isoformat(),
            new_date=new.isoformat(),
            stays=stays,
        )


def _told(old: date, new: date, *, stays: bool) -> str:
    words = {"old": words_of(old), "new": words_of(new)}
    if stays:
        return _("One law gives us until %(new)s. Another keeps its day, which is %(old)s.") % words
    return _("We said that we answer by %(old)s. You will have our answer by %(new)s.") % words


def _latest(seen: Outlook) -> date:
    """The day of the law that moved, where another law keeps the earlier one."""
    return max(line.after for line in seen.effect.lines if line.rule in seen.moved and line.after)


def _refused_by_state(ticket: Ticket) -> str:
    if ticket.state == State.CLOSED:
        return _("This request is closed, so its time cannot be extended.")
    if ticket.state in {State.ANSWERED, State.APPEAL}:
        return _("This request is answered, so its time cannot be extended.")
    if not lifecycle.is_verified(ticket):
        return _("The person has not shown yet who they are. Until then no time can be extended.")
    if ticket.state == State.REVIEW:
        return _("An answer is ready. Send it, or send it back first.")
    if ticket.state != State.IN_PROGRESS:
        return _("Start the work first. Time is extended for work, not for waiting.")
    return ""


def _refused_twice(ticket: Ticket) -> str:
    earlier = clocks.has(ticket, ClockKind.EXTENSION_NOTICE_SENT)
    if earlier is None:
        return ""
    return _("The time was extended on %(day)s already. The law allows that once.") % {
        "day": words_of(earlier.at.astimezone(ZoneInfo(ticket.organisation.time_zone)).date())
    }


def _refuse_bad_date(ticket: Ticket, declared_on: date | None) -> None:
    """A date we name lies after the one that is due, and not further off than our own cap."""
    for body in ticket.rules:
        extension = body.get("extension") or {}
        if extension.get("unit") != DECLARED or declared_on is None:
            continue
        due = clocks.explain(ticket).per_regime[body["id"]].extension_notice_due
        if due is None:
            continue
        cap = extension.get("internal_cap_days")
        if declared_on <= due:
            raise ExtensionRefused(
                _("The new day must lie after %(day)s.") % {"day": words_of(due)}
            )
        if cap and declared_on > due + timedelta(days=cap):
            latest = due + timedelta(days=cap)
            raise ExtensionRefused(
                _("The new day can be %(day)s at the latest.") % {"day": words_of(latest)}
            )


def _settings(ticket: Ticket, declared_on: date | None) -> Settings:
    stored = clocks.settings_of(ticket)
    return replace(stored, declared_date=declared_on) if declared_on else stored


def _in_their_language(ticket: Ticket, reason: str) -> str:
    with translation.override(ticket.language):
        return str(ExtensionReason(reason).label)


def words_of(day: date) -> str:
    return date_format(day, "DATE_FORMAT")
