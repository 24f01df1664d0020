"""The brake: reminders stop, and say so, where the clock or their number cannot be right.

A clock that was set a year ahead would remind everybody of everything and close what people
still want. So a pass long after the last one does nothing, and one that would write to too many
persons stops there, until somebody says that it is right (manage.py release_reminders).
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from consent.models import Firing, Organisation
from consent.services import audit, outbox, schedule
from requests.services.reminders.colleagues import Colleagues

logger = logging.getLogger(__name__)

# A scheduler that was silent for longer than this asks before it goes on.
JUMP = timedelta(days=7)
# Mails to persons, and requests closed, in one pass.
LIMIT = 1000
# How long a release lifts the limit.
LIFTED = timedelta(hours=24)

BULK, CLOCK = "bulk", "clock"
_JOB, _LAST, _RELEASED = "reminders:stopped", ("reminders", "last"), ("reminders", "released")


def may_pass(*, now: datetime) -> bool:
    """Whether this pass may do anything. Pulls the brake where the clock has jumped."""
    stopped = set(Firing.objects.filter(job=_JOB).values_list("due", flat=True))
    if CLOCK in stopped:
        return False
    last = schedule.last_time(*_LAST)
    if last is None or now - last <= JUMP:
        return True
    pull(CLOCK, Colleagues.read(), now=now)
    return False


def allowance(*, now: datetime) -> int | None:
    """How many persons this pass may write to; None is any number."""
    if Firing.objects.filter(job=_JOB, due=BULK).exists():
        return 0
    released = schedule.last_time(*_RELEASED)
    return None if released is not None and now - released < LIFTED else LIMIT


def passed(*, now: datetime) -> None:
    schedule.note(*_LAST, now=now)


@transaction.atomic
def pull(reason: str, colleagues: Colleagues, *, now: datetime) -> None:
    """Stop, and tell the leads once."""
    if not schedule.first_time(_JOB, reason, now=now):
        return
    logger.error("Reminders are stopped: %s. Type: manage.py release_reminders", reason)
    organisation = Organisation.objects.filter(is_default=True).first()
    if organisation is None:
        return
    audit.record("reminders.stopped", target=organisation, by=None, data={"reason": reason})
    last = schedule.last_time(*_LAST) or now
    for pk, address in colleagues.addresses_of(colleagues.leads):
        outbox.enqueue(
            "reminders_stopped",
            key=f"reminders_stopped:{reason}:{now.isoformat()}:{pk}",
            to=address,
            language=organisation.language,
            context={
                "reason": reason,
                "limit": LIMIT,
                "last": last.isoformat(),
                "now": now.isoformat(),
                "url": f"{settings.SITE_URL}/admin/requests/ticket/",
            },
        )


def reasons() -> list[str]:
    """Why the reminders stand still; empty where they do not."""
    return list(Firing.objects.filter(job=_JOB).order_by("due").values_list("due", flat=True))


@transaction.atomic
def release(*, now: datetime) -> list[str]:
    """Somebody says that the clock and the number are right: go on. Returns what had stopped."""
    stopped = reasons()
    if not stopped:
        return []
    Firing.objects.filter(job=_JOB).delete()
    schedule.note(*_RELEASED, now=now)
    schedule.note(*_LAST, now=now)
    organisation = Organisation.objects.filter(is_default=True).first()
    if organisation is not None:
        audit.record("reminders.released", target=organisation, by=None, data={"reasons": stopped})
    return stopped
