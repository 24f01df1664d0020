"""Checking the chain over the audit trail, with the heads that were kept outside the database."""

import hmac
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.crypto import audit_key
from consent.errors import ChainBroken
from consent.models import AuditEvent, AuditHead
from consent.services import heads
from consent.services.sealing import FIELDS, canonical, link

# An unsealed row older than this is reported: the sealer is late or dead.
LATE = timedelta(minutes=1)


def verify(*, outside: Iterable[str] = ()) -> int:
    """Walk the whole chain; return the number of sealed rows.

    ``outside`` are lines once written by ``heads.line`` and kept elsewhere: with them a cut tail
    and a chain written anew are found too. Raises ChainBroken naming the first bad row.
    """
    expected = heads.parse(outside)
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:  # rows and head as of one moment
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        count, mac = _walk(expected)
        _check_ends(count, mac, expected)
        _check_unsealed()
    return count


def _walk(expected: dict[int, bytes]) -> tuple[int, bytes]:
    count, mac, key = 0, b"", audit_key()
    for row in _sealed_rows():
        count += 1
        if row["sequence"] != count:
            raise ChainBroken(
                _("Row %(id)s has number %(found)s where %(count)s is expected.")
                % {"id": row["id"], "found": row["sequence"], "count": count},
                row=row["id"],
            )
        mac = link(mac, canonical(row, count), key=key)
        if not hmac.compare_digest(mac, bytes(row["mac"])):
            raise ChainBroken(
                _("Row %(id)s (number %(count)s) was changed, or one before it is missing.")
                % {"id": row["id"], "count": count},
                row=row["id"],
            )
        if count in expected and not hmac.compare_digest(mac, expected[count]):
            raise ChainBroken(
                _("Up to number %(count)s the trail is not the one the outside head was taken of.")
                % {"count": count},
                row=row["id"],
            )
    return count, mac


def _sealed_rows() -> Iterator[dict[str, Any]]:
    rows = AuditEvent.objects.filter(mac__isnull=False).order_by("sequence")
    yield from rows.values(*FIELDS, "sequence", "mac").iterator(chunk_size=2000)


def _check_ends(count: int, mac: bytes, expected: dict[int, bytes]) -> None:
    head = AuditHead.objects.filter(id=1).first()
    known = head.sequence if head else 0
    if known != count or (head and not hmac.compare_digest(bytes(head.mac), mac)):
        raise ChainBroken(
            _("The trail ends at number %(count)s, but its head says %(known)s.")
            % {"count": count, "known": known},
            row=None,
        )
    longest = max(expected, default=0)
    if longest > count:
        raise ChainBroken(
            _("The trail ends at number %(count)s, but the outside head says %(known)s.")
            % {"count": count, "known": longest},
            row=None,
        )


def _check_unsealed() -> None:
    late = AuditEvent.objects.filter(
        mac__isnull=True, happened_at__lt=timezone.now() - LATE
    ).order_by("id")
    first = late.first()
    if first:
        raise ChainBroken(
            _("Row %(id)s has waited for its seal for more than a minute.") % {"id": first.pk},
            row=first.pk,
        )
