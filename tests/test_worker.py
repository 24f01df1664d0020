"""A real worker on a real Redis: woken at once, and gone without being missed."""

import pytest

from consent.models import Firing
from consent.services import outbox
from tests.running import world

__all__ = ["world"]

pytestmark = [pytest.mark.redis, pytest.mark.slow]


def a_mail(key):
    """One finished mail of which nobody was told."""
    content = {"subject": "s", "text": "t", "html": "<p>t</p>"}
    return outbox.enqueue("", key=key, to="ana@example.com", language="en", context=content)


def test_a_worker_sweeps_when_it_starts_and_sends_when_it_is_woken(world):
    world.start_redis()
    world.start_mail_server()
    a_mail("waits")
    world.start_worker()
    swept = Firing.objects.filter(job="sweep", due="last")
    world.wait_until(swept.exists, seconds=60, what="the first sweep")
    world.wait_until(lambda: world.taken_count() == 1, seconds=10, what="the mail that waited")
    a_mail("new")
    world.ask("consent.tasks.deliver_mail", queue="mail")
    world.wait_until(lambda: world.taken_count() == 2, seconds=10, what="the mail at the wake-up")
    assert set(world.taken().values()) == {1}


def test_redis_that_lost_everything_has_lost_nothing(world):
    """The wake-up is gone with the broker; the next one finds the mail in the database."""
    world.start_redis()
    world.start_mail_server()
    a_mail("kept")
    world.ask("consent.tasks.deliver_mail", queue="mail")
    with world.redis() as broker:
        assert broker.llen("mail") == 1
        broker.flushall()
        assert broker.dbsize() == 0
    world.start_worker()
    world.wait_until(lambda: world.taken_count() == 1, seconds=60, what="the mail")
    assert list(world.taken().values()) == [1]
