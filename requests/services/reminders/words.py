"""What the daily mail says of each request, and of work that is stuck."""

import heapq
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import translation

from requests.enums import State
from requests.models import RightRule
from requests.services import stuck as stuck_work
from requests.services.reminders.steps import LATE, Kind

# So many of each list are named; the list in the admin has them all.
NAMED = 20
MESSAGE = "message"
# (id, number, right, date, state, handler)
Row = tuple[int, str, int, date, str, int | None]

# The list each reminder belongs to, most urgent first.
_PLACES = {
    Kind.ANSWER: "due",
    Kind.APPEAL: "due",
    Kind.EXTENSION: "due",
    Kind.ACKNOWLEDGE: "due",
    MESSAGE: "new",
    Kind.NEW: "new",
    Kind.PAUSED: "waiting",
}
_IN_WORK = frozenset({State.TRIAGE, State.AWAITING_REQUESTER, State.IN_PROGRESS, State.REVIEW})


class Item(NamedTuple):
    """One line. ``about`` picks its sentence in the template."""

    day: date
    reference: str
    right_id: int
    about: str


def item(row: Row, about: str, day: date | None = None) -> Item:
    return Item(day or row[3], row[1], row[2], about)


def still_true(row: Row, kind: str, number: int, due: str) -> bool:
    """Whether a reminder says something that is right at this moment."""
    state = row[4]
    if kind in {Kind.ANSWER, Kind.APPEAL} and (number == LATE or due != row[3].isoformat()):
        return False  # what is late has a list of its own; or the date has moved
    if kind == Kind.NEW:
        return state == State.TRIAGE
    if kind == Kind.PAUSED:
        return state in _IN_WORK
    if kind == Kind.APPEAL:
        return state == State.APPEAL
    return state in _IN_WORK


def place(row: Row, kinds: Mapping[str, str]) -> tuple[str, Item]:
    """The list a request stands in, and its line there. ``kinds``: what is told, with its date."""
    kind = next(kind for kind in _PLACES if kind in kinds)
    day = row[3]
    if kind in {Kind.APPEAL, Kind.EXTENSION, Kind.ACKNOWLEDGE, Kind.PAUSED}:
        day = date.fromisoformat(kinds[kind])
    return _PLACES[kind], item(row, str(kind), day)


def context(
    lists: Mapping[str, list[Item]], *, stuck: Sequence[str], rights: Mapping[int, RightRule]
) -> dict[str, Any]:
    """What the template needs, as JSON."""
    return {
        "counts": {name: len(items) for name, items in lists.items()},
        "lists": {
            name: {
                "items": [_line(item, rights) for item in heapq.nsmallest(NAMED, items)],
                "more": max(0, len(items) - NAMED),
            }
            for name, items in lists.items()
        },
        "stuck": list(stuck),
        "url": f"{settings.SITE_URL}/admin/requests/ticket/",
    }


def stuck(*, now: datetime, language: str) -> list[str]:
    """What stands still and should not, in sentences of the office's language."""
    with translation.override(language):
        return [str(found.sentence) for found in stuck_work.found(now=now)]


def _line(item: Item, rights: Mapping[int, RightRule]) -> dict[str, Any]:
    return {
        "reference": item.reference,
        "right": rights[item.right_id].goals,
        "date": item.day.isoformat(),
        "about": item.about,
    }
