"""The deadlines of one month, day by day: the first few of each day, and how many there are."""

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber

from requests.models import Ticket
from requests.models.ticket import TicketQuerySet
from requests.services import queue

# So many requests are named on one day; the rest is a number that leads to the list.
NAMED = 5


@dataclass(frozen=True, slots=True)
class Day:
    on: date
    in_month: bool
    is_today: bool
    count: int = 0
    tickets: list[Ticket] = field(default_factory=list)

    @property
    def more(self) -> int:
        return self.count - len(self.tickets)


def weeks(
    user: User | AnonymousUser, first: date, *, today: date, mine: bool = False
) -> list[list[Day]]:
    """The weeks (Monday first) that hold the month of ``first``: open requests by their date.

    Two queries, however many requests there are.
    """
    days = [day for week in _grid(first) for day in week]
    tickets = _open(user, mine=mine).filter(due_on__gte=days[0], due_on__lte=days[-1])
    counts = dict(tickets.values_list("due_on").annotate(Count("pk")).order_by())
    named: dict[date, list[Ticket]] = {}
    for ticket in _first_of_each_day(tickets):
        named.setdefault(ticket.due_on, []).append(ticket)
    return [
        [
            Day(
                on=day,
                in_month=day.month == first.month,
                is_today=day == today,
                count=counts.get(day, 0),
                tickets=named.get(day, []),
            )
            for day in week
        ]
        for week in _grid(first)
    ]


def _grid(first: date) -> list[list[date]]:
    return calendar.Calendar().monthdatescalendar(first.year, first.month)


def _open(user: User | AnonymousUser, *, mine: bool) -> TicketQuerySet:
    tickets = queue.shown(Ticket.objects.visible_to(user), queue.Show.OPEN, today=date.min)
    return tickets.filter(handler=user.pk) if mine else tickets


def _first_of_each_day(tickets: TicketQuerySet) -> TicketQuerySet:
    place = Window(RowNumber(), partition_by=[F("due_on")], order_by=["id"])
    numbered = tickets.annotate(place=place).filter(place__lte=NAMED)
    return numbered.select_related("right", "handler").order_by("due_on", "id")


def month_before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)


def month_after(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
