"""The pages behind links in mails: opening changes nothing, pressing does."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from consent import crypto
from consent.models import AuditEvent, OutboundEmail
from requests.enums import Outcome, State
from requests.errors import LinkEnded
from requests.models import Ticket, Verification
from requests.services import identity, letters
from tests import public

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(client):
    public.rows()
    return public.filed(client)


def rows():
    """Everything a visit could have changed."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Ticket, Verification, OutboundEmail, AuditEvent)
    ]


def test_a_scanner_may_open_the_link_a_thousand_times(ticket):
    link, before = public.link("confirm"), rows()
    scanner = Client()
    for _visit in range(10):
        assert scanner.get(link).status_code == 200
        assert scanner.head(link).status_code == 200
        assert scanner.get(link, headers={"sec-purpose": "prefetch"}).status_code == 200
    assert rows() == before
    assert "portal" not in scanner.cookies
    assert Client().post(link, {"press": "confirm"}).status_code == 303


def test_the_button_confirms_on_any_device(ticket):
    device = Client()
    assert "Confirm my email" in public.text(device.get(public.link("confirm")))
    answer = device.post(public.link("confirm"), {"press": "confirm"})
    assert answer["Location"] == f"/en/requests/{ticket.reference}/?done=confirmed"
    assert "Send my message" in public.text(device.get(answer["Location"]))
    ticket.refresh_from_db()
    assert ticket.state == State.TRIAGE
    assert [mail["template"] for mail in public.mails()] == ["confirm", "received"]


def test_a_second_press_says_already_and_opens_nothing(ticket):
    link = public.link("confirm")
    Client().post(link, {"press": "confirm"})
    before, thief = rows(), Client()
    for answer in (thief.get(link), thief.post(link, {"press": "confirm"})):
        assert answer.status_code == 200
        assert "Your email is confirmed already" in public.text(answer)
    assert rows() == before
    assert "Show that it is yours" in public.text(thief.get(f"/en/requests/{ticket.reference}/"))


def test_this_was_not_me_closes_and_silences(ticket):
    link = public.link("confirm")
    answer = Client().post(link, {"press": "not_me"})
    assert "Thank you for telling us" in public.text(answer)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.outcome) == (State.CLOSED, Outcome.NOT_A_REQUEST)
    assert Client().get(link).status_code == 404
    assert len(public.mails()) == 1


def test_a_press_without_a_known_name_changes_nothing(ticket):
    link, before = public.link("confirm"), rows()
    assert Client().post(link, {"press": "everything"}).status_code == 200
    assert Client().post(link).status_code == 200
    assert rows() == before


def test_an_ended_link_says_why_and_sends_a_new_one(client, ticket):
    link = public.link("confirm")
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        other = Client()
        for answer in (other.get(link), other.post(link, {"press": "confirm"})):
            assert answer.status_code == 410
            assert "Send a new link" in public.text(answer)
            assert "It worked until" in public.text(answer)
        assert "A new link is on its way" in public.text(other.post(link, {"press": "renew"}))
        ticket.refresh_from_db()
        assert ticket.confirmed_at is None
        assert other.get(link).status_code == 404
        assert other.post(public.link("confirm"), {"press": "confirm"}).status_code == 303


def test_an_ended_link_of_a_confirmed_request_opens_nothing(client, ticket):
    """The mailbox was shown by the code, the link was never pressed, and grew old."""
    row = Verification.objects.get(purpose="confirm")
    Verification.objects.filter(pk=row.pk).update(expires_at=timezone.now())
    Ticket.objects.filter(pk=ticket.pk).update(confirmed_at=timezone.now(), state=State.TRIAGE)
    assert Client().post(public.link("confirm"), {"press": "confirm"}).status_code == 410


def test_a_closed_request_cannot_be_confirmed(ticket):
    link = public.link("confirm")
    Ticket.objects.filter(pk=ticket.pk).update(
        state=State.CLOSED, outcome=Outcome.WITHDRAWN, closed_at=timezone.now()
    )
    for answer in (Client().get(link), Client().post(link, {"press": "confirm"})):
        assert answer.status_code == 410
        assert "Make a new request" in public.text(answer)


def test_follow_opens_the_request_for_this_browser(ticket):
    Client().post(public.link("confirm"), {"press": "confirm"})
    link, before = public.link("received"), rows()
    device = Client()
    assert "Open my request" in public.text(device.get(link))
    device.head(link)
    assert rows() == before
    answer = device.post(link, {"press": "open"})
    assert answer["Location"] == f"/en/requests/{ticket.reference}/"
    assert "Send my message" in public.text(device.get(answer["Location"]))


def test_an_old_follow_link_sends_a_new_one(ticket):
    Client().post(public.link("confirm"), {"press": "confirm"})
    old = public.link("received")
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert Client().get(old).status_code == 410
        assert Client().post(old, {"press": "open"}).status_code == 410
        assert "on its way" in public.text(Client().post(old, {"press": "renew"}))
        assert Client().post(public.link("received"), {"press": "open"}).status_code == 303


@pytest.fixture
def agent(client):
    public.rows()
    made = public.filed(client, filer="agent")
    client.post(public.link("confirm"), {"press": "confirm"})
    made.refresh_from_db()
    return made


def test_the_person_agrees_that_the_agent_may_act(client, agent):
    link, person = public.link("mandate"), Client()
    page = public.text(person.get(link))
    assert "Ana Hoxha made a request for you" in page
    assert "waiting for the person you act for" in public.text(
        client.get(f"/en/requests/{agent.reference}/")
    )
    said = person.post(link, {"press": "agree"})
    assert "The request goes on." in public.text(said)
    agent.refresh_from_db()
    assert (agent.mandate_at is not None, agent.subject.email) == (True, "leo@example.org")
    assert "Thank you" in public.text(person.post(link, {"press": "deny"}))
    agent.refresh_from_db()
    assert agent.state == State.TRIAGE


def test_the_persons_no_stops_everything(agent):
    said = Client().post(public.link("mandate"), {"press": "deny"})
    assert "We gave out no data." in public.text(said)
    agent.refresh_from_db()
    assert (agent.state, agent.outcome, agent.subject) == ("closed", "not_a_request", None)


def test_a_mandate_link_ends_after_fourteen_days(agent):
    link = public.link("mandate")
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        assert Client().post(link, {"press": "agree"}).status_code == 410
    agent.refresh_from_db()
    assert agent.mandate_at is None


def test_every_unknown_token_gets_the_same_answer(client, agent):
    """Also a good token at the wrong door: one secret, one purpose."""
    good = {name: public.link(name).split("/")[3] for name in ("confirm", "received", "mandate")}
    wrong = {
        "confirm": ["x", crypto.new_token(), good["received"], good["mandate"], "a" * 3000],
        "follow": [crypto.new_token(), good["confirm"], good["mandate"]],
        "mandate": [crypto.new_token(), good["confirm"], good["received"]],
    }
    flipped = good["mandate"].swapcase()
    wrong["mandate"].append(flipped)
    before = rows()
    answers = [
        press(f"/en/{door}/{token}/")
        for door, tokens in wrong.items()
        for token in tokens
        for press in (Client().get, Client().post)
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1
    assert rows() == before


@pytest.mark.parametrize("template", ["confirm", "received"])
def test_pages_of_secrets_are_kept_by_nobody_and_name_nobody_else(client, ticket, template):
    client.post(public.link("confirm"), {"press": "confirm"})
    answer = Client().get(public.link(template))
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    page = answer.content.decode()
    assert '<meta name="referrer" content="strict-origin">' in page
    assert "ana@example.org" not in page
    assert "Hoxha" not in page


def test_tokens_are_not_in_the_database(ticket):
    token = public.link("confirm").split("/")[3]
    row = Verification.objects.get(token_hash=crypto.token_hash(token))
    assert token not in str(list(Verification.objects.filter(pk=row.pk).values()))


def test_a_new_link_is_refused_after_too_many(client, ticket, monkeypatch):
    monkeypatch.setattr(letters, "may_mail", lambda _address: False)
    link = public.link("confirm")
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert Client().post(link, {"press": "renew"}).status_code == 429


def test_following_an_ended_link_is_refused_by_the_service_too(client, ticket):
    client.post(public.link("confirm"), {"press": "confirm"})
    row = Verification.objects.get(purpose="follow")
    row.expires_at = timezone.now() - timedelta(seconds=1)
    with pytest.raises(LinkEnded):
        identity.follow(row, browser="b")
