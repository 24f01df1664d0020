"""Which tests ran and which were left out, for tests/legs.py. Load with ``-p tests.ledger``.

A test may be left out on one leg because it runs on another: the writers in parallel on
PostgreSQL, the pages in the browser. So no leg judges; each writes down what it did.
"""

import json
import os
from pathlib import Path


class Ledger:
    def __init__(self):
        self.ran = set()
        self.left_out = {}

    def pytest_runtest_logreport(self, report):
        if report.skipped and not hasattr(report, "wasxfail"):
            self.left_out[report.nodeid] = reason_of(report)
        elif report.when == "call":
            self.ran.add(report.nodeid)

    def pytest_collectreport(self, report):
        if report.skipped:
            self.left_out[report.nodeid] = reason_of(report)

    def pytest_sessionfinish(self):
        path = Path(os.environ["LEDGER"])
        path.write_text(json.dumps({"ran": sorted(self.ran), "left_out": self.left_out}))


def reason_of(report):
    """The sentence of the skip; pytest keeps it as (file, line, "Skipped: sentence")."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def pytest_configure(config):
    if not hasattr(config, "workerinput"):  # the workers of xdist report to the one that counts
        config.pluginmanager.register(Ledger())
