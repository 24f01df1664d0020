"""Waking workers up without making anybody wait.

A wake-up is a hint, never the work: what is due stands in the database and the minute sweep
finds it. So a hint may be merged with the next one, come twice, or be lost with the broker.
"""

import logging
import os
import threading
import time

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)

# Hints that come faster than this (seconds) are merged into one.
PAUSE = 0.1
# Where nobody waits for it, more are merged: each seal is a transaction that writers pay for.
LONGER = {"consent.tasks.seal_audit": 0.5}


class _Waker:
    """One background thread per process that publishes what was asked for meanwhile."""

    def __init__(self) -> None:
        self._asked: set[tuple[str, int]] = set()
        self._quiet_until: dict[str, float] = {}
        self._lock = threading.Lock()
        self._event = threading.Event()
        self._thread: threading.Thread | None = None

    def ask(self, task: str, delay: int) -> None:
        with self._lock:
            self._asked.add((task, delay))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, daemon=True, name="waker")
                self._thread.start()
        self._event.set()

    def _run(self) -> None:
        while True:
            self._event.wait()
            self._event.clear()
            for task, delay in self._take():
                publish(task, delay=delay)
            time.sleep(PAUSE)

    def _take(self) -> set[tuple[str, int]]:
        """What is to be published now. The rest stays asked for and is looked at after a pause."""
        now = time.monotonic()
        with self._lock:
            ripe = {one for one in self._asked if self._quiet_until.get(one[0], 0.0) <= now}
            self._asked -= ripe
            if self._asked:
                self._event.set()
        self._quiet_until.update({task: now + LONGER.get(task, 0.0) for task, _delay in ripe})
        return ripe


_waker = _Waker()


def _start_anew() -> None:
    """A forked process has our thread's lock, perhaps held, but not our thread."""
    global _waker  # noqa: PLW0603 -- one per process
    _waker = _Waker()


os.register_at_fork(after_in_child=_start_anew)


def publish(task: str, *, delay: int = 0) -> None:
    """Send one hint. A broker that is down is logged, not raised: the sweep does the work."""
    try:
        current_app.send_task(task, ignore_result=True, countdown=delay or None)
    except Exception:  # noqa: BLE001 -- any transport has its own errors, and none may reach the caller
        logger.warning("No wake-up for %s: the broker does not answer", task)


def after_commit(task: str, *, delay: int = 0) -> None:
    """Wake ``task`` once the current transaction has been committed, ``delay`` seconds later."""
    transaction.on_commit(lambda: _waker.ask(task, delay))
