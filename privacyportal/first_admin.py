"""The link that makes the first administrator: once, within an hour, and only while there is none.

The token is in the terminal of whoever starts the portal; only its SHA-256 is kept, in a file
that nobody but the portal's user can read. There is no default password anywhere.
"""

import json
import os
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import crypto
from consent.services import audit
from requests.errors import LinkEnded

VALID_SECONDS = 3600
# One creation at a time on PostgreSQL; the number is ours and means nothing.
ADVISORY_LOCK = 7_261_903


def _file() -> Path:
    return Path(settings.VAR_DIR) / "first-admin"


def exists() -> bool:
    return User.objects.filter(is_superuser=True).exists()


def new_link(*, base: str | None = None) -> str:
    """Make a new link; the one before it stops working."""
    token = crypto.new_token()
    until = timezone.now().timestamp() + VALID_SECONDS
    part = _file().with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"sha256": crypto.token_hash(token), "until": until}, file)
    os.replace(part, _file())
    return f"{base or settings.SITE_URL}{reverse('first_admin', args=[token])}"


def is_known(token: str) -> bool:
    """Whether ``token`` is the current one. Raises LinkEnded when it is, but its hour is over."""
    try:
        kept = json.loads(_file().read_text())
        known, until = str(kept["sha256"]), float(kept["until"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if exists() or not crypto.same(known, crypto.token_hash(token)):
        return False
    if until < timezone.now().timestamp():
        raise LinkEnded(
            _("This link was good for an hour. Type “manage.py first_admin_link” for a new one.")
        )
    return True


@transaction.atomic
def create(*, username: str, password: str) -> User | None:
    """Make the first administrator. None: somebody else was quicker."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
    if exists():
        return None
    user = User.objects.create_superuser(username=username, password=password)
    audit.record("first_admin.created", target=user, by=None)
    transaction.on_commit(lambda: _file().unlink(missing_ok=True))
    return user
