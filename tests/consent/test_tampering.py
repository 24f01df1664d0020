"""A thousand random tamperings by somebody who owns the tables: each one is found.

The one who tampers may switch off triggers and change the head, but has neither the key nor the
outside copy of the head. "rewrite" has even the key: then the outside copy alone finds it.
"""

import os
import random

import pytest
from django.db import connection, transaction

from consent.errors import ChainBroken
from consent.models import AuditEvent, AuditHead
from consent.services import heads, sealing, verifying
from tests.factories import OrganisationFactory

TABLE = "consent_auditevent"
LENGTH = 25
TIMES = 1000
COLUMNS = {
    "action": "test.undone",
    "target_label": "consent.site",
    "target_id": "999",
    "actor_id": 4711,
    "data": '{"row": -1}',
    "happened_at": "2020-01-01 00:00:00+00:00",
}


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def without_triggers():
    if connection.vendor == "postgresql":
        sql(f"ALTER TABLE {TABLE} DISABLE TRIGGER USER")
        return
    for what in ("update", "delete", "replace"):
        sql(f"DROP TRIGGER {TABLE}_no_{what}")


def change(chance, rows):
    column = chance.choice([*COLUMNS, "sequence", "mac"])
    row = chance.choice(rows)
    if column == "mac":
        flipped = bytearray(row.mac)
        flipped[chance.randrange(32)] ^= 1 << chance.randrange(8)
        value = bytes(flipped)
    else:
        value = LENGTH + 1 + chance.randrange(9) if column == "sequence" else COLUMNS[column]
    sql(f"UPDATE {TABLE} SET {column} = %s WHERE id = %s", value, row.pk)


def delete(chance, rows):
    """A row from the middle; in half the cases the rest is numbered anew."""
    row = chance.choice(rows[:-1])
    sql(f"DELETE FROM {TABLE} WHERE id = %s", row.pk)
    if chance.random() < 0.5:
        for later in rows[row.sequence :]:
            sql(f"UPDATE {TABLE} SET sequence = sequence - 1 WHERE id = %s", later.pk)
        AuditHead.objects.update(sequence=LENGTH - 1)


def swap(chance, rows):
    """Two rows change places: their numbers, or their numbers with their seals."""
    one, other = chance.sample(rows, 2)
    names = chance.choice([["sequence"], ["sequence", "mac"]])
    sql(f"UPDATE {TABLE} SET sequence = -1 WHERE id = %s", one.pk)
    for row, place in ((other, one), (one, other)):
        sets = ", ".join(f"{name} = %s" for name in names)
        sql(f"UPDATE {TABLE} SET {sets} WHERE id = %s", *(getattr(place, n) for n in names), row.pk)


def cut(chance, rows):
    """The end goes, and the head inside is set back to fit."""
    left = chance.randrange(1, LENGTH)
    sql(f"DELETE FROM {TABLE} WHERE sequence > %s", left)
    AuditHead.objects.update(sequence=left, mac=rows[left - 1].mac)


def insert(chance, rows):
    """A row of their own, at the end or in between, with a seal they made up or copied."""
    place = chance.randrange(LENGTH + 1)
    for later in reversed(rows[place:]):
        sql(f"UPDATE {TABLE} SET sequence = sequence + 1 WHERE id = %s", later.pk)
    mac = chance.choice([chance.randbytes(32), bytes(rows[place - 1].mac)])
    values = {**COLUMNS, "sequence": place + 1, "mac": mac}
    marks = ", ".join(["%s"] * len(values))
    sql(f"INSERT INTO {TABLE} ({', '.join(values)}) VALUES ({marks})", *values.values())
    head = {"sequence": LENGTH + 1} | ({"mac": mac} if place == LENGTH else {})
    AuditHead.objects.update(**head)


def rewrite(chance, rows):
    """Everything from one row on is written and sealed anew, with the right key."""
    first = chance.randrange(LENGTH)
    column = chance.choice(list(COLUMNS))
    sql(f"UPDATE {TABLE} SET {column} = %s WHERE id = %s", COLUMNS[column], rows[first].pk)
    sql(f"UPDATE {TABLE} SET sequence = NULL, mac = NULL WHERE sequence > %s", first)
    mac = rows[first - 1].mac if first else b""
    AuditHead.objects.update(sequence=first, mac=mac)
    sealing.seal_committed()
    assert verifying.verify() == LENGTH, "from inside it looks whole"


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("kind", [change, delete, swap, cut, insert, rewrite])
def test_every_tampering_is_found(kind):
    seed = int(os.environ.get("TAMPER_SEED") or random.SystemRandom().randrange(10**6))
    print(f"TAMPER_SEED={seed}")  # noqa: T201 -- shown where it fails, to repeat it
    chance = random.Random(seed)
    target = OrganisationFactory()
    AuditEvent.objects.bulk_create(
        AuditEvent(
            action="test.done",
            target_label="consent.organisation",
            target_id=str(target.pk),
            data={"row": n},
        )
        for n in range(LENGTH)
    )
    sealing.seal_committed()
    rows, outside = list(AuditEvent.objects.order_by("sequence")), [heads.line()]
    assert verifying.verify(outside=outside) == LENGTH
    without_triggers()
    missed = []
    for number in range(-(-TIMES // 6)):
        with transaction.atomic():
            kind(chance, rows)
            try:
                verifying.verify(outside=outside)
            except ChainBroken:
                pass
            else:
                missed.append(number)
            transaction.set_rollback(True)
    assert missed == []
    assert verifying.verify(outside=outside) == LENGTH, "the rest of the trail was untouched"
