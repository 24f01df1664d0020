"""Who may send which mail, and what became of it: the marks on the rows of the outbox.

One UPDATE per mail, written after the server's "go ahead" and just before the body, says
three things: this mail is being handed over, the one before it was sent, and the lease is still
ours. A worker that dies leaves at most one row of which nobody knows whether it arrived.

Never more than two copies, and none lost: a row of unknown outcome is sent once more, with its
Message-ID; if that ends unknown as well, it is held for a person. Either try was marked when
all but the body had been accepted, so of two unknown ones at least one has arrived, but for a
worker killed twice at the same row within the instant between mark and body. Such a row is
not lost either: it stands in the list of what waits for a person. A package is held at once.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from consent.enums import MailKind, MailState
from consent.models import OutboundEmail

BATCH = 50
# A mail the server keeps putting off is given up after this long (RFC 5321 4.5.4.1 names 4-5 days).
GIVE_UP_AFTER = timedelta(days=3)
# A row that breaks our own code is given up after this many tries.
POISON_TRIES = 5
# How often a mail of unknown outcome is sent again by itself.
REPEATS = 1


@dataclass
class Lease:
    """Rows one worker owns until their ``lease_until``, in database time."""

    token: uuid.UUID
    rows: list[OutboundEmail]
    # Accepted by the server, but not marked yet: marked with the next mail's UPDATE.
    unmarked: int | None = None
    done: set[int] = field(default_factory=set)
    sent: int = 0


@contextmanager
def marks() -> Iterator[None]:
    """Around one pass: without OUTBOX_DURABLE_MARKS its marks do not wait for the disk.

    A worker that dies loses none either way, as the server has them. But a crash of the database
    server itself then loses the last 0.6 seconds of marks (three turns of its WAL writer); what
    those covered is sent once more, with the same Message-ID.
    """
    if settings.OUTBOX_DURABLE_MARKS or connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    try:
        yield
    finally:
        # A lost connection took the setting along.
        with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = DEFAULT")


@transaction.atomic
def claim(limit: int = BATCH) -> Lease:
    """Take up to ``limit`` due rows that nobody else can take; rows of dead workers too."""
    lease = Lease(token=uuid.uuid4(), rows=[])
    free = Q(state=MailState.QUEUED, due_at__lte=Now()) | Q(
        state=MailState.LEASED, lease_until__lt=Now()
    )
    rows = list(
        # The first condition is that of the partial index.
        OutboundEmail.objects.filter(free, state__in=[MailState.QUEUED, MailState.LEASED])
        .select_for_update(skip_locked=True)
        .order_by("due_at", "id")[:limit]
    )
    unknown = [row for row in rows if row.handed_over]
    held = {row.pk for row in unknown if _must_wait(row)}
    again = [row.pk for row in unknown if row.pk not in held]
    lease.rows = [row for row in rows if row.pk not in held]
    _rows(*held).update(
        state=MailState.HELD, unknowns=F("unknowns") + 1, lease_token=None, lease_until=None
    )
    _rows(*again).update(handed_over=False, unknowns=F("unknowns") + 1)
    for row in lease.rows:
        row.unknowns += row.handed_over
    _rows(*(row.pk for row in lease.rows)).update(
        state=MailState.LEASED,
        lease_token=lease.token,
        lease_until=Now() + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS),
    )
    return lease


def _rows(*keys: int) -> Any:
    return OutboundEmail.objects.filter(pk__in=keys)


def _must_wait(row: OutboundEmail) -> bool:
    """Whether a mail that ended unknown once more is for a person to decide."""
    return row.kind == MailKind.PACKAGE or row.unknowns >= REPEATS


def intend(row: OutboundEmail, lease: Lease) -> bool:
    """Mark ``row`` as being handed over and the one before it as sent, in one UPDATE.

    False: the row is not ours any more (we slept longer than our lease), so it must not be sent.
    True renews its lease, so that nobody takes it over while the server thinks.
    """
    last = lease.unmarked
    if connection.vendor == "postgresql":
        now, until = "clock_timestamp()", "clock_timestamp() + make_interval(secs => %s)"
        token: Any = lease.token
        length: Any = settings.OUTBOX_LEASE_SECONDS
    else:
        now = "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')"
        until = "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW', %s)"
        token, length = lease.token.hex, f"+{settings.OUTBOX_LEASE_SECONDS} seconds"
    with connection.cursor() as cursor:
        cursor.execute(
            _INTEND.format(table=OutboundEmail._meta.db_table, now=now, until=until),
            [last, last, last, last, b"", last, length, token, last, row.pk],
        )
        touched = {found[0] for found in cursor.fetchall()}
    lease.unmarked = None
    return row.pk in touched


_INTEND = """
UPDATE {table} SET
    handed_over = TRUE,
    state = CASE WHEN id = %s THEN 'sent' ELSE state END,
    sent_at = CASE WHEN id = %s THEN {now} ELSE sent_at END,
    lease_token = CASE WHEN id = %s THEN NULL ELSE lease_token END,
    sealed = CASE WHEN id = %s THEN %s ELSE sealed END,
    lease_until = CASE WHEN id = %s THEN NULL ELSE {until} END
WHERE lease_token = %s AND (id = %s OR (id = %s AND lease_until > {now}))
RETURNING id
"""


def mark_sent(lease: Lease) -> None:
    """Mark what the server accepted last, without waiting for a next mail."""
    if lease.unmarked is None:
        return
    OutboundEmail.objects.filter(pk=lease.unmarked, lease_token=lease.token).update(
        state=MailState.SENT, sent_at=Now(), sealed=b"", lease_token=None, lease_until=None
    )
    lease.unmarked = None


def put_off(  # noqa: PLR0913 -- how a try can end
    row: OutboundEmail,
    lease: Lease,
    reason: str,
    *,
    poison: bool = False,
    final: bool = False,
    unknown: bool = False,
) -> None:
    """Note a try that failed: again later with growing gaps, or never where it is final."""
    lease.done.add(row.pk)
    gap = timedelta(seconds=min(15 * 4**row.attempts, 3600))
    OutboundEmail.objects.filter(pk=row.pk, lease_token=lease.token).update(
        state=_state_after(row, poison=poison, final=final, unknown=unknown),
        error=reason[:200],
        attempts=F("attempts") + 1,
        unknowns=F("unknowns") + int(unknown),
        due_at=Now() + gap,
        lease_token=None,
        lease_until=None,
        handed_over=False,
    )


def _state_after(row: OutboundEmail, *, poison: bool, final: bool, unknown: bool) -> MailState:
    if unknown and _must_wait(row):
        return MailState.HELD
    if final:
        return MailState.BOUNCED
    too_old = timezone.now() - row.created_at > GIVE_UP_AFTER
    if too_old or (poison and row.attempts + 1 >= POISON_TRIES):
        return MailState.DEAD
    return MailState.QUEUED


def give_back(lease: Lease) -> None:
    """Return what was claimed but not tried. What was marked as handed over stays marked."""
    rest = [row.pk for row in lease.rows if row.pk not in lease.done]
    _rows(*rest).filter(lease_token=lease.token).update(
        state=MailState.QUEUED, lease_token=None, lease_until=None
    )
