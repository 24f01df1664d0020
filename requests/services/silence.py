"""Answering a person who never answered us (T06): not before they had their time, and in writing.

It can be opened again, and the person can ask to look again.
"""

from datetime import date

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from consent.models import AuditEvent
from consent.services import audit
from consent.services.audit import Actor
from requests.enums import ClockKind, DenialCode, Direction, Outcome, State, Step, Waiting
from requests.errors import GateClosed, IllegalMove
from requests.models import Decision, Message, Ticket
from requests.services import clocks, letters, lifecycle, queue

REMINDERS = 2


def refused(ticket: Ticket, *, today: date | None = None) -> str:
    """Why the request cannot be ended for silence now; empty where it can."""
    if ticket.state != State.AWAITING_REQUESTER:
        return _("We do not wait for anything from the person.")
    asked = clocks.open_question(ticket)
    day = today or queue.office_today()
    if asked is None or day >= ticket.due_on or _reminders(ticket) >= REMINDERS:
        return ""
    return _("The person has time until %(day)s, or until two reminders stay unanswered.") % {
        "day": date_format(ticket.due_on, "DATE_FORMAT")
    }


def _reminders(ticket: Ticket) -> int:
    """How often we reminded the person of the question that is open."""
    asked = clocks.open_question(ticket)
    if asked is None:
        return 0
    told = AuditEvent.objects.filter(
        target_label=ticket._meta.label_lower,
        target_id=str(ticket.pk),
        action="ticket.person_reminded",
        happened_at__gte=asked[1].recorded_at,
    )
    return sum(event.data.get("reminder") == "waiting" for event in told)


@transaction.atomic
def end(ticket_id: int, *, body: str, by: Actor, seen: int | None = None) -> Ticket:
    """Answer that we cannot go on. ``body`` says why, and how the person can go on (INV-06)."""
    ticket = lifecycle.lock(ticket_id, seen=seen)
    if ticket.state != State.AWAITING_REQUESTER:
        raise IllegalMove(
            reference=ticket.reference, now=State(ticket.state), wanted=State.ANSWERED
        )
    if why := refused(ticket):
        raise GateClosed(why)
    if by is None or not body.strip() or "[…]" in body:
        raise GateClosed(_("Write what the person is told, and fill each place marked […]."))
    unproved = ticket.waiting_for == Waiting.IDENTITY
    outcome = Outcome.IDENTITY_NOT_PROVED if unproved else Outcome.EXPIRED
    code = DenialCode.IDENTITY if unproved else ""
    now = timezone.now()
    Message.objects.create(ticket=ticket, direction=Direction.TO_PERSON, body=body, author_id=by.pk)
    decision = Decision.objects.create(
        ticket=ticket,
        step=Step.SENT,
        outcome=outcome,
        denial_code=code,
        body=body,
        prepared_by_id=by.pk,
        sent_at=now,
    )
    if unproved:
        clocks.add(ticket, ClockKind.DENIAL_SENT, at=now, by=by)
    clocks.add(ticket, ClockKind.ANSWERED, at=now, by=by)
    lifecycle.move(
        ticket, State.ANSWERED, by=by, outcome=outcome, denial_code=code, answered_at=now
    )
    if ticket.is_reachable:
        letters.answered(ticket, decision, delay=settings.UNDO_SECONDS)
    audit.record("ticket.ended_for_silence", target=ticket, by=by, data={"outcome": outcome})
    return ticket
