"""The outbox: what must leave is a row, workers claim rows under a lease.

The documented window: a mail may go out twice only if the sending process died, froze or
lost the database between the server's acceptance and our mark, at most one per connection
and fault, with the same Message-ID. Nothing is lost.
"""

import logging
import smtplib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import crypto
from consent.enums import MailKind, MailState
from consent.errors import InputRefused
from consent.models import OutboundEmail
from consent.services import audit, email, waker
from consent.services.audit import Actor

logger = logging.getLogger(__name__)

WAKE = "consent.tasks.deliver_mail"
BATCH = 50
# A batch gives back what it could not send in this many seconds, so a stop never waits long.
BATCH_SECONDS = 8.0
# A mail the server keeps putting off is given up after this long (RFC 5321 4.5.4.1 names 4-5 days).
GIVE_UP_AFTER = timedelta(days=3)
# A row that breaks our own code is given up after this many tries.
POISON_TRIES = 5

# Called with the opened content just before a mail leaves, by template name. Filled from the
# apps' ready(), so that this app needs to know nobody above it.
before_sending: dict[str, Callable[[dict[str, Any]], None]] = {}


def enqueue(  # noqa: PLR0913 -- each is a column of the row
    template: str,
    *,
    key: str,
    to: str,
    language: str,
    context: dict[str, Any],
    target: str = "",
    kind: MailKind = MailKind.NOTICE,
    delay: int = 0,
) -> OutboundEmail:
    """Queue one mail in the caller's transaction; it is rendered when it leaves.

    ``key`` is unique: the same business event asks once. ``delay`` are seconds in which the
    mail can be taken back. ``context`` must be JSON; it is stored encrypted.
    """
    row = OutboundEmail.objects.create(
        key=key,
        to=to,
        language=language,
        template=template,
        target=target,
        kind=kind,
        due_at=timezone.now() + timedelta(seconds=delay),
        sealed=crypto.seal(context, place=f"outbox:{key}"),
    )
    waker.after_commit(WAKE, delay=delay)
    return row


def cancel(key: str) -> bool:
    """Take back a mail that has not been handed over. False: it is too late."""
    return bool(
        OutboundEmail.objects.filter(key=key, state=MailState.QUEUED).update(
            state=MailState.CANCELLED, sealed=b""
        )
    )


@transaction.atomic
def retry(row_id: int, *, by: Actor) -> OutboundEmail:
    """A person sends a held, bounced or given-up mail again, with its old Message-ID."""
    row = OutboundEmail.objects.select_for_update().get(pk=row_id)
    if row.state not in {MailState.HELD, MailState.DEAD, MailState.BOUNCED}:
        raise InputRefused(_("This mail is not waiting for a decision."))
    before = row.state
    row.state, row.attempts, row.handed_over = MailState.QUEUED, 0, False
    row.due_at, row.error = timezone.now(), ""
    row.save(update_fields=["state", "attempts", "handed_over", "due_at", "error"])
    audit.record("mail.retried", target=row, by=by, data={"from": before})
    waker.after_commit(WAKE)
    return row


@dataclass
class Lease:
    """Rows one worker owns until ``lease_until`` in database time."""

    token: uuid.UUID
    rows: list[OutboundEmail]
    # The row that was accepted by the server but is not marked yet: marked with the next intent.
    unmarked: int | None = None
    done: set[int] = field(default_factory=set)


def claim(limit: int = BATCH) -> Lease:
    """Take up to ``limit`` due rows that nobody else can take, under one lease.

    A row whose old lease ran out is taken over. If its old owner had begun to hand it over,
    the outcome is unknown: a notice is sent again, a package waits for a person.
    """
    lease = Lease(token=uuid.uuid4(), rows=[])
    free = Q(state=MailState.QUEUED, due_at__lte=Now()) | Q(
        state=MailState.LEASED, lease_until__lt=Now()
    )
    with transaction.atomic():
        rows = list(
            OutboundEmail.objects.filter(free)
            .select_for_update(skip_locked=True)
            .order_by("due_at", "id")[:limit]
        )
        unknown = [r.pk for r in rows if r.handed_over and r.kind == MailKind.PACKAGE]
        lease.rows = [row for row in rows if row.pk not in unknown]
        OutboundEmail.objects.filter(pk__in=unknown).update(
            state=MailState.HELD, lease_token=None, lease_until=None
        )
        OutboundEmail.objects.filter(pk__in=[row.pk for row in lease.rows]).update(
            state=MailState.LEASED, lease_token=lease.token, lease_until=_lease_end()
        )
    return lease


def _lease_end() -> Any:
    return Now() + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)


def deliver_due(*, seconds: float = BATCH_SECONDS) -> int:
    """Send what is due for about ``seconds``; return how many mails the server accepted."""
    started, sent = time.monotonic(), 0
    while (left := seconds - (time.monotonic() - started)) > 0:
        lease = claim()
        if not lease.rows:
            break
        sent += _deliver(lease, seconds=left)
    return sent


def _deliver(lease: Lease, *, seconds: float) -> int:
    """Send the rows of one lease over one reused connection."""
    deadline, sent = time.monotonic() + seconds, 0
    server = get_connection()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # a mark lost with the *database* repeats a mail
            cursor.execute("SET synchronous_commit TO off")
    try:
        for row in lease.rows:
            if time.monotonic() > deadline or not _send_one(row, lease, server):
                break
            sent += lease.unmarked == row.pk
    finally:
        _mark_sent(lease)
        _give_back(lease)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET synchronous_commit TO on")
        _close(server)
    return sent


def _send_one(row: OutboundEmail, lease: Lease, server: BaseEmailBackend) -> bool:
    """Send one mail. False: stop with this lease (it ran out, or the server is gone)."""
    try:
        mail = _build(row)
    except Exception as error:  # one bad row must not stop the others
        logger.exception("Mail %s cannot be built", row.message_id)
        _put_off(row, lease, type(error).__name__, poison=True)
        return True
    try:
        server.open()
    except (smtplib.SMTPException, OSError) as error:
        logger.warning("Mail server does not answer: %s", type(error).__name__)
        _put_off(row, lease, type(error).__name__)
        return False
    if not _intend(row, lease):
        return False
    try:
        server.send_messages([mail])
    except smtplib.SMTPServerDisconnected as error:
        _put_off(row, lease, type(error).__name__)
        _close(server)
        return False
    except smtplib.SMTPException as error:
        _put_off(row, lease, _reason(error), final=_is_final(error))
        return True
    except OSError as error:  # a time-out or a cut: whether it arrived is unknown
        _put_off(row, lease, type(error).__name__)
        _close(server)
        return False
    except Exception as error:  # a header the mail library refuses at the last moment
        logger.exception("Mail %s cannot be sent", row.message_id)
        _put_off(row, lease, type(error).__name__, poison=True)
        return True
    lease.unmarked = row.pk
    lease.done.add(row.pk)
    return True


def _build(row: OutboundEmail) -> Any:
    content = crypto.unseal(bytes(row.sealed), place=f"outbox:{row.key}")
    if row.template:
        hook = before_sending.get(row.template)
        if hook:
            hook(content)
        content = email.render(row.template, language=row.language, context=content)
    return email.message(to=row.to, message_id=str(row.message_id), **content)


def _intend(row: OutboundEmail, lease: Lease) -> bool:
    """Write that this mail is being handed over and that the last one was sent: one UPDATE.

    This is also the fence: a worker that woke up after its lease finds that the row is not
    its own any more, and sends nothing.
    """
    table = connection.ops.quote_name(OutboundEmail._meta.db_table)
    now = "clock_timestamp()" if connection.vendor == "postgresql" else _SQLITE_NOW
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET "  # noqa: S608 -- names of ours
            f"sent_at = CASE WHEN id = %s THEN {now} ELSE sent_at END, "
            "sealed = CASE WHEN id = %s THEN %s ELSE sealed END, "
            "state = CASE WHEN id = %s THEN 'sent' ELSE state END, "
            "lease_token = CASE WHEN id = %s THEN NULL ELSE lease_token END, "
            "lease_until = CASE WHEN id = %s THEN NULL ELSE lease_until END, "
            "handed_over = %s "
            f"WHERE lease_token = %s AND (id = %s OR (id = %s AND lease_until > {now})) "
            "RETURNING id",
            [
                *[lease.unmarked, lease.unmarked, b"", lease.unmarked],
                *[lease.unmarked, lease.unmarked, True],
                *[_token(lease), lease.unmarked, row.pk],
            ],
        )
        touched = {found[0] for found in cursor.fetchall()}
    lease.unmarked = None
    return row.pk in touched


_SQLITE_NOW = "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')"


def _token(lease: Lease) -> Any:
    return lease.token if connection.vendor == "postgresql" else lease.token.hex


def _mark_sent(lease: Lease) -> None:
    if lease.unmarked is None:
        return
    OutboundEmail.objects.filter(pk=lease.unmarked, lease_token=lease.token).update(
        state=MailState.SENT,
        sent_at=Now(),
        sealed=b"",
        lease_token=None,
        lease_until=None,
    )
    lease.unmarked = None


def _put_off(
    row: OutboundEmail, lease: Lease, reason: str, *, poison: bool = False, final: bool = False
) -> None:
    """Note a failed try: again later with growing gaps, or never where it is final."""
    lease.done.add(row.pk)
    too_old = timezone.now() - row.created_at > GIVE_UP_AFTER
    state = MailState.QUEUED
    if final:
        state = MailState.BOUNCED
    elif too_old or (poison and row.attempts + 1 >= POISON_TRIES):
        state = MailState.DEAD
    gap = timedelta(seconds=min(15 * 4**row.attempts, 3600))
    OutboundEmail.objects.filter(pk=row.pk, lease_token=lease.token).update(
        state=state,
        error=reason[:200],
        attempts=F("attempts") + 1,
        due_at=Now() + gap,
        lease_token=None,
        lease_until=None,
        handed_over=False,
    )


def _give_back(lease: Lease) -> None:
    """Return what was claimed but not tried."""
    rest = [row.pk for row in lease.rows if row.pk not in lease.done]
    if rest:
        OutboundEmail.objects.filter(pk__in=rest, lease_token=lease.token).update(
            state=MailState.QUEUED, lease_token=None, lease_until=None
        )


def _reason(error: Exception) -> str:
    """The server's code, never its text: that may repeat the address."""
    code = _code(error)
    return f"SMTP {code}" if code else type(error).__name__


def _code(error: Exception) -> int | None:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, _text = next(iter(error.recipients.values()))
        return code
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code
    return None


def _is_final(error: Exception) -> bool:
    code = _code(error)
    return code is not None and code >= 500


def _close(server: BaseEmailBackend) -> None:
    try:
        server.close()
    except (smtplib.SMTPException, OSError):
        logger.debug("The mail server closed first")
