"""Reference data of the record floor: places, days off, and the company in the first start.

The files in consent/reference are the source; loading them twice changes nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.db import models

from consent.models import Holiday, Jurisdiction, Organisation
from consent.services import audit
from consent.services.audit import Actor

FOLDER = Path(__file__).resolve().parent.parent / "reference"


@dataclass
class Counts:
    """What a load did to one kind of row."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0

    @property
    def did_something(self) -> bool:
        return bool(self.added or self.changed)


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


@cache
def calendars() -> dict[str, frozenset[date]]:
    """The shipped days off by calendar, without a database."""
    return {
        name: frozenset(date.fromisoformat(day) for day in calendar["days"])
        for name, calendar in read(FOLDER, "holidays.json").items()
    }


def upsert(
    manager: models.Manager[Any],
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    create_only: frozenset[str] = frozenset(),
) -> Counts:
    """Add rows that are missing and update fields that differ; in one read and two writes.

    ``create_only`` fields belong to the office once the row exists.
    """
    stored = {tuple(getattr(row, name) for name in key): row for row in manager.all()}
    counts, new, changed, names = Counts(), [], [], set()
    for values in rows:
        row = stored.get(tuple(values[name] for name in key))
        if row is None:
            new.append(manager.model(**values))
            continue
        differing = [
            name
            for name, value in values.items()
            if name not in create_only and getattr(row, name) != value
        ]
        for name in differing:
            setattr(row, name, values[name])
        if differing:
            changed.append(row)
            names.update(differing)
        else:
            counts.unchanged += 1
    manager.bulk_create(new)
    if changed:
        manager.bulk_update(changed, sorted(names))
    counts.added, counts.changed = len(new), len(changed)
    return counts


def load_rows() -> dict[str, Counts]:
    """Load everything of this floor. Call it in a transaction, and record it."""
    return {
        "jurisdictions": load_jurisdictions(),
        "holidays": load_holidays(),
        "organisation": load_organisation(),
    }


def load_jurisdictions() -> Counts:
    """Places of residence. Which calendar applies there is the office's choice once it is set."""
    rows = read(FOLDER, "jurisdictions.json")
    return upsert(Jurisdiction.objects, rows, key=["code"], create_only=frozenset({"calendar"}))


def load_holidays() -> Counts:
    """Days off. A day the office added or confirmed by itself stays."""
    rows = [
        {"calendar": name, "day": date.fromisoformat(day), "name": called}
        for name, calendar in read(FOLDER, "holidays.json").items()
        for day, called in calendar["days"].items()
    ]
    return upsert(Holiday.objects, rows, key=["calendar", "day"])


def load_organisation() -> Counts:
    """The example company, so that the first start has somebody who answers; never a second one."""
    if Organisation.objects.exists():
        return Counts(unchanged=1)
    Organisation.objects.create(**read(FOLDER, "organisation.json"), is_default=True)
    return Counts(added=1)


def record(counts: Mapping[str, Counts], *, by: Actor) -> None:
    """One audit event for a load that changed something. Kinds and numbers only."""
    done = {
        kind: {"added": count.added, "changed": count.changed}
        for kind, count in counts.items()
        if count.did_something
    }
    if not done:
        return
    company = Organisation.objects.order_by("-is_default", "pk").first()
    if company is not None:
        audit.record("reference_data.loaded", target=company, by=by, data=done)
