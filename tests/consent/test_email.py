"""The shape of every mail: three templates, one line of subject, a Message-ID of ours."""

import pytest

from consent.models import Organisation
from consent.services import email
from tests.factories import OrganisationFactory

URL = "https://portal.test/reset/abc"
ID = "6f1c2f1e-0000-4000-8000-000000000001"


def render(language="en", **context):
    return email.render("staff_password", language=language, context={"url": URL, **context})


def message(**fields):
    values = {
        "to": "ana@example.org",
        "subject": "Hello",
        "text": "Text",
        "html": "<p>Text</p>",
        "message_id": ID,
    }
    return email.message(**{**values, **fields})


@pytest.mark.django_db
def test_a_mail_has_a_subject_and_twins_that_say_the_same():
    parts = render()
    assert set(parts) == {"subject", "text", "html"}
    assert URL in parts["text"]
    assert URL in parts["html"]
    assert parts["subject"]
    assert "\n" not in parts["subject"]


@pytest.mark.django_db
def test_the_organisation_is_looked_up_or_handed_in(django_assert_num_queries):
    organisation = OrganisationFactory()
    with django_assert_num_queries(1):
        asked = render()
    with django_assert_num_queries(0):
        given = email.render(
            "staff_password", language="en", context={"url": URL}, organisation=organisation
        )
    assert asked == given


@pytest.mark.django_db
def test_html_escapes_what_a_person_typed_and_text_does_not():
    parts = render(url="https://portal.test/?a=1&b=<x>")
    assert "<x>" not in parts["html"]
    assert "?a=1&b=<x>" in parts["text"]


def test_a_mail_carries_our_id_and_asks_for_no_automatic_answer():
    mail = message()
    assert mail.extra_headers == {
        "Message-ID": f"<{ID}@portal.test>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    assert mail.message()["From"] == "Privacy office <privacy@portal.test>"
    assert [part.get_content_type() for part in mail.message().get_payload()] == [
        "text/plain",
        "text/html",
    ]


@pytest.mark.parametrize("sender", ["privacy", "", "Office"])
def test_a_sender_without_a_domain_still_gives_a_whole_id(settings, sender):
    settings.DEFAULT_FROM_EMAIL = sender
    assert message().extra_headers["Message-ID"] == f"<{ID}@localhost>"


def test_a_line_break_in_a_header_never_leaves():
    with pytest.raises(ValueError, match="newline"):
        message(to="ana@example.org\nBcc: eve@example.net").message()


def test_the_name_stands_once_above_the_postal_address():
    twice = Organisation(name="E", legal_name="Example & Co", address="Example & Co\nTirana")
    assert twice.envelope == "Example & Co\nTirana"
    assert Organisation(name="E", address="Rruga 1\nTirana").envelope == "E\nRruga 1\nTirana"
    assert Organisation(name="E", legal_name="E Ltd.", address="X").envelope == "E Ltd.\nX"
