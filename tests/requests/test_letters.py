"""The mails: short, complete, private, readable without pictures."""

import html
import re
import textwrap

import pytest
from django.template.loader import get_template

from consent.services import email
from requests.services import letters
from tests import factories, public

pytestmark = pytest.mark.django_db

CONTEXT = {
    "reference": "PR-7K4M-29QX",
    "right": {"en": "Get a copy of my data", "sq": "Merr një kopje të të dhënave të mia"},
    "due_on": "2026-12-24",
    "until": "2026-12-01T22:30:00+00:00",
    "code": "0123 4567",
    "verification": 1,
    "waiting_for": "identity",
    "outcome": "refused",
    "is_no": True,
    "days_left": 2,
}
NAMES = [
    "confirm",
    "received",
    "return_code",
    "mandate",
    "message",
    "question",
    "answered",
    "withdrawn",
    "officer_reminder",
]


def render(name, language="en", **context):
    factories.OrganisationFactory()
    url = f"http://testserver/{language}/follow/token-of-43-signs/"
    return email.render(name, language=language, context={**CONTEXT, "url": url, **context})


@pytest.mark.parametrize("language", ["en", "sq"])
@pytest.mark.parametrize("name", NAMES)
def test_every_mail(name, language):
    mail = render(name, language)
    url = f"http://testserver/{language}/follow/token-of-43-signs/"
    page, text = mail["html"], mail["text"]

    assert "PR-7K4M-29QX" in mail["subject"]
    assert len(mail["subject"]) <= 60
    assert f'<html lang="{language}">' in page
    assert page.count('style="display:inline-block') == 1  # one button
    assert f">{url}</a>" in page  # and its link as text
    assert url in text
    assert len(page.encode()) <= 20_000
    assert not re.search(r"<img|<link|<script|url\(|http-equiv", page)
    links = set(re.findall(r'href="(http[^"]+)"', page))
    assert links == set(re.findall(r"http\S+", text))
    for part in ("Example Ltd.", "Rruga e Durrësit 1, Tirana", "privacy@example.al", "+355 4"):
        assert part in html.unescape(page)
        assert part in text
    assert re.search(r'<div style="display:none[^>]*>\s*\S', page)  # the line before the text
    assert not re.search(r"&\w+;|<\w", text)
    assert "{" not in text + page


@pytest.mark.parametrize("name", [name for name in NAMES if name != "officer_reminder"])
def test_one_line_leads_to_the_page_in_the_other_language(name):
    for language, other in (("en", "sq"), ("sq", "en")):
        mail = render(name, language)
        there = f"http://testserver/{other}/follow/token-of-43-signs/"
        assert f'lang="{other}"><a href="{there}"' in mail["html"]
        assert there in mail["text"]


def test_dates_are_days_where_the_office_is():
    text = render("confirm")["text"]
    assert "The link works until 1 December 2026." in text
    assert "until 2 December" in render("confirm", until="2026-12-01T23:30:00+00:00")["text"]
    assert "24 December 2026" in render("received")["text"]
    assert "24 dhjetor 2026" in render("received", "sq")["text"]


def test_a_decision_against_the_person_says_so():
    assert render("answered")["subject"] == "Our decision on PR-7K4M-29QX"
    yes = render("answered", is_no=False)
    assert yes["subject"] == "Your request PR-7K4M-29QX is answered"
    assert "We do not do all" in render("answered")["text"]
    assert "We do not do all" not in yes["text"]


@pytest.mark.parametrize(
    ("left", "subject"),
    [
        (2, "PR-7K4M-29QX is due on 24 December 2026"),
        (0, "PR-7K4M-29QX is due today"),
        (-3, "PR-7K4M-29QX is late"),
    ],
)
def test_the_reminder_says_how_late_it_is(left, subject):
    mail = render("officer_reminder", days_left=left, url="http://testserver/admin/x/")
    assert mail["subject"] == subject
    assert "Open this page in" not in mail["html"] + mail["text"]


def test_the_first_mail_holds_no_word_that_was_typed(client):
    public.rows()
    public.filed(
        client,
        name="Dear customer visit http://evil.test",
        details={"details": "your account is locked", "customer_number": "EVIL1"},
    )
    context = public.mails("confirm")[0]
    mail = email.render("confirm", language="en", context=context)
    for part in mail.values():
        for typed in ("Dear customer", "evil.test", "locked", "EVIL1"):
            assert typed not in part


def test_the_same_mail_goes_to_everybody(client):
    """Byte for byte, but for the number, the link and the code."""
    public.rows()
    seen = set()
    for name in ("Ana", "Leo"):
        public.filed(client, name=name, email=f"{name}@example.org")
        context = public.mails("confirm")[-1]
        mail = email.render("confirm", language="en", context=context)
        for key in ("url", "reference", "code"):
            mail = {part: text.replace(context[key], "X") for part, text in mail.items()}
        token = context["url"].split("/")[5]
        seen.add(str(mail).replace(token, "T"))
    assert len(seen) == 1


def test_each_mail_of_a_request_can_be_rendered(client):
    """What the services put into a mail is what its templates need."""
    public.rows()
    ticket = public.filed(client, filer="agent")
    client.post(public.link("confirm"), {"press": "confirm"})
    ticket.refresh_from_db()
    letters.withdrawn(ticket)
    for found in public.mails():
        mail = email.render(found["template"], language=found["language"], context=found)
        assert ticket.reference in mail["subject"]
        assert found["url"] in mail["text"]


def test_a_strangers_mailbox_gets_three_mails_an_hour(client):
    public.rows()
    for _filing in range(5):
        public.filed(client, email="victim@example.org")
    assert len(public.mails("confirm")) == 3


def test_the_text_is_written_for_narrow_windows():
    """Sentences are short enough that a mail program folds none of them twice."""
    for name in NAMES:
        for line in render(name)["text"].splitlines():
            assert len(textwrap.wrap(line, 72)) <= 2, line


def test_every_template_of_a_mail_exists():
    for name in NAMES:
        for part in ("subject.txt", "body.txt", "body.html"):
            assert get_template(f"email/{name}/{part}")
