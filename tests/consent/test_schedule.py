"""A timer that rings twice acts once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from consent.models import Firing
from consent.services import schedule
from consent.services.schedule import Ring


@pytest.mark.django_db
def test_the_second_ring_finds_that_it_was_done():
    assert schedule.first_time("reminder", "2026-06-09") is True
    assert schedule.first_time("reminder", "2026-06-09") is False
    assert Firing.objects.count() == 1


@pytest.mark.django_db
def test_another_day_or_another_job_is_another_firing():
    assert schedule.first_time("reminder", "2026-06-09") is True
    assert schedule.first_time("reminder", "2026-06-10") is True
    assert schedule.first_time("other", "2026-06-09") is True


@pytest.mark.django_db
def test_what_was_rolled_back_may_be_done_again():
    with transaction.atomic():
        schedule.first_time("reminder", "2026-06-09")
        transaction.set_rollback(True)
    assert schedule.first_time("reminder", "2026-06-09") is True


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_timers_at_once_one_acts():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    barrier, acted = threading.Barrier(4), []

    def ring():
        barrier.wait()
        acted.append(schedule.first_time("reminder", "2026-06-09"))
        connection.close()

    threads = [threading.Thread(target=ring) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(acted) == [False, False, False, True]


NOW = datetime(2026, 6, 9, 10, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_many_at_once_say_which_were_the_first():
    rings = [Ring("a", "1", untold=True), Ring("b", "1")]
    assert schedule.first_times(rings, now=NOW) == {("a", "1"), ("b", "1")}
    assert schedule.first_times([*rings, Ring("a", "2")], now=NOW) == {("a", "2")}
    assert schedule.first_times([], now=NOW) == set()
    rows = Firing.objects.order_by("job", "due").values_list("job", "due", "untold", "fired_at")
    assert list(rows) == [
        ("a", "1", True, NOW),
        ("a", "2", False, NOW),
        ("b", "1", False, NOW),
    ]


@pytest.mark.django_db
def test_the_same_ring_twice_in_one_statement_is_one():
    assert schedule.first_times([Ring("a", "1"), Ring("a", "1")], now=NOW) == {("a", "1")}
    assert Firing.objects.count() == 1


@pytest.mark.django_db
def test_when_it_was_done_last_is_remembered():
    assert schedule.last_time("reminders", "last") is None
    schedule.note("reminders", "last", now=NOW)
    schedule.note("reminders", "last", now=NOW + timedelta(hours=1))
    assert schedule.last_time("reminders", "last") == NOW + timedelta(hours=1)
    assert Firing.objects.count() == 1


@pytest.mark.django_db
def test_what_nobody_was_told_of_is_taken_once():
    rings = [Ring("reminder:1:a", "1", untold=True), Ring("reminder:1:b", "1")]
    schedule.first_times([*rings, Ring("reminder:11:a", "1", untold=True)], now=NOW)
    assert schedule.take_untold("reminder:1:") == [("reminder:1:a", "1")]
    assert schedule.take_untold("reminder:1:") == []
    assert schedule.take_untold("reminder:11:") == [("reminder:11:a", "1")]
