"""Three schedulers ring at once: each reminder is noted, and each mail written, exactly once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from consent.models import Firing, OutboundEmail
from requests.enums import State
from requests.models import Ticket
from requests.services import reminders
from requests.services.reminders import looking
from tests import factories

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
DUE = (NOW + timedelta(days=5)).date()


def ring_at_once(times, moment):
    barrier, errors = threading.Barrier(times), []

    def ring():
        barrier.wait()
        try:
            reminders.remind_due(now=moment)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the test must show it
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=ring) for _n in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_three_beats_at_once_remind_exactly_once(monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    monkeypatch.setattr(looking, "BATCH", 3)
    officer = factories.officer()
    for n in range(20):
        factories.in_progress(by=officer, email=f"p{n}@example.org")
    for n in range(5):
        factories.ticket(email=f"new{n}@example.org")
    Ticket.objects.filter(state=State.IN_PROGRESS).update(due_on=DUE)
    OutboundEmail.objects.all().delete()
    Ticket.objects.update(next_alarm_at=NOW - timedelta(days=1))

    # Whoever finds others still at work leaves the morning mail to them; the last one sends it.
    assert ring_at_once(3, NOW) == []
    assert ring_at_once(3, NOW + timedelta(minutes=1)) == []

    answer = Firing.objects.filter(job__contains=":answer:5")
    assert answer.count() == 20
    assert Firing.objects.filter(job__startswith="digest:").count() == 1
    assert list(OutboundEmail.objects.values_list("to", "template")) == [(officer.email, "digest")]
    assert not Firing.objects.filter(untold=True).exists()


def test_three_beats_nudge_each_person_once(monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    monkeypatch.setattr(looking, "BATCH", 2)
    for n in range(8):
        factories.ticket(email=f"new{n}@example.org")
    OutboundEmail.objects.all().delete()
    tomorrow = NOW + timedelta(days=2)
    Ticket.objects.update(next_alarm_at=NOW)

    assert ring_at_once(3, tomorrow) == []

    nudged = OutboundEmail.objects.filter(template="confirm_again")
    assert sorted(nudged.values_list("to", flat=True)) == [f"new{n}@example.org" for n in range(8)]
