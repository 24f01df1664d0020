"""Small words the templates of pages and mails need."""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.urls import translate_url
from django.utils import formats, translation

from consent.enums import Language
from requests.services import places, reasons

register = template.Library()


@register.filter
def day(value: date | datetime | str | None) -> str:
    """A day in words: 3 November 2026. A moment is the day it is where the office is.

    Text is a date or a moment in ISO 8601, as mails keep them.
    """
    if not value:
        return ""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
        if not value.tzinfo:
            value = value.date()
    if isinstance(value, datetime):
        organisation = places.organisation()
        zone = ZoneInfo(organisation.time_zone if organisation else settings.TIME_ZONE)
        value = value.astimezone(zone).date()
    return formats.date_format(value, "DATE_FORMAT")


@register.filter
def source(law: str) -> str:
    """A text of law as its reader knows it."""
    return reasons.source_of(law)


@register.filter
def in_language(words: Mapping[str, str]) -> str:
    """The text of the language that is being rendered, from {"en": …, "sq": …}."""
    language = translation.get_language() or Language.ENGLISH
    return words.get(language) or words[Language.ENGLISH]


@register.simple_tag
def other_language() -> str:
    """The language that is not being rendered."""
    is_albanian = translation.get_language() == Language.ALBANIAN
    return Language.ENGLISH.value if is_albanian else Language.ALBANIAN.value


@register.simple_tag
def in_other_language(address: str = "") -> str:
    """The same page in the other language; the start page where there is no such page."""
    other = other_language()
    here = translate_url(address, other) if address else ""
    return here if here and here != address else f"/{other}/"


@register.simple_tag
def in_other_language_mail(url: str) -> str:
    """The link of a mail, with the page behind it in the other language."""
    here = translation.get_language() or Language.ENGLISH
    return url.replace(f"/{here}/", f"/{other_language()}/", 1)
