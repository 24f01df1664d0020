"""Every date that somebody sees has its reason one activation away, in both languages.

What is read after the press is compared with what the calculator says for that very request, and
its last sentence names the date of the page.
"""

import re

import pytest
from django.utils import translation

from requests.enums import Waiting
from requests.models import Ticket
from requests.services import (
    clocks,
    extensions,
    identity,
    lifecycle,
    links,
    messages,
    places,
    reasons,
    recounting,
)
from tests import factories
from tests.browser import ux
from tests.browser.people import Officer, Person, date_words, press

BROWSER = "b" * 43
QUEUE = "/admin/requests/ticket/"


@pytest.fixture(params=["en", "sq"])
def language(request):
    return request.param


@pytest.fixture
def person(portal, open_page, language):
    """On a phone, without JavaScript."""
    page = open_page(viewport=ux.PHONE, java_script_enabled=False)
    page.context.add_cookies([{"name": "portal", "value": BROWSER, "url": portal}])
    return Person(page, portal, language)


@pytest.fixture
def officer(portal, open_page, language, client, settings):
    """Signed in already: so many sign-ins in a row would be too many tries."""
    client.force_login(factories.officer("besa"))
    page = open_page(viewport=ux.PHONE)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": portal}]
    )
    page.goto(f"{portal}/admin/")
    press(page, page.locator(f"button[value={language}]"))
    return Officer(page, portal, language)


@pytest.fixture
def ticket(person):
    """Filed in this browser, confirmed, and in work."""
    made = person.file()
    confirm = made.verifications.filter(purpose="confirm").last()
    identity.confirm(confirm, browser=BROWSER)
    links.let_browser_in(made, BROWSER)
    lifecycle.start_work(made.pk, by=None)
    germany = places.residences()["DE"]  # where more time can be taken
    return recounting.change_residence(made.pk, residence=germany, reason="They wrote", by=None)


def own_reasons(ticket, language):
    with translation.override(language):
        return reasons.of_steps(clocks.explain(ticket).trace)


def one_press_shows(page):
    """What nobody reads before the press on the question, and everybody after it."""
    lines = page.locator("main details", has_text="?").locator("li")
    assert not lines.first.is_visible()
    page.locator("main details summary", has_text="?").click()
    assert lines.first.is_visible()
    return [re.sub(r"\s+", " ", text).strip() for text in lines.all_inner_texts()]


def assert_explained(page, ticket, language):
    date, expected = date_words(language, ticket.due_on), own_reasons(ticket, language)
    assert date in page.inner_text("main")
    assert one_press_shows(page) == expected
    assert date in expected[-1]


def test_before_a_request_is_sent(person, language):
    person.answer_questions()
    shown = person.text()
    told = one_press_shows(person.page)
    person.press("Send my request")
    ticket = Ticket.objects.get()
    assert date_words(language, ticket.due_on) in shown
    assert told == own_reasons(ticket, language)
    assert_explained(person.page, ticket, language)


@pytest.mark.parametrize("moved", ["", "stopped", "extended"])
def test_while_a_request_is_worked_on(person, portal, ticket, language, moved):
    if moved == "stopped":
        messages.ask(ticket.pk, "Which account?", about=Waiting.CLARIFICATION, by=None)
    elif moved == "extended":
        extensions.extend(ticket.pk, reason="complexity", by=None)
    ticket = Ticket.objects.get(pk=ticket.pk)
    person.page.goto(f"{portal}/{language}/requests/{ticket.reference}/")
    assert_explained(person.page, ticket, language)


def test_on_the_officers_pages(officer, portal, ticket, language):
    page = officer.page
    assert ticket.due_on  # the queue and the calendar show it; the number beside it leads on
    for path in (QUEUE, f"{QUEUE}calendar/?month={ticket.due_on:%Y-%m}"):
        page.goto(f"{portal}{path}")
        press(page, page.get_by_role("link", name=ticket.reference).first)
        assert_explained(page, ticket, language)
    press(page, page.locator("main a[href$='/calculation/']"))
    read = page.locator("main ol.why").first.locator("li").all_inner_texts()
    assert read == own_reasons(ticket, language)


@pytest.mark.parametrize("step", ["ask", "extend", "recount"])
def test_before_a_step_that_moves_a_date(officer, portal, ticket, language, step):
    """Each date of each law stands beside its reason, without any press."""
    officer.page.goto(f"{portal}{QUEUE}{ticket.pk}/{step}/")
    effect = officer.page.locator(".effect").first
    assert date_words(language, ticket.due_on) in effect.inner_text()
    for body in ticket.rules:
        row = effect.locator("tbody tr", has_text=body["id"])
        assert str(ticket.due_on.year) in row.inner_text()
        with translation.override(language):
            assert reasons.source_of(body["law"]) in row.inner_text()
        assert row.locator("td").last.inner_text().endswith(".")  # a sentence


def test_when_a_call_is_entered(officer, portal, language):
    page = officer.page
    page.goto(f"{portal}{QUEUE}enter/")
    page.select_option("main [name=channel]", "phone")
    page.fill("main [name=taken_by]", "Reception")
    page.select_option("main [name=right]", "access")
    page.fill("main [name=name]", "Ana Hoxha")
    page.select_option("main [name=residence]", "AL")
    page.select_option("main [name=language]", language)
    officer.press("See the date it gets")
    shown, told = page.inner_text("main"), one_press_shows(page)
    press(page, page.locator("button[name=step][value=send]"))
    ticket = Ticket.objects.get()
    assert date_words(language, ticket.due_on) in shown
    assert told == own_reasons(ticket, language)
