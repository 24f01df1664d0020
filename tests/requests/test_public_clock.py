"""What the person sees of the clock: the date, why it stands or moved, and how to ask again."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from requests.enums import DenialCode, Outcome, State, Waiting
from requests.models import Ticket
from requests.services import decisions, extensions, lifecycle, messages
from tests import factories, public

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 20, 9, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture
def ticket(clock, client):
    """Filed and confirmed in this browser; an officer is at work."""
    public.rows()
    made = public.filed(client)
    client.post(public.link("confirm"), {"press": "confirm"})
    lifecycle.start_work(made.pk, by=factories.officer())
    return Ticket.objects.get(pk=made.pk)


def page_of(ticket, language="en"):
    return f"/{language}/requests/{ticket.reference}/"


def again(ticket):
    return page_of(ticket) + "again/"


def refuse(ticket, clock):
    decision = decisions.prepare(
        ticket.pk,
        outcome=Outcome.REFUSED,
        denial_code=DenialCode.EXCESSIVE,
        body="No.",
        checked=[],
        by=factories.officer("writer"),
    )
    decisions.approve(decision.pk, by=factories.lead())
    clock.shift(16)
    decisions.release_due()


def test_a_clock_that_stands_still_says_since_when_and_why(client, ticket):
    due = ticket.due_on
    messages.ask(ticket.pk, "Which account?", about=Waiting.CLARIFICATION, by=None)
    text = client.get(page_of(ticket)).content.decode()
    assert "Our time has stood still since 20 June 2026, because we wait for your answer." in text
    assert "You hear from us by <strong>20 July 2026</strong>." in text
    assert due == date(2026, 7, 20)
    assert "You will have an answer by" not in text


def test_more_time_is_told_with_its_reason(client, ticket):
    extensions.extend(ticket.pk, reason="complexity", by=None)
    text = client.get(page_of(ticket)).content.decode()
    assert "On 20 June 2026 we took more time." in text
    assert "Your request is complex, and the work takes longer." in text
    assert "You will have an answer by <strong>21 September 2026</strong>." in text


def test_the_person_asks_to_look_again_on_a_page_of_its_own(client, ticket, clock):
    assert again(ticket) not in client.get(page_of(ticket)).content.decode()
    refuse(ticket, clock)
    assert again(ticket) in client.get(page_of(ticket)).content.decode()
    form = client.get(again(ticket)).context["form"]
    fields = {"nonce": form["nonce"].value(), "body": "You forgot my orders."}

    for _twice in range(2):
        answer = client.post(again(ticket), fields)
        assert (answer.status_code, answer["Location"]) == (303, f"{page_of(ticket)}?done=again")

    made = Ticket.objects.get(pk=ticket.pk)
    assert (made.state, made.due_on) == (State.APPEAL, date(2026, 7, 20))
    assert made.messages.filter(body="You forgot my orders.").count() == 1
    text = client.get(page_of(ticket)).content.decode()
    assert "You will have our decision by <strong>20 July 2026</strong>." in text
    assert again(ticket) not in text


def test_without_words_nothing_is_asked(client, ticket, clock):
    refuse(ticket, clock)
    answer = client.post(again(ticket), {"body": "  ", "nonce": "n"})
    assert answer.status_code == 422
    assert "Write your message" in answer.content.decode()
    assert Ticket.objects.get(pk=ticket.pk).state == State.ANSWERED


def test_looking_at_the_page_changes_nothing(client, ticket, clock):
    refuse(ticket, clock)
    client.get(again(ticket))
    assert Ticket.objects.get(pk=ticket.pk).state == State.ANSWERED


def test_another_browser_cannot_ask(client, ticket, clock):
    refuse(ticket, clock)
    client.cookies.clear()
    answer = client.post(again(ticket), {"body": "Again", "nonce": "n"})
    assert (answer.status_code, answer["Location"]) == (302, page_of(ticket))
    assert Ticket.objects.get(pk=ticket.pk).state == State.ANSWERED


def test_a_machine_that_fills_every_field_asks_nothing(client, ticket, clock):
    refuse(ticket, clock)
    client.post(again(ticket), {"body": "Again", "nonce": "n", "website": "x"})
    assert Ticket.objects.get(pk=ticket.pk).state == State.ANSWERED


def test_where_all_was_done_there_is_nothing_to_look_at(client, ticket):
    Ticket.objects.filter(pk=ticket.pk).update(state=State.ANSWERED, outcome=Outcome.FULFILLED)
    assert again(ticket) not in client.get(page_of(ticket)).content.decode()
    assert client.get(again(ticket)).status_code == 303
    assert client.post(again(ticket), {"body": "Again", "nonce": "n"}).status_code == 422
    assert Ticket.objects.get(pk=ticket.pk).state == State.ANSWERED
