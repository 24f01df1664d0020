"""Reference data of the work floor, and the one load of everything.

The files in requests/reference are the source. Loading them twice changes nothing.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction

from consent.services import reference as record_floor
from consent.services.audit import Actor
from consent.services.reference import Counts, read, upsert
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


def load_deadline_rules() -> Counts:
    """Add what is new. A stored version is never edited: a changed rule becomes the next one."""
    newest: dict[str, DeadlineRule] = {}
    for row in DeadlineRule.objects.order_by("version"):
        newest[row.code] = row
    counts, rows = Counts(), []
    for code, body in deadline_rules().items():
        stored = newest.get(code)
        if stored is not None and stored.body == body:
            counts.unchanged += 1
            continue
        rows.append(_version(body, 1 if stored is None else stored.version + 1))
        if stored is None:
            counts.added += 1
        else:
            counts.changed += 1
    DeadlineRule.objects.bulk_create(rows)
    places.forget()
    return counts


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
