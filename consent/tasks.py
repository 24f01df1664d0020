"""Celery entry points. Each makes one service call, may run twice, and needs no argument."""

from celery import shared_task


@shared_task
def sweep() -> None:
    """Do everything that is due. Beat rings each minute."""
    from consent.services import sweep as service  # noqa: PLC0415 -- a task is a leaf

    service.run()


@shared_task
def deliver_mail() -> None:
    """Send what the outbox has, one short pass; it asks again while there is more."""
    from consent.services import sending  # noqa: PLC0415 -- a task is a leaf

    sending.deliver_and_go_on()


@shared_task
def seal_audit() -> None:
    """Chain the audit rows that were committed meanwhile."""
    from consent.services import sealing  # noqa: PLC0415 -- a task is a leaf

    sealing.seal_committed()
