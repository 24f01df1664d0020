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
        cursor.execute(
            _MANY.format(rows=_EACH[connection.vendor]),
            [connection.ops.adapt_datetimefield_value(now), json.dumps(rings)],
        )
        return {(job, due) for job, due in cursor.fetchall()}


def take_untold(prefix: str) -> list[tuple[str, str]]:
    """(job, due) of each firing of these jobs that nobody was told of; now they are told.

    One statement: what another worker notes meanwhile is neither read nor lost.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE consent_firing SET untold = false WHERE untold AND job LIKE %s"
            " RETURNING job, due",
            [f"{prefix}%"],
        )
        return list(cursor.fetchall())


_EACH = {
    # One parameter, however many: text that the database takes apart faster than we could.
    "postgresql": "json_array_elements(%s::json) AS ring (value)",
    "sqlite": "json_each(%s) AS ring",
}
_MANY = (
    "INSERT INTO consent_firing (job, due, fired_at, untold)"
    " SELECT ring.value ->> 0, ring.value ->> 1, %s, CAST(ring.value ->> 2 AS boolean)"
    # "WHERE true": else SQLite takes ON for the condition of a join.
    " FROM {rows} WHERE true ON CONFLICT (job, due) DO NOTHING RETURNING job, due"
)


def note(job: str, due: str, *, now: datetime) -> None:
    """Note that ``job`` was done at ``now``, again."""
    if not Firing.objects.filter(job=job, due=due).update(fired_at=now):
        first_time(job, due, now=now)


def last_time(job: str, due: str) -> datetime | None:
    """When it was done, if it ever was."""
    return Firing.objects.filter(job=job, due=due).values_list("fired_at", flat=True).first()
