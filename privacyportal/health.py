"""Is it alive, and can it do its work? What is wrong is told to staff and to monitoring only."""

import secrets
import shutil
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache

import redis
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from consent.enums import MailState
from consent.models import AuditEvent, Firing, OutboundEmail
from requests.services.reminders import brake

SWEEP_LATE = timedelta(minutes=5)
MAIL_LATE = timedelta(minutes=10)
# Later than verify_audit reports it: the sweep gets a few minutes before anybody is woken.
SEAL_LATE = timedelta(minutes=5)
DISK_FREE = 0.05


class NotReady(Exception):
    """The sentence for the person on call."""


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_migrations() -> None:
    missing = missing_migrations()
    if missing:
        raise NotReady(f"{len(missing)} migrations are missing. Type: manage.py migrate")


def check_broker() -> None:
    """Only where one is configured; the embedded default has no server."""
    url = settings.BROKER_URL
    if not url:
        return
    try:
        if url.startswith(("redis://", "rediss://", "unix://")):
            with redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as client:
                client.ping()
        else:
            with current_app.connection_for_write(connect_timeout=1) as broker:
                broker.ensure_connection(max_retries=1, timeout=1)
    except Exception as error:  # each transport has its own errors
        raise NotReady(f"The broker does not answer: {type(error).__name__}.") from error


def check_disk() -> None:
    usage = shutil.disk_usage(settings.VAR_DIR)
    if usage.free < usage.total * DISK_FREE:
        raise NotReady(f"Only {usage.free // 2**20} MiB are free where VAR_DIR is.")


def check_sweep() -> None:
    last = Firing.objects.filter(job="sweep", due="last").first()
    if last is None:
        raise NotReady("The minute sweep has never run. Are worker and beat running?")
    if last.fired_at < timezone.now() - SWEEP_LATE:
        raise NotReady(f"The minute sweep last ran at {last.fired_at:%Y-%m-%d %H:%M} UTC.")


def check_outbox() -> None:
    since = timezone.now() - MAIL_LATE
    late = OutboundEmail.objects.filter(
        Q(state=MailState.QUEUED, due_at__lt=since)
        | Q(state=MailState.LEASED, lease_until__lt=since)
    )
    if late.exists():
        raise NotReady("A mail has been due for more than 10 minutes.")


def check_audit() -> None:
    since = timezone.now() - SEAL_LATE
    if AuditEvent.objects.filter(mac__isnull=True, happened_at__lt=since).exists():
        raise NotReady("An audit row has waited for its seal for more than 5 minutes.")


def check_reminders() -> None:
    """They stop by themselves where the clock or their number cannot be right."""
    reasons = brake.reasons()
    if reasons:
        raise NotReady(
            f"Reminders are stopped ({', '.join(reasons)}). Once it is right, type:"
            " manage.py release_reminders"
        )


# The database comes first: without it the later ones cannot be asked.
CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "migrations": check_migrations,
    "broker": check_broker,
    "disk": check_disk,
    "sweep": check_sweep,
    "outbox": check_outbox,
    "audit": check_audit,
    "reminders": check_reminders,
}


def missing_migrations() -> list[str]:
    """Migrations on the disk that the database has not seen."""
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in _on_disk() if (app, name) not in applied)


@lru_cache(maxsize=1)
def _on_disk() -> frozenset[tuple[str, str]]:
    loader = MigrationLoader(None)
    return frozenset(loader.disk_migrations or ())


def report() -> dict[str, str]:
    """What each part says: "ok", or a sentence."""
    found: dict[str, str] = {}
    for name, check in CHECKS.items():
        try:
            check()
        except NotReady as reason:
            found[name] = str(reason)
        except (DatabaseError, OSError) as error:
            found[name] = f"The check failed: {type(error).__name__}."
        else:
            found[name] = "ok"
    return found


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Alive: this process answers. It asks nobody else, so that a restart is never in vain."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    found = report()
    ready = all(text == "ok" for text in found.values())
    status = 200 if ready else 503
    if _may_see_details(request, database=found["database"] == "ok"):
        return JsonResponse({"ready": ready, "checks": found}, status=status)
    words = "ok\n" if ready else "not ready\n"
    return HttpResponse(words, status=status, content_type="text/plain")


def _may_see_details(request: HttpRequest, *, database: bool) -> bool:
    """A token in the header, or a member of staff (who cannot be known without a database)."""
    token = settings.HEALTH_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and secrets.compare_digest(given.encode(), token.encode()):
        return True
    if not database:
        return False
    try:
        return request.user.is_active and request.user.is_staff
    except DatabaseError:
        return False
