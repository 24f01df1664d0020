"""A timer that rings twice acts once."""

import threading

import pytest
from django.db import connection, transaction

from consent.models import Firing
from consent.services import schedule


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
