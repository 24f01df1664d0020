"""Celery wakes workers up. It carries ids, never work: the database is the queue."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacyportal.settings")

app = Celery("privacyportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def refuse_unsafe(**_signal: Any) -> None:
    """An unsafe production setting stops worker and clock too."""
    from privacyportal import checks  # noqa: PLC0415 -- settings are not ready at import

    checks.refuse_unsafe()


def catch_up(**_signal: Any) -> None:
    """Do at once what fell due while nobody worked; the clock rings only at the next minute."""
    from consent.services import waker  # noqa: PLC0415 -- apps are not ready at import

    waker.publish("consent.tasks.sweep")


celeryd_init.connect(refuse_unsafe)
beat_init.connect(refuse_unsafe)
worker_ready.connect(catch_up)
