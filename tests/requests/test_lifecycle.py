import itertools

import pytest
from django.db import IntegrityError, transaction

from consent.models import AuditEvent
from requests.enums import NEXT, Filer, Level, Outcome, Purpose, State
from requests.errors import ChangedMeanwhile, GateClosed, IllegalMove
from requests.models import Ticket
from requests.services import identity, lifecycle, messages
from tests import factories

pytestmark = pytest.mark.django_db

WRITTEN = {
    "new": {"triage", "closed"},
    "triage": {"awaiting_requester", "in_progress", "closed"},
    "awaiting_requester": {"in_progress", "answered", "closed", "triage"},
    "in_progress": {"review", "closed"},
    "review": {"in_progress", "answered", "closed"},
    "answered": {"closed", "appeal"},
    "appeal": {"closed", "in_progress"},
    "closed": {"appeal", "in_progress", "triage"},
}


def test_the_table_of_moves_is_the_written_one():
    assert {before.value: {s.value for s in after} for before, after in NEXT.items()} == WRITTEN


@pytest.mark.parametrize(("before", "to"), list(itertools.product(State, State)))
def test_a_ticket_moves_only_as_the_table_says(before, to):
    ticket = factories.confirmed()
    extra = {
        State.AWAITING_REQUESTER: {"waiting_for": "clarification"},
        State.ANSWERED: {"outcome": Outcome.FULFILLED},
        State.CLOSED: {"outcome": Outcome.WITHDRAWN, "closed_at": ticket.received_at},
    }
    Ticket.objects.filter(pk=ticket.pk).update(state=before, **extra.get(before, {}))
    ticket.refresh_from_db()
    also = {"outcome": Outcome.FULFILLED} if to in {State.ANSWERED, State.CLOSED} else {}
    if to == State.AWAITING_REQUESTER:
        also = {"waiting_for": "clarification"}

    if to.value in WRITTEN[before.value]:
        lifecycle.move(ticket, to, by=None, **also)
        ticket.refresh_from_db()
        assert ticket.state == to
        assert (ticket.closed_at is not None) == (to == State.CLOSED)
    else:
        with pytest.raises(IllegalMove):
            lifecycle.move(ticket, to, by=None, **also)
        ticket.refresh_from_db()
        assert ticket.state == before


def test_an_illegal_move_says_what_is_possible():
    ticket = factories.ticket()

    with pytest.raises(IllegalMove) as raised:
        lifecycle.move(ticket, State.ANSWERED, by=None)

    assert str(raised.value) == (
        f"Request {ticket.reference} is “Received”, so it cannot become “Answered”. "
        "It can become: Being checked, Closed."
    )


def test_starting_work_records_who_and_gives_the_ticket_a_handler():
    officer = factories.officer()
    ticket = factories.confirmed()

    lifecycle.start_work(ticket.pk, by=officer)

    ticket.refresh_from_db()
    event = AuditEvent.objects.filter(action="ticket.moved").first()
    assert (ticket.state, ticket.handler) == (State.IN_PROGRESS, officer)
    assert (event.actor_id, event.data) == (
        officer.pk,
        {"from": "triage", "to": "in_progress"},
    )


def test_work_does_not_start_before_the_mailbox_is_confirmed():
    ticket = factories.ticket()

    with pytest.raises(GateClosed, match="has not confirmed their email"):
        lifecycle.start_work(ticket.pk, by=factories.officer())

    ticket.refresh_from_db()
    assert ticket.state == State.NEW


def test_work_for_an_agent_waits_for_the_person():
    ticket = factories.confirmed(
        filer=Filer.AGENT, person_name="Leo", person_email="leo@example.org"
    )
    with pytest.raises(GateClosed, match="agent may act"):
        lifecycle.start_work(ticket.pk, by=None)

    identity.answer_mandate(ticket.verifications.get(purpose=Purpose.MANDATE), agreed=True)
    lifecycle.start_work(ticket.pk, by=None)

    ticket.refresh_from_db()
    assert ticket.state == State.IN_PROGRESS
    assert ticket.subject.email == "leo@example.org"


def test_an_opt_out_is_worked_on_without_any_proof():
    right = factories.RightRuleFactory(
        code="opt_out_sale_share", level=Level.NONE, regimes=["US-CA-OPTOUT"]
    )
    ticket = factories.ticket(right=right, email="", name="")

    lifecycle.start_work(ticket.pk, by=None)

    ticket.refresh_from_db()
    assert ticket.state == State.IN_PROGRESS
    assert not ticket.verifications.exists()


def test_withdrawing_twice_is_withdrawing_once():
    ticket = factories.confirmed()

    lifecycle.withdraw(ticket.pk)
    lifecycle.withdraw(ticket.pk)

    ticket.refresh_from_db()
    assert (ticket.state, ticket.outcome) == (State.CLOSED, Outcome.WITHDRAWN)
    assert AuditEvent.objects.filter(action="ticket.moved", data__to="closed").count() == 1


def test_an_answered_request_cannot_be_withdrawn():
    ticket = factories.confirmed()
    Ticket.objects.filter(pk=ticket.pk).update(state=State.ANSWERED, outcome=Outcome.FULFILLED)

    with pytest.raises(GateClosed, match="answered already"):
        lifecycle.withdraw(ticket.pk)


def test_an_officer_sees_what_was_added_before_acting_on_it():
    ticket = factories.confirmed()
    opened_at = ticket.version
    messages.write_to_office(ticket.pk, "one more thing")

    with pytest.raises(ChangedMeanwhile):
        lifecycle.start_work(ticket.pk, by=factories.officer(), seen=opened_at)

    ticket.refresh_from_db()
    assert ticket.state == State.TRIAGE


@pytest.mark.parametrize(
    "broken",
    [
        {"state": State.CLOSED, "outcome": Outcome.WITHDRAWN},
        {"closed_at": factories.RECEIVED},
        {"outcome": Outcome.REFUSED, "denial_code": ""},
        {"state": State.ANSWERED, "outcome": ""},
        {"state": State.AWAITING_REQUESTER},
        {"waiting_for": "identity"},
    ],
    ids="-".join,
)
def test_the_database_itself_refuses_half_a_state(broken):
    ticket = factories.confirmed()

    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(**broken)
