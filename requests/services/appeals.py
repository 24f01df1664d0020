"""Looking at an answer again because the person asks for it (T12, T13).

Where the law knows an appeal its time applies; everywhere else the person may ask all the same,
and the promise is the time. Who had a part in the request before does not decide (INV-08).
"""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.services import audit
from consent.services.audit import Actor
from requests.enums import APPEALABLE, ClockKind, Direction, State, Step
from requests.errors import GateClosed, IllegalMove
from requests.models import Decision, Message, Ticket
from requests.services import clocks, letters, lifecycle, parts
from requests.services.reopening import NO_ANSWER


def may_ask_again(ticket: Ticket) -> bool:
    """Whether the person can ask now: answered, not with all they wanted, and not asked yet."""
    return not _refused(ticket)


def ask_again(
    ticket_id: int,
    body: str,
    *,
    by: Actor = None,
    at: datetime | None = None,
    nonce: str | None = None,
) -> Ticket:
    """The person does not agree (T12). ``by`` and ``at``: an officer enters a letter or a call.

    ``nonce`` names the form: a double click asks once.
    """
    try:
        with transaction.atomic():
            return _ask_again(ticket_id, body, by=by, at=at or timezone.now(), nonce=nonce)
    except IntegrityError:
        if nonce and Message.objects.filter(nonce=nonce, ticket_id=ticket_id).exists():
            return Ticket.objects.get(pk=ticket_id)
        raise


def _ask_again(ticket_id: int, body: str, *, by: Actor, at: datetime, nonce: str | None) -> Ticket:
    ticket = lifecycle.lock(ticket_id)
    if nonce and Message.objects.filter(nonce=nonce, ticket=ticket).exists():
        return ticket
    if refused := _refused(ticket):
        raise GateClosed(refused)
    if not body.strip():
        raise GateClosed(_("Write what we should look at again."))
    earliest = ticket.answered_at or ticket.received_at
    if at > timezone.now() or at < earliest.replace(second=0, microsecond=0):  # forms name minutes
        raise GateClosed(_("It cannot have come later than now, nor before our answer."))
    at = max(at, earliest)
    message = Message.objects.create(
        ticket=ticket, direction=Direction.FROM_PERSON, body=body, nonce=nonce
    )
    event = clocks.add(ticket, ClockKind.APPEAL_RECEIVED, at=at, by=by)
    # Whoever answered no longer handles it: somebody new takes it.
    lifecycle.move(ticket, State.APPEAL, by=by, handler_id=None)
    audit.record(
        "ticket.appealed",
        target=ticket,
        by=by,
        data={"message": message.pk, "due_on": ticket.due_on.isoformat()},
    )
    if ticket.is_reachable:
        letters.looking_again(ticket, event)
    return ticket


def _refused(ticket: Ticket) -> str:
    if ticket.state not in {State.ANSWERED, State.CLOSED}:
        return _("We have not answered yet. Write us a message instead.")
    if ticket.outcome not in APPEALABLE:
        return _("There is no answer that we could look at again. You can make a new request.")
    if clocks.has(ticket, ClockKind.APPEAL_RECEIVED):
        return _("We looked at it again already. You can complain to the authority.")
    return ""


@transaction.atomic
def uphold(ticket_id: int, *, body: str, by: Actor, seen: int | None = None) -> Ticket:
    """The answer stands: a decision with reasons goes out, and the request is closed (T13)."""
    ticket, reviewer = _lock(ticket_id, body, by, seen)
    now = timezone.now()
    message = _say(ticket, body, reviewer)
    Decision.objects.create(
        ticket=ticket,
        step=Step.SENT,
        outcome=ticket.outcome,
        denial_code=ticket.denial_code,
        body=body,
        prepared_by=reviewer,
        sent_at=now,
    )
    clocks.add(ticket, ClockKind.ANSWERED, at=now, by=by)
    lifecycle.move(ticket, State.CLOSED, by=by, answered_at=now)
    _tell(ticket, message, changed=False)
    audit.record("appeal.upheld", target=ticket, by=by, data={"message": message.pk})
    return ticket


@transaction.atomic
def overturn(ticket_id: int, *, body: str, by: Actor, seen: int | None = None) -> Ticket:
    """The answer was wrong: the request is worked on again, by the day of the appeal (T13)."""
    ticket, reviewer = _lock(ticket_id, body, by, seen)
    lifecycle.refuse_unverified(ticket)
    message = _say(ticket, body, reviewer)
    lifecycle.move(ticket, State.IN_PROGRESS, by=by, handler_id=None, **NO_ANSWER)
    _tell(ticket, message, changed=True)
    audit.record("appeal.overturned", target=ticket, by=by, data={"message": message.pk})
    return ticket


def _lock(ticket_id: int, body: str, by: Actor, seen: int | None) -> tuple[Ticket, User]:
    ticket = lifecycle.lock(ticket_id, seen=seen)
    if ticket.state != State.APPEAL:
        raise IllegalMove(reference=ticket.reference, now=State(ticket.state), wanted=State.CLOSED)
    if by is None:
        raise GateClosed(_("An answer is prepared by a person."))
    parts.refuse_involved(ticket, by)
    if not body.strip() or "[…]" in body:
        raise GateClosed(_("Write the decision with its reasons, and fill each place marked […]."))
    return ticket, by


def _say(ticket: Ticket, body: str, by: User) -> Message:
    return Message.objects.create(
        ticket=ticket,
        direction=Direction.TO_PERSON,
        body=body,
        author=by,
    )


def _tell(ticket: Ticket, message: Message, *, changed: bool) -> None:
    if ticket.is_reachable:
        letters.looked_again(ticket, message, changed=changed, delay=settings.UNDO_SECONDS)
