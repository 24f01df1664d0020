"""What the codes of the trail and of the mails mean to a reader.

This floor knows its own codes. The floors above add theirs when they start, and say how the
rows they own are called: ``targets`` asks each kind of row once per list.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from consent.models import AuditEvent


@dataclass(frozen=True, slots=True)
class Target:
    """A row as its reader knows it; ``url`` is empty where they may not open it."""

    name: str
    url: str = ""


Find = Callable[[set[str], User], dict[str, Target]]

# A sentence, or what makes it of the event.
ACTIONS: dict[str, Any] = {
    "organisation.added": _("Organisation added"),
    "organisation.changed": _("Organisation changed"),
    "site.added": _("Site added"),
    "site.changed": _("Site changed"),
    "subjects.imported": _("Persons imported"),
    "mail.retried": _("Mail sent again"),
    "reference_data.loaded": _("Rules and calendars loaded"),
}
MAILS: dict[str, Any] = {}
TARGETS: dict[str, Find] = {}


def of_event(event: AuditEvent) -> str:
    """What happened, or empty where nobody gave the code a sentence."""
    found = ACTIONS.get(event.action, "")
    return str(found(event) if callable(found) else found)


def of_mail(template: str) -> str:
    return capfirst(str(MAILS.get(template, "")))


def targets(rows: Iterable[tuple[str, str]], *, reader: User) -> dict[tuple[str, str], Target]:
    """The rows of (kind, id) that have a name for ``reader``; one look-up per kind."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for kind, pk in rows:
        wanted[kind].add(pk)
    return {
        (kind, pk): target
        for kind, pks in wanted.items()
        if kind in TARGETS
        for pk, target in TARGETS[kind](pks, reader).items()
    }


def name_of(user: User) -> str:
    return user.get_short_name() or user.get_username()


def _users(pks: set[str], _reader: User) -> dict[str, Target]:
    found = User.objects.in_bulk([int(pk) for pk in pks if pk.isdigit()])
    return {str(pk): Target(name_of(user)) for pk, user in found.items()}


TARGETS["auth.user"] = _users
