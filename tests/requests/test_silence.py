"""A person who never answers gets an answer, but not before their time is over (T06)."""

from datetime import UTC, datetime

import pytest
import time_machine

from consent.models import OutboundEmail
from consent.services import audit
from requests.enums import Outcome, State, Waiting
from requests.errors import GateClosed, IllegalMove
from requests.services import appeals, messages, silence
from tests import factories

pytestmark = pytest.mark.django_db

ASKED = datetime(2026, 6, 10, 9, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(ASKED, tick=False) as moved:
        yield moved


@pytest.fixture
def besa():
    return factories.officer()


def asked(besa, about=Waiting.CLARIFICATION):
    ticket = factories.confirmed()
    messages.ask(ticket.pk, "Which?", about=about, doubt="Another name", by=besa)
    ticket.refresh_from_db()
    return ticket


def end(ticket, by, body="We cannot go on without your answer."):
    silence.end(ticket.pk, body=body, by=by)
    ticket.refresh_from_db()


@pytest.mark.parametrize(
    ("about", "outcome", "code"),
    [
        (Waiting.CLARIFICATION, Outcome.EXPIRED, ""),
        (Waiting.IDENTITY, Outcome.IDENTITY_NOT_PROVED, "G3_identity"),
    ],
)
def test_on_the_day_the_person_must_hear_from_us(clock, besa, about, outcome, code):
    ticket = asked(besa, about)
    clock.move_to(datetime(2026, 7, 8, 9, tzinfo=UTC))
    with pytest.raises(GateClosed, match="has time until 9 July 2026"):
        end(ticket, besa)
    ticket.refresh_from_db()
    assert ticket.state == State.AWAITING_REQUESTER

    clock.move_to(datetime(2026, 7, 9, 9, tzinfo=UTC))
    end(ticket, besa)

    assert (ticket.state, ticket.outcome, ticket.denial_code) == (State.ANSWERED, outcome, code)
    assert ticket.messages.last().body == "We cannot go on without your answer."
    mail = OutboundEmail.objects.get(template="answered")
    assert (mail.due_at - datetime(2026, 7, 9, 9, tzinfo=UTC)).seconds == 15
    assert appeals.may_ask_again(ticket)


def test_or_after_two_reminders(clock, besa):
    ticket = asked(besa)
    for day, ends in ((17, False), (24, True)):
        clock.move_to(datetime(2026, 6, day, 9, tzinfo=UTC))
        audit.record("ticket.person_reminded", target=ticket, by=None, data={"reminder": "waiting"})
        assert (silence.refused(ticket) == "") == ends
    end(ticket, besa)
    assert ticket.outcome == Outcome.EXPIRED


def test_a_letter_with_gaps_or_without_words_ends_nothing(clock, besa):
    ticket = asked(besa)
    clock.move_to(datetime(2026, 7, 9, 9, tzinfo=UTC))
    for body, by in ((" ", besa), ("Because […]", besa), ("Fine", None)):
        with pytest.raises(GateClosed, match="what the person is told"):
            end(ticket, by, body)


def test_who_answered_in_time_is_worked_on(clock, besa):
    ticket = asked(besa)
    messages.write_to_office(ticket.pk, "This one.")
    clock.move_to(datetime(2026, 8, 1, 9, tzinfo=UTC))
    with pytest.raises(IllegalMove):
        end(ticket, besa)
