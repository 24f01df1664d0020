"""Everything that happened to one request, newest first: who, what, when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import User
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from consent.models import AuditEvent, OutboundEmail
from requests.enums import ClockKind, Direction
from requests.models import Message, Ticket
from requests.services import letters
from requests.words import AUDITED, MAILS, moved

PERSON, NOTES = "person", "notes"
TAKEN_BACK = "back"
_WITH_PERSON = (Direction.FROM_PERSON, Direction.TO_PERSON)


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    title: str
    by: str
    kind: str  # in, out, note, back, clock, move, mail
    body: str = ""
    unread: bool = False


def of(ticket: Ticket, *, only: str = "") -> list[Entry]:
    """All entries; ``only`` narrows to what the person sees or to notes."""
    entries = [*_messages(ticket)]
    if only == PERSON:
        entries = [entry for entry in entries if entry.kind in _WITH_PERSON]
    elif only == NOTES:
        entries = [entry for entry in entries if entry.kind == Direction.NOTE]
    else:
        entries += [*_clock(ticket), *_moves(ticket), *_mails(ticket)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def since(ticket: Ticket, moment: datetime) -> list[Entry]:
    """What a page that was opened at ``moment`` does not show."""
    return [entry for entry in of(ticket) if entry.at > moment]


def _name(user: User | None) -> str:
    return user.get_short_name() or user.get_username() if user else _("the system")


def _messages(ticket: Ticket) -> Iterator[Entry]:
    for message in ticket.messages.select_related("author"):
        theirs = message.direction == Direction.FROM_PERSON
        yield Entry(
            at=message.created_at,
            title=_("To the person, taken back")
            if message.taken_back_at
            else str(Direction(message.direction).label),
            by=ticket.name or _("the person") if theirs else _name(message.author),
            kind=TAKEN_BACK if message.taken_back_at else message.direction,
            body=message.body,
            unread=_is_unread(message),
        )


def _is_unread(message: Message) -> bool:
    return message.direction == Direction.FROM_PERSON and message.read_at is None


def _clock(ticket: Ticket) -> Iterator[Entry]:
    for event in ticket.clock_events.select_related("actor", "cancels"):
        title = str(ClockKind(event.kind).label)
        if event.cancels is not None:
            title += f": {ClockKind(event.cancels.kind).label}"
        yield Entry(event.at, title, _name(event.actor), "clock")


def _moves(ticket: Ticket) -> Iterator[Entry]:
    events = AuditEvent.objects.filter(
        target_label="requests.ticket",
        target_id=str(ticket.pk),
        action__in=[*AUDITED, "ticket.moved"],
    )
    rows = list(events)
    people = User.objects.in_bulk({row.actor_id for row in rows if row.actor_id})
    for row in rows:
        yield Entry(row.happened_at, _title(row), _name(people.get(row.actor_id or 0)), "move")


def _title(row: AuditEvent) -> str:
    return f"{AUDITED[row.action]}{_moved(row)}" if row.action in AUDITED else moved(row)


def _moved(row: AuditEvent) -> str:
    """Where the date went, for what counted it anew."""
    days = [row.data.get(name) for name in ("due_from", "due_to")]
    if not all(days) or days[0] == days[1]:
        return ""
    old, new = (date_format(date.fromisoformat(str(day)), "DATE_FORMAT") for day in days)
    return f": {old} → {new}"


def _mails(ticket: Ticket) -> Iterator[Entry]:
    for mail in OutboundEmail.objects.filter(target=letters.target_of(ticket)):
        state = str(mail.get_state_display())
        yield Entry(
            mail.sent_at or mail.created_at,
            _("Mail: %(name)s (%(state)s)")
            % {"name": MAILS.get(mail.template, mail.template), "state": state},
            _("the system"),
            "mail",
        )
