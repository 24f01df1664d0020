"""SECURITY T-07: no way of states leads from a person nobody verified to an answer that leaves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.errors import PortalError
from requests.enums import DenialCode, Level, Outcome, State, Waiting
from requests.models import Decision, Message, Ticket
from requests.services import (
    appeals,
    decisions,
    extensions,
    lifecycle,
    messages,
    recounting,
    reopening,
    silence,
)
from tests import factories

pytestmark = pytest.mark.django_db

# Everything an officer or the person can do with a request, short of showing who they are.
MOVES = {
    "take": lambda pk, who: lifecycle.take(pk, by=who),
    "start": lambda pk, who: lifecycle.start_work(pk, by=who),
    "close": lambda pk, who: lifecycle.close(pk, by=who),
    "withdraw": lambda pk, _who: lifecycle.withdraw(pk),
    "ask": lambda pk, who: messages.ask(pk, "?", about=Waiting.CLARIFICATION, by=who),
    "identity": lambda pk, who: messages.ask(pk, "?", about=Waiting.IDENTITY, doubt="d", by=who),
    "write": lambda pk, _who: messages.write_to_office(pk, "Hello"),
    "tell": lambda pk, who: messages.write_to_person(pk, "Hello", by=who),
    "arrived": lambda pk, who: messages.arrived(pk, at=timezone.now(), how="x", by=who),
    "silence": lambda pk, who: silence.end(pk, body="x", by=who),
    "extend": lambda pk, who: extensions.extend(pk, reason="complexity", by=who),
    "aside": lambda pk, who: decisions.set_aside(
        pk, outcome=Outcome.DUPLICATE, reason="x", by=who
    ),
    "reopen": lambda pk, who: reopening.reopen(pk, reason="x", by=who),
    "again": lambda pk, _who: appeals.ask_again(pk, "x"),
    "overturn": lambda pk, who: appeals.overturn(pk, body="x", by=who),
    "residence": lambda pk, who: recounting.change_residence(
        pk, residence=None, reason="x", by=who
    ),
    "answer": lambda pk, who: decisions.prepare(
        pk, outcome=Outcome.FULFILLED, body="All your data", checked=["copy"], by=who
    ),
    "refuse": lambda pk, who: decisions.prepare(
        pk, outcome=Outcome.REFUSED, denial_code=DenialCode.EXCESSIVE, body="No", checked=[], by=who
    ),
    "approve": lambda pk, who: decisions.approve(
        Decision.objects.filter(ticket=pk).latest("pk").pk, by=who
    ),
}  # fmt: skip


def unconfirmed():
    return factories.ticket()


def no_mailbox():
    return factories.ticket(email="")


def agent_alone():
    return factories.confirmed(filer="agent", person_name="Leo", person_email="leo@example.org")


def mailbox_only():
    right = factories.RightRuleFactory(code="know_specific", level=Level.HIGH)
    return factories.confirmed(right=right)


@pytest.mark.slow
@pytest.mark.parametrize("make", [unconfirmed, no_mailbox, agent_alone, mailbox_only])
@pytest.mark.parametrize("state", [state for state in State if state != State.ANSWERED])
def test_no_answer_leaves_for_somebody_nobody_verified(make, state):
    """From every state, each pair of moves in a row; then whatever waits is released."""
    ticket, first, second = make(), factories.officer(), factories.lead()
    fields = {"state": state}
    if state == State.CLOSED:
        fields |= {"closed_at": timezone.now(), "outcome": Outcome.DUPLICATE}
    if state == State.APPEAL:
        fields |= {"outcome": Outcome.NO_DATA_HELD}
    if state == State.AWAITING_REQUESTER:
        fields |= {"waiting_for": Waiting.IDENTITY}
    for one in MOVES:
        for other in MOVES:
            Decision.objects.filter(ticket=ticket).delete()
            Ticket.objects.filter(pk=ticket.pk).update(
                **{"closed_at": None, "outcome": "", "denial_code": "", "waiting_for": ""} | fields
            )
            went = moved(one, ticket, first)
            if went:
                moved(other, ticket, second)
            decisions.release_due(now=timezone.now() + timedelta(minutes=1))
            now = Ticket.objects.get(pk=ticket.pk)
            assert not lifecycle.is_verified(now), (one, other)
            assert not Message.objects.filter(body="All your data").exists(), (one, other)
            assert now.outcome not in {Outcome.FULFILLED, Outcome.REFUSED}, (one, other)
            if not went:
                break  # what is refused at once leads nowhere with any second move


def moved(name, ticket, who):
    try:
        MOVES[name](ticket.pk, who)
    except (PortalError, Decision.DoesNotExist):
        return False
    return True
