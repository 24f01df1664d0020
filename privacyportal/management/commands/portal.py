"""Everything in one foreground process group: web, jobs and clock."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from consent.models import Organisation
from privacyportal import checks, first_admin, folders, health
from privacyportal.supervisor import HOME, Part, Supervisor, port_is_free, wait_for_port
from requests.models import Ticket

THREADS = 8
JOBS_AT_ONCE = 4
APPLICATION = "privacyportal.wsgi:application"


class Command(BaseCommand):
    help = "Start web, jobs and clock; Ctrl-C stops all three."
    requires_system_checks = []  # refuse_unsafe() below says what matters, in one sentence each

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="listen here (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="and on this port (8000)")
        parser.add_argument("--no-demo", action="store_true", help="start without invented data")
        parser.add_argument(
            "--prepare-only", action="store_true", help="prepare, but start nothing"
        )
        parser.add_argument("--parent", type=int, help="end when this parent process is gone")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        checks.refuse_unsafe()
        if options["prepare_only"]:
            self._prepare(_url(host, port), demo=not options["no_demo"])
            return
        if not port_is_free(host, port):
            raise CommandError(
                f"Something else listens on {host}:{port}. Choose another port: --port {port + 1}"
            )
        url = _url(host, port)
        self._prepare(url, demo=not options["no_demo"])
        supervisor = Supervisor(
            parts=_parts(host, port),
            env=_environment(url),
            say=self._say,
            parent=options["parent"],
            before_restart=folders.make,  # a folder that somebody deleted
        )

        def announce() -> None:
            if wait_for_port(host, port, seconds=30, give_up=lambda: supervisor.stopping):
                self._announce(url)

        supervisor.run(when_started=announce)
        self._say("Stopped.")

    def _prepare(self, url: str, *, demo: bool) -> None:
        folders.make()
        if health.missing_migrations():
            self._say("Preparing the database …")
            call_command("migrate", interactive=False, verbosity=0)
        call_command("load_reference_data", verbosity=0, stdout=_Quiet())
        if not settings.DEBUG and os.access(settings.STATIC_ROOT, os.W_OK):  # an image brings them
            call_command("collectstatic", interactive=False, verbosity=0)
        elif demo and Organisation.objects.exists() and not Ticket.objects.exists():
            self._say("Filing invented requests …")
            _run_as_child("seed_demo", url)
        connections.close_all()  # the children open their own

    def _announce(self, url: str) -> None:
        self._say(f"\n  Public pages   {url}/\n  Office         {url}/admin/")
        if settings.DEBUG and not settings.EMAIL_URL:
            self._say(f"  Mails          {url}/dev/mail/")
        if not get_user_model().objects.filter(is_superuser=True).exists():
            link = first_admin.new_link(base=url)
            self._say(f"\n  The first administrator is made here, once, within an hour:\n  {link}")
        connections.close_all()
        self._say("\n  Ctrl-C stops everything.\n")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


class _Quiet:
    """Swallows what a called command would print."""

    def write(self, _text: str) -> int:
        return 0

    def flush(self) -> None:
        """Nothing to flush."""


def _url(host: str, port: int) -> str:
    """Where a person reaches the portal: its public name, or this machine in development."""
    if not settings.DEBUG or os.environ.get("SITE_URL"):
        return str(settings.SITE_URL)
    name = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 -- compared, not bound
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _run_as_child(name: str, url: str) -> None:
    """A command of ours whose mails link to ``url``; this process was started without it."""
    command = [sys.executable, str(HOME / "manage.py"), name]
    subprocess.run(command, env=_environment(url), stdout=subprocess.DEVNULL, check=True)  # noqa: S603


def _environment(url: str) -> dict[str, str]:
    return {**os.environ, "SITE_URL": url, "PYTHONUNBUFFERED": "1"}


def _parts(host: str, port: int) -> list[Part]:
    python = [sys.executable, "-m"]
    web = f"--interface wsgi --workers 1 --blocking-threads {THREADS} --log-level error"
    jobs = f"worker --pool threads --concurrency {JOBS_AT_ONCE} --loglevel warning"
    lone = "--without-gossip --without-mingle --without-heartbeat"
    clock = "beat --loglevel warning"
    celery = [*python, "celery", "-q", "-A", "privacyportal"]
    return [
        Part(
            "web",
            [*python, "granian", *web.split(), "--host", host, "--port", f"{port}", APPLICATION],
        ),
        Part("jobs", [*celery, *jobs.split(), *lone.split()]),
        Part("clock", [*celery, *clock.split()]),
    ]
