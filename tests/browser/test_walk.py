"""The whole way, as people go it: ask, confirm, answer, read; and withdraw."""

from datetime import timedelta

import pytest
from django.utils import timezone

from requests.models import Ticket
from requests.services import decisions
from tests import factories
from tests.browser import ux
from tests.browser.people import Officer, Person, code_in, date_words, link_in, newest_mail


@pytest.fixture(params=["en", "sq"])
def language(request):
    return request.param


@pytest.fixture(params=[ux.PHONE, ux.DESK], ids=["320", "1280"])
def window(request):
    return request.param


@pytest.fixture
def person(portal, open_page, language, window):
    """Without JavaScript."""
    return Person(open_page(viewport=window, java_script_enabled=False), portal, language)


@pytest.fixture
def officer(portal, open_page, language, window):
    factories.officer("besa")
    return Officer(open_page(viewport=window), portal, language)


def test_a_request_travels_from_the_start_page_to_the_answer(person, officer):
    ticket = person.file()
    due = date_words(person.language, ticket.due_on)
    assert_number_and_date(person.text(), ticket.reference, due)
    assert Ticket.objects.count() == 1

    subject, mail = newest_mail("ana@example.org")
    assert_number_and_date(subject + mail, ticket.reference, due)
    person.open_link(link_in(mail, "confirm"))
    person.press("Confirm my email")
    assert person.say("Your email is confirmed.") in person.text()
    assert_number_and_date(person.text(), ticket.reference, due)
    # UX.md J1: two typed, two chosen, at most eight activations, the mail's link among them.
    assert (person.typed, person.chosen) == (2, 2)
    assert person.presses + person.chosen <= 8

    officer.sign_in()
    letter = officer.answer(ticket.reference)
    officer.send()
    assert decisions.release_due() == 0  # for some seconds it can be taken back
    assert decisions.release_due(now=timezone.now() + timedelta(seconds=20)) == 1
    ticket.refresh_from_db()
    assert (ticket.state, ticket.outcome) == ("answered", "fulfilled")

    subject, mail = newest_mail("ana@example.org")
    assert ticket.reference in subject + mail
    assert "FILLED IN" not in mail
    person.open_link(link_in(mail, "follow"))
    person.press("Open my request")
    assert ticket.reference in person.page.title()
    assert "FILLED IN" in letter
    assert squeezed(letter) in squeezed(person.text())


def test_a_second_request_is_withdrawn(person):
    first = person.file()
    second = person.file(code="object")
    assert first.reference != second.reference

    _subject, mail = newest_mail("ana@example.org")
    person.type("code", code_in(mail))
    person.press("Confirm with the code")
    person.press("Withdraw my request", role="link")
    person.press("Withdraw my request")

    second.refresh_from_db()
    assert (second.state, second.outcome) == ("closed", "withdrawn")
    assert person.say("Your request is withdrawn.") in person.text()
    assert person.page.get_by_role("button").all_inner_texts() == []
    first.refresh_from_db()
    assert first.state == "new"


def test_the_answer_is_on_no_page_of_a_browser_that_only_knows_the_number(person, officer, portal):
    ticket = person.file()
    _subject, mail = newest_mail("ana@example.org")
    officer.sign_in()
    officer.page.goto(link_in(mail, "confirm"))
    officer.page.click("button[value=confirm]")
    assert ticket.reference in officer.page.title()

    person.page.reload()
    assert person.page.locator("#messages").count() == 0
    assert person.say("Send me a code to read messages") in person.text()


def assert_number_and_date(text, reference, date):
    assert reference in text
    assert date in text


def squeezed(text):
    return " ".join(text.split())
