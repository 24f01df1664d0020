"""Who numbers the trail, and that nobody is left out."""

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from consent.models import AuditEvent, AuditHead
from consent.services import audit, sealing, verifying, waker
from tests.factories import OrganisationFactory


def write(count=1):
    AuditEvent.objects.bulk_create(
        AuditEvent(action="a", target_label="b", target_id=str(n)) for n in range(count)
    )


def numbers():
    return list(AuditEvent.objects.order_by("sequence").values_list("sequence", flat=True))


@pytest.mark.django_db
def test_rows_are_numbered_without_gaps_in_the_order_they_were_written():
    write(5)
    assert sealing.seal_committed() == 5
    assert list(AuditEvent.objects.order_by("id").values_list("sequence", flat=True)) == [
        1, 2, 3, 4, 5,
    ]  # fmt: skip
    assert AuditHead.objects.get().sequence == 5
    assert sealing.seal_committed() == 0


@pytest.mark.django_db
def test_more_than_one_batch_is_sealed_in_one_call(monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(sealing, "BATCH", 4)
    write(10)
    assert sealing.seal_committed() == 10
    assert verifying.verify() == 10


@pytest.mark.django_db
def test_a_smaller_id_that_was_committed_late_is_sealed_too():
    rows = [AuditEvent(id=9_000_002, action="late", target_label="b", target_id="c")]
    AuditEvent.objects.bulk_create(rows)
    sealing.seal_committed()
    AuditEvent.objects.create(id=9_000_001, action="early", target_label="b", target_id="c")
    assert sealing.seal_committed() == 1
    assert dict(AuditEvent.objects.values_list("action", "sequence")) == {"late": 1, "early": 2}
    assert verifying.verify() == 2


@pytest.mark.django_db
def test_sqlite_seals_at_once_and_postgresql_after_commit(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as later:
        event = audit.record("a", target=OrganisationFactory(), by=None)
    event.refresh_from_db()
    at_once = connection.vendor == "sqlite"
    assert (event.sequence is not None, len(later)) == (at_once, 0 if at_once else 1)


@pytest.mark.django_db
def test_a_wake_up_is_only_asked_for_once_committed(
    monkeypatch, django_capture_on_commit_callbacks
):
    asked = []
    monkeypatch.setattr(waker._waker, "ask", lambda *what: asked.append(what))
    with django_capture_on_commit_callbacks(execute=True):
        waker.after_commit(audit.WAKE)
        assert asked == []
    assert asked == [("consent.tasks.seal_audit", 0)]


@pytest.mark.django_db
def test_a_sealing_that_breaks_leaves_neither_seals_nor_a_head(monkeypatch):
    write(3)

    def broken(_sealed):
        raise DatabaseError("gone")

    monkeypatch.setattr(sealing, "_write", broken)
    with pytest.raises(DatabaseError), transaction.atomic():
        sealing.seal_committed()
    monkeypatch.undo()
    assert numbers() == [None, None, None]
    assert not AuditHead.objects.exclude(sequence=0).exists()
    sealing.seal_committed()
    assert verifying.verify() == 3


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_writers_and_sealers_at_once_leave_no_gap():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    total = []

    def writer():
        for _n in range(20):
            write()
        connection.close()

    def sealer():
        total.extend(sealing.seal_committed() for _n in range(5))
        connection.close()

    threads = [threading.Thread(target=work) for work in [writer] * 4 + [sealer] * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total.append(sealing.seal_committed())
    assert sum(total) == 80
    assert numbers() == list(range(1, 81))
    assert verifying.verify() == 80


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_row_committed_while_another_sealer_works_is_sealed_by_the_one_who_waits():
    """A sealer that left at once would leave the row to the next sweep."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    done = []

    def second():
        done.append(sealing.seal_committed())
        connection.close()

    with transaction.atomic():
        sealing._wait_for_turn()
        other = threading.Thread(target=second)
        other.start()
        other.join(0.3)
        assert done == []
        write(2)
    other.join(5)
    assert done == [2]
