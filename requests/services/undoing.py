"""Taking back what was sent to a person a moment ago: an answer, a message, a question, a notice.

It works until the mail may leave, and only if the outbox gives the mail back. Nothing is deleted:
the text stays in the file and the person never sees it, the clock gets a fact that cancels the
other one, and the request stands where it stood before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.services import audit
from consent.services.audit import Actor
from requests.enums import ASKED, ClockKind, Direction, State, Step
from requests.errors import GateClosed, TooLateToUndo
from requests.models import Decision, Message, Ticket
from requests.services import clocks, decisions, letters, lifecycle

ANSWER = "answer"
MESSAGE, QUESTION, EXTENSION = "message", "question", "extension"
_QUESTIONS = frozenset(asked for asked, _came in ASKED.values())

# What the officer reads once it is back, and when it is too late.
DONE = {
    ANSWER: gettext_lazy("The answer was taken back. Your text is kept."),
    MESSAGE: gettext_lazy("The message was taken back. The person does not see it."),
    QUESTION: gettext_lazy("The question was taken back. The dates are as they were before."),
    EXTENSION: gettext_lazy("The longer time was taken back. The dates are as they were before."),
}
TOO_LATE = {
    MESSAGE: gettext_lazy("The message has already left, so it cannot be taken back."),
    QUESTION: gettext_lazy("The question has already left, so it cannot be taken back."),
    EXTENSION: gettext_lazy("The notice has already left, so it cannot be taken back."),
}


@dataclass(frozen=True, slots=True)
class Thing:
    """Something on its way to a person, and until when."""

    row: Decision | Message
    kind: str
    until: datetime | None

    @property
    def name(self) -> str:
        return name_of(self.row)

    @property
    def ticket(self) -> Ticket:
        return self.row.ticket

    def waits(self, *, now: datetime) -> bool:
        """Whether it can still be taken back, as far as a page can know."""
        if isinstance(self.row, Decision):
            return self.row.step == Step.SENDING
        return self.row.taken_back_at is None and self.until is not None and now < self.until


def name_of(row: Decision | Message) -> str:
    """What a form or a session calls it."""
    return f"{ANSWER if isinstance(row, Decision) else MESSAGE}:{row.pk}"


def newest(ticket: Ticket, *, now: datetime | None = None) -> Thing | None:
    """The last thing of this ticket that still waits."""
    moment = now or timezone.now()
    waiting = [thing for thing in _last_of(ticket) if thing.waits(now=moment)]
    return max(waiting, key=lambda thing: thing.until or moment, default=None)


def waiting(name: str) -> Thing | None:
    """The thing of this name, while it can be taken back."""
    thing = _named(name, Ticket.objects.all())
    return thing if thing is not None and thing.waits(now=timezone.now()) else None


def take_back(ticket_id: int, *, by: Actor, name: str = "") -> Thing:
    """Undo the newest thing that waits, or the one a form names. Raises TooLateToUndo.

    Without a name and with nothing waiting, what was sent last says why it is too late.
    """
    tickets = Ticket.objects.filter(pk=ticket_id)
    thing = _named(name, tickets) if name else newest(tickets.get())
    if thing is None and not name:
        sent = list(_last_of(tickets.get()))
        thing = max(sent, key=lambda one: one.row.created_at, default=None)
    if thing is None:
        raise GateClosed(_("Nothing was sent that could be taken back."))
    if isinstance(thing.row, Decision):
        decisions.take_back(thing.row.pk, by=by)
    else:
        _take_back(thing.row.pk, ticket_id, by=by)
    return thing


def _last_of(ticket: Ticket) -> Iterator[Thing]:
    """The last answer, and the last message that a mail tells of and that is not back already."""
    decision = ticket.decisions.select_related("ticket").first()
    if decision is not None:
        yield _thing(decision)
    said = ticket.messages.filter(direction=Direction.TO_PERSON, leaves_at__isnull=False)
    rows = said.select_related("ticket", "event")
    standing = rows.filter(taken_back_at__isnull=True).order_by("-leaves_at", "-id").first()
    message = standing or rows.order_by("-leaves_at", "-id").first()
    if message is not None:
        yield _thing(message)


def _named(name: str, tickets: Any) -> Thing | None:
    model, _colon, typed = name.partition(":")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 16):
        return None
    row: Decision | Message | None = None
    if model == ANSWER:
        row = (
            Decision.objects.select_related("ticket")
            .filter(pk=int(typed), ticket__in=tickets)
            .first()
        )
    elif model == MESSAGE:
        row = (
            Message.objects.select_related("ticket", "event")
            .filter(pk=int(typed), ticket__in=tickets, leaves_at__isnull=False)
            .first()
        )
    return None if row is None else _thing(row)


def _thing(row: Decision | Message) -> Thing:
    if isinstance(row, Decision):
        return Thing(row, ANSWER, row.release_at)
    return Thing(row, _kind(row), row.leaves_at)


def _kind(message: Message) -> str:
    if message.event is None:
        return MESSAGE
    return EXTENSION if message.event.kind == ClockKind.EXTENSION_NOTICE_SENT else QUESTION


@transaction.atomic
def _take_back(message_id: int, ticket_id: int, *, by: Actor) -> None:
    ticket, now = lifecycle.lock(ticket_id), timezone.now()
    message = (
        Message.objects.select_for_update(of=("self",))
        .select_related("event")
        .get(pk=message_id, ticket=ticket)
    )
    kind = _kind(message)
    if message.taken_back_at is not None:
        raise TooLateToUndo(_("It was taken back already."))
    _refuse_answered_question(ticket, message)
    # The page shows it from leaves_at on, also where the mail is late: then it is read, perhaps.
    if message.leaves_at is None or now >= message.leaves_at or not letters.take_back(message):
        raise TooLateToUndo(str(TOO_LATE[kind]))
    message.taken_back_at = now
    message.save(update_fields=["taken_back_at"])
    if message.event is not None:
        clocks.take_back(ticket, message.event, at=now, by=by)
    if _stands_where_it_led(ticket, message):
        # Set aside with an outcome, waiting without one: what was triaged has none.
        lifecycle.move(ticket, State(message.state_before), by=by, outcome="")
    else:
        ticket.version += 1
        ticket.save(update_fields=["version"])
    audit.record(
        f"{kind}.taken_back",
        target=ticket,
        by=by,
        data={"message": message.pk, "due_on": ticket.due_on.isoformat()},
    )


def _refuse_answered_question(ticket: Ticket, message: Message) -> None:
    """What came in answers the question, also if the person wrote it before they could read it."""
    if message.event is None or message.event.kind not in _QUESTIONS:
        return
    asked = clocks.open_question(ticket)
    if asked is None or asked[1].pk != message.event_id:
        raise TooLateToUndo(
            _("The person has written meanwhile, so the question cannot be taken back.")
        )


def _stands_where_it_led(ticket: Ticket, message: Message) -> bool:
    """Whether the move made with the message is still the last one (withdrawn, opened again)."""
    if not message.state_before:
        return False
    led_to = State.CLOSED if message.event is None else State.AWAITING_REQUESTER
    return ticket.state == led_to
