"""The calculator's steps as sentences: why this date, in the reader's language."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy, ngettext

from requests.deadlines import Step

# What a step did; the dates are filled in. A code without a sentence shows its date and law.
_SENTENCES = {
    "received": gettext_lazy("Received on %(to)s. This day does not count."),
    "acknowledge": gettext_lazy("Receipt is confirmed by %(to)s."),
    "start": gettext_lazy("What was missing arrived: the time starts on %(to)s."),
    "answer": gettext_lazy("The time the law gives ends on %(to)s."),
    "pause": gettext_lazy("While we waited for an answer the time stood still: %(to)s."),
    "stopped": gettext_lazy("On %(to)s we asked, and the time waits for the answer."),
    "roll": gettext_lazy("%(from)s is a day off, so the time ends on %(to)s."),
    "promise": gettext_lazy("We promise an answer by %(to)s."),
    "extension": gettext_lazy("The time was extended to %(to)s."),
    "extension_refused": gettext_lazy("An extension was not possible: %(to)s stays."),
    "hours": gettext_lazy("The hours the law gives end on %(to)s."),
    "other": gettext_lazy("Another rule gives %(to)s."),
    "house": gettext_lazy("No law names a day: we answer by %(to)s."),
    "reply": gettext_lazy("The person hears from us by %(to)s."),
    "due": gettext_lazy("The answer is due on %(to)s."),
    "asked_again": gettext_lazy("On %(to)s the person asked us to look again."),
    "appeal": gettext_lazy("The decision about our answer is due on %(to)s."),
}

# Sources that are no statute are named in the reader's language; statutes are quoted.
_SOURCES = {
    "Promise in the published privacy policy": gettext_lazy(
        "Promise in the published privacy policy"
    ),
    "Law No. 124/2024 on the protection of personal data (Albania)": gettext_lazy(
        "Law No. 124/2024 on the protection of personal data (Albania)"
    ),
    "Law No. 124/2024 (Albania), notification of a breach": gettext_lazy(
        "Law No. 124/2024 (Albania), notification of a breach"
    ),
    "UK GDPR Art. 12(3), text before 5 February 2026": gettext_lazy(
        "UK GDPR Art. 12(3), text before 5 February 2026"
    ),
    "TRUSTe dispute resolution programme": gettext_lazy("TRUSTe dispute resolution programme"),
}


def lines(clock: Mapping[str, Any]) -> list[str]:
    """One line for each step that ``Ticket.clock`` keeps, with its text of law."""
    return [_line(step) for step in clock.get("trace", [])]


def of_steps(steps: Iterable[Step]) -> list[str]:
    """The same for steps that were just counted."""
    return [_line(step.as_json()) for step in steps]


def _line(step: Mapping[str, Any]) -> str:
    until = _day(step["to"])
    sentence = _SENTENCES.get(step["code"])
    text = str(sentence) % {"from": _day(step["from"]), "to": until} if sentence else until
    length = _length(step)
    source = source_of(step["citation"])
    law = f"{source}, {length}" if length else source
    return f"{text} ({law})"


def source_of(law: str) -> str:
    """A text of law as its reader knows it."""
    return str(_SOURCES.get(law, law))


def _day(text: str | None) -> str:
    return date_format(date.fromisoformat(text), "DATE_FORMAT") if text else ""


def _length(step: Mapping[str, Any]) -> str:
    amount = step.get("amount")
    return "" if amount is None else length_of(amount, step["unit"])


def length_of(amount: int, unit: str) -> str:
    """So many units, in words."""
    words = {
        "month": ngettext("%(count)d month", "%(count)d months", amount),
        "calendar_day": ngettext("%(count)d day", "%(count)d days", amount),
        "business_day": ngettext("%(count)d working day", "%(count)d working days", amount),
        "hour": ngettext("%(count)d hour", "%(count)d hours", amount),
    }
    return words[unit] % {"count": amount}
