"""Reference rows the public pages need on each request, kept in this process for a minute."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.utils import translation

from consent.enums import Language
from consent.models import Jurisdiction, Organisation
from requests.errors import NotSetUp
from requests.models import RightRule

T = TypeVar("T")
SECONDS = 60.0
_kept: list["Fresh[Any]"] = []


@dataclass
class Fresh(Generic[T]):
    """What ``load`` returned, at most a minute ago."""

    load: Callable[[], T]
    value: T | None = None
    until: float = 0.0

    def __post_init__(self) -> None:
        _kept.append(self)

    def __call__(self) -> T:
        if self.value is None or time.monotonic() > self.until:
            self.value, self.until = self.load(), time.monotonic() + SECONDS
        return self.value

    def forget(self) -> None:
        self.value = None


def _organisation() -> Organisation | None:
    return Organisation.objects.filter(is_default=True).first()


def _rights() -> dict[str, RightRule]:
    return {right.code: right for right in RightRule.objects.all()}


def _residences() -> dict[str, Jurisdiction]:
    return {place.code: place for place in Jurisdiction.objects.all()}


def _choices() -> dict[str, list[tuple[str, str]]]:
    found = {}
    for language in Language.values:
        with translation.override(language):
            rows = sorted(residences().values(), key=lambda row: (row.sort_order, row.name))
            found[language] = [(row.code, row.name) for row in rows]
    return found


organisation = Fresh(_organisation)
rights = Fresh(_rights)
residences = Fresh(_residences)
# Code and name of each residence in the order of a list, by language.
residence_choices = Fresh(_choices)


def the_organisation() -> Organisation:
    """The company that answers. Without it there is nobody to ask."""
    found = organisation()
    if found is None:
        raise NotSetUp
    return found


def forget() -> None:
    """Read everything anew: after a load of reference data, and between tests."""
    for fresh in _kept:
        fresh.forget()
