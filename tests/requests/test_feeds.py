"""The private calendar feed: who may read it, what it says, and what it never says."""

import json
import os
import shutil
import subprocess
import warnings
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, connections
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from consent.models import AuditEvent
from requests.enums import Outcome
from requests.models import CalendarFeed, Ticket
from requests.services import decisions, feeds, lifecycle, messages
from tests import factories

ICS = Path(__file__).parent.parent / "ics"
NODE = shutil.which("node")
PARSER = Path(os.environ.get("ICAL_JS", ICS / "node_modules"))


@pytest.fixture
def officer(db):
    factories.OrganisationFactory()
    return factories.officer()


def open_feed(client, officer):
    return client.get(reverse("calendar_feed", args=[feeds.make(by=officer)]))


def parsed(answer):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        calendar = Calendar.from_ical(answer.content)
    assert calendar.errors == []
    return list(calendar.walk("VEVENT"))


def test_the_feed_holds_the_officers_own_deadlines(client, officer):
    mine = factories.in_progress(by=officer)
    factories.in_progress(by=factories.officer("ilir"), email="leo@example.org")
    answer = open_feed(client, officer)
    [event] = parsed(answer)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert event["UID"] == f"ticket-{mine.pk}@testserver"
    assert event["SUMMARY"] == f"{mine.reference}: answer due"
    assert event.decoded("DTSTART") == mine.due_on
    assert event["STATUS"] == "CONFIRMED"


def test_lines_are_folded_and_texts_escaped(client, officer):
    right = factories.RightRuleFactory(
        code="long", goal_en="Get, move; and understand \\ everything " + "ë" * 60
    )
    factories.in_progress(by=officer, right=right)
    answer = open_feed(client, officer)
    lines = answer.content.split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    assert b"\n" not in answer.content.replace(b"\r\n", b"")
    [event] = parsed(answer)
    assert event["DESCRIPTION"] == right.goal_en


def test_nobodys_name_or_address_is_in_it(client, officer):
    factories.in_progress(by=officer, details="about my invoices", customer_number="C-77")
    text = open_feed(client, officer).content.decode().lower()
    for secret in ("ana", "hoxha", "example.org", "invoices", "c-77"):
        assert secret not in text.replace("\r\n ", "")


def test_sequence_grows_and_the_uid_stays_when_the_date_moves(client, officer):
    made = factories.confirmed(received_at=timezone.now())
    lifecycle.take(made.pk, by=officer)
    [before] = parsed(open_feed(client, officer))
    messages.ask(made.pk, "Which account?", about="clarification", by=officer)
    [after] = parsed(open_feed(client, officer))
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["SUMMARY"].endswith("clock stopped, we write by this day")


def test_a_closed_request_is_cancelled_and_later_leaves(client, officer):
    made = factories.in_progress(by=officer)
    decisions.prepare(
        made.pk, outcome=Outcome.NO_DATA_HELD, body="Nothing.", checked=[], by=officer
    )
    decisions.release_due(now=timezone.now() + timedelta(minutes=1))
    lifecycle.close(made.pk, by=officer)
    [event] = parsed(open_feed(client, officer))
    assert event["STATUS"] == "CANCELLED"
    later = timezone.now() + feeds.SHOW_CANCELLED + timedelta(days=1)
    assert b"VEVENT" not in feeds.of(officer, language="en", now=later)


def test_a_new_address_ends_the_old_one(client, officer):
    old, new = feeds.make(by=officer), feeds.make(by=officer)
    assert client.get(reverse("calendar_feed", args=[old])).status_code == 404
    assert client.get(reverse("calendar_feed", args=[new])).status_code == 200
    assert CalendarFeed.objects.filter(revoked_at__isnull=True).count() == 1


def test_an_ended_address_and_one_that_never_was_look_the_same(client, officer):
    token = feeds.make(by=officer)
    assert feeds.revoke(by=officer) is True
    assert feeds.revoke(by=officer) is False
    ended = client.get(reverse("calendar_feed", args=[token]))
    never = client.get(reverse("calendar_feed", args=["x" * 43]))
    assert (ended.status_code, ended.content) == (404, never.content)


@pytest.mark.parametrize("change", ["inactive", "no role"])
def test_a_colleague_who_left_reads_nothing(client, officer, change):
    token = feeds.make(by=officer)
    if change == "inactive":
        officer.is_active = False
        officer.save()
    else:
        officer.groups.clear()
    assert client.get(reverse("calendar_feed", args=[token])).status_code == 404


def test_the_address_is_stored_as_a_hash_and_shown_once(client, officer):
    client.force_login(officer)
    shown = client.post(reverse("admin:requests_ticket_feed"), {"do": "make"}).content.decode()
    token = shown.split(".ics")[0].rpartition("/calendar/")[2]
    assert len(token) == 43
    assert token not in client.get(reverse("admin:requests_ticket_calendar")).content.decode()
    assert token not in json.dumps(list(CalendarFeed.objects.values()), default=str)
    assert token not in json.dumps(list(AuditEvent.objects.values("data")))
    client.post(reverse("admin:requests_ticket_feed"), {"do": "end"})
    assert client.get(reverse("calendar_feed", args=[token])).status_code == 404


def test_reading_changes_nothing(client, officer):
    factories.in_progress(by=officer)
    token = feeds.make(by=officer)
    before = (AuditEvent.objects.count(), list(Ticket.objects.values()))
    for _again in range(3):
        client.get(reverse("calendar_feed", args=[token]))
    assert (AuditEvent.objects.count(), list(Ticket.objects.values())) == before


def test_the_number_of_queries_does_not_grow(client, officer, django_assert_max_num_queries):
    token = feeds.make(by=officer)
    for number in range(4):
        factories.in_progress(by=officer, email=f"a{number}@example.org")
    with django_assert_max_num_queries(6):
        client.get(reverse("calendar_feed", args=[token]))


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.skipif(
    not PARSER.exists(), reason="ical.js is not installed (npm install in tests/ics)"
)
def test_a_second_parser_understands_the_same(client, officer):
    factories.in_progress(by=officer)
    factories.in_progress(by=officer, email="b@example.org", language="sq")
    answer = open_feed(client, officer)
    done = subprocess.run(
        [NODE, ICS / "read.mjs"],
        input=answer.content,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    found = json.loads(done.stdout)
    assert found["version"] == "2.0"
    assert [
        (e["uid"], e["summary"], e["start"], e["isDate"], e["sequence"], e["status"])
        for e in found["events"]
    ] == [
        (
            str(e["UID"]),
            str(e["SUMMARY"]),
            e.decoded("DTSTART").isoformat(),
            True,
            int(e["SEQUENCE"]),
            str(e["STATUS"]),
        )
        for e in parsed(answer)
    ]


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_leave_one_address():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    from concurrent.futures import ThreadPoolExecutor

    officer = factories.officer()

    def click(_number):
        try:
            return feeds.make(by=officer)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        tokens = list(pool.map(click, range(8)))
    assert sum(feeds.owner_of(token) == officer for token in tokens) == 1
