"""Writing the next version of a deadline rule. A stored one is never edited (INV-01).

What an office wrote comes before what is shipped: a later shipped change is kept beside it and
waits until somebody takes it. That the law is confirmed can be said only by a person.
"""

import copy
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from consent.errors import PortalError
from consent.services import audit
from consent.services.audit import Actor
from requests import deadlines
from requests.deadlines import Event, Explanation, Settings
from requests.deadlines.terms import MONTH
from requests.enums import ClockKind, Origin, RuleStatus
from requests.errors import ChangedMeanwhile, NotSetUp, RuleRefused
from requests.models import DeadlineRule
from requests.services import places, rules

# What an office may change: name of the field, and where it stands in the rule. Units, calendars
# and what stops a clock are how a law counts; another way of counting is another rule.
NUMBERS: dict[str, tuple[str, str]] = {
    "ack": ("ack", "n"),
    "respond": ("respond", "n"),
    "other_channel": ("respond", "other_channel_n"),
    "extension": ("extension", "n"),
    "appeal": ("appeal", "n"),
    "appeal_extension": ("appeal", "extension_n"),
}
LONGEST = 3650
LONGEST_MONTHS = 120
# Days on which a rule may begin or end. A slip of the year would switch a law off.
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 1, 1)
# Days that show most ways in which a period can end: month ends, a leap day, days off.
SAMPLES = (date(2026, 1, 31), date(2026, 6, 9), date(2028, 2, 29), date(2026, 12, 24))


def in_use(code: str) -> DeadlineRule:
    """The version that counts for new requests: the office's newest, else the shipped one."""
    found = DeadlineRule.objects.filter(code=code).in_use_first().first()
    if found is None:
        raise NotSetUp
    return found


def offered(code: str) -> DeadlineRule | None:
    """A shipped change that came after the office's own version and waits to be looked at."""
    versions = list(DeadlineRule.objects.filter(code=code).order_by("-version"))
    newest = versions[0] if versions else None
    own = any(version.origin == Origin.OFFICE for version in versions)
    return newest if own and newest and newest.origin == Origin.SHIPPED else None


def numbers_of(body: Mapping[str, Any]) -> dict[str, int]:
    """The numbers of this rule that can be changed, by name."""
    found = {}
    for name, (part, key) in NUMBERS.items():
        value = (body.get(part) or {}).get(key)
        if isinstance(value, int):
            found[name] = value
    return found


def bounds(body: Mapping[str, Any], name: str) -> tuple[int, int]:
    """The least and the most that this number can be. Only a receipt can be due the same day."""
    part, _key = NUMBERS[name]
    least = 0 if part == "ack" else 1
    return least, LONGEST_MONTHS if body[part].get("unit") == MONTH else LONGEST


def changed(  # noqa: PLR0913 -- what a rule consists of
    body: Mapping[str, Any],
    *,
    numbers: Mapping[str, int],
    law: str,
    status: str,
    effective_from: date,
    effective_to: date | None,
) -> dict[str, Any]:
    """A copy of ``body`` with these values; refused where no date can be counted with it."""
    new: dict[str, Any] = copy.deepcopy(dict(body))
    known = numbers_of(body)
    for name, value in numbers.items():
        if name not in known:
            raise RuleRefused(_("This rule has no such number."))
        least, most = bounds(body, name)
        if not least <= value <= most:
            words = {"least": least, "most": most}
            raise RuleRefused(_("Enter a number between %(least)d and %(most)d.") % words)
        part, key = NUMBERS[name]
        new[part][key] = value
    if not law.strip():
        raise RuleRefused(_("Name the text of law."))
    if status not in RuleStatus.values:
        raise RuleRefused(_("Say whether the rule is confirmed."))
    if not FIRST_DAY <= effective_from <= LAST_DAY or (effective_to or LAST_DAY) > LAST_DAY:
        raise RuleRefused(_("A rule begins and ends between 1990 and 2100. Check the year."))
    if effective_to is not None and effective_to < effective_from:
        raise RuleRefused(_("The rule cannot end before it begins."))
    new["law"], new["status"] = law.strip(), status
    new["effective_from"] = effective_from.isoformat()
    new["effective_to"] = effective_to.isoformat() if effective_to else None
    _refuse_uncountable(new)
    return new


def sample(body: Mapping[str, Any], on: date) -> Explanation:
    """What a request that came in at noon of ``on`` would get under this rule alone."""
    received = datetime.combine(on, time(12), tzinfo=UTC)
    return deadlines.compute(
        [body],
        [Event(ClockKind.RECEIVED, received)],
        settings=Settings(promise=False),
        calendars=rules.calendars_for([dict(body)]),
    )


def revise(code: str, *, body: dict[str, Any], reason: str, by: Actor, seen: int) -> DeadlineRule:
    """Store ``body`` as the next version, from now on for new requests.

    ``seen`` is the version on the officer's page: another one that was written meanwhile must
    be read first. Requests keep what they were computed with.
    """
    try:
        with transaction.atomic():
            return _revise(code, body=body, reason=reason, by=by, seen=seen)
    except IntegrityError:  # somebody stored the same number in the same moment
        raise ChangedMeanwhile from None


def _revise(code: str, *, body: dict[str, Any], reason: str, by: Actor, seen: int) -> DeadlineRule:
    before = in_use(code)
    newest = DeadlineRule.objects.filter(code=code).order_by("-version")[0]
    if newest.version != seen:
        raise ChangedMeanwhile
    if by is None or not reason.strip():
        raise RuleRefused(_("Write why the rule changes. It stays in the list of versions."))
    if body.get("id") != code:
        raise RuleRefused(_("A rule keeps its code."))
    _refuse_uncountable(body)
    stored = DeadlineRule(
        code=code,
        version=newest.version + 1,
        law=body["law"],
        status=body["status"],
        effective_from=body["effective_from"],
        effective_to=body["effective_to"],
        body=body,
        origin=Origin.OFFICE,
        author_id=by.pk,
        reason=reason.strip(),
    )
    stored.save(force_insert=True)
    audit.record(
        "rule.revised",
        target=stored,
        by=by,
        data={
            "code": code,
            "from": before.version,
            "to": stored.version,
            "status_from": before.status,
            "status_to": stored.status,
        },
    )
    places.forget()
    return stored


def _refuse_uncountable(body: Mapping[str, Any]) -> None:
    """Count with it, with and without more time: what cannot be counted is not stored."""
    for name in rules.unknown_calendars(dict(body)):
        raise RuleRefused(_("There are no days off called %(name)s.") % {"name": name})
    since = date.fromisoformat(body["effective_from"])
    for day in (since, *SAMPLES):
        received = datetime.combine(day, time(12), tzinfo=UTC)
        facts = [Event(ClockKind.RECEIVED, received)]
        notice = Event(ClockKind.EXTENSION_NOTICE_SENT, received + timedelta(days=1))
        asked = Event(ClockKind.APPEAL_RECEIVED, received + timedelta(days=2))
        try:
            for more in ([], [notice], [asked]):
                deadlines.compute(
                    [body],
                    [*facts, *more],
                    settings=Settings(promise=False),
                    calendars=rules.calendars_for([dict(body)]),
                )
        except (PortalError, OverflowError, ValueError, KeyError, TypeError) as error:
            raise RuleRefused(
                _("No date can be counted with this rule: %(why)s") % {"why": error}
            ) from error
