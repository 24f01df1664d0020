"""Celery entry points of the work floor; each makes one service call and may run twice."""

from celery import shared_task


@shared_task
def release_answers() -> None:
    """Send the answers whose undo seconds are over."""
    from requests.services import decisions  # noqa: PLC0415 -- a task is a leaf

    decisions.release_due()
