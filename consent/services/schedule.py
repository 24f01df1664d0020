"""Acting once, however often a timer rings."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from consent.models import Firing


class Ring(NamedTuple):
    """One job and what it is due for; ``untold`` as in Firing."""

    job: str
    due: str
    untold: bool = False


def first_time(job: str, due: str, *, now: datetime | None = None) -> bool:
    """Whether ``job`` was not done yet for ``due``; notes that it is being done now.

    Call it in the transaction of what it guards: if that rolls back, so does the note.
    """
    _firing, created = Firing.objects.get_or_create(
        job=job, due=due, defaults={"fired_at": now or timezone.now()}
    )
    return created


def first_times(rings: Sequence[Ring], *, now: datetime) -> set[tuple[str, str]]:
    """The same for many in one statement: (job, due) of each that was not done yet."""
    if not rings:
        return set()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            jobs, dues, untold = zip(*rings, strict=True)
            cursor.execute(
                _MANY.format(
                    "unnest(%s::text[], %s::text[], %s::boolean[]) AS ring (job, due, untold)",
                    "ring.job, ring.due, %s, ring.untold",
                ),
                [now, list(jobs), list(dues), list(untold)],
            )
        else:
            cursor.execute(
                _MANY.format(
                    "json_each(%s) AS ring WHERE true",  # else SQLite takes ON for that of a join
                    "ring.value ->> 0, ring.value ->> 1, %s, ring.value ->> 2",
                ),
                [connection.ops.adapt_datetimefield_value(now), json.dumps(rings)],
            )
        return {(job, due) for job, due in cursor.fetchall()}


_MANY = (
    "INSERT INTO consent_firing (job, due, fired_at, untold)"
    " SELECT {1} FROM {0} ON CONFLICT (job, due) DO NOTHING RETURNING job, due"
)


def note(job: str, due: str, *, now: datetime) -> None:
    """Note that ``job`` was done at ``now``, again."""
    if not Firing.objects.filter(job=job, due=due).update(fired_at=now):
        first_time(job, due, now=now)


def last_time(job: str, due: str) -> datetime | None:
    """When it was done, if it ever was."""
    return Firing.objects.filter(job=job, due=due).values_list("fired_at", flat=True).first()
