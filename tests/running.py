"""The portal as it runs in production, for tests: processes of its own on the tests' database.

Web server, Celery workers, clock, Redis and mail server are real ones, each in a process group of
its own that a test may kill, freeze or stop. They see what the test has committed, so a test that
uses ``world`` has real transactions and PostgreSQL.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import redis
from celery import Celery
from django.db import connection

BASE = Path(__file__).resolve().parent.parent
HOST = "portal.example.org"
SITE = f"https://{HOST}"
KEYS = {
    name: f"tests-0123456789-abcdefghijklmnopqrstuvwxyz-{name}"
    for name in ("SECRET_KEY", "AUDIT_KEY", "SEAL_KEY")
}
LEASE = 8
# "uuid time": as the mail server writes each mail it took.
LINE = 52


@pytest.fixture
def world(settings, tmp_path, transactional_db, monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("workers share a PostgreSQL database")
    if not shutil.which("redis-server"):
        pytest.skip("the program redis-server is not installed")
    for name, key in KEYS.items():
        setattr(settings, name, key)
    # This process only writes rows: nobody is woken up but by the workers and the clock.
    monkeypatch.setattr("consent.services.waker._waker.ask", lambda *_what: None)
    with running(tmp_path, database_url(), lease=LEASE) as found:
        yield found


@contextlib.contextmanager
def running(folder, database, **settings):
    found = World(folder, database, **settings)
    try:
        yield found
    finally:
        found.end()


def database_url():
    row = connection.settings_dict
    who = f"{row['USER']}:{row['PASSWORD']}" if row["PASSWORD"] else row["USER"]
    return f"postgres://{who}@{row['HOST']}:{row['PORT']}/{row['NAME']}"


class World:
    def __init__(self, folder, database, *, lease=120):
        self.folder = folder
        self.log = folder / "taken.log"
        (folder / "var/static").mkdir(parents=True)
        self.log.touch()
        self.processes = []
        self.broker = f"redis://127.0.0.1:{free_port()}/0"  # nobody is there before start_redis
        self.env = {
            **os.environ,
            **KEYS,
            "DJANGO_SETTINGS_MODULE": "privacyportal.settings",
            "DATABASE_URL": database,
            "VAR_DIR": str(folder / "var"),
            "STATIC_DIR": str(folder / "var/static"),
            "DEBUG": "false",
            "SITE_URL": SITE,
            "TRUSTED_PROXIES": "1",
            "EMAIL_URL": "smtp://127.0.0.1:1",
            "DEFAULT_FROM_EMAIL": f"Privacy office <privacy@{HOST}>",
            "BROKER_URL": self.broker,
            "RATE_LIMIT_STORE": self.broker,
            "OUTBOX_LEASE_SECONDS": str(lease),
            "LOG_LEVEL": "ERROR",
        }
        for name in ("HEALTH_TOKEN", "REQUIRE_SECOND_FACTOR", "ALLOW_EMBEDDED", "ALLOWED_HOSTS"):
            self.env.pop(name, None)

    # --- Starting --------------------------------------------------------------

    def start(self, *command, **options):
        process = subprocess.Popen(
            command, cwd=BASE, env=self.env, start_new_session=True, **options
        )
        self.processes.append(process)
        return process

    def python(self, *arguments, **options):
        return self.start(sys.executable, *arguments, **options)

    def manage(self, *arguments):
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=BASE, env=self.env, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def start_redis(self):
        port = self.broker.rpartition(":")[2].partition("/")[0]
        command = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", ""]
        process = self.start(*command, stdout=subprocess.DEVNULL)
        wait_for_port(int(port))
        return process

    def start_mail_server(self, *, delay=0.0):
        command = ["-m", "tests.mail_sink", "--log", str(self.log), "--delay", str(delay)]
        process = self.python(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        port = int(process.stdout.readline())
        self.env["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
        return process

    def start_worker(self, *, at_once=2):
        command = ["-m", "celery", "-q", "-A", "privacyportal", "worker", "--loglevel", "ERROR"]
        lone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        return self.python(*command, "--concurrency", str(at_once), *lone)

    def start_clock(self):
        return self.python("-m", "celery", "-q", "-A", "privacyportal", "beat", "-l", "ERROR")

    def start_web(self, *, processes=1):
        self.manage("collectstatic", "--no-input", "--verbosity", "0")
        port = free_port()
        command = ["-m", "granian", "--interface", "wsgi", "--log-level", "error"]
        command += ["--workers", str(processes), "--blocking-threads", "4"]
        self.python(*command, "--port", str(port), "privacyportal.wsgi:application")
        wait_for_port(port)
        return port

    # --- Looking and disturbing ------------------------------------------------

    def redis(self):
        return contextlib.closing(redis.Redis.from_url(self.broker))

    def ask(self, task, *, queue="celery"):
        """Send a wake-up, as the web or the clock would."""
        with Celery(broker=self.broker, set_as_current=False) as app:
            app.send_task(task, queue=queue, ignore_result=True)

    def taken(self):
        """How many copies of each Message-ID the mail server took."""
        return Counter(line.split()[0] for line in self.log.read_text().splitlines())

    def taken_count(self):
        return self.log.stat().st_size // LINE

    def wait_until(self, is_so, *, seconds, what):
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            time.sleep(0.05)

    def end(self):
        for process in reversed(self.processes):
            kill_group(process)
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()


def kill_group(process):
    """SIGKILL for a process and all it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def children(process):
    """The living children of a process."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if parent == str(process.pid) and state not in "ZX":
                found.append(int(stat.parent.name))
    return found


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_for_port(port, *, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing answers on port {port}")
