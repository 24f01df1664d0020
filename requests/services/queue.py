"""The officers' list: what is open, nearest deadline first, and what stands in each part."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Case, Count, IntegerField, Q, Value, When
from django.utils import timezone

from consent.addresses import email_key
from consent.models import Organisation
from consent.names import name_key
from requests.enums import State
from requests.models import Ticket
from requests.models.ticket import TicketQuerySet
from requests.references import parse_reference

SOON = 7
# Words of a name that a search looks for; what is typed of marks alone is in no name.
WORDS = 5
NO_NAME = "\n"


class Show(StrEnum):
    """The parts of the list; each is a filter with an address of its own."""

    OPEN = "open"
    LATE = "late"
    SOON = "soon"
    NOBODY = "nobody"
    WAITING = "waiting"
    UNCONFIRMED = "unconfirmed"
    DONE = "done"


# The clock stands still: we wait for the person, and the rule stops for that.
STOPPED = Q(clock_stopped=True)
_UNCONFIRMED = Q(state=State.NEW, confirmed_at__isnull=True)


def office_today(now: datetime | None = None) -> date:
    """Today where the office is: the day its deadlines are counted in."""
    zone = Organisation.objects.filter(is_default=True).values_list("time_zone", flat=True).first()
    return (now or timezone.now()).astimezone(ZoneInfo(zone or "UTC")).date()


def by_deadline() -> list[Any]:
    """Nearest deadline first, so the late ones lead; where the clock stands still, last.

    But not once the day is over by which the person was to hear from us: a request that waits
    must not be forgotten.
    """
    still = When(_resting(office_today()), then=Value(1))
    return [Case(still, default=Value(0), output_field=IntegerField()), "due_on", "id"]


def _resting(today: date) -> Q:
    return STOPPED & Q(due_on__gte=today)


def page(tickets: TicketQuerySet, start: int, stop: int) -> list[Ticket]:
    """The rows from ``start`` to ``stop`` of the list by deadline.

    No index has the order of ``by_deadline``, which turns with the day: the database would sort
    all that is open for one page. Each of its two halves stands in an index.
    """
    resting = _resting(office_today())
    running = tickets.exclude(resting).order_by("due_on", "id")
    found = list(running[start:stop])
    missing = stop - start - len(found)
    if missing:
        before = 0 if found else start - running.count()
        found += tickets.filter(resting).order_by("due_on", "id")[before : before + missing]
    return found


def shown(tickets: TicketQuerySet, show: str, *, today: date) -> TicketQuerySet:
    """The part of the list that ``show`` names; an unknown name shows what is open."""
    if show == Show.UNCONFIRMED:
        return tickets.unconfirmed()
    if show == Show.DONE:
        return tickets.filter(state__in=[State.ANSWERED, State.CLOSED])
    part = _parts(today).get(show, Q())
    return tickets.open().exclude(_UNCONFIRMED).filter(part)


def _parts(today: date) -> Mapping[str, Q]:
    return {
        Show.LATE: Q(due_on__lt=today),
        Show.SOON: Q(due_on__gte=today, due_on__lte=today + timedelta(days=SOON)) & ~STOPPED,
        Show.NOBODY: Q(handler__isnull=True),
        Show.WAITING: Q(state=State.AWAITING_REQUESTER),
    }


def counts(user: User | AnonymousUser, *, today: date) -> dict[str, int]:
    """How many requests stand in each part: one query over what is open."""
    confirmed = ~_UNCONFIRMED
    parts = {name: Count("pk", filter=confirmed & part) for name, part in _parts(today).items()}
    found: dict[str, int] = (
        Ticket.objects.visible_to(user)
        .open()
        .aggregate(
            **parts,
            open=Count("pk", filter=confirmed),
            unconfirmed=Count("pk", filter=_UNCONFIRMED),
        )
    )
    return found


def search(tickets: TicketQuerySet, typed: str) -> TicketQuerySet:
    """Find by number as people type it, then by whole address, then by the words of a name."""
    reference = parse_reference(typed)
    if reference:
        return tickets.filter(reference=reference)
    text = typed.strip()
    if "@" in text:
        key = email_key(text)
        return tickets.filter(Q(email_key=key) | Q(person_email__iexact=text))
    words = name_key(text).split()[:WORDS]
    return tickets.filter(*(Q(name_key__contains=word) for word in words or [NO_NAME]))


def next_open(user: User, *, after: int | None = None) -> int | None:
    """The request to open next: the user's own or nobody's, most urgent first."""
    mine = Ticket.objects.visible_to(user).filter(Q(handler__isnull=True) | Q(handler=user))
    part = shown(mine, Show.OPEN, today=office_today()).exclude(state=State.AWAITING_REQUESTER)
    if after is not None:
        part = part.exclude(pk=after)
    found = page(part.only("pk"), 0, 1)
    return found[0].pk if found else None
