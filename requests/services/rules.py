"""Which deadline rules apply to a request: by what is asked, where the person lives, and when.

Rules and days off are reference data: read at most once a minute, one statement each.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from consent.models import Holiday, Jurisdiction, Organisation
from consent.services.reference import calendars as shipped_calendars
from requests.deadlines import Settings, in_force
from requests.deadlines.facts import ONLY_WEEKENDS, PROMISE, Days, zone
from requests.errors import NotSetUp
from requests.models import DeadlineRule, RightRule
from requests.services import places
from requests.services.places import Fresh

# Whoever does not say where they live is treated as somebody in the Union (INV-02).
FALLBACK = "EU-GDPR"
# For the people who keep the rules. No date follows from them, so no request keeps a copy: half
# of what a snapshot would hold. The stored version, which never changes, has them.
EXPLAINING = frozenset({"note", "sources", "request_types"})


def _load_versions() -> dict[str, list[DeadlineRule]]:
    found: dict[str, list[DeadlineRule]] = {}
    for row in DeadlineRule.objects.in_use_first():
        found.setdefault(row.code, []).append(row)
    return found


def _load_holidays() -> dict[str, frozenset[date]]:
    found: dict[str, set[date]] = {}
    for calendar, day in Holiday.objects.values_list("calendar", "day"):
        found.setdefault(calendar, set()).add(day)
    return {calendar: frozenset(days) for calendar, days in found.items()}


_versions = Fresh(_load_versions)
_holidays = Fresh(_load_holidays)


def snapshots_for(
    right: RightRule, residence: Jurisdiction | None, received_at: datetime
) -> list[dict[str, Any]]:
    """Return the rules of a request, as they stood when it came in (INV-01, INV-02).

    A request type with rules of its own follows these wherever the person lives; every other
    one follows the law of the residence. The promise is added where it applies.
    """
    if not _versions():
        raise NotSetUp
    found = _chosen(right, residence, received_at)
    if right.promise_applies and PROMISE not in {rule["id"] for rule in found}:
        found += _picked([PROMISE], None, received_at)
    return found or _picked([FALLBACK], None, received_at)


def settings_for(organisation: Organisation) -> Settings:
    """What the company chose. Switches of unconfirmed law stay off."""
    return Settings(controller_tz=organisation.time_zone)


def calendars_for(snapshots: Sequence[dict[str, Any]]) -> dict[str, Collection[date]]:
    """Return the days off that these rules count with; one they name is never missing."""
    stored = _holidays()
    return {name: stored.get(name, frozenset()) for name in _calendar_names(snapshots)}


def unknown_calendars(body: dict[str, Any]) -> list[str]:
    """Names of days off that this rule counts with and nobody has ever entered."""
    known = {ONLY_WEEKENDS, *shipped_calendars(), *_holidays()}
    return [name for name in _calendar_names([body]) if name not in known]


def _chosen(
    right: RightRule, residence: Jurisdiction | None, received_at: datetime
) -> list[dict[str, Any]]:
    if right.regimes:
        return _picked(right.regimes, residence, received_at)
    codes = residence.regimes if residence is not None else []
    # A law that does not apply yet leaves the person with what everybody gets.
    return _picked(codes, residence, received_at) or _picked([FALLBACK], residence, received_at)


def _picked(
    codes: Sequence[str], residence: Jurisdiction | None, received_at: datetime
) -> list[dict[str, Any]]:
    found = []
    for code in codes:
        version = _in_force(code, received_at)
        if version is not None and _reaches(version.body, residence):
            found.append(_snapshot(version, residence))
    return found


def _in_force(code: str, received_at: datetime) -> DeadlineRule | None:
    """The newest version that applied on the day of receipt; the office's own before ours."""
    for version in _versions().get(code, []):
        if in_force(version.body, _receipt_day(version.body, received_at)):
            return version
    return None


def _receipt_day(body: dict[str, Any], received_at: datetime) -> date:
    """The same day the calculator takes: the earlier one of the company's and the law's."""
    law = zone(body["time_zone"])
    company = places.organisation()
    return Days(zone(company.time_zone) if company else law, law).earlier(received_at)


def _reaches(body: dict[str, Any], residence: Jurisdiction | None) -> bool:
    """Whether the rule is for people who live there; most are for everybody who is sent here."""
    only = body.get("residences")
    return only is None or (residence is not None and residence.code in only)


def _snapshot(version: DeadlineRule, residence: Jurisdiction | None) -> dict[str, Any]:
    """The body a ticket keeps. GDPR counts by the days of the Member State where it is known."""
    body = {name: part for name, part in version.body.items() if name not in EXPLAINING}
    body["version"] = version.version
    if body.get("follows_residence") and residence is not None and body["id"] in residence.regimes:
        body["time_zone"] = residence.time_zone
        body["roll"] = {"calendar": residence.calendar}
    return body


def _calendar_names(snapshots: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield ONLY_WEEKENDS
    for body in snapshots:
        for part in ("ack", "respond", "roll", "extension"):
            name = (body.get(part) or {}).get("calendar")
            if name:
                yield name
