"""The chain over the audit trail: who numbers it, and who checks it.

Each sealed row carries a sequence without gaps and an HMAC-SHA256 over the row and the HMAC
before it. The key is not in the database. Cutting the tail or writing everything anew is
noticed against a head that is kept elsewhere (heads.py). Checking is verifying.py.
"""

import hashlib
import hmac
import json
from datetime import UTC
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from consent.crypto import audit_key
from consent.models import AuditEvent, AuditHead

# One sealer at a time; the number is ours and means nothing.
ADVISORY_LOCK = 7_261_902
BATCH = 1000

FIELDS = ("id", "action", "target_label", "target_id", "actor_id", "data", "happened_at")


def canonical(row: dict[str, Any], sequence: int) -> bytes:
    """The bytes the seal covers: every field of the row, in one fixed JSON form."""
    happened = row["happened_at"].astimezone(UTC).isoformat(timespec="microseconds")
    body = [sequence, row["id"], row["action"], row["target_label"], row["target_id"]]
    return _encode([*body, row["actor_id"], row["data"], happened]).encode()


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


def link(previous: bytes, content: bytes, *, key: bytes) -> bytes:
    return hmac.digest(key, previous + content, hashlib.sha256)


def seal_inline() -> None:
    """Seal within the caller's transaction; for SQLite, where writers take turns anyway."""
    with transaction.atomic():
        _seal_batch()


def seal_committed() -> int:
    """Seal every committed row that is not sealed yet; return how many.

    Safe at any time and in parallel: sealers take turns. They wait for each other rather than
    leave, as the one who works may have looked before our row was committed.
    """
    total = 0
    while True:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                _wait_for_turn()
            done = _seal_batch()
        total += done
        if done < BATCH:
            return total


def _wait_for_turn() -> None:
    with connection.cursor() as cursor:
        # A sealer that is frozen while it has the turn loses its session, not we our patience.
        # Three statements in one message: the chain is paid for in round trips.
        cursor.execute(
            "SET LOCAL idle_in_transaction_session_timeout = '10s'; "
            "SET LOCAL lock_timeout = '20s'; "
            "SELECT pg_advisory_xact_lock(%s)",
            [ADVISORY_LOCK],
        )


def _seal_batch() -> int:
    rows = list(AuditEvent.objects.filter(mac__isnull=True).order_by("id").values(*FIELDS)[:BATCH])
    if not rows:
        return 0
    head, _created = AuditHead.objects.get_or_create(id=1)
    sequence, mac, key = head.sequence, bytes(head.mac), audit_key()
    sealed: list[tuple[int, bytes, int]] = []
    for row in rows:
        sequence += 1
        mac = link(mac, canonical(row, sequence), key=key)
        sealed.append((sequence, mac, row["id"]))
    _write(sealed)
    AuditHead.objects.filter(id=1).update(sequence=sequence, mac=mac, sealed_at=timezone.now())
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
