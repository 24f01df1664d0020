"""From the start page to the status page."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.models import DataSubject, OutboundEmail
from requests.models import Draft, Ticket
from requests.services import places
from tests import factories, public

pytestmark = pytest.mark.django_db

NEW = "/en/requests/new/access/"


@pytest.fixture(autouse=True)
def _rows():
    public.rows()


def test_a_request_is_filed_with_two_typed_and_two_chosen_answers(client):
    answer = public.send(client)

    ticket = Ticket.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == f"/en/requests/{ticket.reference}/"
    assert (ticket.name, ticket.email, ticket.residence.code) == (
        "Ana Hoxha",
        "ana@example.org",
        "IE",
    )
    assert (ticket.language, ticket.filer, ticket.state) == ("en", "person", "new")
    assert DataSubject.objects.count() == 0


def test_the_confirmation_is_the_status_page(client):
    answer = client.get(public.send(client)["Location"])

    page = public.text(answer)
    ticket = Ticket.objects.get()
    assert ticket.reference in page
    assert f"You will have an answer by {ticket.due_on.day} " in page
    assert "confirm your email" in page
    assert b'autocomplete="one-time-code" inputmode="numeric"' in answer.content


def test_the_date_is_shown_before_sending_and_is_the_one_that_counts(client):
    public.fill(client)
    page = public.text(client.get(f"{NEW}check/"))
    client.post(f"{NEW}check/")
    ticket = Ticket.objects.get()
    assert f"We will answer by {ticket.due_on.day} {ticket.due_on:%B %Y}" in page
    assert "Why this date?" in page
    assert "The time the law gives ends on" in page


def test_nothing_is_chosen_before_the_person_chooses(client):
    page = client.get(NEW).content.decode()
    assert "checked" not in page
    assert '<option value="" selected>' in page
    assert '<option value="-">I prefer not to say</option>' in page


def test_who_lives_where_need_not_be_said(client):
    assert public.filed(client, residence="-").residence is None


def test_albanian_people_get_an_albanian_request(client):
    assert public.filed(client, language="sq").language == "sq"
    assert "/sq/confirm/" in public.link("confirm")


def test_two_clicks_make_one_request(client):
    public.fill(client)
    first, second = client.post(f"{NEW}check/"), client.post(f"{NEW}check/")

    assert first["Location"] == second["Location"]
    assert Ticket.objects.count() == OutboundEmail.objects.count() == 1


def test_back_after_sending_shows_the_request(client):
    location = public.send(client)["Location"]
    assert client.get(f"{NEW}check/")["Location"] == location
    assert Ticket.objects.count() == 1


def test_a_second_request_of_the_same_kind_starts_empty(client):
    public.send(client)
    assert "Ana Hoxha" not in client.get(NEW).content.decode()
    public.send(client, name="Ana H.")
    assert list(Ticket.objects.order_by("pk").values_list("name", flat=True)) == [
        "Ana Hoxha",
        "Ana H.",
    ]


def test_back_keeps_what_was_typed(client):
    public.fill(client, name="Ëngjëll Çela")
    page = client.get(NEW).content.decode()
    assert 'value="Ëngjëll Çela"' in page
    assert 'value="person" id="filer_0" checked' in page


def test_the_language_can_change_in_the_middle_of_the_form(client):
    typed = {"name": "Ana", "email": "ana@", "residence": "IE", "switch": "sq"}
    answer = client.post(NEW, typed)
    assert answer["Location"] == "/sq/requests/new/access/"
    page = client.get(answer["Location"]).content.decode()
    assert '<html lang="sq"' in page
    assert 'value="Ana"' in page
    assert 'value="ana@"' in page
    assert '<option value="IE" selected>' in page


def test_change_leads_back_to_the_check_page(client):
    public.fill(client)
    typed = {**public.ABOUT, "name": "Ana H.", "began": public.begin(client)}
    answer = client.post(NEW, typed)
    assert answer["Location"] == f"{NEW}check/"
    assert "Ana H." in public.text(client.get(f"{NEW}check/"))


def test_a_mistake_says_what_to_do_and_keeps_the_text(client):
    answer = client.post(NEW, {**public.ABOUT, "email": "ana@example", "name": ""})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: Who is asking?" in page
    assert page.count("Enter your name") == 2  # in the summary and at the field
    assert '<a href="#email">Enter an email address like name@example.com</a>' in page
    assert 'class="error-summary narrow" role="alert" tabindex="-1" autofocus' in page
    assert 'value="ana@example"' in page
    assert Draft.objects.count() == 0


def test_4001_signs_are_refused_and_kept(client):
    text = "ë" * 4001
    answer = public.fill(client, details={"details": text})
    assert answer.status_code == 422
    assert "must be 4,000 characters or fewer" in public.text(answer)
    assert text in answer.content.decode()
    assert "maxlength" not in answer.content.decode()


def test_an_agent_says_who_for(client):
    ticket = public.filed(client, filer="agent")
    assert (ticket.filer, ticket.person_name, ticket.person_email) == (
        "agent",
        "Leo Dema",
        "leo@example.org",
    )


def test_the_pages_are_counted(client):
    began = public.begin(client)
    assert "Question 1 of 2" in public.text(client.get(NEW))
    client.post(NEW, {**public.ABOUT, "filer": "agent", "began": began})
    assert "Question 2 of 3" in public.text(client.get(f"{NEW}person/"))


def test_no_page_is_reached_before_the_ones_it_needs(client):
    assert client.get(f"{NEW}details/")["Location"] == NEW
    assert client.get(f"{NEW}check/")["Location"] == NEW
    assert client.get(f"{NEW}nothing/")["Location"] == NEW
    assert client.post(f"{NEW}check/").status_code == 409
    public.begin(client)
    client.post(NEW, public.ABOUT)
    assert client.post(f"{NEW}check/")["Location"] == f"{NEW}details/"
    assert Ticket.objects.count() == 0


def test_three_seconds_are_too_quick_and_four_are_not(client):
    public.fill(client, seconds=1)
    answer = client.post(f"{NEW}check/")
    assert answer.status_code == 422
    assert "Wait a few seconds, then press “Send my request” again" in public.text(answer)
    assert "Ana Hoxha" in public.text(answer)

    with time_machine.travel(timezone.now() + timedelta(seconds=3)):
        assert client.post(f"{NEW}check/").status_code == 303


def test_a_forged_start_counts_as_now(client):
    client.post(NEW, {**public.ABOUT, "began": "0:forged"})
    client.post(f"{NEW}details/", public.DETAILS)
    assert client.post(f"{NEW}check/").status_code == 422


def test_a_page_open_for_three_days_still_works(client):
    public.fill(client, seconds=3 * 86400)
    assert client.post(f"{NEW}check/").status_code == 303


@pytest.mark.parametrize("page", ["", "check/"])
def test_a_machine_in_the_trap_is_thanked_and_nothing_is_kept(client, page):
    if page:
        public.fill(client)
    answer = client.post(f"{NEW}{page}", {**public.ABOUT, "website": "http://spam.test"})
    assert (answer.status_code, answer["Location"]) == (302, "/en/")
    assert Ticket.objects.count() == 0
    assert Draft.objects.count() == (1 if page else 0)


def test_answers_belong_to_the_browser_and_last_a_day(client):
    public.fill(client)
    assert Client().get(f"{NEW}check/").status_code == 302
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert client.get(f"{NEW}check/")["Location"] == NEW


def test_answers_are_stored_encrypted_and_the_cookie_as_a_hash(client):
    public.fill(client)
    draft = Draft.objects.get()
    token = client.cookies["portal"]
    assert b"Hoxha" not in bytes(draft.sealed)
    assert token.value not in (draft.browser_hash, draft.nonce)
    assert (token["httponly"], token["samesite"], token["max-age"]) == (True, "Lax", 86400)


def test_a_question_needs_words(client):
    factories.RightRuleFactory(code="general_question", level="V0", filers=["person"])
    places.forget()
    answer = public.fill(client, code="general_question")
    assert answer.status_code == 422
    assert "Write what it is about" in public.text(answer)


def test_a_request_without_identity_needs_no_confirmation(client):
    factories.RightRuleFactory(code="object_marketing", level="V0", filers=["person"])
    places.forget()
    answer = public.send(client, code="object_marketing")
    ticket = Ticket.objects.get()
    assert (ticket.state, public.mails()[0]["template"]) == ("triage", "received")
    page = public.text(client.get(answer["Location"]))
    assert "confirm your email" not in page
    assert ticket.reference in page


def test_an_unknown_right_is_no_page(client):
    factories.RightRuleFactory(code="dispute", sort_order=0)
    places.forget()
    assert client.get("/en/requests/new/dispute/").status_code == 404
    assert client.get("/en/requests/new/nothing/").status_code == 404


def test_more_than_the_limit_is_told_in_plain_words(client, settings):
    settings.PUBLIC_LIMITS = {**settings.PUBLIC_LIMITS, "filing": "2/hour"}
    public.fill(client)
    here = {"REMOTE_ADDR": "203.0.113.77"}
    answers = [client.post(f"{NEW}check/", **here) for _try in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert "Wait a few minutes" in public.text(answers[2])
    assert client.get(f"{NEW}check/", **here).status_code == 302  # reading is free


def test_without_an_organisation_there_is_nobody_to_ask(client):
    places.organisation.value, places.organisation.until = None, 0
    from consent.models import Organisation

    Organisation.objects.update(is_default=False)
    public.fill(client)
    assert client.post(f"{NEW}check/").status_code == 503


@pytest.mark.postgres
def test_the_last_press_costs_ten_statements(client):
    if connection.vendor != "postgresql":
        pytest.skip("counts the statements of PostgreSQL")
    public.fill(client)
    client.get(f"{NEW}check/")  # the reference rows are warm
    with CaptureQueriesContext(connection) as queries:
        assert client.post(f"{NEW}check/").status_code == 303
    assert len(queries) <= 10, [query["sql"][:80] for query in queries]
