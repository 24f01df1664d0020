"""What is said about a request: by the person, to the person, and among colleagues."""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.services import audit
from consent.services.audit import Actor
from requests.enums import ClockKind, Direction, State, Waiting
from requests.errors import GateClosed, IllegalMove
from requests.models import Message, Ticket
from requests.services import clocks, letters, lifecycle

_ASKED = {
    Waiting.IDENTITY: (ClockKind.ID_REQUESTED, ClockKind.ID_RECEIVED),
    Waiting.CLARIFICATION: (
        ClockKind.CLARIFICATION_REQUESTED,
        ClockKind.CLARIFICATION_RECEIVED,
    ),
}


def write_to_office(ticket_id: int, body: str, *, nonce: str | None = None) -> Ticket:
    """The person writes. If we were waiting for them, our question counts as answered (T05).

    ``nonce`` names the form: a double click adds one message.
    """
    try:
        with transaction.atomic():
            return _write_to_office(ticket_id, body, nonce)
    except IntegrityError:
        if nonce and Message.objects.filter(nonce=nonce).exists():
            return Ticket.objects.get(pk=ticket_id)
        raise


def _write_to_office(ticket_id: int, body: str, nonce: str | None) -> Ticket:
    ticket = lifecycle.lock(ticket_id)
    if ticket.state == State.CLOSED:
        raise GateClosed(_("This request is closed. You can make a new one."))
    message = Message.objects.create(
        ticket=ticket, direction=Direction.FROM_PERSON, body=body, nonce=nonce
    )
    audit.record("message.received", target=ticket, by=None, data={"message": message.pk})
    if ticket.state == State.AWAITING_REQUESTER:
        _asked, came = _ASKED[Waiting(ticket.waiting_for)]
        clocks.add(ticket, came, at=timezone.now(), by=None)
        lifecycle.move(ticket, State.IN_PROGRESS, by=None)
    else:
        ticket.version += 1
        ticket.save(update_fields=["version"])
    return ticket


@transaction.atomic
def write_to_person(ticket_id: int, body: str, *, by: Actor, seen: int | None = None) -> Message:
    """An officer writes without changing the state. The mail can be taken back for a moment."""
    ticket = lifecycle.lock(ticket_id, seen=seen)
    _refuse_unreachable(ticket)
    return add_to_person(ticket, body, by=by)


def add_to_person(ticket: Ticket, body: str, *, by: Actor) -> Message:
    """Add a message to a locked ticket and queue the mail that says it is there."""
    message = Message.objects.create(
        ticket=ticket,
        direction=Direction.TO_PERSON,
        body=body,
        author_id=by.pk if by else None,
    )
    ticket.version += 1
    ticket.save(update_fields=["version"])
    audit.record("message.sent", target=ticket, by=by, data={"message": message.pk})
    if ticket.email:
        letters.message_waiting(ticket, message, delay=settings.UNDO_SECONDS)
    return message


@transaction.atomic
def ask(
    ticket_id: int, body: str, *, about: Waiting, by: Actor, seen: int | None = None
) -> Message:
    """Ask the person for one thing and wait for it (T03).

    Identity is never asked for where the law forbids it (INV-05: opt-outs and other V0 types);
    ``body`` says what we need and why, which documents the doubt (GDPR art. 12(6)).
    """
    ticket = lifecycle.lock(ticket_id, seen=seen)
    _refuse_unreachable(ticket)
    if about == Waiting.IDENTITY and not ticket.right.needs_mailbox:
        raise GateClosed(_("For this kind of request nobody may be asked who they are."))
    if ticket.state != State.TRIAGE:
        raise IllegalMove(
            reference=ticket.reference,
            now=State(ticket.state),
            wanted=State.AWAITING_REQUESTER,
        )
    message = Message.objects.create(
        ticket=ticket,
        direction=Direction.TO_PERSON,
        body=body,
        author_id=by.pk if by else None,
    )
    asked, _came = _ASKED[about]
    clocks.add(ticket, asked, at=timezone.now(), by=by, reason=body)
    lifecycle.move(ticket, State.AWAITING_REQUESTER, by=by, waiting_for=about)
    letters.question(ticket, message, delay=settings.UNDO_SECONDS)
    return message


@transaction.atomic
def add_note(ticket_id: int, body: str, *, by: Actor) -> Message:
    """A note among colleagues. The person never sees it here (in an access request they may)."""
    ticket = lifecycle.lock(ticket_id)
    message = Message.objects.create(
        ticket=ticket, direction=Direction.NOTE, body=body, author_id=by.pk if by else None
    )
    ticket.version += 1
    ticket.save(update_fields=["version"])
    audit.record("note.added", target=ticket, by=by, data={"message": message.pk})
    return message


@transaction.atomic
def mark_read(ticket_id: int, *, by: Actor) -> int:
    """The person's messages were read by an officer; return how many were new."""
    ticket = lifecycle.lock(ticket_id)
    unread = Message.objects.filter(
        ticket_id=ticket_id, direction=Direction.FROM_PERSON, read_at__isnull=True
    )
    count = unread.update(read_at=timezone.now())
    if count:
        audit.record("messages.read", target=ticket, by=by, data={"count": count})
    return count


def _refuse_unreachable(ticket: Ticket) -> None:
    if not ticket.email:
        raise GateClosed(_("This request has no email address, so nobody can be written to."))
    if not ticket.is_confirmed:
        raise GateClosed(_("The person has not confirmed their email yet."))
