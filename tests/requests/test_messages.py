import pytest

from consent.models import OutboundEmail
from requests.enums import ClockKind, Direction, Outcome, State, Waiting
from requests.errors import GateClosed, IllegalMove
from requests.models import Message
from requests.services import lifecycle, messages
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_question_waits_for_its_answer_and_the_answer_starts_the_work():
    ticket, officer = factories.confirmed(), factories.officer()

    messages.ask(ticket.pk, "Which address?", about=Waiting.CLARIFICATION, by=officer)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waiting_for) == (State.AWAITING_REQUESTER, "clarification")

    messages.write_to_office(ticket.pk, "This one.")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waiting_for) == (State.IN_PROGRESS, "")
    assert [event.kind for event in ticket.clock_events.all()] == [
        ClockKind.RECEIVED,
        ClockKind.CLARIFICATION_REQUESTED,
        ClockKind.CLARIFICATION_RECEIVED,
    ]


def test_a_question_is_asked_in_triage_only():
    ticket = factories.in_progress()

    with pytest.raises(IllegalMove):
        messages.ask(ticket.pk, "Which?", about=Waiting.CLARIFICATION, by=factories.officer())


def test_a_double_click_adds_one_message():
    ticket = factories.confirmed()

    for _twice in range(2):
        messages.write_to_office(ticket.pk, "Hello", nonce="n1")

    assert Message.objects.count() == 1


def test_a_mail_says_that_a_message_waits_and_not_what_it_says():
    ticket = factories.confirmed()

    messages.write_to_person(ticket.pk, "Your file lists 3 orders.", by=factories.officer())

    mail = OutboundEmail.objects.get(template="message")
    assert b"orders" not in bytes(mail.sealed)


def test_nobody_is_written_to_before_they_confirmed():
    ticket = factories.ticket()

    with pytest.raises(GateClosed, match="not confirmed"):
        messages.write_to_person(ticket.pk, "Hello", by=factories.officer())
    assert not Message.objects.exists()


def test_a_note_makes_no_mail():
    ticket = factories.confirmed()
    before = OutboundEmail.objects.count()

    messages.add_note(ticket.pk, "Call the shop.", by=factories.officer())

    assert Message.objects.get().direction == Direction.NOTE
    assert OutboundEmail.objects.count() == before


def test_a_closed_request_takes_no_more_messages():
    ticket = factories.confirmed()
    lifecycle.withdraw(ticket.pk)

    with pytest.raises(GateClosed, match="closed"):
        messages.write_to_office(ticket.pk, "Wait")
    ticket.refresh_from_db()
    assert ticket.outcome == Outcome.WITHDRAWN


def test_reading_is_noted_once():
    ticket = factories.confirmed()
    messages.write_to_office(ticket.pk, "Hello")

    assert messages.mark_read(ticket.pk, by=factories.officer()) == 1
    assert messages.mark_read(ticket.pk, by=None) == 0
