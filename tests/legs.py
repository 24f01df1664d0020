"""`make test`: everything CI runs, leg by leg, and at the end one table.

A leg that needs a server or Chromium is skipped, with the reason, where that is missing. With
REQUIRE_ALL=1 (CI) a skipped leg is a failure, and so is any single test that no leg ran.

    python tests/legs.py [LEG …]      all legs, or only those named
"""

# ruff: noqa: T201 -- this program's output is its purpose
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

BASE = Path(__file__).resolve().parent.parent
ME = os.environ.get("USER") or "root"
POSTGRES = os.environ.get("TEST_DATABASE_URL") or f"postgres://{ME}@127.0.0.1:5432/portal"
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
# Tests of the shell: the same whatever the database is, so they run once.
SHELL = ("test_house_rules", "test_settings_documented", "test_shell", "test_supervisor")
SHELL += ("test_portal_command", "test_translations")
# What is not ours to ship lies beside a checkout or not at all; its tests may run nowhere.
BESIDE_US = {
    "no shared data beside us",
    "no shared vectors beside us",
    "the corpus is not on this machine",
    "the corpus of hostile inputs is not on this machine",
    "the list of hostile inputs is not beside the project",
}


@dataclass
class Leg:
    name: str
    command: list[str]
    env: dict[str, str] = field(default_factory=dict)
    missing: str | None = None
    result: str = ""
    seconds: float = 0.0


def pytest_leg(name, *arguments, missing=None, **env):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.ledger", "-p", "no:cacheprovider"]
    command += ["--cov", "--cov-report=", "--cov-fail-under=0", *arguments]
    return Leg(name, command, env, missing)


def legs():
    no_postgres, no_redis, no_browser = reason_postgres(), reason_redis(), reason_chromium()
    sqlite = {"TEST_DATABASE_URL": "sqlite://:memory:"}
    server = {"TEST_DATABASE_URL": POSTGRES}
    once = [f"--ignore=tests/{name}.py" for name in SHELL]
    plain = ["-n2", "-m", "not redis", "--ignore=tests/browser", "--ignore=tests/faults"]
    redis = ["-m", "redis", "--ignore=tests/browser", "--ignore=tests/faults"]
    faults = ["-p", "no:randomly", "tests/faults"]
    no_workers = no_postgres or no_redis
    return [
        Leg("checks", ["make", "--no-print-directory", "--keep-going", "check"]),
        pytest_leg("sqlite", *plain, **sqlite),
        pytest_leg("postgresql", *plain, *once, missing=no_postgres, **server),
        pytest_leg("redis", *redis, missing=no_workers, **server),
        pytest_leg("browser", "tests/browser", missing=no_browser, **sqlite),
        pytest_leg("faults", *faults, missing=no_workers, **server),
    ]


def reason_postgres():
    url = urlsplit(POSTGRES)
    try:
        psycopg.connect(url._replace(path="/postgres").geturl(), connect_timeout=3).close()
    except psycopg.Error:
        return f"PostgreSQL does not answer at {url.hostname}:{url.port} (TEST_DATABASE_URL)"
    return None


def reason_redis():
    """The tests start servers of their own, so that they may kill and empty them."""
    return None if shutil.which("redis-server") else "redis-server is not installed"


def reason_chromium():
    if os.environ.get("CHROMIUM") or shutil.which("chromium"):
        return None
    return "Chromium is not installed"


def run(leg, folder):
    if leg.missing:
        leg.result = f"skipped: {leg.missing}"
        return
    print(f"\n== {leg.name}", flush=True)
    own = {"COVERAGE_FILE": f"{folder}/.coverage.{leg.name}", "LEDGER": f"{folder}/{leg.name}.json"}
    started = time.monotonic()
    done = subprocess.run(leg.command, cwd=BASE, env={**os.environ, **leg.env, **own}, check=False)
    leg.seconds = time.monotonic() - started
    leg.result = "passed" if done.returncode == 0 else f"FAILED (exit {done.returncode})"


def ran_nowhere(folder):
    """Tests that every leg left out, as (reason, how many)."""
    ran, left_out = set(), {}
    for path in Path(folder).glob("*.json"):
        ledger = json.loads(path.read_text())
        ran.update(ledger["ran"])
        left_out.update(ledger["left_out"])
    return Counter(reason for test, reason in left_out.items() if test not in ran)


def coverage(folder):
    """One figure for all legs together; what fails is in the table of missing lines."""
    found = [str(path) for path in Path(folder).glob(".coverage.*")]
    if not found:
        return True
    tool = [sys.executable, "-m", "coverage"]
    subprocess.run([*tool, "combine", "--quiet", *found], cwd=BASE, check=True)
    return subprocess.run([*tool, "report"], cwd=BASE, check=False).returncode == 0


def main(wanted):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))  # subprocess.run ends the leg
    chosen = [leg for leg in legs() if not wanted or leg.name in wanted]
    with tempfile.TemporaryDirectory(prefix="portal-legs-") as folder:
        for leg in chosen:
            run(leg, folder)
        nowhere = ran_nowhere(folder)
        covered = bool(wanted) or coverage(folder)
    print()
    for leg in chosen:
        print(f"  {leg.name:<11} {leg.seconds:6.0f} s  {leg.result}")
    for reason, count in nowhere.items():
        print(f"  {count} tests ran on no leg: {reason}")
    if not covered:
        print("  The coverage is below the gate.")
    failed = not covered or any(leg.result.startswith("FAILED") for leg in chosen)
    if REQUIRE_ALL and (any(leg.missing for leg in chosen) or set(nowhere) - BESIDE_US):
        print("  REQUIRE_ALL is set: what was skipped counts as failed.")
        failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
