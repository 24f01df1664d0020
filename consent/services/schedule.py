"""Acting once, however often a timer rings."""

from datetime import datetime

from django.utils import timezone

from consent.models import Firing


def first_time(job: str, due: str, *, now: datetime | None = None) -> bool:
    """Whether ``job`` was not done yet for ``due``; notes that it is being done now.

    Call it in the transaction of what it guards: if that rolls back, so does the note.
    """
    _firing, created = Firing.objects.get_or_create(
        job=job, due=due, defaults={"fired_at": now or timezone.now()}
    )
    return created


def note(job: str, due: str, *, now: datetime) -> None:
    """Note that ``job`` was done at ``now``, again."""
    if not Firing.objects.filter(job=job, due=due).update(fired_at=now):
        first_time(job, due, now=now)


def last_time(job: str, due: str) -> datetime | None:
    """When it was done, if it ever was."""
    return Firing.objects.filter(job=job, due=due).values_list("fired_at", flat=True).first()
