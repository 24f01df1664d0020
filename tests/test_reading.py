"""What people read, in both languages: easy, unmixed, with dates as they write them."""

import html
import re
from datetime import UTC, date, datetime

import pytest
from django.utils import formats, translation

from tests import catalogue, public
from tests.requests.test_letters import NAMES, render

pytestmark = pytest.mark.django_db

LANGUAGES = ["en", "sq"]
# Words per sentence plus the share of long words (UX 5.1): 30 to 40 is easy.
LIMIT = 35
ERROR = {"en": "Error: ", "sq": "Gabim: "}
# Frequent words of the one language that are no words of the other.
TELLTALES = {
    "en": r"dhe|për|është|kërkes\w+|juaj|nuk|tuaj\w*|të",
    "sq": r"the|your|you|and|we|this|request|is|of",
}


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture
def pages(client, language):
    return public.every_page(client, language)


def test_pages_say_their_language_and_what_went_wrong(pages, language):
    for name, page in pages.items():
        assert f'<html lang="{language}" dir="ltr">' in page, name
        title = re.search("<title>(.*?)</title>", page, re.DOTALL)[1]
        assert title.startswith(ERROR[language]) == name.endswith("_error"), name


def test_pages_read_easily(pages):
    assert {n: v for n, v in ((n, public.lix(p)) for n, p in pages.items()) if v > LIMIT} == {}


def test_pages_do_not_mix_languages(pages, language):
    """Names, the field that only robots see and the link to the other language aside."""
    foreign = re.compile(rf"(?<![\w-])(?:{TELLTALES[language]})(?![\w-])", re.IGNORECASE)
    for name, page in pages.items():
        body = re.sub(r"<a[^>]*hreflang.*?</a>", "", page[page.index("<body") :], flags=re.DOTALL)
        text = html.unescape(re.sub(r"<[^>]+>", " ", body))
        assert foreign.findall(text) == [], name


def test_no_english_sentence_is_left_on_an_albanian_page(client):
    english = [e.english[0] for e in catalogue.read() if len(e.english[0]) > 12]
    pages = "\n".join(public.every_page(client, "sq").values())
    assert [text for text in english if f">{html.escape(text)}<" in pages] == []


@pytest.mark.parametrize("name", NAMES)
def test_mails_read_easily(name, language):
    text = render(name, language)["text"]
    text = text[: text.index("\n-- ")] if "\n-- " in text else text
    assert public.lix(text) <= LIMIT


@pytest.mark.parametrize("name", NAMES)
def test_mails_do_not_mix_languages(name, language):
    """One line, at the end, is in the other language: it leads there."""
    mail = render(name, language, why="")  # why it takes longer: the officer's own words
    foreign = re.compile(rf"(?<![\w-])(?:{TELLTALES[language]})(?![\w-])", re.IGNORECASE)
    lines = [line for line in mail["text"].splitlines() if foreign.search(line)]
    assert len(lines) <= 1
    assert foreign.findall(mail["subject"]) == []


def test_subjects_stay_short_in_both_languages(language):
    for name in NAMES:
        for more in ({}, {"is_no": False}, {"days_left": 0}, {"days_left": -3}):
            assert len(render(name, language, **more)["subject"]) <= 60, name


MOMENT = datetime(2026, 10, 4, 15, 5, tzinfo=UTC)
WRITTEN = {
    "en": {
        "DATE_FORMAT": "4 October 2026",
        "DATETIME_FORMAT": "4 October 2026, 15:05",
        "TIME_FORMAT": "15:05",
        "SHORT_DATE_FORMAT": "04/10/2026",
        "SHORT_DATETIME_FORMAT": "04/10/2026 15:05",
        "MONTH_DAY_FORMAT": "4 October",
        "YEAR_MONTH_FORMAT": "October 2026",
    },
    "sq": {
        "DATE_FORMAT": "4 tetor 2026",
        "DATETIME_FORMAT": "4 tetor 2026, 15:05",
        "TIME_FORMAT": "15:05",
        "SHORT_DATE_FORMAT": "04.10.2026",
        "SHORT_DATETIME_FORMAT": "04.10.2026 15:05",
        "MONTH_DAY_FORMAT": "4 tetor",
        "YEAR_MONTH_FORMAT": "tetor 2026",
    },
}


def test_dates_are_written_as_people_write_them(language):
    with translation.override(language):
        written = {name: formats.date_format(MOMENT, name) for name in WRITTEN[language]}
        first_day = formats.get_format("FIRST_DAY_OF_WEEK")
    assert written == WRITTEN[language]
    assert first_day == 1  # Monday


def test_albanian_months_are_small():
    with translation.override("sq"):
        months = [formats.date_format(date(2026, m, 1), "F") for m in range(1, 13)]
    assert " ".join(months) == (
        "janar shkurt mars prill maj qershor korrik gusht shtator tetor nëntor dhjetor"
    )


@pytest.mark.parametrize(
    ("language", "text"), [("en", "1,234,567.50"), ("sq", "1\xa0234\xa0567,50")]
)
def test_numbers(language, text):
    with translation.override(language):
        assert formats.number_format(1234567.5, 2, use_l10n=True, force_grouping=True) == text
