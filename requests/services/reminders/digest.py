"""One mail a day for each colleague who has something to know, at eight where the office is.

It speaks of what was reminded of since the last one (Firings that are untold), of everything
that is late, every day, and of what is stuck. It is written from what is true at that moment:
a request that was answered meanwhile is not in it. All of one morning is one transaction, so
two schedulers make one mail, and none forgets what the other is still noting.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from consent.models import Organisation
from consent.services import outbox, schedule
from requests.enums import Direction, State
from requests.models import Message, Ticket
from requests.services.reminders import words
from requests.services.reminders.colleagues import Colleagues
from requests.services.reminders.facts import Surroundings
from requests.services.reminders.steps import LATE, OFFICE_OPENS, Kind

_CHUNK = 2000
_COLUMNS = ("pk", "reference", "right_id", "due_on", "state", "handler_id")
_CONFIRMED = ~Q(state=State.NEW)


@dataclass(slots=True)
class Lists:
    """What one colleague is told, list by list. A request stands in the first that fits."""

    late: list[words.Item] = field(default_factory=list)
    due: list[words.Item] = field(default_factory=list)
    new: list[words.Item] = field(default_factory=list)
    waiting: list[words.Item] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.late or self.due or self.new or self.waiting)


def send_due(around: Surroundings, colleagues: Colleagues, *, now: datetime) -> int:
    """Queue the daily mails of each organisation where it is eight or later; return how many."""
    sent = 0
    for organisation in around.organisations.values():
        local = now.astimezone(around.zones[organisation.pk])
        if local.time() >= OFFICE_OPENS:
            sent += _send(organisation, around, colleagues, now, local.date())
    return sent


@transaction.atomic
def _send(
    organisation: Organisation,
    around: Surroundings,
    colleagues: Colleagues,
    now: datetime,
    today: date,
) -> int:
    day = today.isoformat()
    job = f"digest:{organisation.pk}"
    if schedule.last_time(job, day) or _are_looked_at(organisation, around, today):
        return 0
    if not schedule.first_time(job, day, now=now):
        return 0
    lists = _lists(organisation, colleagues, today)
    stuck = words.stuck(now=now, language=organisation.language)
    readers = set(lists) | (colleagues.leads if stuck else set())
    for pk, address in colleagues.addresses_of(readers):
        mine = lists.get(pk, Lists())
        outbox.enqueue(
            "digest",
            key=f"digest:{organisation.pk}:{pk}:{day}",
            to=address,
            language=organisation.language,
            context=words.context(
                {"late": mine.late, "due": mine.due, "new": mine.new, "waiting": mine.waiting},
                stuck=stuck if pk in colleagues.leads else [],
                rights=around.rights,
            ),
        )
    return len(readers)


def _are_looked_at(organisation: Organisation, around: Surroundings, today: date) -> bool:
    """Whether another worker still has requests of this morning: then it sends the mails."""
    opened = datetime.combine(today, OFFICE_OPENS, tzinfo=around.zones[organisation.pk])
    rows = Ticket.objects.open().filter(organisation=organisation, next_alarm_at__lte=opened)
    return rows.exists()


def _lists(organisation: Organisation, colleagues: Colleagues, today: date) -> dict[int, Lists]:
    """Everything to tell, by who is to be told."""
    found: dict[int, Lists] = {}
    seen: set[int] = set()
    for row in _late(organisation, today):
        seen.add(row[0])
        kind = Kind.APPEAL if row[4] == State.APPEAL else Kind.ANSWER
        for person in colleagues.of_step(kind, LATE, row[5]):
            found.setdefault(person, Lists()).late.append(words.item(row, ""))
    untold = _take_untold(organisation)
    unread = set(
        Message.objects.filter(
            direction=Direction.FROM_PERSON, read_at=None, ticket__organisation=organisation
        ).values_list("ticket_id", flat=True)
    )
    for row in _rows((set(untold) | unread) - seen):
        _sort_in(row, untold.get(row[0], []), row[0] in unread, colleagues, found)
    return found


def _late(organisation: Organisation, today: date) -> Iterator[words.Row]:
    """What is past its date, oldest first; read as a stream.

    Where the clock stands still the date is the day on which the person should have heard from
    us, so that a paused request is not forgotten.
    """
    rows = Ticket.objects.open().filter(organisation=organisation, due_on__lt=today)
    return (
        rows.filter(_CONFIRMED)
        .order_by("due_on", "pk")
        .values_list(*_COLUMNS)
        .iterator(chunk_size=_CHUNK)
    )


def _take_untold(organisation: Organisation) -> dict[int, list[tuple[str, int, str]]]:
    """(kind, number, date) of each reminder nobody was told of, by request; now they are told."""
    found: dict[int, list[tuple[str, int, str]]] = {}
    for job, due in schedule.take_untold(f"reminder:{organisation.pk}:"):
        _name, _organisation, ticket, kind, number = job.split(":")
        found.setdefault(int(ticket), []).append((kind, int(number), due))
    return found


def _rows(ids: Iterable[int]) -> Iterator[words.Row]:
    for part in _parts(sorted(ids)):
        yield from Ticket.objects.open().filter(pk__in=part).values_list(*_COLUMNS)


def _sort_in(
    row: words.Row,
    reminders: Sequence[tuple[str, int, str]],
    is_unread: bool,
    colleagues: Colleagues,
    found: dict[int, Lists],
) -> None:
    """Put a request into one list of each colleague it concerns: the most urgent that fits."""
    told: dict[int, dict[str, str]] = {}
    for kind, number, due in reminders:
        if words.still_true(row, kind, number, due):
            for person in colleagues.of_step(kind, number, row[5]):
                told.setdefault(person, {})[kind] = due
    if is_unread:
        for person in colleagues.handling(row[5]):
            told.setdefault(person, {})[words.MESSAGE] = ""
    for person, kinds in told.items():
        name, item = words.place(row, kinds)
        getattr(found.setdefault(person, Lists()), name).append(item)


def _parts(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]
