from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from consent.models import OutboundEmail
from requests.enums import DenialCode, Direction, Level, Outcome, State, Step
from requests.errors import (
    ChangedMeanwhile,
    GateClosed,
    IllegalMove,
    SecondPersonNeeded,
    TooLateToUndo,
)
from requests.models import Decision, Message
from requests.services import decisions, lifecycle, messages
from tests import factories

pytestmark = pytest.mark.django_db

LATER = timedelta(minutes=1)


def prepare(ticket, *, by, outcome=Outcome.FULFILLED, **also):
    values = {"body": "Here is what we hold.", "checked": ["copy"]} | also
    return decisions.prepare(ticket.pk, outcome=outcome, by=by, **values)


def test_an_answer_leaves_after_the_undo_seconds_and_not_before():
    ticket, officer = factories.in_progress(), factories.officer()
    decision = prepare(ticket, by=officer)

    assert decisions.release_due() == 0
    assert not Message.objects.exists()

    assert decisions.release_due(now=timezone.now() + LATER) == 1
    assert decisions.release_due(now=timezone.now() + LATER) == 0
    ticket.refresh_from_db()
    decision.refresh_from_db()
    assert (ticket.state, ticket.outcome) == (State.ANSWERED, Outcome.FULFILLED)
    assert ticket.answered_at is not None
    assert decision.step == Step.SENT
    message = Message.objects.get()
    assert (message.direction, message.body) == (Direction.TO_PERSON, "Here is what we hold.")
    assert OutboundEmail.objects.filter(template="answered").count() == 1


def test_an_answer_can_be_taken_back_until_it_leaves():
    ticket, officer = factories.in_progress(), factories.officer()
    decision = prepare(ticket, by=officer)

    decisions.take_back(decision.pk, by=officer)

    ticket.refresh_from_db()
    assert ticket.state == State.IN_PROGRESS
    assert decisions.release_due(now=timezone.now() + LATER) == 0
    assert not OutboundEmail.objects.filter(template="answered").exists()


def test_what_has_left_cannot_be_taken_back():
    ticket, officer = factories.in_progress(), factories.officer()
    decision = prepare(ticket, by=officer)
    decisions.release_due(now=timezone.now() + LATER)

    with pytest.raises(TooLateToUndo):
        decisions.take_back(decision.pk, by=officer)


def test_a_no_waits_for_a_second_person():
    ticket, officer, lead = factories.in_progress(), factories.officer(), factories.lead()
    decision = prepare(
        ticket, by=officer, outcome=Outcome.REFUSED, denial_code=DenialCode.EXCESSIVE
    )
    assert decision.step == Step.IN_REVIEW
    assert decisions.release_due(now=timezone.now() + LATER) == 0

    with pytest.raises(SecondPersonNeeded):
        decisions.approve(decision.pk, by=officer)
    decisions.approve(decision.pk, by=lead)
    decisions.release_due(now=timezone.now() + LATER)

    ticket.refresh_from_db()
    assert (ticket.outcome, ticket.denial_code) == (Outcome.REFUSED, DenialCode.EXCESSIVE)


def test_erasure_waits_for_a_second_person_even_where_it_is_granted():
    right = factories.RightRuleFactory(code="erase", second_person=True)
    ticket = factories.in_progress(right=right)

    assert prepare(ticket, by=factories.officer()).step == Step.IN_REVIEW


def test_the_database_refuses_an_approver_who_prepared():
    ticket, officer = factories.in_progress(), factories.officer()
    decision = prepare(ticket, by=officer)

    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(approved_by=officer)


def test_the_checker_can_send_an_answer_back_with_a_comment():
    ticket, officer, lead = factories.in_progress(), factories.officer(), factories.lead()
    decision = prepare(
        ticket, by=officer, outcome=Outcome.REFUSED, denial_code=DenialCode.EXCESSIVE
    )

    with pytest.raises(GateClosed, match="what has to change"):
        decisions.send_back(decision.pk, comment=" ", by=lead)
    decisions.send_back(decision.pk, comment="Name the earlier answer.", by=lead)

    ticket.refresh_from_db()
    assert ticket.state == State.IN_PROGRESS
    assert Message.objects.get().direction == Direction.NOTE
    with pytest.raises(GateClosed, match="dealt with"):
        decisions.approve(decision.pk, by=lead)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"body": "  "}, "Write the answer"),
        ({"body": "We found […]."}, "Fill in each place"),
        ({"checked": []}, "Tick each point"),
        ({"outcome": Outcome.REFUSED}, "Choose the legal reason"),
        ({"outcome": Outcome.REFUSED, "denial_code": "made_up"}, "Choose the legal reason"),
        ({"denial_code": DenialCode.EXCESSIVE}, "does not go with this outcome"),
        ({"outcome": Outcome.WITHDRAWN}, "Choose the outcome"),
    ],
    ids=lambda value: None if isinstance(value, str) else "-".join(value),
)
def test_an_incomplete_answer_is_refused_and_says_what_is_missing(wrong, sentence):
    ticket, officer = factories.in_progress(), factories.officer()

    with pytest.raises(GateClosed, match=sentence):
        prepare(ticket, by=officer, **wrong)

    ticket.refresh_from_db()
    assert ticket.state == State.IN_PROGRESS
    assert not Decision.objects.exists()


def test_a_request_in_triage_cannot_be_answered():
    ticket = factories.confirmed()

    with pytest.raises(IllegalMove):
        prepare(ticket, by=factories.officer())


def test_two_officers_cannot_both_answer():
    ticket = factories.in_progress()
    prepare(ticket, by=factories.officer("besa"))

    with pytest.raises(IllegalMove):
        prepare(ticket, by=factories.officer("ilir"))

    assert Decision.objects.count() == 1


def test_a_message_that_came_meanwhile_stops_the_answer():
    ticket = factories.in_progress()
    seen = ticket.version
    messages.write_to_office(ticket.pk, "I found the order number.")

    with pytest.raises(ChangedMeanwhile):
        prepare(ticket, by=factories.officer(), seen=seen)


def test_a_withdrawn_request_is_not_answered_any_more():
    ticket, officer = factories.in_progress(), factories.officer()
    decision = prepare(
        ticket, by=officer, outcome=Outcome.REFUSED, denial_code=DenialCode.EXCESSIVE
    )

    lifecycle.withdraw(ticket.pk)

    with pytest.raises(GateClosed):
        decisions.approve(decision.pk, by=factories.lead())
    assert decisions.release_due(now=timezone.now() + LATER) == 0


def test_while_an_answer_is_leaving_the_request_cannot_be_withdrawn():
    ticket = factories.in_progress()
    prepare(ticket, by=factories.officer())

    with pytest.raises(GateClosed, match="answered already"):
        lifecycle.withdraw(ticket.pk)


def test_setting_aside_tells_the_person_why():
    ticket = factories.confirmed()

    with pytest.raises(GateClosed):
        decisions.set_aside(ticket.pk, outcome=Outcome.FULFILLED, reason="x", by=None)
    with pytest.raises(GateClosed):
        decisions.set_aside(ticket.pk, outcome=Outcome.FORWARDED, reason=" ", by=None)
    decisions.set_aside(ticket.pk, outcome=Outcome.FORWARDED, reason="Ask the shop.", by=None)

    ticket.refresh_from_db()
    assert (ticket.state, ticket.outcome) == (State.CLOSED, Outcome.FORWARDED)
    assert OutboundEmail.objects.filter(template="message").count() == 1


def test_nobody_is_asked_who_they_are_for_an_opt_out():
    right = factories.RightRuleFactory(code="object_marketing", level=Level.NONE)
    ticket = factories.ticket(right=right)

    with pytest.raises(GateClosed, match="nobody may be asked"):
        messages.ask(ticket.pk, "Send your passport", about="identity", by=None)
