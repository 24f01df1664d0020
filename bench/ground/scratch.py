"""What all benches share: a database of their own, settings for it, and the portal in this process.

BENCH_DATABASE_URL names the PostgreSQL server and a database that is made and dropped again.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

BASE = Path(__file__).resolve().parents[2]
HOST = "portal.example.org"
SITE = f"https://{HOST}"
SERVER = os.environ.get("BENCH_DATABASE_URL", "postgres://root@127.0.0.1:5432/portal_bench")


@contextlib.contextmanager
def portal(name, **settings):
    """A fresh, migrated database ``<name>`` and Django set up on it in this process."""
    url = f"{SERVER}_{name}"
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder, database(url):
        (Path(folder) / "static").mkdir()
        os.environ.update(environment(url, folder, **settings))
        sys.path.insert(0, str(BASE))
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        try:
            yield Path(folder)
        finally:
            from django.db import connections

            connections.close_all()


@contextlib.contextmanager
def database(url):
    name = urlsplit(url).path[1:]
    admin(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    admin(url, f'CREATE DATABASE "{name}"')
    try:
        yield
    finally:
        admin(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def admin(url, statement):
    with psycopg.connect(urlsplit(url)._replace(path="/postgres").geturl(), autocommit=True) as db:
        db.execute(statement)


def environment(url, folder, **settings):
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "bench.ground.settings",
        "DATABASE_URL": url,
        "VAR_DIR": str(folder),
        "SECRET_KEY": "bench-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789",
        "SITE_URL": SITE,
        "DEBUG": "false",
        "TRUSTED_PROXIES": "1",
        "EMAIL_URL": "smtp://127.0.0.1:1025",
        "DEFAULT_FROM_EMAIL": f"Privacy office <privacy@{HOST}>",
        "BROKER_URL": "redis://127.0.0.1:1/0",
        "RATE_LIMIT_STORE": "memory://",
        "LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(BASE),
        **settings,
    }


@contextlib.contextmanager
def child(*command, **options):
    """A process of ours, ended whatever happens."""
    process = subprocess.Popen(command, cwd=BASE, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def worker(*arguments):
    """A real Celery worker on the bench's database and broker."""
    command = [sys.executable, "-W", "ignore", "-m", "celery", "-q", "-A", "privacyportal"]
    lone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with child(*command, "worker", *lone, *arguments, **quiet):
        yield


@contextlib.contextmanager
def redis():
    """A Redis of our own: its address. Nothing of it is written to disk."""
    if not shutil.which("redis-server"):
        raise SystemExit("This bench needs the program redis-server.")
    port = free_port()
    command = ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no"]
    with child(*command, "--bind", "127.0.0.1", stdout=subprocess.DEVNULL):
        wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def granian(application, *, threads=8):
    """The production web server with one process, as ``manage.py portal`` starts it; its port."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1"]
    command += ["--blocking-threads", str(threads), "--log-level", "error"]
    with child(*command, "--host", "127.0.0.1", "--port", str(port), application):
        wait_for(port)
        yield port


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_for(port, *, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
            return
        time.sleep(0.05)
    raise SystemExit(f"Nothing answers on port {port}.")
