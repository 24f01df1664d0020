"""Eight in the morning is eight in the morning: ten zones, each change of their clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from consent.models import OutboundEmail
from requests.enums import State
from requests.models import Ticket
from requests.services.reminders import steps
from requests.services.reminders.steps import Facts, Kind, steps_of
from tests import factories
from tests.requests.reminding import made, sweep

ZONES = [
    "Europe/Tirane",
    "America/New_York",
    "America/Santiago",  # midnight is skipped
    "America/St_Johns",  # half an hour
    "Asia/Kolkata",  # half an hour, no change
    "Australia/Lord_Howe",  # a change of half an hour
    "Pacific/Apia",  # no change any more
    "Pacific/Chatham",  # three quarters of an hour
    "Africa/Casablanca",  # changes around Ramadan
    "Africa/Cairo",  # midnight is skipped
]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def changes(zone):
    """The local days from 2024 to 2030 on which the clock of ``zone`` changes."""
    found, at = [], datetime(2024, 1, 1, tzinfo=UTC)
    while at.year < 2031:
        if at.astimezone(zone).utcoffset() != (at + HOUR).astimezone(zone).utcoffset():
            found.append((at + HOUR).astimezone(zone).date())
        at += HOUR
    return found


def quiet_days(zone):
    """Days without a change, for zones that have none."""
    return changes(zone) or [date(2025, 3, 30), date(2026, 10, 25), date(2030, 12, 31)]


def hours_of(day, zone, *, days=3):
    """Each hour from the day before to the day after, as instants."""
    start = datetime.combine(day - DAY, time.min, tzinfo=zone).astimezone(UTC)
    return [start + HOUR * n for n in range(24 * days)]


@pytest.mark.parametrize("name", ZONES)
def test_each_step_is_reached_on_its_day_at_eight_and_late_once_the_day_is_over(name):
    zone = ZoneInfo(name)
    for change in quiet_days(zone):
        for off in range(-2, 12):
            due = change + DAY * off
            facts = Facts(state=State.IN_PROGRESS, office=zone, person=zone, due_on=due)
            found = list(steps_of(facts, now=datetime(2024, 1, 1, tzinfo=UTC)))
            answer = {s.number: s.at.astimezone(UTC) for s in found if s.kind == Kind.ANSWER}
            for days in steps.ANSWER_BEFORE:
                local = answer[days].astimezone(zone)
                assert (local.date(), local.time()) == (due - DAY * days, time(8))
            passed = answer[steps.LATE]
            assert passed.astimezone(zone).date() == due + DAY
            assert (passed - timedelta(minutes=1)).astimezone(zone).date() == due
            assert sorted(answer.values()) == [answer[n] for n in (10, 5, 2, 0, steps.LATE)]


@pytest.mark.parametrize("name", ZONES)
def test_hour_by_hour_each_step_is_reached_exactly_once(name):
    """The number of firings per day is exact: what is reached never goes back."""
    zone = ZoneInfo(name)
    for change in quiet_days(zone):
        facts = Facts(state=State.IN_PROGRESS, office=zone, person=zone, due_on=change)
        before = None
        reached = {}
        for now in hours_of(change, zone, days=4):
            last = [s.number for s in steps_of(facts, now=now) if s.at <= now][-1]
            if last != before:
                reached[last] = now.astimezone(zone)
            before = last
        on_the_day = reached[0]
        assert on_the_day.date() == change
        assert time(8) <= on_the_day.time() < time(9)
        assert reached[steps.LATE].date() == change + DAY
        assert set(reached) <= {2, 0, steps.LATE}


@pytest.mark.parametrize("name", ZONES)
def test_no_mail_to_a_person_at_night_whatever_the_clock_does(name):
    zone = ZoneInfo(name)
    for change in quiet_days(zone):
        for now in hours_of(change, zone):
            then = steps.after_the_night(now, zone)
            assert time(7) <= then.astimezone(zone).time() < time(21)
            assert timedelta(0) <= then.astimezone(UTC) - now <= timedelta(hours=11)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("name", ZONES)
def test_the_morning_mail_comes_each_local_day_once_at_eight(name):
    zone = ZoneInfo(name)
    factories.OrganisationFactory(time_zone=name)
    factories.officer()
    wanted, got = [], []
    for change in [day for day in quiet_days(zone) if day.year in {2026, 2030}][:2]:
        OutboundEmail.objects.all().delete()
        Ticket.objects.all().update(state="answered", outcome="fulfilled")
        filed = datetime.combine(change - DAY * 40, time(12), tzinfo=zone)
        ticket = made(moment=filed, email=f"{change}@example.org")
        Ticket.objects.filter(pk=ticket.pk).update(handler=None, due_on=change - DAY * 9)
        Ticket.objects.filter(pk=ticket.pk).update(handler=factories.User.objects.get())
        for now in hours_of(change, zone):
            count = OutboundEmail.objects.filter(template="digest").count()
            sweep(now)
            if OutboundEmail.objects.filter(template="digest").count() > count:
                got.append(now.astimezone(zone))
        wanted += [change - DAY, change, change + DAY]
    assert [at.date() for at in got] == wanted
    assert all(time(8) <= at.time() < time(9) for at in got)
