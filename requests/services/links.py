"""Secrets of one ticket: making them, finding their row, ending them.

Only hashes are stored. A secret opens one ticket for one purpose; a wrong, foreign or malformed
one finds nothing, and looks from outside like one that never was.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation

from consent import crypto
from requests.enums import Purpose
from requests.models import Ticket, Verification

LIFETIME = {
    Purpose.CONFIRM: timedelta(days=7),
    Purpose.MANDATE: timedelta(days=14),
    Purpose.FOLLOW: timedelta(days=30),
    Purpose.CODE: timedelta(hours=1),
    Purpose.BROWSER: timedelta(hours=12),
}
CODE_LIFETIME = timedelta(minutes=10)


def issue(ticket: Ticket, purpose: Purpose, **fields: Any) -> tuple[Verification, str]:
    """A new link for ``ticket``: the row, and the token that only the mail may carry."""
    token = crypto.new_token()
    row = Verification.objects.create(
        ticket=ticket,
        purpose=purpose,
        token_hash=crypto.token_hash(token),
        expires_at=timezone.now() + LIFETIME[purpose],
        **fields,
    )
    return row, token


def find(token: str, *purposes: Purpose) -> Verification | None:
    """The row of a link, also where it has ended; None for anything that was never one."""
    return (
        Verification.objects.select_related("ticket__right", "ticket__organisation")
        .filter(token_hash=crypto.token_hash(token), purpose__in=purposes, revoked_at__isnull=True)
        .first()
    )


def revoke(ticket: Ticket, *purposes: Purpose) -> None:
    """End every open secret of these purposes, for example after a change of address."""
    Verification.objects.filter(
        ticket=ticket, purpose__in=purposes, revoked_at__isnull=True
    ).update(revoked_at=timezone.now())


def path(name: str, token: str, *, language: str) -> str:
    """The link's path in the reader's language; mails put SITE_URL before it."""
    with translation.override(language):
        return reverse(f"requests:{name}", args=[token])


def let_browser_in(ticket: Ticket, browser: str) -> None:
    """This browser showed the mailbox: it may see the whole request for twelve hours."""
    Verification.objects.create(
        ticket=ticket,
        purpose=Purpose.BROWSER,
        browser_hash=crypto.token_hash(browser),
        expires_at=timezone.now() + LIFETIME[Purpose.BROWSER],
    )


def remember_filer(ticket: Ticket, browser: str) -> None:
    """This browser filed a request whose address nobody confirms: it may see the progress."""
    Verification.objects.create(
        ticket=ticket,
        purpose=Purpose.CONFIRM,
        browser_hash=crypto.token_hash(browser),
        expires_at=timezone.now() + LIFETIME[Purpose.CONFIRM],
    )


def access(reference: str, browser: str | None, *, now: datetime) -> tuple[Ticket, bool] | None:
    """The ticket this browser may see, and whether in full.

    A browser that filed the request sees its progress (False). Only one that showed the
    mailbox sees messages and may act (True): whoever types a stranger's address must not
    read the answer once the stranger has confirmed. None: nothing is here for this browser.
    """
    if not browser:
        return None
    rows = (
        Verification.objects.select_related(
            "ticket__right", "ticket__residence", "ticket__organisation"
        )
        .filter(
            Q(purpose=Purpose.BROWSER) | Q(purpose=Purpose.CONFIRM),
            ticket__reference=reference,
            browser_hash=crypto.token_hash(browser),
            revoked_at__isnull=True,
            expires_at__gt=now,
        )
        .order_by("purpose")  # "browser" before "confirm"
    )
    row = rows.first()
    if row is None:
        return None
    return row.ticket, row.purpose == Purpose.BROWSER
