"""A person and an officer at the browser, and the mailbox between them. Each press is counted."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext, pgettext

from consent.models import OutboundEmail
from consent.services import sending
from requests.models import Ticket
from requests.templatetags.portal import day


def say(language, words, context=None):
    """What the pages say for ``words`` in ``language``."""
    with translation.override(language):
        return pgettext(context, words) if context else gettext(words)


def date_words(language, value):
    with translation.override(language):
        return day(value)


def newest_mail(to):
    """Let the mails leave and read the newest one to this address: its subject and its text."""
    OutboundEmail.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    sending.deliver_due()
    files = sorted(Path(settings.EMAIL_FILE_PATH).glob("*.eml"))
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    mail = [mail for mail in mails if mail["To"] == to][-1]
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    return mail["Subject"], text


def link_in(text, name):
    return re.search(rf"http://\S+/{name}/\S+", text)[0]


def code_in(text):
    return re.search(r"\b\d{4} \d{4}\b", text)[0]


def press(page, button):
    """Press, and wait until the next page stands."""
    with page.expect_navigation():
        button.click()


class Person:
    """Somebody who uses the public pages in one language."""

    def __init__(self, page, portal, language="en"):
        self.page, self.portal, self.language = page, portal, language
        self.presses = self.typed = self.chosen = 0

    def say(self, words):
        return say(self.language, words)

    def start(self):
        self.page.goto(f"{self.portal}/{self.language}/")

    def press(self, words, *, role="button"):
        self.presses += 1
        press(self.page, self.page.get_by_role(role, name=self.say(words), exact=True))

    def open_link(self, address):
        self.presses += 1
        self.page.goto(address)

    def choose_card(self, code):
        self.presses += 1
        press(self.page, self.page.locator(f"main a[href$='/{code}/']"))

    def type(self, name, value):
        self.typed += 1
        self.page.fill(f"#{name}", value)

    def choose_self(self):
        self.chosen += 1
        self.page.check("#filer_0")

    def live_in(self, code):
        self.chosen += 1
        self.page.select_option("#residence", code)

    def answer_questions(self, *, name="Ana Hoxha", email="ana@example.org", code="access"):
        """From the start page to the check page, with nothing that need not be said."""
        self.start()
        self.choose_card(code)
        self.choose_self()
        self.type("name", name)
        self.type("email", email)
        self.live_in("AL")
        self.press("Continue")
        self.press("Continue")

    def file(self, **answers):
        """File a request; return it."""
        self.answer_questions(**answers)
        self.press("Send my request")
        return Ticket.objects.latest("pk")

    def text(self):
        return self.page.inner_text("main")


class Officer:
    """A colleague at the admin."""

    def __init__(self, page, portal, language="en"):
        self.page, self.portal, self.language = page, portal, language

    def say(self, words):
        return say(self.language, words)

    def press(self, words, *, role="button"):
        press(self.page, self.page.get_by_role(role, name=self.say(words), exact=True))

    def sign_in(self, username="besa"):
        self.page.goto(f"{self.portal}/admin/")
        press(self.page, self.page.locator(f"button[value={self.language}]"))
        self.page.fill("#id_login", username)
        self.page.fill("#id_password", "a long phrase for tests")
        self.press("Sign in")

    def send(self):
        press(self.page, self.page.locator("button[name=step][value=send]"))

    def answer(self, reference, outcome="fulfilled"):
        """From the queue to the page that shows what the person will read; return its letter."""
        self.page.goto(f"{self.portal}/admin/requests/ticket/")
        self.press(reference, role="link")
        self.press("Start work")
        self.press("Write the answer", role="link")
        self.page.select_option("#id_outcome", outcome)
        self.press("Take the ready-made text for this outcome")
        body = self.page.input_value("#id_body")
        self.page.fill("#id_body", re.sub(r"\[[^\]]*\]", "FILLED IN", body))
        for box in self.page.locator("input[name=checked]").all():
            box.check()
        self.press("Preview")
        return self.page.inner_text(".letter.sheet")
