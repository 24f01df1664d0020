"""One button: no mail, no identity, a number as proof."""

import pytest
from django.test import Client

from consent.models import OutboundEmail
from requests.enums import Level, State
from requests.models import Ticket
from requests.services import places
from tests import factories, public

pytestmark = pytest.mark.django_db

PAGE = "/en/do-not-sell/"


@pytest.fixture(autouse=True)
def _rows():
    public.rows(
        code="opt_out_sale_share",
        goal_en="Do not sell or share my data",
        level=Level.NONE,
        one_button=True,
        filers=["person"],
    )


def press(client, **typed):
    nonce = public.value(client.get(PAGE), "nonce")
    return client.post(PAGE, {"nonce": nonce, **typed})


def test_one_press_is_enough(client):
    answer = press(client)
    ticket = Ticket.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/en/requests/{ticket.reference}/")
    assert (ticket.state, ticket.email, ticket.name) == (State.TRIAGE, "", "")
    assert client.cookies["opt_out_sale_share"].value == "1"
    page = public.text(client.get(answer["Location"]))
    assert "We saved your choice." in page
    assert ticket.reference in page
    assert "Want it for all devices?" in page
    assert OutboundEmail.objects.count() == 0


def test_looking_at_the_page_is_no_choice(client):
    page = client.get(PAGE).content.decode()
    client.head(PAGE)
    assert Ticket.objects.count() == 0
    assert dict(client.cookies) == {} or "opt_out_sale_share" not in client.cookies
    assert 'type="email"' not in page


def test_two_clicks_before_the_first_answer_make_one_choice(client):
    nonce = public.value(client.get(PAGE), "nonce")
    first, second = Client(), Client()  # the second click left before the cookie came
    one, two = first.post(PAGE, {"nonce": nonce}), second.post(PAGE, {"nonce": nonce})
    assert one["Location"] == two["Location"]
    assert Ticket.objects.count() == 1
    assert "We saved your choice." in public.text(second.get(two["Location"]))


def test_a_nonce_that_is_not_ours_is_replaced(client):
    answers = [client.post(PAGE, {"nonce": nonce}) for nonce in ("", "x", "\x00" * 43, "a" * 900)]
    assert {answer.status_code for answer in answers} == {303}
    assert Ticket.objects.count() == 4


def test_the_email_is_optional_and_never_confirmed(client):
    there = press(client)["Location"]
    assert client.post(there, {"do": "email", "email": "ana@"}).status_code == 422
    answer = client.post(there, {"do": "email", "email": "ana@example.org"})
    assert answer["Location"] == f"{there}?done=added"
    ticket = Ticket.objects.get()
    assert (ticket.email, ticket.state) == ("ana@example.org", State.TRIAGE)
    assert [mail["template"] for mail in public.mails()] == ["received"]
    page = public.text(client.get(there))
    assert "Want it for all devices?" not in page
    assert "Send my message" not in page  # the mailbox may be somebody else's
    client.post(there, {"do": "email", "email": "eve@example.org"})
    assert Ticket.objects.get().email == "ana@example.org"


def test_a_machine_in_the_trap_changes_nothing(client):
    assert press(client, website="x")["Location"] == "/en/"
    assert Ticket.objects.count() == 0
    assert "opt_out_sale_share" not in client.cookies


def test_each_right_with_one_button_has_its_page(client):
    factories.RightRuleFactory(code="limit_sensitive", level="V0", one_button=True, filers=[])
    places.forget()
    answer = client.post("/en/opt-out/limit_sensitive/", {"nonce": ""})
    assert answer.status_code == 303
    assert client.cookies["limit_sensitive"].value == "1"
    assert client.get("/en/requests/new/limit_sensitive/")["Location"] == (
        "/en/opt-out/limit_sensitive/"
    )


def test_a_right_with_a_form_has_no_button_page(client):
    factories.RightRuleFactory()
    places.forget()
    assert client.get("/en/opt-out/access/").status_code == 404
