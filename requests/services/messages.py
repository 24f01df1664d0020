"""What is said about a request: by the person, to the person, and among colleagues."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.services import audit
from consent.services.audit import Actor
from requests.deadlines.pauses import RELEVANT_TIME
from requests.enums import ASKED, Direction, State, Waiting
from requests.errors import GateClosed, IllegalMove
from requests.models import Message, Ticket
from requests.services import clocks, letters, lifecycle


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
    asked = clocks.open_question(ticket)
    if asked is not None and asked[0] != Waiting.FEE:  # words do not pay a fee
        _came(ticket, asked[0], at=timezone.now(), by=None)
    else:
        ticket.version += 1
        ticket.save(update_fields=["version"])
    return ticket


def _came(ticket: Ticket, about: Waiting, *, at: datetime, by: Actor, reason: str = "") -> None:
    """What we waited for is there (T05). A question that was asked amid the work moves nothing."""
    _asked, came = ASKED[about]
    clocks.add(ticket, came, at=at, by=by, reason=reason)
    if ticket.state == State.AWAITING_REQUESTER:
        lifecycle.move(ticket, State.IN_PROGRESS, by=by)
    else:
        ticket.version += 1
        ticket.save(update_fields=["version"])


@transaction.atomic
def write_to_person(ticket_id: int, body: str, *, by: Actor, seen: int | None = None) -> Message:
    """An officer writes without changing the state. The mail can be taken back for a moment."""
    ticket = lifecycle.lock(ticket_id, seen=seen)
    _refuse_unreachable(ticket)
    return add_to_person(ticket, body, by=by)


def add_to_person(
    ticket: Ticket, body: str, *, by: Actor, state_before: State | None = None
) -> Message:
    """Add a message to a locked ticket and queue the mail that says it is there.

    ``state_before``: the move it tells of begins there, and is undone with it.
    """
    message = Message.objects.create(
        ticket=ticket,
        direction=Direction.TO_PERSON,
        body=body,
        author_id=by.pk if by else None,
        leaves_at=leaves_at() if ticket.is_reachable else None,
        state_before=state_before or "",
    )
    ticket.version += 1
    ticket.save(update_fields=["version"])
    audit.record("message.sent", target=ticket, by=by, data={"message": message.pk})
    if ticket.is_reachable:
        letters.message_waiting(ticket, message, delay=settings.UNDO_SECONDS)
    return message


@transaction.atomic
def ask(  # noqa: PLR0913 -- what a question consists of
    ticket_id: int,
    body: str,
    *,
    about: Waiting,
    by: Actor,
    doubt: str = "",
    seen: int | None = None,
) -> Message:
    """Ask the person for one thing and wait for it (T03).

    Identity is never asked for where the law forbids it (INV-05: opt-outs and other V0 types),
    and only with ``doubt``, the written reason for it (GDPR art. 12(6)). In the middle of the
    work a question stops what the law lets it stop, but the work goes on: the table of moves
    (DOMAIN 3.2) lets a request wait for its person only from triage.
    """
    ticket = lifecycle.lock(ticket_id, seen=seen)
    refuse_question(ticket, about, doubt=doubt)
    # It leaves when the seconds to take it back are over; from then on the clock may stand.
    asked, _came = ASKED[about]
    event = clocks.add(ticket, asked, at=timezone.now(), by=by, reason=doubt or body)
    message = Message.objects.create(
        ticket=ticket,
        direction=Direction.TO_PERSON,
        body=body,
        author_id=by.pk if by else None,
        leaves_at=leaves_at(),
        event=event,
        state_before=State.TRIAGE if ticket.state == State.TRIAGE else "",
    )
    if ticket.state == State.TRIAGE:
        lifecycle.move(ticket, State.AWAITING_REQUESTER, by=by, waiting_for=about)
    else:
        ticket.version += 1
        ticket.save(update_fields=["version"])
        audit.record("ticket.asked", target=ticket, by=by, data={"about": about})
    letters.question(ticket, message, about=about, delay=settings.UNDO_SECONDS)
    return message


def leaves_at() -> datetime:
    """When a mail that is queued now may go. Until then the person does not see its text."""
    return timezone.now() + timedelta(seconds=settings.UNDO_SECONDS)


def refuse_question(ticket: Ticket, about: Waiting, *, doubt: str) -> None:
    """Each reason why this may not be asked now is a sentence of its own."""
    _refuse_unreachable(ticket)
    if about == Waiting.IDENTITY and not ticket.right.needs_mailbox:
        raise GateClosed(_("For this kind of request nobody may be asked who they are."))
    if about == Waiting.IDENTITY and not doubt.strip():
        raise GateClosed(_("Write why you doubt who asks. The law allows the question only then."))
    if about == Waiting.FEE and not any(moves_for_a_fee(body) for body in ticket.rules):
        raise GateClosed(_("No law that applies here lets the answer wait for a fee."))
    if ticket.state not in {State.TRIAGE, State.IN_PROGRESS}:
        raise IllegalMove(
            reference=ticket.reference,
            now=State(ticket.state),
            wanted=State.AWAITING_REQUESTER,
        )
    if clocks.open_question(ticket) is not None:
        raise GateClosed(
            _("One question is open already. Wait for its answer, or write a message.")
        )


def moves_for_a_fee(body: Mapping[str, Any]) -> bool:
    """Whether the time of this rule starts when a fee is paid (UK GDPR art. 12A)."""
    return body.get("anchor") == RELEVANT_TIME


@transaction.atomic
def arrived(
    ticket_id: int, *, at: datetime, how: str, by: Actor, seen: int | None = None
) -> Ticket:
    """What we asked for came another way than by a message on the page: by post, at the desk.

    ``at`` is when it reached us; the clock goes on from then, also when it is entered later.
    """
    ticket = lifecycle.lock(ticket_id, seen=seen)
    asked = clocks.open_question(ticket)
    if asked is None or not ticket.is_open:
        raise GateClosed(_("We do not wait for anything from the person."))
    about, question = asked
    if at > timezone.now():
        raise GateClosed(_("It cannot have come later than now."))
    if at < question.at.replace(second=0, microsecond=0):  # forms name minutes
        raise GateClosed(_("It cannot have come before we asked for it."))
    _came(ticket, about, at=max(at, question.at), by=by, reason=how)
    audit.record("ticket.arrived", target=ticket, by=by, data={"about": about})
    return ticket


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
    if not ticket.is_reachable:
        raise GateClosed(_("The person has not confirmed their email yet."))
