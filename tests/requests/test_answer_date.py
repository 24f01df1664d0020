"""The answer's date for a person's own calendar: only where they see it anyway."""

import pytest
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from requests.services import lifecycle
from tests import public


@pytest.fixture(autouse=True)
def _rows(db):
    public.rows()


def test_the_browser_that_filed_gets_the_date(client):
    ticket = public.filed(client)
    answer = client.get(reverse("requests:answer_date", args=[ticket.reference]))
    [event] = Calendar.from_ical(answer.content).walk("VEVENT")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert event.decoded("DTSTART") == ticket.due_on
    assert event["SUMMARY"] == f"Answer to {ticket.reference} by today"
    assert b"ana" not in answer.content.lower()


def test_the_status_page_leads_to_it(client):
    ticket = public.filed(client)
    page = client.get(reverse("requests:status", args=[ticket.reference])).content.decode()
    assert reverse("requests:answer_date", args=[ticket.reference]) in page


def test_a_stranger_and_a_number_that_never_was_get_the_same(client):
    ticket = public.filed(client)
    stranger = Client().get(reverse("requests:answer_date", args=[ticket.reference]))
    never = Client().get(reverse("requests:answer_date", args=["PR-0000-0000"]))
    assert (stranger.status_code, stranger.content) == (404, never.content)


def test_a_closed_request_has_no_date(client):
    ticket = public.filed(client)
    lifecycle.withdraw(ticket.pk)
    answer = client.get(reverse("requests:answer_date", args=[ticket.reference]))
    assert answer.status_code == 404
