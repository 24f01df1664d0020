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
    "reference": "PR-7K4M-29Q6",
    "right": {"en": "Get a copy of my data", "sq": "Merr një kopje të të dhënave të mia"},
    "due_on": "2026-12-24",
    "until": "2026-12-01T22:30:00+00:00",
    "code": "0123 4567",
    "verification": 1,
    "waiting_for": "identity",
    "outcome": "refused",
    "stops": True,
    "why": "GDPR 12(3).",
    "old_date": "2026-12-24",
    "new_date": "2027-02-24",
    "stays": False,
    "changed": False,
    "authority": {"en": "Data Protection Commission", "sq": "Komisioni"},
    "authority_url": "https://www.dataprotection.ie",
    "is_no": True,
    "days_left": 2,
    "closes_at": "2026-12-20T10:00:00+00:00",
    "is_last": True,
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
    "extended",
    "looking_again",
    "looked_again",
    "confirm_again",
    "waiting",
]
ITEM = {"reference": "PR-7K4M-29Q6", "right": CONTEXT["right"], "date": "2026-12-24"}
LIST = {"items": [{**ITEM, "about": "answer"}], "more": 3}
# Mails to colleagues: their page is the admin, which is in one address for all languages.
STAFF = {
    "late_today": {"count": 4, "items": [ITEM], "more": 3},
    "reminders_stopped": {
        "reason": "clock",
        "limit": 1000,
        "last": "2026-12-01T06:00:00+00:00",
        "now": "2027-12-01T06:00:00+00:00",
    },
    "digest": {
        "counts": {"late": 4, "due": 4, "new": 4, "waiting": 4},
        "lists": dict.fromkeys(("late", "due", "new", "waiting"), LIST),
        "stuck": ["2 emails were given up."],
    },
}


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

    assert "PR-7K4M-29Q6" in mail["subject"]
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


@pytest.mark.parametrize("name", NAMES)
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
    assert render("answered")["subject"] == "Our decision on PR-7K4M-29Q6"
    yes = render("answered", is_no=False)
    assert yes["subject"] == "Your request PR-7K4M-29Q6 is answered"
    assert "We do not do all" in render("answered")["text"]
    assert "We do not do all" not in yes["text"]


@pytest.mark.parametrize("language", ["en", "sq"])
@pytest.mark.parametrize("name", STAFF)
def test_every_mail_to_colleagues(name, language):
    mail = render(name, language, **{**STAFF[name], "url": "http://testserver/admin/x/"})
    page, text = mail["html"], mail["text"]
    assert 10 < len(mail["subject"]) <= 60
    assert f'<html lang="{language}">' in page
    assert page.count('style="display:inline-block') == 1
    assert set(re.findall(r'href="(http[^"]+)"', page)) == {"http://testserver/admin/x/"}
    assert set(re.findall(r"http\S+", text)) == {"http://testserver/admin/x/"}
    assert len(page.encode()) <= 20_000
    assert re.search(r'<div style="display:none[^>]*>\s*\S', page)
    assert not re.search(r"&\w+;|<\w", text)
    assert "{" not in text + page


def test_the_morning_mail_is_short_lists_with_dates():
    mail = render("digest", url="http://testserver/admin/x/", **STAFF["digest"])
    assert mail["subject"] == "4 late, 4 due, 4 new"
    assert "  - PR-7K4M-29Q6, Get a copy of my data: answer by 24 December 2026\n" in mail["text"]
    assert "  - and 3 more\n" in mail["text"]
    assert "  - 2 emails were given up.\n" in mail["text"]


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ("extension", "decide about more time by 24 December 2026"),
        ("acknowledge", "confirm the receipt by 24 December 2026"),
        ("appeal", "look again, decision by 24 December 2026"),
        ("paused", "asked on 24 December 2026"),
        ("message", "new message, answer by 24 December 2026"),
    ],
)
def test_each_line_says_what_its_date_is_for(about, words):
    lists = {"due": {"items": [{**ITEM, "about": about}], "more": 0}}
    values = {**STAFF["digest"], "lists": lists, "counts": {"due": 1, "waiting": 1}, "stuck": []}
    mail = render("digest", url="http://testserver/admin/x/", **values)
    assert f"Get a copy of my data: {words}\n" in mail["text"]
    assert "more" not in mail["text"].replace("more time", "")
    assert "stands still" not in mail["text"]


def test_the_subject_says_what_there_is():
    def subject(**counts):
        values = {**STAFF["digest"], "counts": {"late": 0, "due": 0, "new": 0, **counts}}
        return render("digest", url="http://testserver/admin/x/", **values)["subject"]

    assert subject(waiting=1, due=2) == "0 late, 2 due, 0 new"
    assert subject(waiting=1) == "1 request waits for its person"
    assert subject(waiting=0) == "Work that stands still"


def test_one_late_request_is_named_in_the_subject():
    one = {"count": 1, "items": [ITEM], "more": 0}
    mail = render("late_today", url="http://testserver/admin/x/", **one)
    assert mail["subject"] == "PR-7K4M-29Q6 is late since today"
    assert "was due on 24 December 2026" in mail["text"]
    many = render("late_today", url="http://testserver/admin/x/", **STAFF["late_today"])
    assert many["subject"] == "4 requests are late since today"


def test_a_reminder_to_the_person_says_how_long_there_is():
    assert "You have time until 24 December 2026. That is 2 days." in render("waiting")["text"]
    assert "That is 1 day." in render("waiting", days_left=1)["text"]
    assert "Answer today if you can." in render("waiting", days_left=0)["text"]
    assert "last email" in render("waiting")["text"]
    assert "last email" not in render("waiting", is_last=False)["text"]


def test_brakes_say_why():
    mail = render(
        "reminders_stopped", url="http://testserver/admin/x/", **STAFF["reminders_stopped"]
    )
    assert "last ran on 1 December 2026" in mail["text"]
    bulk = {**STAFF["reminders_stopped"], "reason": "bulk"}
    mail = render("reminders_stopped", url="http://testserver/admin/x/", **bulk)
    assert "More than 1000 people" in mail["text"]


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
