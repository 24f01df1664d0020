"""The one pass that does everything due. It must suffice when the broker lost all it had."""

import logging
from collections.abc import Callable

from django.db import connection
from django.utils import timezone

from consent.models import Firing

logger = logging.getLogger(__name__)

Job = Callable[[], int]
_jobs: dict[str, Job] = {}
_last_jobs: dict[str, Job] = {}


def register(name: str, job: Job, *, last: bool = False) -> None:
    """Add a job. It returns how much it did; it may run at any time, in parallel, twice.

    ``last`` runs after the others: it takes care of what they wrote.
    """
    if name in _jobs or name in _last_jobs:
        raise ValueError(f"Two sweep jobs are called {name!r}.")
    (_last_jobs if last else _jobs)[name] = job


def run() -> dict[str, int | None]:
    """Run every job once; a job that fails (None) does not keep the others from running."""
    done: dict[str, int | None] = {}
    for name, job in (_jobs | _last_jobs).items():
        try:
            done[name] = job()
        except Exception:
            logger.exception("Sweep job %s failed", name)
            done[name] = None
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()  # else the next job fails for this one
    Firing.objects.update_or_create(job="sweep", due="last", defaults={"fired_at": timezone.now()})
    return done
