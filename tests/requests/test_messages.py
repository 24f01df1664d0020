from datetime import UTC, date, datetime

import pytest
import time_machine

from consent.models import OutboundEmail
from requests.enums import ClockKind, Direction, Level, Outcome, State, Waiting
from requests.errors import GateClosed, IllegalMove
from requests.models import Message, Ticket
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
        ClockKind.ACKNOWLEDGED,
        ClockKind.CLARIFICATION_REQUESTED,
        ClockKind.CLARIFICATION_RECEIVED,
    ]


@time_machine.travel(datetime(2026, 6, 10, 9, tzinfo=UTC), tick=False)
def test_a_question_amid_the_work_stops_the_clock_and_not_the_work():
    """The table of moves lets a request wait for its person only from triage (T03)."""
    ticket = factories.in_progress()

    messages.ask(ticket.pk, "Which?", about=Waiting.CLARIFICATION, by=factories.officer())
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waiting_for) == (State.IN_PROGRESS, "")
    assert ticket.clock["pause_open"]

    messages.write_to_office(ticket.pk, "This one.")
    ticket.refresh_from_db()
    assert ticket.state == State.IN_PROGRESS
    assert not ticket.clock["pause_open"]
    assert ticket.clock_events.last().kind == ClockKind.CLARIFICATION_RECEIVED


@pytest.mark.parametrize("state", [State.REVIEW, State.ANSWERED, State.CLOSED, State.APPEAL])
def test_nothing_is_asked_after_the_work(state):
    ticket = factories.in_progress()
    closed = {"closed_at": ticket.received_at} if state == State.CLOSED else {}
    Ticket.objects.filter(pk=ticket.pk).update(
        state=state, outcome=Outcome.REFUSED, denial_code="G1_unfounded", **closed
    )

    with pytest.raises(IllegalMove):
        messages.ask(ticket.pk, "Which?", about=Waiting.CLARIFICATION, by=factories.officer())
    assert not Message.objects.exists()


def test_one_question_at_a_time():
    ticket, officer = factories.in_progress(), factories.officer()
    messages.ask(ticket.pk, "Which?", about=Waiting.CLARIFICATION, by=officer)

    with pytest.raises(GateClosed, match="open already"):
        messages.ask(ticket.pk, "And who?", about=Waiting.IDENTITY, doubt="Two people", by=officer)


def test_identity_is_asked_for_with_a_reason_only():
    ticket, officer = factories.confirmed(), factories.officer()

    with pytest.raises(GateClosed, match="why you doubt"):
        messages.ask(ticket.pk, "Who are you?", about=Waiting.IDENTITY, doubt=" ", by=officer)
    assert not Message.objects.exists()

    messages.ask(
        ticket.pk, "Who are you?", about=Waiting.IDENTITY, doubt="Another name", by=officer
    )
    event = ticket.clock_events.last()
    assert (event.kind, event.reason, event.actor) == ("id_requested", "Another name", officer)


def test_identity_is_never_asked_for_an_opt_out():
    right = factories.RightRuleFactory(
        code="opt_out_sale_share", level=Level.NONE, regimes=["US-CA-OPTOUT"]
    )
    ticket = factories.ticket(right=right)

    with pytest.raises(GateClosed, match="nobody may be asked who they are"):
        messages.ask(ticket.pk, "Who?", about=Waiting.IDENTITY, doubt="none", by=None)
    ticket.refresh_from_db()
    assert ticket.state == State.TRIAGE


def test_a_fee_is_asked_for_only_where_a_law_waits_for_it():
    here = factories.confirmed()
    with pytest.raises(GateClosed, match="wait for a fee"):
        messages.ask(here.pk, "10 euros", about=Waiting.FEE, by=factories.officer())


def test_a_fee_moves_the_start_in_the_united_kingdom():
    """UK GDPR art. 12A: one month from the day the fee arrived, 9 July to 10 August (Monday)."""
    britain = factories.JurisdictionFactory(
        code="GB", regimes=["UK-GDPR-PRE", "UK-GDPR"], time_zone="Europe/London"
    )
    officer = factories.officer()
    with time_machine.travel(datetime(2026, 6, 10, 9, tzinfo=UTC), tick=False):
        ticket = factories.confirmed(residence=britain)
        messages.ask(ticket.pk, "10 pounds", about=Waiting.FEE, by=officer)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waiting_for) == (State.AWAITING_REQUESTER, "fee")
    with time_machine.travel(datetime(2026, 7, 12, 9, tzinfo=UTC), tick=False):
        messages.write_to_office(ticket.pk, "I paid.")  # words do not pay
        ticket.refresh_from_db()
        assert ticket.state == State.AWAITING_REQUESTER
        messages.arrived(ticket.pk, at=datetime(2026, 7, 9, 9, tzinfo=UTC), how="Bank", by=officer)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.due_on) == (State.IN_PROGRESS, date(2026, 8, 10))


def test_what_came_by_post_counts_from_the_day_it_came():
    """GDPR: 10 June to 20 June do not count, so 9 July becomes 20 July (19 July is a Sunday)."""
    officer = factories.officer()
    with time_machine.travel(datetime(2026, 6, 10, 9, tzinfo=UTC), tick=False):
        ticket = factories.confirmed()
        messages.ask(ticket.pk, "Which?", about=Waiting.CLARIFICATION, by=officer)
    with time_machine.travel(datetime(2026, 6, 25, 9, tzinfo=UTC), tick=False):
        with pytest.raises(GateClosed, match="later than now"):
            messages.arrived(
                ticket.pk, at=datetime(2026, 6, 26, 9, tzinfo=UTC), how="Post", by=officer
            )
        with pytest.raises(GateClosed, match="before we asked"):
            messages.arrived(
                ticket.pk, at=datetime(2026, 6, 10, 8, tzinfo=UTC), how="Post", by=officer
            )
        messages.arrived(ticket.pk, at=datetime(2026, 6, 20, 9, tzinfo=UTC), how="Post", by=officer)
        with pytest.raises(GateClosed, match="do not wait"):
            messages.arrived(
                ticket.pk, at=datetime(2026, 6, 20, 9, tzinfo=UTC), how="Post", by=officer
            )
    ticket.refresh_from_db()
    assert (ticket.state, ticket.due_on) == (State.IN_PROGRESS, date(2026, 7, 20))


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
