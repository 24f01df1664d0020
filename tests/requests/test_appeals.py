"""Looking again (T12, T13) and opening again (T16): by whom, by when, and what stays barred."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.utils import timezone

from consent.models import OutboundEmail
from requests.enums import DenialCode, Outcome, Purpose, State
from requests.errors import GateClosed, IllegalMove, ReviewerInvolved
from requests.models import Decision, Ticket
from requests.services import (
    appeals,
    clocks,
    decisions,
    extensions,
    identity,
    lifecycle,
    reasons,
    reopening,
)
from tests import factories

pytestmark = pytest.mark.django_db

ANSWERED = datetime(2026, 6, 20, 9, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(ANSWERED, tick=False) as moved:
        yield moved


@pytest.fixture
def people():
    return {"besa": factories.officer(), "drita": factories.lead(), "ilir": factories.lead("ilir")}


def refused_ticket(clock, people, **fields):
    ticket = factories.in_progress(by=people["besa"], **fields)
    decision = decisions.prepare(
        ticket.pk,
        outcome=Outcome.REFUSED,
        denial_code=DenialCode.EXCESSIVE,
        body="No.",
        checked=[],
        by=people["besa"],
    )
    decisions.approve(decision.pk, by=people["drita"])
    clock.shift(16)
    decisions.release_due()
    ticket.refresh_from_db()
    return ticket


def colorado():
    return factories.JurisdictionFactory(
        code="US-CO", regimes=["US-CO"], time_zone="America/Denver"
    )


def test_where_the_law_knows_an_appeal_its_time_counts(clock, people):
    """Colorado: 45 days from 20 June is 4 August."""
    ticket = refused_ticket(clock, people, residence=colorado())

    appeals.ask_again(ticket.pk, "You forgot my orders.")

    ticket.refresh_from_db()
    assert (ticket.state, ticket.handler) == (State.APPEAL, None)
    assert ticket.due_on == date(2026, 8, 4)
    assert ticket.outcome == Outcome.REFUSED  # it stands until it is overturned
    assert reasons.lines(ticket.clock)[-1].startswith(
        "The decision about our answer is due on 4 August 2026."
    )
    assert OutboundEmail.objects.filter(template="looking_again").count() == 1


def test_elsewhere_the_promise_is_the_time(clock, people):
    """GDPR names no appeal to us: 30 days from 20 June is 20 July."""
    ticket = refused_ticket(clock, people)
    appeals.ask_again(ticket.pk, "Look again.")
    ticket.refresh_from_db()
    assert (ticket.due_on, ticket.clock["leading"]) == (date(2026, 7, 20), "PROMISE-30")


def test_a_letter_counts_from_the_day_it_came(clock, people):
    ticket = refused_ticket(clock, people)
    clock.move_to(datetime(2026, 7, 1, 9, tzinfo=UTC))
    appeals.ask_again(
        ticket.pk, "By post", by=people["besa"], at=datetime(2026, 6, 25, 9, tzinfo=UTC)
    )
    ticket.refresh_from_db()
    assert ticket.due_on == date(2026, 7, 25)
    assert not appeals.may_ask_again(ticket)


@pytest.mark.parametrize("day", [19, 30])
def test_it_cannot_be_asked_before_the_answer_or_tomorrow(clock, people, day):
    ticket = refused_ticket(clock, people)
    with pytest.raises(GateClosed, match="later than now, nor before our answer"):
        appeals.ask_again(ticket.pk, "x", at=datetime(2026, 6, day, 9, tzinfo=UTC))
    ticket.refresh_from_db()
    assert ticket.state == State.ANSWERED


def test_who_answered_does_not_decide(clock, people):
    """Neither who prepared nor who checked, nor by taking it first (INV-08)."""
    ticket = refused_ticket(clock, people)
    appeals.ask_again(ticket.pk, "Look again.")
    for name in ("besa", "drita"):
        for act in (
            lambda who: appeals.uphold(ticket.pk, body="No.", by=who),
            lambda who: appeals.overturn(ticket.pk, body="Yes.", by=who),
            lambda who: lifecycle.take(ticket.pk, by=who),
        ):
            with pytest.raises(ReviewerInvolved):
                act(people[name])
    ticket.refresh_from_db()
    assert (ticket.state, ticket.handler) == (State.APPEAL, None)


def test_who_only_entered_the_letter_may_decide(clock, people):
    ticket = refused_ticket(clock, people)
    appeals.ask_again(ticket.pk, "By post", by=people["ilir"])
    appeals.uphold(ticket.pk, body="The answer is right, because …", by=people["ilir"])
    ticket.refresh_from_db()
    assert ticket.state == State.CLOSED


def test_upholding_closes_with_a_written_decision(clock, people):
    ticket = refused_ticket(clock, people)
    appeals.ask_again(ticket.pk, "Look again.")
    lifecycle.take(ticket.pk, by=people["ilir"])
    with pytest.raises(GateClosed, match="with its reasons"):
        appeals.uphold(ticket.pk, body="Because […]", by=people["ilir"])

    appeals.uphold(ticket.pk, body="It was the tenth request.", by=people["ilir"])

    ticket.refresh_from_db()
    assert (ticket.state, ticket.outcome) == (State.CLOSED, Outcome.REFUSED)
    assert ticket.answered_at == timezone.now()
    assert ticket.messages.last().body == "It was the tenth request."
    assert Decision.objects.filter(ticket=ticket, prepared_by=people["ilir"]).count() == 1
    mail = OutboundEmail.objects.get(template="looked_again")
    assert (mail.due_at - timezone.now()).seconds == 15
    with pytest.raises(GateClosed, match="looked at it again already"):
        appeals.ask_again(ticket.pk, "And again")


def test_overturning_starts_the_work_again_by_the_same_day(clock, people):
    ticket = refused_ticket(clock, people, residence=colorado())
    appeals.ask_again(ticket.pk, "Look again.")

    appeals.overturn(ticket.pk, body="You are right.", by=people["ilir"])

    ticket.refresh_from_db()
    assert (ticket.state, ticket.outcome, ticket.denial_code) == (State.IN_PROGRESS, "", "")
    assert (ticket.answered_at, ticket.due_on) == (None, date(2026, 8, 4))


def test_two_clicks_ask_once(clock, people):
    ticket = refused_ticket(clock, people)
    for _twice in range(2):
        appeals.ask_again(ticket.pk, "Look again.", nonce="n1")
    assert ticket.clock_events.filter(kind="appeal_received").count() == 1


@pytest.mark.parametrize(
    "outcome", [Outcome.FULFILLED, Outcome.WITHDRAWN, Outcome.DUPLICATE, Outcome.NOT_CONFIRMED]
)
def test_nothing_is_looked_at_again_where_nothing_was_refused(clock, outcome):
    ticket = factories.in_progress()
    Ticket.objects.filter(pk=ticket.pk).update(
        state=State.CLOSED, outcome=outcome, closed_at=ANSWERED
    )
    with pytest.raises(GateClosed, match="no answer that we could look at again"):
        appeals.ask_again(ticket.pk, "Look again.")


def test_an_open_request_is_not_appealed_but_written_to(clock):
    ticket = factories.in_progress()
    with pytest.raises(GateClosed, match="not answered yet"):
        appeals.ask_again(ticket.pk, "Hurry")
    with pytest.raises(IllegalMove):
        appeals.uphold(ticket.pk, body="No.", by=factories.lead())


# --- opening again --------------------------------------------------------------------


def closed(clock, people):
    ticket = refused_ticket(clock, people)
    lifecycle.close(ticket.pk, by=people["besa"])
    ticket.refresh_from_db()
    return ticket


def test_what_is_new_has_a_new_clock(clock, people):
    """New facts on 1 October: the promise ends on 31 October, the month on Sunday, so Monday."""
    ticket = closed(clock, people)
    clock.move_to(datetime(2026, 10, 3, 9, tzinfo=UTC))

    reopening.reopen(
        ticket.pk,
        reason="A second account",
        at=datetime(2026, 10, 1, 9, tzinfo=UTC),
        told="We look again.",
        by=people["besa"],
    )

    ticket.refresh_from_db()
    assert (ticket.state, ticket.handler) == (State.IN_PROGRESS, people["besa"])
    assert (ticket.outcome, ticket.denial_code, ticket.answered_at) == ("", "", None)
    assert ticket.closed_at is None
    assert ticket.due_on == date(2026, 10, 31)
    assert ticket.clock["per_regime"]["EU-GDPR"]["legal_due"] == "2026-11-02"
    assert ticket.clock_events.last().reason == "A second account"
    assert ticket.messages.last().body == "We look again."
    # The new clock has its own extension; the old events stay in the file.
    extensions.extend(ticket.pk, reason="complexity", by=people["besa"])
    ticket.refresh_from_db()
    assert ticket.due_on == date(2027, 1, 1)
    assert ticket.clock_events.filter(kind="received").count() == 1


def test_opening_again_drops_no_check_of_identity(clock):
    """SECURITY T-07: a request nobody confirmed stays unconfirmed, whatever happened between."""
    ticket = factories.ticket()
    identity.not_me(ticket.verifications.get(purpose=Purpose.CONFIRM))
    ticket.refresh_from_db()
    assert ticket.state == State.CLOSED

    with pytest.raises(GateClosed, match="has not confirmed their email"):
        reopening.reopen(ticket.pk, reason="new facts", by=factories.officer())
    with pytest.raises((GateClosed, IllegalMove)):
        lifecycle.start_work(ticket.pk, by=factories.officer("other"))
    ticket.refresh_from_db()
    assert ticket.state == State.CLOSED


def test_a_closed_request_is_opened_with_a_reason_and_not_by_the_start_button(clock, people):
    ticket = closed(clock, people)
    with pytest.raises(IllegalMove):
        lifecycle.start_work(ticket.pk, by=people["besa"])
    with pytest.raises(GateClosed, match="what is new"):
        reopening.reopen(ticket.pk, reason=" ", by=people["besa"])
    with pytest.raises(GateClosed, match="later than now"):
        reopening.reopen(
            ticket.pk, reason="x", at=datetime(2026, 7, 1, tzinfo=UTC), by=people["besa"]
        )
    with pytest.raises(GateClosed, match="before the request itself"):
        reopening.reopen(
            ticket.pk, reason="x", at=datetime(2026, 6, 1, tzinfo=UTC), by=people["besa"]
        )


@pytest.mark.parametrize("state", [State.TRIAGE, State.IN_PROGRESS, State.REVIEW, State.APPEAL])
def test_only_a_closed_request_is_opened_again(clock, state):
    ticket = factories.in_progress()
    Ticket.objects.filter(pk=ticket.pk).update(state=state)
    with pytest.raises(IllegalMove):
        reopening.reopen(ticket.pk, reason="x", by=factories.officer())


def test_replaying_the_facts_gives_the_same_dates(clock, people):
    ticket = closed(clock, people)
    reopening.reopen(ticket.pk, reason="x", by=people["besa"])
    ticket.refresh_from_db()
    assert clocks.explain(ticket).due_on == ticket.due_on
