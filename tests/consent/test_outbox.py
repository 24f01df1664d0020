"""Queueing, taking back, and what a person may decide; sending is test_sending.py."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from consent.enums import MailKind, MailState
from consent.errors import InputRefused
from consent.models import AuditEvent, OutboundEmail
from consent.services import outbox

pytestmark = pytest.mark.django_db
CANARY = "canary-7f3a9b"


def queue(key="one", **fields):
    values = {"to": "ana@example.org", "language": "en", "context": finished()}
    return outbox.enqueue("", key=key, **{**values, **fields})


def finished(text=CANARY):
    return {"subject": "Hello", "text": text, "html": f"<p>{text}</p>"}


def set_state(row, state, **fields):
    OutboundEmail.objects.filter(pk=row.pk).update(state=state, **fields)


def test_a_key_is_queued_once():
    queue()
    with pytest.raises(IntegrityError), transaction.atomic():
        queue(to="other@example.org")
    assert OutboundEmail.objects.values_list("key", "to").get() == ("one", "ana@example.org")


def test_it_leaves_with_the_transaction_that_caused_it_or_not_at_all():
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    assert not OutboundEmail.objects.exists()


def test_the_content_is_encrypted_where_it_waits():
    row = queue()
    row.refresh_from_db()
    sealed = bytes(row.sealed)
    assert len(sealed) > len(CANARY)
    assert CANARY.encode() not in sealed
    columns = OutboundEmail.objects.values_list().get()
    assert not any(CANARY in str(value) for value in columns)


def test_a_mail_can_be_taken_back_before_it_leaves():
    row = queue(delay=15)
    assert outbox.cancel("one") is True
    row.refresh_from_db()
    assert (row.state, bytes(row.sealed)) == (MailState.CANCELLED, b"")
    assert outbox.cancel("one") is False


@pytest.mark.parametrize(
    "fields",
    [
        {"state": MailState.SENT, "sent_at": timezone.now()},
        {"state": MailState.QUEUED, "handed_over": True},
        {"state": MailState.QUEUED, "unknowns": 1},
        {"state": MailState.HELD},
    ],
    ids=["sent", "being handed over", "perhaps sent", "held"],
)
def test_it_is_too_late_to_take_back(fields):
    row = queue()
    OutboundEmail.objects.filter(pk=row.pk).update(**fields)
    assert outbox.cancel("one") is False
    row.refresh_from_db()
    assert row.state == fields["state"]


def test_nothing_is_taken_back_for_an_unknown_key():
    queue()
    assert outbox.cancel("other") is False
    assert OutboundEmail.objects.get().state == MailState.QUEUED


@pytest.mark.parametrize("state", [MailState.HELD, MailState.BOUNCED, MailState.DEAD])
def test_a_person_sends_again_what_waits_for_them(state):
    by = User.objects.create_user("besa")
    row = queue(kind=MailKind.PACKAGE)
    set_state(row, state, attempts=4, unknowns=2, handed_over=True, error="SMTP 550")
    again = outbox.retry(row.pk, by=by)
    again.refresh_from_db()
    assert (again.state, again.attempts, again.unknowns) == (MailState.QUEUED, 0, 0)
    assert (again.handed_over, again.error) == (False, "")
    assert again.message_id == row.message_id
    event = AuditEvent.objects.get(action="mail.retried")
    assert (event.actor_id, event.data) == (by.pk, {"from": state})


@pytest.mark.parametrize("state", [MailState.QUEUED, MailState.CANCELLED])
def test_what_does_not_wait_for_a_person_is_not_sent_again(state):
    row = queue()
    set_state(row, state)
    with pytest.raises(InputRefused):
        outbox.retry(row.pk, by=None)
    row.refresh_from_db()
    assert row.state == state
    assert not AuditEvent.objects.exists()


def test_the_text_of_what_nobody_decided_about_is_forgotten_after_thirty_days():
    waiting, fresh, queued = queue("old"), queue("fresh"), queue("queued")
    long_ago = timezone.now() - timedelta(days=31)
    set_state(waiting, MailState.BOUNCED, created_at=long_ago)
    set_state(fresh, MailState.BOUNCED)
    set_state(queued, MailState.QUEUED, created_at=long_ago)
    assert outbox.forget_unsent() == 1
    assert {row.key: bool(row.sealed) for row in OutboundEmail.objects.all()} == {
        "old": False,
        "fresh": True,
        "queued": True,
    }
    with pytest.raises(InputRefused, match="text of this mail has been removed"):
        outbox.retry(waiting.pk, by=None)


def test_forgetting_happens_once_a_day():
    row = queue()
    assert outbox.forget_unsent() == 0
    set_state(row, MailState.DEAD, created_at=timezone.now() - timedelta(days=40))
    assert outbox.forget_unsent() == 0
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert outbox.forget_unsent() == 1
