"""Deadlines where clocks change: every change from 2024 to 2030, in zones of every manner.

The expected instants are found by walking along UTC, never by turning a local time back.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from consent.services.reference import calendars
from requests import deadlines
from requests.deadlines import Event, Settings
from requests.deadlines.regime import end_of_day
from requests.services.reference import deadline_rules

# Half an hour, a day that was left out, Ramadan, quarters, midnight that is missing or comes twice.
ZONES = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Havana",
    "America/Los_Angeles",
    "America/New_York",
    "America/Santiago",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Tirane",
    "Pacific/Apia",
    "Pacific/Kiritimati",
]
OFFICE = "America/New_York"
DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)


@cache
def changes(name):
    """Each instant at which the clocks of a zone change, to the quarter of an hour."""
    zone, found = ZoneInfo(name), []
    at = datetime(2024, 1, 1, tzinfo=UTC)
    while at < datetime(2031, 1, 1, tzinfo=UTC):
        if at.astimezone(zone).utcoffset() != (at + DAY).astimezone(zone).utcoffset():
            step = at
            while step.astimezone(zone).utcoffset() == at.astimezone(zone).utcoffset():
                step += QUARTER
            found.append(step)
        at += DAY
    return found


def first_moment_after(day, name):
    """The first instant at which the calendar of the zone shows a later day."""
    zone = ZoneInfo(name)
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    while at.astimezone(zone).date() <= day:
        at += QUARTER
    return at


def explained(code, received, **settings):
    found = deadlines.compute(
        [deadline_rules()[code]],
        [Event("received", received)],
        settings=Settings(**settings),
        calendars=calendars(),
    )
    return found.per_regime[code]


def test_the_zones_change_as_they_should():
    """The rest of this file proves nothing about zones whose clocks never change."""
    numbers = {name: len(changes(name)) for name in ZONES}
    still = {name for name, number in numbers.items() if number == 0}
    assert still == {"Asia/Kathmandu", "Pacific/Apia", "Pacific/Kiritimati"}
    assert sum(numbers.values()) > 150


@pytest.mark.parametrize("name", ZONES)
def test_the_end_of_each_day_around_a_change(name):
    zone = ZoneInfo(name)
    for change in changes(name) or [datetime(2026, 3, 29, 1, 0, tzinfo=UTC)]:
        for shift in range(-2, 3):
            day = change.astimezone(zone).date() + timedelta(days=shift)
            assert end_of_day(day, zone) == first_moment_after(day, name), (name, day)


@pytest.mark.parametrize("name", ZONES)
def test_an_answer_due_on_the_day_of_a_change_leaves_before_the_earlier_midnight(name):
    zone = ZoneInfo(name)
    for change in changes(name) or [datetime(2026, 3, 29, 1, 0, tzinfo=UTC)]:
        due = change.astimezone(zone).date()
        received = first_moment_after(due - 31 * DAY, name) + timedelta(hours=12)
        found = explained("CA-PIPEDA", received, regime_tz=name, promise=False)
        # The receipt may be the day before in Florida; then the answer is due a day earlier too.
        assert found.legal_due == found.receipt_date + 30 * DAY
        assert found.due_before_utc == min(
            first_moment_after(found.legal_due, name),
            first_moment_after(found.legal_due, OFFICE),
        )


@pytest.mark.parametrize("name", ZONES)
def test_the_day_of_receipt_around_midnight(name):
    """A second before midnight and at midnight, in both zones, on each side of each change."""
    zone, office = ZoneInfo(name), ZoneInfo(OFFICE)
    for change in changes(name) or [datetime(2026, 3, 29, 1, 0, tzinfo=UTC)]:
        for place in (name, OFFICE):
            midnight = first_moment_after(change.astimezone(zone).date(), place)
            for at in (midnight - timedelta(seconds=1), midnight, change):
                days = {at.astimezone(zone).date(), at.astimezone(office).date()}
                found = explained("CA-PIPEDA", at, regime_tz=name)
                assert found.receipt_date == min(days)
                assert found.promise_due == min(days) + 30 * DAY


@pytest.mark.parametrize("name", ZONES)
def test_seventy_two_hours_are_elapsed_hours_over_each_change(name):
    for change in changes(name) or [datetime(2026, 3, 29, 1, 0, tzinfo=UTC)]:
        for hours in (-71, -1, 0, 1):
            at = change + timedelta(hours=hours)
            due = explained("EU-BREACH", at, regime_tz=name).due_at
            assert due - at == timedelta(hours=72)
            assert due.tzinfo == ZoneInfo(name)


@pytest.mark.parametrize(
    ("name", "day", "before"),
    [
        # 00:00 on 26 April 2024 was never shown in Cairo: the clocks went from 23:59 to 01:00.
        ("Africa/Cairo", date(2024, 4, 25), "2024-04-25T22:00:00+00:00"),
        # 00:00 on 3 November 2024 came twice in Havana; the first one ends the day.
        ("America/Havana", date(2024, 11, 2), "2024-11-03T04:00:00+00:00"),
        # 23:00 to 24:00 on 6 April 2024 came twice in Santiago; the second one ends the day.
        ("America/Santiago", date(2024, 4, 6), "2024-04-07T04:00:00+00:00"),
        # Half an hour only.
        ("Australia/Lord_Howe", date(2024, 4, 6), "2024-04-06T13:00:00+00:00"),
        ("Australia/Lord_Howe", date(2024, 4, 7), "2024-04-07T13:30:00+00:00"),
    ],
)
def test_midnights_that_are_missing_or_come_twice(name, day, before):
    assert end_of_day(day, ZoneInfo(name)) == datetime.fromisoformat(before)


def test_the_day_samoa_left_out():
    """30 December 2011 was never there: the 29th ends where the 31st begins."""
    apia = ZoneInfo("Pacific/Apia")
    assert end_of_day(date(2011, 12, 29), apia) == datetime(2011, 12, 30, 10, 0, tzinfo=UTC)
