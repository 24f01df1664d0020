"""What goes wrong, and what people do twice: nothing typed is lost, and nothing happens twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.models import OutboundEmail
from requests.models import Ticket, Verification
from tests.browser import ux
from tests.browser.people import Person, code_in, link_in, newest_mail, press


@pytest.fixture(params=["en", "sq"])
def person(request, portal, open_page):
    """On a phone, without JavaScript."""
    page = open_page(viewport=ux.PHONE, java_script_enabled=False)
    return Person(page, portal, request.param)


@pytest.fixture
def english(portal, open_page):
    return Person(open_page(), portal)


def assert_mistakes(person, *sentences):
    """The summary has the focus, says the same as the fields, and leads to them."""
    page = person.page
    said = [person.say(sentence) for sentence in sentences]
    summary = page.locator(".error-summary")
    assert page.title().startswith(person.say("Error:"))
    assert summary.get_by_role("heading").inner_text() == person.say("There is a problem")
    assert summary.locator("li").all_inner_texts() == said
    assert page.evaluate("document.activeElement.className").startswith("error-summary")
    prefix = person.say("Error:")
    at_fields = [
        text.removeprefix(prefix).strip() for text in page.locator(".error").all_inner_texts()
    ]
    assert at_fields == said
    for number, link in enumerate(summary.get_by_role("link").all()):
        link.click()
        focused = page.evaluate("document.activeElement.id")
        assert focused == link.get_attribute("href").removeprefix("#"), number


def test_an_empty_form_says_what_to_do_at_each_field(person):
    person.start()
    person.choose_card("access")
    assert person.page.locator(":checked:not(option)").count() == 0
    person.press("Continue")

    assert_mistakes(
        person,
        "Choose who the request is for",
        "Enter your name",
        "Enter your email address",
        "Choose where you live",
    )


def test_a_wrong_address_is_explained_and_everything_typed_stays(person):
    person.start()
    person.choose_card("access")
    person.choose_self()
    person.type("name", "Ëngjëll Çela")
    person.type("email", "ana@example")
    person.live_in("AL")
    person.press("Continue")

    assert_mistakes(person, "Enter an email address like name@example.com")
    page = person.page
    assert page.input_value("#name") == "Ëngjëll Çela"
    assert page.input_value("#email") == "ana@example"
    assert page.input_value("#residence") == "AL"
    assert page.is_checked("#filer_0")


def test_blanks_and_capitals_around_an_address_are_no_mistake(english):
    ticket = english.file(email="  Ana@Example.ORG ")
    assert ticket.email.lower() == "ana@example.org"


def test_a_text_that_is_too_long_is_kept(person):
    person.start()
    person.choose_card("access")
    person.choose_self()
    person.type("name", "Ana")
    person.type("email", "ana@example.org")
    person.live_in("AL")
    person.press("Continue")
    person.type("details", "ë" * 4001)
    person.press("Continue")

    assert_mistakes(person, "The description must be 4,000 characters or fewer")
    assert person.page.input_value("#details") == "ë" * 4001


def test_the_language_can_change_in_the_middle(person):
    person.start()
    person.choose_card("access")
    person.choose_self()
    person.type("name", "Ana Hoxha")
    person.type("email", "ana@")
    person.live_in("XK")
    other = "en" if person.language == "sq" else "sq"
    press(person.page, person.page.locator(f"button[value={other}]"))

    assert person.page.locator("html").get_attribute("lang") == other
    assert person.page.input_value("#name") == "Ana Hoxha"
    assert person.page.input_value("#email") == "ana@"
    assert person.page.input_value("#residence") == "XK"
    assert person.page.is_checked("#filer_0")


def test_two_clicks_make_one_request(english):
    english.answer_questions()
    with english.page.expect_navigation(url="**/requests/PR-*/"):
        english.page.get_by_role("button", name="Send my request").dblclick()

    assert Ticket.objects.count() == OutboundEmail.objects.count() == 1
    assert Ticket.objects.get().reference in english.text()


def test_back_and_reload_after_sending_do_not_send_again(english):
    ticket = english.file()
    english.page.reload()
    english.page.go_back()
    assert ticket.reference in english.text()
    english.page.go_back()
    english.page.go_forward()

    assert Ticket.objects.count() == OutboundEmail.objects.count() == 1


def test_back_shows_what_was_typed(english):
    english.answer_questions(name="Ana Hoxha")
    english.press("Back", role="link")
    english.press("Back", role="link")
    assert english.page.input_value("#name") == "Ana Hoxha"
    assert english.page.is_checked("#filer_0")


def test_change_leads_back_to_the_check_page(english):
    english.answer_questions()
    english.press("Change your name", role="link")
    assert english.page.evaluate("location.hash") == "#name"
    english.type("name", "Ana H.")
    english.press("Continue")
    assert english.page.evaluate("location.pathname").endswith("/check/")
    assert "Ana H." in english.text()


def test_a_wrong_code_leaves_four_more_tries_and_blanks_do_not_matter(person):
    ticket = person.file()
    code = code_in(newest_mail("ana@example.org")[1])
    wrong = f"{(int(code.replace(' ', '')) + 1) % 10**8:08d}"
    person.type("code", wrong)
    person.press("Confirm with the code")

    said = person.page.locator(".error-summary li").inner_text()
    assert "4" in said
    assert person.page.title().startswith(person.say("Error:"))
    assert person.page.evaluate("document.activeElement.className").startswith("error-summary")
    ticket.refresh_from_db()
    assert ticket.confirmed_at is None

    person.page.fill("#code", f" {code} ")
    person.press("Confirm with the code")
    ticket.refresh_from_db()
    assert ticket.confirmed_at is not None


def test_a_mistyped_address_is_changed_without_asking_again(person):
    ticket = person.file(email="ana@exampel.org")
    newest_mail("ana@exampel.org")
    person.press("Change the address", role="link")
    person.page.fill("#email", "ana@example.org")
    person.press("Change and send the email")

    assert "ana@example.org" in person.text()
    person.open_link(link_in(newest_mail("ana@example.org")[1], "confirm"))
    person.press("Confirm my email")
    ticket.refresh_from_db()
    assert (ticket.email, ticket.state) == ("ana@example.org", "triage")


def test_an_ended_link_says_until_when_and_offers_one_button(person):
    person.file()
    address = link_in(newest_mail("ana@example.org")[1], "confirm")
    Verification.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    person.page.goto(address)

    assert person.page.locator("main button").all_inner_texts() == [person.say("Send a new link")]
    person.press("Send a new link")
    person.open_link(link_in(newest_mail("ana@example.org")[1], "confirm"))
    person.press("Confirm my email")
    assert Ticket.objects.get().state == "triage"


def test_a_scanner_changes_nothing_however_often_it_looks(english, open_page):
    """Mail scanners open links, some with JavaScript, before the person does."""
    ticket = english.file()
    address = link_in(newest_mail("ana@example.org")[1], "confirm")
    scanner = open_page()
    for _look in range(10):
        assert scanner.goto(address).status == 200
    assert scanner.request.head(address).status == 200
    ticket.refresh_from_db()
    assert ticket.confirmed_at is None
    assert Verification.objects.filter(used_at__isnull=False).count() == 0

    english.open_link(address)
    english.press("Confirm my email")
    ticket.refresh_from_db()
    assert ticket.state == "triage"
    scanner.goto(address)
    assert scanner.locator("h1").inner_text() == "Your email is confirmed already"


def test_opting_out_takes_two_presses_and_nothing_typed(person):
    """UX.md J2."""
    person.start()
    person.choose_card("opt_out_sale_share")
    press(person.page, person.page.locator("main form button"))
    person.presses += 1

    ticket = Ticket.objects.get()
    assert (person.presses, person.typed, person.chosen) == (2, 0, 0)
    assert ticket.reference in person.text()
    assert ticket.email == ""
    assert OutboundEmail.objects.count() == 0


def test_a_lost_number_is_followed_with_a_code(person, open_page):
    """UX.md J4: the number as one types it, the address, and the code of the mail."""
    ticket = person.file()
    person.open_link(link_in(newest_mail("ana@example.org")[1], "confirm"))
    person.press("Confirm my email")

    later = Person(open_page(java_script_enabled=False), person.portal, person.language)
    later.start()
    later.type("number", ticket.reference.replace("PR-", "pr").replace("-", " ").lower())
    later.press("Follow my request")
    later.type("email", "ana@example.org")
    later.press("Send me a code")
    later.type("code", code_in(newest_mail("ana@example.org")[1]))
    later.press("Open my request")
    assert later.page.locator("#messages").count() == 1
    assert ticket.reference in later.text()
