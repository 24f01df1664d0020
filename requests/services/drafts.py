"""What a person has typed on the question pages, until they press "Send"."""

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from consent import crypto
from requests.models import Draft

KEPT = timedelta(hours=24)


def load(browser: str | None, right_code: str) -> tuple[Draft, dict[str, Any]] | None:
    """The draft of this browser for this right, and its answers."""
    if not browser:
        return None
    draft = Draft.objects.filter(
        browser_hash=crypto.token_hash(browser),
        right_code=right_code,
        created_at__gt=timezone.now() - KEPT,
    ).first()
    if draft is None:
        return None
    try:
        return draft, crypto.unseal(bytes(draft.sealed), place=f"draft:{draft.nonce}")
    except crypto.SealBroken:  # the key was changed meanwhile: the person starts again
        return None


def save(browser: str, right_code: str, answers: dict[str, Any]) -> Draft:
    """Keep the answers so far. One draft per browser and right; its nonce stays the same."""
    found = load(browser, right_code)
    if found is not None:
        return _fill(found[0], answers)
    discard(browser, right_code)
    draft = Draft(
        browser_hash=crypto.token_hash(browser), right_code=right_code, nonce=crypto.new_token()
    )
    try:
        with transaction.atomic():
            return _fill(draft, answers)
    except IntegrityError:  # a double click: the other press was first by an instant
        found = load(browser, right_code)
        if found is None:
            raise
        return _fill(found[0], answers)


def _fill(draft: Draft, answers: dict[str, Any]) -> Draft:
    draft.sealed = crypto.seal(answers, place=f"draft:{draft.nonce}")
    draft.save()
    return draft


def discard(browser: str, right_code: str) -> None:
    """Forget the draft: it was sent, or its person starts a new request."""
    Draft.objects.filter(browser_hash=crypto.token_hash(browser), right_code=right_code).delete()


def purge() -> int:
    """Delete what nobody sent within a day."""
    deleted, _by_model = Draft.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return deleted
