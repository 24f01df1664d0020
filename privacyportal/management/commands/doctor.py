"""What is found, what is needed and what to type, line by line; exit code 1 when anything is amiss.

It changes nothing and sends nothing: the mail server is greeted and signed in to, no more.
"""

import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import get_connection
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.utils import translation

from consent.models import Organisation
from privacyportal import checks, health

# Seconds by which this machine's clock may differ from the database's.
CLOCK_MAY_DIFFER = 2.0


class Finding(NamedTuple):
    """One line. ``needed`` is empty when all is well."""

    found: str
    needed: str = ""
    type_this: str = ""


def look_at_settings() -> Finding:
    unsafe = list(checks.refusals())
    if unsafe:
        return Finding(unsafe[0].sentence, f"{len(unsafe)} to change", unsafe[0].hint)
    return Finding("safe for development" if settings.DEBUG else "safe")


def look_at_env_file() -> Finding:
    path = settings.BASE_DIR / ".env"
    if not path.exists():
        return Finding("none, the environment says all")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding(f"mode {mode:o}", "readable by its owner alone", "chmod 600 .env")
    return Finding(f"mode {mode:o}")


def look_at_database() -> Finding:
    try:
        health.check_database()
    except DatabaseError as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Finding(reason, "a database that answers", "set DATABASE_URL, or start the server")
    version = ".".join(map(str, connection.get_database_version()))
    return Finding(f"{connection.display_name} {version}")


def look_at_migrations() -> Finding:
    missing = health.missing_migrations()
    if missing:
        return Finding(f"{len(missing)} missing", "all of them applied", "manage.py migrate")
    return Finding("all applied")


def look_at_reference_data() -> Finding:
    if not Organisation.objects.filter(is_default=True).exists():
        return Finding("no organisation", "the shipped rows", "manage.py load_reference_data")
    return Finding("loaded")


def look_at_administrators() -> Finding:
    count = get_user_model().objects.filter(is_superuser=True, is_active=True).count()
    if not count:
        return Finding("no administrator", "at least one", "manage.py first_admin_link")
    return Finding(f"{count} active")


def look_at_clock() -> Finding:
    if connection.vendor != "postgresql":
        return Finding("the database is on this machine")
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs = cursor.fetchone()[0]
    apart = abs((datetime.now(UTC) - theirs).total_seconds())
    if apart > CLOCK_MAY_DIFFER:
        return Finding(f"{apart:.0f} s off the database", "the same time", "start NTP on both")
    return Finding("agrees with the database")


def look_at_mail() -> Finding:
    if not settings.EMAIL_URL:
        return Finding(f"files in {settings.EMAIL_FILE_PATH}")
    try:
        server = get_connection(timeout=settings.EMAIL_TIMEOUT)
        server.open()
        server.close()
    except OSError as error:  # smtplib's errors are OSErrors too
        return Finding(f"{type(error).__name__}: {error}", "a server that answers", "set EMAIL_URL")
    return Finding(f"{settings.EMAIL_HOST} answers; try: manage.py sendtestemail you@example.com")


def look_at_storage() -> Finding:
    folder = settings.VAR_DIR
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return Finding("VAR_DIR cannot be written", "a folder of ours", f"mkdir -m 700 -p {folder}")
    return _from_health(health.check_disk, "writable", "free some space")


def look_at_broker() -> Finding:
    found = "answers" if settings.BROKER_URL else "none needed: wake-ups are files"
    return _from_health(health.check_broker, found, "start Redis, or set BROKER_URL")


def look_at_sweep() -> Finding:
    return _from_health(health.check_sweep, "ran within 5 minutes", "start worker and beat")


def look_at_outbox() -> Finding:
    return _from_health(health.check_outbox, "nothing is late", "look at worker and EMAIL_URL")


def look_at_audit() -> Finding:
    return _from_health(health.check_audit, "all rows sealed", "start the worker")


def look_at_languages() -> Finding:
    with translation.override("sq"):
        albanian = translation.gettext("Sign in")
    if albanian == "Sign in":
        return Finding("no Albanian texts", "the compiled catalogue", "make messages")
    return Finding(", ".join(code for code, _name in settings.LANGUAGES))


def _from_health(check: Callable[[], None], well: str, type_this: str) -> Finding:
    try:
        check()
    except health.NotReady as reason:
        return Finding(str(reason), "the opposite", type_this)
    return Finding(well)


# The database comes last: what asks it follows only where it answers.
ALONE = {
    "settings": look_at_settings,
    ".env": look_at_env_file,
    "languages": look_at_languages,
    "storage": look_at_storage,
    "mail": look_at_mail,
    "broker": look_at_broker,
    "database": look_at_database,
}
WITH_DATABASE = {
    "migrations": look_at_migrations,
    "reference": look_at_reference_data,
    "administrator": look_at_administrators,
    "clock": look_at_clock,
    "sweep": look_at_sweep,
    "outbox": look_at_outbox,
    "audit": look_at_audit,
}


def findings() -> Iterator[tuple[str, Finding]]:
    for name, look in ALONE.items():
        finding = look()
        yield name, finding
    if finding.needed:
        return  # the database was last
    for name, look in WITH_DATABASE.items():
        finding = look()
        yield name, finding
        if name == "migrations" and finding.needed:
            return  # the tables that the others ask are not there


class Command(BaseCommand):
    help = "Looks at everything the portal needs; says what to type where something is missing."
    requires_system_checks = []  # it must speak where the checks would stop it

    def handle(self, *args: Any, **options: Any) -> None:
        amiss = 0
        for name, finding in findings():
            if finding.needed:
                amiss += 1
                self.stdout.write(
                    f"FIX  {name:<14} found: {finding.found}\n"
                    f"{'':<20}needed: {finding.needed}\n"
                    f"{'':<20}type: {finding.type_this}"
                )
            else:
                self.stdout.write(f"ok   {name:<14} {finding.found}")
        if amiss:
            raise CommandError(f"{amiss} to fix.")
        self.stdout.write("All well.")
