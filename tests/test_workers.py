"""Web, worker and clock together, on a real broker: who wakes whom, and what happens without it."""

import threading
from datetime import timedelta

import pytest
from celery.beat import PersistentScheduler
from django.core.management import call_command
from django.utils import timezone

from consent.enums import MailState
from consent.models import Firing, OutboundEmail
from consent.services import outbox, waker
from privacyportal.celery import app
from requests.models import Ticket
from tests.running import world
from tests.visitor import CHECK, Visitor

__all__ = ["world"]

pytestmark = pytest.mark.redis
MAIL = {"subject": "s", "text": "t", "html": "<p>t"}


def swept_at():
    """When a sweep last came to its end."""
    return Firing.objects.filter(job="sweep").values_list("fired_at", flat=True).first()


def start_worker_and_let_it_catch_up(world):
    worker = world.start_worker(at_once=1)
    world.wait_until(swept_at, seconds=90, what="the sweep of a worker that starts")
    return worker


def file_a_request(port):
    visitor = Visitor(port)
    visitor.answer_all()
    status, there = visitor.post(CHECK)
    assert status == 303
    assert there == f"/en/requests/{Ticket.objects.get().reference}/"


def is_sent():
    return OutboundEmail.objects.get().state == MailState.SENT


def test_what_the_web_queues_a_worker_sends_at_once(world):
    call_command("load_reference_data", verbosity=0)
    world.start_redis()
    world.start_mail_server()
    port = world.start_web()
    start_worker_and_let_it_catch_up(world)
    before = swept_at()

    file_a_request(port)

    world.wait_until(is_sent, seconds=30, what="the mail")
    assert list(world.taken()) == [str(OutboundEmail.objects.get().message_id)]
    assert swept_at() == before, "it was the wake-up, not a sweep"


def test_the_clock_that_was_stopped_for_an_hour_rings_at_once(world):
    world.start_redis()
    world.start_mail_server()
    start_worker_and_let_it_catch_up(world)
    before = swept_at()
    outbox.enqueue("", key="k", to="a@example.org", language="en", context=MAIL)
    stop_the_clock_for_an_hour(world)

    world.start_clock()

    world.wait_until(lambda: swept_at() > before, seconds=90, what="a sweep")
    world.wait_until(is_sent, seconds=30, what="the mail")
    assert world.taken().total() == 1


def stop_the_clock_for_an_hour(world):
    """Leave the timetable as a clock leaves it that rang last an hour ago."""
    file = f"{world.env['VAR_DIR']}/beat-schedule"
    table = PersistentScheduler(app, schedule_filename=file, lazy=True)
    table.setup_schedule()
    table.schedule["sweep"].last_run_at = timezone.now() - timedelta(hours=1)
    table.close()


def test_without_a_broker_the_form_is_open_and_the_sweep_sends(world):
    call_command("load_reference_data", verbosity=0)
    world.start_mail_server()
    port = world.start_web()  # nobody answers where the broker should be

    file_a_request(port)

    assert OutboundEmail.objects.get().state == MailState.QUEUED
    world.manage("sweep")
    assert is_sent()
    assert list(world.taken()) == [str(OutboundEmail.objects.get().message_id)]


def test_whoever_asks_for_a_wake_up_does_not_wait_for_the_broker(monkeypatch):
    """A broker that hangs holds up the thread that publishes, never the one that answers."""
    hanging, released = threading.Event(), threading.Event()

    def publish(_task, *, delay=0):
        hanging.set()
        assert released.wait(10)

    monkeypatch.setattr(waker, "publish", publish)
    one = waker._Waker()
    one.ask("mail", 0)
    assert hanging.wait(10)
    one.ask("mail", 0)  # returns although the publisher still hangs
    assert not released.is_set()
    released.set()
