"""The chain over the audit trail: who numbers it, and who checks it.

Each sealed row carries a sequence without gaps and an HMAC-SHA256 over the row and the HMAC
before it. The key is not in the database. Cutting the tail or writing everything anew is
noticed against a head that is kept elsewhere (``head_line``).
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.crypto import audit_key
from consent.errors import ChainBroken
from consent.models import AuditEvent, AuditHead

# One sealer at a time; the number is ours and means nothing.
ADVISORY_LOCK = 7_261_902
BATCH = 1000
# An unsealed row older than this is reported: the sealer is late or dead.
LATE = timedelta(minutes=1)

_FIELDS = ("id", "action", "target_label", "target_id", "actor_id", "data", "happened_at")


def canonical(row: dict[str, Any], sequence: int) -> bytes:
    """The bytes the seal covers: every field of the row, in one fixed JSON form."""
    happened = row["happened_at"].astimezone(UTC).isoformat(timespec="microseconds")
    body = [sequence, row["id"], row["action"], row["target_label"], row["target_id"]]
    return json.dumps(
        [*body, row["actor_id"], row["data"], happened],
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=True,
    ).encode()


def link(previous: bytes, content: bytes) -> bytes:
    return hmac.new(audit_key(), previous + content, hashlib.sha256).digest()


def seal_inline() -> None:
    """Seal within the running transaction; for SQLite, where no other writer exists."""
    _seal_batch()


def seal_committed() -> int:
    """Seal every committed row that is not sealed yet; return how many.

    Safe at any time and in parallel: whoever holds the lock works, the others leave.
    """
    total = 0
    while True:
        with transaction.atomic():
            if connection.vendor == "postgresql" and not _lock():
                return total
            done = _seal_batch()
        total += done
        if done < BATCH:
            return total


def _lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        return bool(cursor.fetchone()[0])


def _seal_batch() -> int:
    rows = list(
        AuditEvent.objects.filter(mac__isnull=True).order_by("id").values(*_FIELDS)[:BATCH]
    )
    if not rows:
        return 0
    head, _created = AuditHead.objects.get_or_create(id=1)
    sequence, mac = head.sequence, bytes(head.mac)
    sealed: list[tuple[int, bytes, int]] = []
    for row in rows:
        sequence += 1
        mac = link(mac, canonical(row, sequence))
        sealed.append((sequence, mac, row["id"]))
    _write(sealed)
    AuditHead.objects.filter(id=1).update(
        sequence=sequence, mac=mac, sealed_at=timezone.now()
    )
    return len(rows)


def _write(sealed: list[tuple[int, bytes, int]]) -> None:
    """The one UPDATE an audit row ever sees; the trigger allows it where the seal is null."""
    table = connection.ops.quote_name(AuditEvent._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"UPDATE {table} AS event SET sequence = seal.sequence, mac = seal.mac "  # noqa: S608 -- a name of ours
                "FROM unnest(%s::bigint[], %s::bytea[], %s::bigint[]) AS seal(sequence, mac, id) "
                "WHERE event.id = seal.id AND event.mac IS NULL",
                [list(column) for column in zip(*sealed, strict=True)],
            )
        else:
            cursor.executemany(
                f"UPDATE {table} SET sequence = %s, mac = %s WHERE id = %s AND mac IS NULL",  # noqa: S608 -- a name of ours
                sealed,
            )


def verify(*, outside: str | None = None) -> int:
    """Walk the whole chain; return the number of sealed rows.

    ``outside`` is a line once printed by ``head_line`` and kept elsewhere: with it a cut tail
    and a chain written anew are found too. Raises ChainBroken naming the first bad row.
    """
    expected = _parse_head(outside) if outside else None
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:  # rows and head as of one moment
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return _walk(expected)


def _walk(expected: tuple[int, bytes] | None) -> int:
    count, mac = 0, b""
    for row in _sealed_rows():
        count += 1
        if row["sequence"] != count:
            raise ChainBroken(
                _("Row %(id)s has number %(found)s where %(count)s is expected.")
                % {"id": row["id"], "found": row["sequence"], "count": count},
                row=row["id"],
            )
        mac = link(mac, canonical(row, count))
        if not hmac.compare_digest(mac, bytes(row["mac"])):
            raise ChainBroken(
                _("Row %(id)s (number %(count)s) was changed, or one before it is missing.")
                % {"id": row["id"], "count": count},
                row=row["id"],
            )
        if expected and expected[0] == count and not hmac.compare_digest(mac, expected[1]):
            raise ChainBroken(
                _("Up to number %(count)s the trail is not the one the outside head was taken of.")
                % {"count": count},
                row=row["id"],
            )
    _check_ends(count, mac, expected)
    _check_unsealed()
    return count


def _sealed_rows() -> Iterator[dict[str, Any]]:
    rows = AuditEvent.objects.filter(mac__isnull=False).order_by("sequence")
    return rows.values(*_FIELDS, "sequence", "mac").iterator(chunk_size=2000)


def _check_ends(count: int, mac: bytes, expected: tuple[int, bytes] | None) -> None:
    head = AuditHead.objects.filter(id=1).first()
    known = head.sequence if head else 0
    if known != count or (head and not hmac.compare_digest(bytes(head.mac), mac)):
        raise ChainBroken(
            _("The trail ends at number %(count)s, but its head says %(known)s.")
            % {"count": count, "known": known},
            row=None,
        )
    if expected and expected[0] > count:
        raise ChainBroken(
            _("The trail ends at number %(count)s, but the outside head says %(known)s.")
            % {"count": count, "known": expected[0]},
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


def head_line() -> str:
    """The head as one line to keep outside the database: number, seal, time."""
    head = AuditHead.objects.filter(id=1).first() or AuditHead()
    sealed_at = head.sealed_at or datetime.now(UTC)
    return f"{head.sequence} {bytes(head.mac).hex()} {sealed_at.isoformat(timespec='seconds')}"


def _parse_head(line: str) -> tuple[int, bytes]:
    try:
        number, mac, *_rest = line.split()
        return int(number), bytes.fromhex(mac)
    except ValueError as error:
        raise ChainBroken(
            _("The outside head is not a line of the form “number seal time”."), row=None
        ) from error
