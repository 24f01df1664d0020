"""Reference data of the work floor, and the one load of everything.

The files in requests/reference are the source. Loading them twice changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction

from consent.services import reference as record_floor
from consent.services.audit import Actor
from consent.services.reference import Counts, read, upsert
from requests.enums import CONFIRMED, Origin
from requests.models import DeadlineRule, RightRule
from requests.services import places

FOLDER = Path(__file__).resolve().parent.parent / "reference"


@cache
def deadline_rules() -> Mapping[str, dict[str, Any]]:
    """The shipped deadline rules by code, without a database."""
    return {body["id"]: body for body in read(FOLDER, "deadline_rules.json")["rules"]}


def load(*, by: Actor = None) -> dict[str, Counts]:
    """Load both floors in one transaction; one audit event when something changed."""
    with transaction.atomic():
        counts = {
            **record_floor.load_rows(),
            "deadline_rules": load_deadline_rules(),
            "rights": load_rights(),
        }
        record_floor.record(counts, by=by)
    places.forget()
    return counts


def load_rights() -> Counts:
    return upsert(RightRule.objects, read(FOLDER, "rights.json"), key=["code"])


@dataclass
class RuleCounts(Counts):
    """``offered`` names rules whose shipped change waits beside the office's own version."""

    offered: list[str] = field(default_factory=list)


def load_deadline_rules() -> RuleCounts:
    """Add what is new. A stored version is never edited: a changed rule becomes the next one.

    What the office wrote stays in use: a shipped change is stored beside it, and reported until
    somebody takes it or writes another version (requests.services.rule_versions).
    """
    newest, shipped = _stored()
    own = set(DeadlineRule.objects.filter(origin=Origin.OFFICE).values_list("code", flat=True))
    counts, rows = RuleCounts(), []
    for code, body in deadline_rules().items():
        last = newest.get(code)
        if last is None:
            rows.append(_version(body, 1))
            counts.added += 1
            continue
        ours = shipped.get(code)
        wanted = _unconfirmed(body, ours)
        is_new = ours is None or ours.body != wanted
        if is_new:
            rows.append(_version(wanted, last.version + 1))
            counts.changed += 1
        else:
            counts.unchanged += 1
        if code in own and (is_new or last.origin == Origin.SHIPPED):
            counts.offered.append(code)
    DeadlineRule.objects.bulk_create(rows)
    places.forget()
    return counts


def _stored() -> tuple[dict[str, DeadlineRule], dict[str, DeadlineRule]]:
    """By code, the newest version of all, and the newest that was shipped."""
    newest: dict[str, DeadlineRule] = {}
    shipped: dict[str, DeadlineRule] = {}
    for row in DeadlineRule.objects.order_by("version"):
        newest[row.code] = row
        if row.origin == Origin.SHIPPED:
            shipped[row.code] = row
    return newest, shipped


def _unconfirmed(body: dict[str, Any], stored: DeadlineRule | None) -> dict[str, Any]:
    """A file cannot confirm a rule that people here still hold for unconfirmed."""
    if stored is None or stored.is_confirmed or body["status"] != CONFIRMED:
        return body
    return {**body, "status": stored.status}


def _version(body: dict[str, Any], number: int) -> DeadlineRule:
    return DeadlineRule(
        code=body["id"],
        version=number,
        law=body["law"],
        status=body["status"],
        effective_from=body["effective_from"],
        effective_to=body["effective_to"],
        body=body,
    )
