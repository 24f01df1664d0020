"""Acting once, however often a timer rings."""

from consent.models import Firing


def first_time(job: str, due: str) -> bool:
    """Whether ``job`` was not done yet for ``due``; notes that it is being done now.

    Call it in the transaction of what it guards: if that rolls back, so does the note.
    """
    _firing, created = Firing.objects.get_or_create(job=job, due=due)
    return created
