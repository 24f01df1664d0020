"""What the outbox faults share: mails that wait, workers that send, and the account after."""

import threading
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from django.db.models import Count

from consent.enums import MailState
from consent.models import OutboundEmail
from consent.services import outbox
from tests import running

MAIL = {"subject": "About your request", "text": "It is there.\n" * 20, "html": "<p>It is there."}
# Seconds one mail takes in the mail server, so that faults find the workers at work.
DELAY = 0.01


def fill(count):
    """Queue ``count`` mails as the services do; return their Message-IDs."""
    before = OutboundEmail.objects.count()
    for start in range(before, before + count, 500):
        with transaction.atomic():
            for n in range(start, min(start + 500, before + count)):
                to = f"person.{n}@example.org"
                outbox.enqueue("", key=f"n:{n}", to=to, language="en", context=MAIL)
    return {str(name) for name in OutboundEmail.objects.values_list("message_id", flat=True)}


@contextmanager
def clock_that_rings_each_second(world):
    """Does what the clock does each minute, so that a test need not last hours."""
    stop = threading.Event()

    def ring():
        while not stop.wait(1):
            try:
                world.ask("consent.tasks.sweep")
            except Exception:  # noqa: BLE001 -- the broker may be what is broken
                continue

    thread = threading.Thread(target=ring)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def start(world, workers=2):
    world.start_redis()
    world.start_mail_server(delay=DELAY)
    started = [world.start_worker() for _n in range(workers)]
    for worker in started:
        world.wait_until(
            lambda worker=worker: len(running.children(worker)) == 2, seconds=60, what="a worker"
        )
    return started


def states():
    rows = OutboundEmail.objects.values_list("state").annotate(count=Count("pk")).order_by()
    return {MailState(state): count for state, count in rows}


def wait_until_empty(world, *, seconds=300):
    """Until nothing is left that a worker may claim."""

    def is_empty():
        try:
            return not {MailState.QUEUED, MailState.LEASED} & states().keys()
        except OperationalError:  # it is being restarted
            connection.close()
            return False

    world.wait_until(is_empty, seconds=seconds, what=f"an empty outbox: {states()}")


def account(world, mails):
    """What became of them: (lost, duplicates, most copies of one, waiting for a person)."""
    taken = world.taken()
    waiting = OutboundEmail.objects.filter(state=MailState.HELD)
    held = {str(name) for name in waiting.values_list("message_id", flat=True)}
    assert taken.keys() <= mails, "a mail nobody had queued"
    unsent = OutboundEmail.objects.exclude(state__in=[MailState.SENT, MailState.HELD])
    assert not unsent.exists(), states()
    lost = mails - taken.keys() - held
    return len(lost), taken.total() - len(taken), max(taken.values()), len(held)
