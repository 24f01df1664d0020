"""The date rules see no clock, no database and no settings: what they know is passed to them."""

import ast
import subprocess
import sys

import pytest
from django.conf import settings

FILES = [
    settings.BASE_DIR / "consent/calendars.py",
    *sorted((settings.BASE_DIR / "requests/deadlines").glob("*.py")),
]
# The standard library without its clocks, the words of a refusal, and each other.
ALLOWED = {
    "calendar",
    "collections.abc",
    "dataclasses",
    "datetime",
    "functools",
    "typing",
    "zoneinfo",
    "django.utils.translation",
    "consent.calendars",
    "consent.errors",
}
CLOCKS = {"now", "today", "utcnow", "time_ns", "monotonic", "localtime"}

ALONE = """
from datetime import UTC, datetime
from requests import deadlines
rule = {"id": "X", "law": "Law 1", "time_zone": "Europe/Tirane", "effective_from": "2020-01-01",
        "promise_applies": True, "ack": None, "respond": {"n": 1, "unit": "month"}}
facts = [deadlines.Event("received", datetime(2026, 1, 31, 12, tzinfo=UTC))]
print(deadlines.compute([rule], facts, calendars={}).due_on)
"""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_date_rule_imports_nothing_that_knows_the_world(path):
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    own = {name for name in found if name.startswith("requests.deadlines")}
    assert found - own - ALLOWED <= {"requests.deadlines"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_date_rule_asks_no_clock(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    asked = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert asked & CLOCKS == set()


def test_a_date_is_found_without_settings():
    """No Django set-up at all: a process that never read a setting computes the same date."""
    found = subprocess.run(
        [sys.executable, "-c", ALONE],
        cwd=settings.BASE_DIR,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.stdout, found.stderr) == ("2026-02-28\n", "")
