"""How big the faults are. CI runs them small; ``make faults`` (FAULTS=full) prints the figures
that stand in docs/operators/figures.md.
"""

# ruff: noqa: T201 -- seeds and figures are printed
import os
import random

import pytest

from tests.running import world

__all__ = ["world"]

# Only somebody who can restart the database server can run it.
collect_ignore = [] if "FAULTS_RESTART" in os.environ else ["test_database_restart.py"]

FULL = os.environ.get("FAULTS") == "full"


def pytest_collection_modifyitems(items):
    for item in items:
        if "/faults/" in str(item.path):
            item.add_marker(pytest.mark.faults)


@pytest.fixture
def size():
    """``size(small, full)``: the one that was asked for."""
    return lambda small, full: full if FULL else small


@pytest.fixture
def chance(request):
    """Random numbers with a printed seed; FAULTS_SEED repeats a run."""
    seed = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(10**6))
    print(f"{request.node.name}: FAULTS_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def figures(request, capsys):
    """Print what was counted, also where the test passes."""

    def show(**counted):
        words = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in counted.items())
        with capsys.disabled():
            print(f"\n  {request.node.name}: {words}")

    return show
