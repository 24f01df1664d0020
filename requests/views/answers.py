"""What one browser has typed for one right so far, page by page."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core import signing
from django.http import Http404, HttpRequest
from django.utils import timezone, translation

from consent.enums import Language
from requests import browser
from requests.enums import Filer
from requests.forms import AboutForm, DetailsForm, PersonForm, PlainForm
from requests.models import Draft, RightRule
from requests.services import drafts, places

ABOUT, PERSON, DETAILS = "about", "person", "details"
# Here the words are the request itself.
NEEDS_WORDS = {"general_question", "complaint"}
_CLOCK = signing.Signer(salt="requests.filing")


@dataclass
class Answers:
    right: RightRule
    draft: Draft | None
    typed: dict[str, dict[str, str]]

    @property
    def is_agent(self) -> bool:
        return self.typed.get(ABOUT, {}).get("filer") == Filer.AGENT

    @property
    def pages(self) -> list[str]:
        return [ABOUT, PERSON, DETAILS] if self.is_agent else [ABOUT, DETAILS]

    def form(self, page: str, data: Any = None) -> PlainForm:
        """The form of a page: with ``data`` as just typed, else with what was typed before."""
        kept = self.typed.get(page)
        if page == ABOUT:
            return AboutForm(
                data,
                initial=kept or {"began": new_start()},
                residences=_residences(),
                agents=Filer.AGENT in self.right.filers,
            )
        if page == PERSON:
            return PersonForm(data, initial=kept)
        return DetailsForm(data, initial=kept, needs_words=self.right.code in NEEDS_WORDS)

    def judged(self, page: str) -> PlainForm:
        """The form of a page, judged on what was kept."""
        return self.form(page, data=self.typed.get(page, {}))


def load(request: HttpRequest, code: str) -> Answers:
    """What this browser has typed for a right that stands on the start page."""
    right = places.rights().get(code)
    if right is None or not right.is_public:
        raise Http404
    found = drafts.load(browser.of(request), code)
    return Answers(right, found[0], found[1]) if found else Answers(right, None, {})


def new_start() -> str:
    """The moment a first page was opened, in a form nobody else can make."""
    return _CLOCK.sign(str(int(timezone.now().timestamp())))


def age(answers: Answers) -> timedelta | None:
    """How long ago the first page was opened; None where that cannot be known."""
    try:
        began = int(_CLOCK.unsign(answers.typed.get(ABOUT, {}).get("began", "")))
    except signing.BadSignature:
        return None
    return timedelta(seconds=timezone.now().timestamp() - began)


def _residences() -> list[tuple[str, str]]:
    return places.residence_choices()[translation.get_language() or Language.ENGLISH]
