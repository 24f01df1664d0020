"""Work that stands still is seen: each kind of stuck row, made by hand, is found."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone, translation

from consent.enums import MailState
from consent.models import AuditEvent, OutboundEmail
from consent.services import sealing
from requests.enums import Direction, Filer, Outcome, State, Step, Waiting
from requests.models import Decision, Message, Ticket
from requests.services import stuck
from tests import factories
from tests.requests.reminding import FILED, forget_mails, made, mails, sweep, to

pytestmark = pytest.mark.django_db

LONG = timedelta(days=60)


def mail(state, **fields):
    OutboundEmail.objects.create(
        key=uuid.uuid4().hex, to="a@b.example", state=state, due_at=timezone.now(), **fields
    )


def ticket(state, **fields):
    made_now = factories.ticket(email=f"{uuid.uuid4().hex}@example.org")
    Ticket.objects.filter(pk=made_now.pk).update(
        state=state, next_alarm_at=timezone.now(), **fields
    )
    OutboundEmail.objects.all().delete()
    return made_now


def decision(state, **fields):
    officer = factories.officer(uuid.uuid4().hex[:8])
    made_now = ticket(state, handler=officer)
    found = Decision.objects.create(
        ticket=made_now, prepared_by=officer, outcome=Outcome.FULFILLED, body="-", **fields
    )
    Decision.objects.filter(pk=found.pk).update(created_at=timezone.now() - LONG)


def message():
    officer = factories.officer(uuid.uuid4().hex[:8])
    found = Message.objects.create(
        ticket=ticket(State.IN_PROGRESS, handler=officer), direction=Direction.FROM_PERSON, body="-"
    )
    Message.objects.filter(pk=found.pk).update(created_at=timezone.now() - LONG)


def reviewed():
    decision(State.REVIEW, step=Step.RETURNED)


def abandoned():
    officer = factories.officer(uuid.uuid4().hex[:8])
    officer.is_active = False
    officer.save()
    ticket(State.IN_PROGRESS, handler=officer)


def agent():
    officer = factories.officer(uuid.uuid4().hex[:8])
    long_ago = timezone.now() - LONG
    ticket(State.TRIAGE, filer=Filer.AGENT, confirmed_at=long_ago, handler=officer)


def unsealed():
    AuditEvent.objects.create(
        action="a", target_label="b", target_id="c", happened_at=timezone.now() - LONG
    )


def silent():
    officer = factories.officer(uuid.uuid4().hex[:8])
    ticket(
        State.AWAITING_REQUESTER,
        waiting_for=Waiting.IDENTITY,
        received_at=timezone.now() - LONG,
        handler=officer,
    )


def unlooked():
    found = ticket(State.NEW)
    Ticket.objects.filter(pk=found.pk).update(next_alarm_at=timezone.now() - LONG)


KINDS = {
    "mail_held": lambda: mail(MailState.HELD),
    "mail_bounced": lambda: mail(MailState.BOUNCED),
    "mail_dead": lambda: mail(MailState.DEAD),
    "mail_late": lambda: mail(
        MailState.LEASED, lease_token=uuid.uuid4(), lease_until=timezone.now() - LONG
    ),
    "answer_unreleased": lambda: decision(
        State.REVIEW, step=Step.SENDING, release_at=timezone.now() - LONG
    ),
    "answer_unchecked": lambda: decision(State.REVIEW, step=Step.IN_REVIEW),
    "review_without_answer": reviewed,
    "message_unread": message,
    "request_untaken": lambda: ticket(State.TRIAGE, received_at=timezone.now() - LONG),
    "request_abandoned": abandoned,
    "agent_unconfirmed": agent,
    "person_silent": silent,
    "alarm_late": unlooked,
    "audit_unsealed": unsealed,
}


@pytest.mark.parametrize("code", KINDS)
def test_each_kind_is_found_alone_and_said_in_both_languages(code):
    KINDS[code]()
    for language in ("en", "sq"):
        with translation.override(language):
            (found,) = stuck.found(now=timezone.now())
            assert (found.code, found.count) == (code, 1)
            assert found.sentence
            assert "%" not in found.sentence
    KINDS[code]()
    (found,) = stuck.found(now=timezone.now())
    assert found.count == 2


def test_a_request_that_should_have_been_closed_is_found():
    made(factories.ticket)
    Ticket.objects.update(next_alarm_at=timezone.now() + LONG)
    OutboundEmail.objects.all().delete()
    sealing.seal_committed()
    (found,) = stuck.found(now=FILED + timedelta(days=17))
    assert found.code == "request_unconfirmed"


def test_fresh_work_is_not_stuck():
    factories.in_progress(by=factories.officer(), received_at=timezone.now())
    factories.ticket(email="leo@example.org", received_at=timezone.now())
    assert stuck.found(now=timezone.now()) == []


def test_the_lead_reads_of_it_in_the_morning_and_nobody_else_does():
    lead, officer = factories.lead(), factories.officer()
    made(by=officer)
    sweep(FILED)
    forget_mails()
    sealing.seal_committed()
    OutboundEmail.objects.create(
        key="lost", to="a@b.example", state=MailState.DEAD, due_at=FILED, template="confirm"
    )

    sweep(FILED + timedelta(days=1))

    assert to("digest") == [lead.email]  # and not the officer
    assert mails("digest")[0][2]["stuck"] == ["1 email was given up."]
