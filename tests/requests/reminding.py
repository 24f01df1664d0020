"""Time passing, for tests of reminders."""

from datetime import UTC, datetime, timedelta

import time_machine
from django.db import connection

from consent import crypto
from consent.models import OutboundEmail
from consent.services import sealing
from requests.services import reminders
from requests.services.reminders import brake
from tests import factories

# Filed on a Tuesday in June; the promise ends on 9 July 2026. The office is in Tirana (UTC+2).
FILED = datetime(2026, 6, 9, 10, 0, tzinfo=UTC)
STAFF = ("digest", "late_today", "reminders_stopped")


def at(day, hour=8, minute=0, *, month=7):
    """An hour of a day in July 2026, on the clock of the office."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=2)


def sweep(moment, *, alive=True):
    """One pass of the reminders at ``moment``; ``alive``: there were others just before."""
    if connection.vendor == "postgresql":
        sealing.seal_committed()  # another job of the sweep; unsealed rows would be reported
    if alive:
        brake.passed(now=moment - timedelta(minutes=1))
    with time_machine.travel(moment, tick=False):
        return reminders.remind_due(now=moment)


def pass_days(since, days):
    """Three passes a day, eight hours apart."""
    for hour in range(0, days * 24, 8):
        sweep(since + timedelta(hours=hour))


def made(make=factories.in_progress, moment=FILED, **fields):
    """A request that came in at ``moment``."""
    with time_machine.travel(moment, tick=False):
        return make(received_at=moment, **fields)


def mails(*templates):
    """(to, template, content) of what was queued, in order."""
    rows = OutboundEmail.objects.order_by("pk")
    if templates:
        rows = rows.filter(template__in=templates)
    return [
        (row.to, row.template, crypto.unseal(bytes(row.sealed), place=f"outbox:{row.key}"))
        for row in rows
    ]


def to(*templates):
    return [mail[0] for mail in mails(*templates)]


def forget_mails():
    OutboundEmail.objects.all().delete()
