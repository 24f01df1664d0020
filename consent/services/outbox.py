"""The outbox: what must leave is a row, written in the transaction of what caused it.

Workers claim rows under a lease (leases.py) and send them (sending.py). The documented window:
a mail may go out twice only if the sending process died, froze or lost the database between the
server's acceptance and our mark; at most one mail per process and fault, with the same Message-ID.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import crypto
from consent.enums import MailKind, MailState
from consent.errors import InputRefused
from consent.models import OutboundEmail
from consent.services import audit, schedule, waker
from consent.services.audit import Actor

WAKE = "consent.tasks.deliver_mail"
# The content of a mail that could not be sent is kept this long for somebody to send it again.
KEEP_UNSENT = timedelta(days=30)
_WAITS = [MailState.HELD, MailState.BOUNCED, MailState.DEAD]

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

    ``key`` is unique: the same business event asks once, a second ask is an IntegrityError.
    ``delay`` are seconds in which the mail can be taken back. ``context`` must be JSON; it is
    stored encrypted. Without a ``template`` it is the finished ``subject``, ``text``, ``html``.
    """
    row = OutboundEmail.objects.create(
        key=key,
        to=to,
        language=language,
        template=template,
        target=target,
        kind=kind,
        due_at=timezone.now() + timedelta(seconds=delay),
        sealed=crypto.seal(context, place=place_of(key)),
    )
    waker.after_commit(WAKE, delay=delay)
    return row


def place_of(key: str) -> str:
    """What the content is bound to: sealed bytes copied into another row do not open there."""
    return f"outbox:{key}"


def cancel(key: str) -> bool:
    """Take back a mail that has not been handed over. False: it is too late."""
    waiting = OutboundEmail.objects.filter(key=key, state=MailState.QUEUED, handed_over=False)
    return bool(waiting.filter(unknowns=0).update(state=MailState.CANCELLED, sealed=b""))


@transaction.atomic
def retry(row_id: int, *, by: Actor) -> OutboundEmail:
    """A person sends a held, bounced or given-up mail again, with its old Message-ID."""
    row = OutboundEmail.objects.select_for_update().get(pk=row_id)
    if row.state not in _WAITS:
        raise InputRefused(_("This mail is not waiting for a decision."))
    if not row.sealed:
        raise InputRefused(_("The text of this mail has been removed. Write a new one."))
    before = row.state
    row.state, row.attempts, row.unknowns = MailState.QUEUED, 0, 0
    row.handed_over, row.due_at, row.error = False, timezone.now(), ""
    row.save(update_fields=["state", "attempts", "unknowns", "handed_over", "due_at", "error"])
    audit.record("mail.retried", target=row, by=by, data={"from": before})
    waker.after_commit(WAKE)
    return row


@transaction.atomic
def forget_unsent() -> int:
    """Once a day: remove the text of mails that nobody decided about in time."""
    now = timezone.now()
    if not schedule.first_time("outbox.forget", now.date().isoformat()):
        return 0
    old = OutboundEmail.objects.filter(state__in=_WAITS, created_at__lt=now - KEEP_UNSENT)
    return old.exclude(sealed=b"").update(sealed=b"")
