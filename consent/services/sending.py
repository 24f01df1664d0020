"""Sending what the outbox has: claim, offer, mark, give, for about five seconds at a time."""

import logging
import threading
import time

from django.conf import settings
from django.db import InterfaceError, OperationalError

from consent import crypto
from consent.models import Organisation, OutboundEmail
from consent.services import email, leases, outbox, smtp, waker
from consent.services.leases import Lease

logger = logging.getLogger(__name__)

# One pass stops after this long, so that an order to stop never waits.
PASS_SECONDS = 5.0


# One sender in each process, however many threads it has: a process that is killed had one mail
# in hand, so at most that one goes out twice.
_turn = threading.Lock()
_asked_meanwhile = threading.Event()


def deliver_and_go_on() -> int:
    """One pass; asks for the next one while there is more. Return how many mails left.

    Another thread at work sends what we were woken for, or asks for a pass after its own.
    """
    if not _is_my_turn():
        return 0
    try:
        _asked_meanwhile.clear()
        sent = deliver_due()
    finally:
        _turn.release()
    if sent or _asked_meanwhile.is_set():
        waker.publish(outbox.WAKE)
    return sent


def _is_my_turn() -> bool:
    """Whether nobody in this process sends. Who does is told that somebody came."""
    if _turn.acquire(blocking=False):
        return True
    _asked_meanwhile.set()
    # The other may have looked just before we told it; then its turn is over by now.
    return _turn.acquire(blocking=False)


def deliver_due(*, seconds: float = PASS_SECONDS) -> int:
    """Send what is due for about ``seconds``; return how many mails the server accepted.

    A pass and the waits of one offer together stay below the lease, so a slow server cannot
    make a mail that was accepted look like one of unknown outcome.
    """
    seconds = min(seconds, settings.OUTBOX_LEASE_SECONDS / 4)
    end = time.monotonic() + seconds
    timeout = min(settings.EMAIL_TIMEOUT, (settings.OUTBOX_LEASE_SECONDS - seconds) / 3)
    line = smtp.line(timeout=timeout)
    try:
        with leases.marks():
            return _deliver_until(end, line)
    finally:
        line.close()


def _deliver_until(end: float, line: smtp.Line) -> int:
    sent = 0
    while time.monotonic() < end:
        lease = leases.claim()
        if not lease.rows:
            break
        goes_on = _deliver(lease, line, end)
        sent += lease.sent
        if not goes_on:
            break
    return sent


def _deliver(lease: Lease, line: smtp.Line, end: float) -> bool:
    """Send the rows of one lease. False: stop here (time is over, or the server is gone)."""
    organisation = email.default_organisation()
    try:
        for row in lease.rows:
            if time.monotonic() >= end:
                return False
            post = _build(row, lease, organisation)
            if post and not _send(row, lease, line, post):
                return False
    finally:
        leases.mark_sent(lease)
        leases.give_back(lease)
    return True


def _build(
    row: OutboundEmail, lease: Lease, organisation: Organisation | None
) -> smtp.Letter | None:
    """The mail as bytes; None where it cannot be made, which must not stop the others."""
    try:
        content = crypto.unseal(bytes(row.sealed), place=outbox.place_of(row.key))
        if row.template:
            hook = outbox.before_sending.get(row.template)
            if hook:
                hook(content)
            content = email.render(
                row.template, language=row.language, context=content, organisation=organisation
            )
        return smtp.letter(email.message(to=row.to, message_id=str(row.message_id), **content))
    except (OperationalError, InterfaceError):
        raise  # the database is gone: that is no fault of this row
    except Exception as error:
        logger.exception("Mail %s cannot be built", row.message_id)
        leases.put_off(row, lease, type(error).__name__, poison=True)
        return None


def _send(row: OutboundEmail, lease: Lease, line: smtp.Line, post: smtp.Letter) -> bool:
    """Send one mail and note what became of it. False: stop with this lease."""
    try:
        line.offer(post)
        if not leases.intend(row, lease):
            line.close(at_once=True)  # the server forgets what it was offered
            return False
        line.give(post)
    except smtp.Refused as error:
        leases.put_off(row, lease, str(error), final=error.is_final)
        return True
    except smtp.Unreachable as error:
        logger.warning("The mail server does not answer: %s", error)
        leases.mark_sent(lease)  # first, as its lease is running
        leases.put_off(row, lease, str(error))
        return False
    except smtp.Unknown as error:
        logger.warning("Whether mail %s arrived is unknown: %s", row.message_id, error)
        leases.put_off(row, lease, f"{error} after handing over", unknown=True)
        return False
    lease.unmarked = row.pk
    lease.done.add(row.pk)
    lease.sent += 1
    return True
