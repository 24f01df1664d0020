"""Wake-ups: merged, never raised, and gone without harm."""

import time

import pytest
from django.db import transaction

from consent.services import waker


@pytest.fixture
def sent(monkeypatch):
    found = []
    monkeypatch.setattr(waker, "publish", lambda task, *, delay=0: found.append((task, delay)))
    monkeypatch.setattr(waker, "PAUSE", 0.02)
    return found


def wait_for(found, count):
    end = time.monotonic() + 5
    while len(found) < count and time.monotonic() < end:
        time.sleep(0.005)


def test_hints_in_quick_succession_are_merged(sent):
    one = waker._Waker()
    for _n in range(500):
        one.ask("mail", 0)
    wait_for(sent, 1)
    time.sleep(0.1)
    assert set(sent) == {("mail", 0)}
    assert len(sent) < 20


def test_different_delays_are_different_hints(sent):
    one = waker._Waker()
    one.ask("mail", 0)
    one.ask("mail", 15)
    wait_for(sent, 2)
    assert set(sent) == {("mail", 0), ("mail", 15)}


def test_a_hint_after_a_quiet_time_is_sent_again(sent):
    one = waker._Waker()
    one.ask("mail", 0)
    wait_for(sent, 1)
    time.sleep(0.05)
    one.ask("mail", 0)
    wait_for(sent, 2)
    assert sent == [("mail", 0), ("mail", 0)]


def test_seals_are_asked_for_less_often_and_the_last_ask_is_not_lost(sent, monkeypatch):
    monkeypatch.setattr(waker, "LONGER", {"seal": 0.3})
    one = waker._Waker()
    one.ask("seal", 0)
    wait_for(sent, 1)
    one.ask("seal", 0)
    one.ask("mail", 0)  # is not held up by it
    wait_for(sent, 2)
    assert sent == [("seal", 0), ("mail", 0)]
    wait_for(sent, 3)
    assert sent == [("seal", 0), ("mail", 0), ("seal", 0)]


def test_a_broker_that_is_down_is_nobodys_failure(monkeypatch, caplog):
    def down(*_args, **_options):
        raise ConnectionError("no broker")

    monkeypatch.setattr("celery.current_app.send_task", down)
    waker.publish("consent.tasks.sweep")
    assert "No wake-up for consent.tasks.sweep" in caplog.text


@pytest.mark.parametrize(("delay", "countdown"), [(0, None), (15, 15)])
def test_a_hint_carries_no_work(monkeypatch, delay, countdown):
    calls = []
    monkeypatch.setattr(
        "celery.current_app.send_task", lambda *args, **options: calls.append((args, options))
    )
    waker.publish("consent.tasks.sweep", delay=delay)
    assert calls == [(("consent.tasks.sweep",), {"ignore_result": True, "countdown": countdown})]


@pytest.mark.django_db
def test_a_transaction_that_fails_wakes_nobody(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as later, transaction.atomic():
        waker.after_commit("consent.tasks.sweep")
        transaction.set_rollback(True)
    assert later == []


def test_a_forked_process_starts_with_a_waker_of_its_own(monkeypatch):
    before = waker._waker
    monkeypatch.setattr(waker, "_waker", before)
    waker._start_anew()
    assert waker._waker is not before
    assert waker._waker._thread is None
