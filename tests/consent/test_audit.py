"""Writing the trail, what the database refuses, and what checking it finds."""

import hmac
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from consent.crypto import audit_key
from consent.errors import ChainBroken
from consent.models import AuditEvent, AuditHead
from consent.services import audit, heads, sealing, verifying
from tests.factories import OrganisationFactory, officer

pytestmark = pytest.mark.django_db
TABLE = "consent_auditevent"


def record(count=1, *, by=None, **data):
    target = OrganisationFactory()
    return [audit.record("test.done", target=target, by=by, data=data) for _n in range(count)]


def sealed(count=3):
    record(count)
    sealing.seal_committed()
    return list(AuditEvent.objects.order_by("sequence"))


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def tamper(statement, *values):
    """As somebody who may do anything in the database, triggers included."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER USER")
        else:
            for what in ("update", "delete", "replace"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_no_{what}")
        cursor.execute(statement, values)


def test_an_event_says_what_who_and_to_what():
    by = officer()
    target = OrganisationFactory()
    event = audit.record("organisation.changed", target=target, by=by, data={"fields": ["name"]})
    event.refresh_from_db()
    assert (event.action, event.actor_id) == ("organisation.changed", by.pk)
    assert (event.target_label, event.target_id) == ("consent.organisation", str(target.pk))
    assert event.data == {"fields": ["name"]}


def test_the_system_has_no_name_and_no_data_is_an_empty_object():
    (event,) = record()
    assert (event.actor_id, event.data) == (None, {})


def test_no_event_without_the_change_it_speaks_of():
    with transaction.atomic():
        record()
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()
    assert not AuditHead.objects.exclude(sequence=0).exists()


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {TABLE} SET action = 'other'",
        f"UPDATE {TABLE} SET data = '{{}}'",
        f"UPDATE {TABLE} SET actor_id = 7",
        f"UPDATE {TABLE} SET mac = NULL, sequence = NULL",
        f"UPDATE {TABLE} SET sequence = sequence + 10",
        f"UPDATE {TABLE} SET id = id + 100",
        f"DELETE FROM {TABLE}",
    ],
)
def test_the_database_refuses_to_change_a_sealed_row(statement):
    sealed(2)
    before = list(AuditEvent.objects.order_by("id").values())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(statement)
    assert list(AuditEvent.objects.order_by("id").values()) == before


@pytest.mark.parametrize(
    "change", ["action = 'other'", "action = 'other', sequence = 1, mac = '12345678'"]
)
def test_the_database_refuses_to_change_a_row_that_waits_for_its_seal(change):
    AuditEvent.objects.create(action="a", target_label="b", target_id="c")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(f"UPDATE {TABLE} SET {change}")
    assert AuditEvent.objects.get().action == "a"


def test_the_database_refuses_to_empty_the_trail():
    sealed(2)
    statement = f"TRUNCATE {TABLE}" if connection.vendor == "postgresql" else f"DELETE FROM {TABLE}"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(statement)
    assert AuditEvent.objects.count() == 2


def test_sqlite_refuses_to_replace_a_row():
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite knows REPLACE")
    first = sealed(1)[0]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(
            f"REPLACE INTO {TABLE} (id, action, target_label, target_id, data, happened_at) "
            "VALUES (%s, 'x', 'x', 'x', '{}', '2026-01-01')",
            first.pk,
        )
    assert AuditEvent.objects.get().action == "test.done"


def test_python_refuses_before_the_database_has_to():
    sealed(1)
    with pytest.raises(TypeError):
        AuditEvent.objects.update(action="x")
    with pytest.raises(TypeError):
        AuditEvent.objects.all().delete()


def test_an_untouched_chain_verifies_and_is_counted():
    assert verifying.verify() == 0
    sealed(3)
    assert verifying.verify() == 3
    assert verifying.verify(outside=[heads.line()]) == 3


def broken_at(outside=()):
    with pytest.raises(ChainBroken) as caught:
        verifying.verify(outside=outside)
    return caught.value.row


@pytest.mark.parametrize(
    "change",
    [
        "action = 'test.undone'",
        "target_id = '999'",
        "target_label = 'consent.site'",
        "actor_id = 1",
        "data = '{\"a\": 1}'",
        "happened_at = '2020-01-01 00:00:00+00:00'",
    ],
)
def test_a_changed_row_is_named(change):
    rows = sealed(5)
    tamper(f"UPDATE {TABLE} SET {change} WHERE id = %s", rows[2].pk)
    assert broken_at() == rows[2].pk


def test_a_row_cut_out_is_noticed_at_the_next_one():
    rows = sealed(5)
    tamper(f"DELETE FROM {TABLE} WHERE id = %s", rows[2].pk)
    assert broken_at() == rows[3].pk


def test_a_cut_end_is_noticed_even_where_the_head_was_cut_too():
    rows = sealed(5)
    head = heads.line()
    tamper(f"DELETE FROM {TABLE} WHERE id = %s", rows[4].pk)
    with pytest.raises(ChainBroken, match="ends at number 4, but its head says 5"):
        verifying.verify()
    AuditHead.objects.update(sequence=4, mac=rows[3].mac)
    assert verifying.verify() == 4, "without the outside head it looks whole"
    with pytest.raises(ChainBroken, match="the outside head says 5"):
        verifying.verify(outside=[head])


def test_a_trail_written_anew_with_the_key_is_noticed_by_the_outside_head():
    rows = sealed(4)
    head = heads.line()
    tamper(f"UPDATE {TABLE} SET action = 'forged' WHERE id = %s", rows[1].pk)
    tamper(f"UPDATE {TABLE} SET mac = NULL, sequence = NULL")
    AuditHead.objects.all().delete()
    sealing.seal_committed()
    assert verifying.verify() == 4
    assert broken_at([head]) == rows[3].pk


def test_every_outside_head_is_compared_not_only_the_last():
    rows = sealed(2)
    first = heads.line()
    sealed(2)
    last = heads.line()
    assert verifying.verify(outside=[first, last]) == 4
    forged = f"2 {'00' * 32} 2026-01-01T00:00:00+00:00"
    assert broken_at([forged, last]) == rows[1].pk


def test_two_outside_heads_that_contradict_each_other_break_the_chain():
    sealed(2)
    forged = f"2 {'00' * 32} 2026-01-01T00:00:00+00:00"
    with pytest.raises(ChainBroken, match="two different seals for number 2"):
        verifying.verify(outside=[heads.line(), forged])


@pytest.mark.parametrize("line", ["nonsense", "x y z", "1 nothex 2026", "5"])
def test_a_head_that_is_none_is_refused(line):
    with pytest.raises(ChainBroken, match="not a line of the form"):
        verifying.verify(outside=[line])


def test_the_head_of_an_empty_chain_is_a_line_that_verifies():
    head = heads.line()
    assert head.split()[:2] == ["0", "-"]
    sealed(1)
    assert verifying.verify(outside=[head]) == 1


def test_a_row_without_a_seal_is_reported_after_a_minute(time_machine):
    AuditEvent.objects.create(action="a", target_label="b", target_id="c")
    assert verifying.verify() == 0
    waiting = AuditEvent.objects.get()
    time_machine.move_to(waiting.happened_at + timedelta(seconds=61))
    assert broken_at() == waiting.pk


def test_another_key_does_not_verify(settings):
    rows = sealed(2)
    settings.AUDIT_KEY = "another key of sufficient length, not ours"
    assert broken_at() == rows[0].pk


def test_the_seal_is_an_hmac_over_the_row_and_the_seal_before_it():
    first, second = sealed(2)
    values = AuditEvent.objects.filter(pk=second.pk).values(*sealing.FIELDS).get()
    expected = hmac.digest(audit_key(), bytes(first.mac) + sealing.canonical(values, 2), "sha256")
    assert bytes(second.mac) == expected


def test_the_head_is_kept_outside_once_an_hour(settings, tmp_path, time_machine):
    settings.AUDIT_HEAD_FILE = str(tmp_path / "elsewhere" / "head.log")
    time_machine.move_to("2026-06-09T10:05:00+00:00")
    sealed(2)
    assert (heads.keep(), heads.keep()) == (1, 0)
    time_machine.move_to("2026-06-09T11:00:00+00:00")
    sealed(1)
    assert heads.keep() == 1
    lines = (tmp_path / "elsewhere" / "head.log").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["2", "3"]
    assert verifying.verify(outside=lines) == 3


def test_a_head_that_could_not_be_written_is_tried_again(settings, tmp_path):
    settings.AUDIT_HEAD_FILE = str(tmp_path)  # a folder
    with pytest.raises(OSError):
        heads.keep()
    settings.AUDIT_HEAD_FILE = str(tmp_path / "head.log")
    assert heads.keep() == 1


def test_the_command_says_how_many_rows_are_whole(capsys):
    sealed(3)
    call_command("verify_audit")
    assert capsys.readouterr().out == "3 rows, chain unbroken.\n"


def test_the_command_names_the_first_bad_row():
    rows = sealed(3)
    tamper(f"UPDATE {TABLE} SET action = 'x' WHERE id = %s", rows[1].pk)
    with pytest.raises(CommandError, match=rf"^Row {rows[1].pk} \(number 2\)") as caught:
        call_command("verify_audit")
    assert caught.value.returncode == 1


def test_the_command_prints_a_head_and_takes_it_as_line_or_file(capsys, tmp_path):
    rows = sealed(3)
    call_command("verify_audit", print_head=True)
    head = capsys.readouterr().out
    (tmp_path / "heads").write_text(f"{head}\n")
    tamper(f"DELETE FROM {TABLE} WHERE id = %s", rows[2].pk)
    AuditHead.objects.update(sequence=2, mac=rows[1].mac)
    for given in (head, str(tmp_path / "heads")):
        with pytest.raises(CommandError, match="outside head says 3"):
            call_command("verify_audit", head=given)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_audit", head=str(tmp_path / "none"))
