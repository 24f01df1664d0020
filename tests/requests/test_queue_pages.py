"""The pages of the officers' list: the same rows as one sort over everything, without the sort."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from requests.admin.paging import DeadlinePaginator
from requests.enums import State, Waiting
from requests.models import Ticket
from requests.services import queue
from requests.services.queue import Show
from tests import factories

pytestmark = pytest.mark.django_db


def ticket(due_in, *, stopped=False):
    made = factories.confirmed()
    fields = {"due_on": queue.office_today() + timedelta(days=due_in)}
    if stopped:
        fields |= {
            "state": State.AWAITING_REQUESTER,
            "waiting_for": Waiting.IDENTITY,
            "clock": {**made.clock, "pause_open": True},
        }
    Ticket.objects.filter(pk=made.pk).update(**fields)
    return made.pk


@pytest.fixture
def tickets():
    """In the order of the list: late ones, a late one that waits, later ones, resting ones."""
    rows = [(-5, False), (-3, True), (-1, False), (2, False), (9, False), (1, True), (4, True)]
    made = [ticket(due_in, stopped=stopped) for due_in, stopped in reversed(rows)]
    return list(reversed(made))


def listed():
    return queue.shown(Ticket.objects.all(), Show.OPEN, today=queue.office_today())


@pytest.mark.parametrize(
    ("start", "stop"), [(0, 3), (0, 7), (3, 6), (4, 7), (5, 7), (6, 9), (7, 9)]
)
def test_a_page_has_the_rows_of_one_sort_over_everything(tickets, start, stop):
    found = [one.pk for one in queue.page(listed(), start, stop)]
    assert found == tickets[start:stop]
    assert found == [one.pk for one in listed().order_by(*queue.by_deadline())[start:stop]]


def test_the_pages_of_the_list_cut_no_row_and_show_none_twice(tickets):
    paginator = DeadlinePaginator(listed().order_by(*queue.by_deadline()), 3)
    pages = [[one.pk for one in paginator.page(number)] for number in (1, 2, 3)]
    assert pages == [tickets[:3], tickets[3:6], tickets[6:]]


def test_another_order_is_left_alone(tickets):
    paginator = DeadlinePaginator(listed().order_by("-id"), 3)
    assert [one.pk for one in paginator.page(1)] == sorted(tickets, reverse=True)[:3]


def test_the_first_page_sorts_by_plain_columns_only(tickets):
    with CaptureQueriesContext(
        connection,
    ) as statements:
        queue.page(listed(), 0, 3)
    asked = statements[-1]["sql"]
    assert asked.count("ORDER BY") == 1
    assert "CASE" not in asked.split("ORDER BY")[1]
    assert "JSON" not in asked.upper().split("WHERE")[1]


def test_the_database_keeps_the_mark_of_a_clock_that_stands_still(tickets):
    pk = ticket(3, stopped=True)
    assert Ticket.objects.get(pk=pk).clock_stopped is True
    Ticket.objects.filter(pk=pk).update(state=State.IN_PROGRESS, waiting_for="")
    assert Ticket.objects.get(pk=pk).clock_stopped is False
    Ticket.objects.filter(pk=pk).update(
        state=State.AWAITING_REQUESTER, waiting_for=Waiting.IDENTITY, clock={}
    )
    assert Ticket.objects.get(pk=pk).clock_stopped is False


def test_the_request_to_open_next_is_the_first_of_the_list(tickets):
    officer = factories.officer()
    assert queue.next_open(officer) == tickets[0]
    Ticket.objects.exclude(pk=tickets[4]).update(handler=factories.officer(username="other"))
    assert queue.next_open(officer) == tickets[4]
    assert queue.next_open(officer, after=tickets[4]) is None
