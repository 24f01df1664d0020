"""Each part is broken in turn: readiness notices, and strangers learn nothing but that."""

import shutil
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.utils import timezone

from consent.enums import MailState
from consent.models import AuditEvent, Firing, OutboundEmail
from privacyportal import health

pytestmark = pytest.mark.django_db
TOKEN = "t" * 43


@pytest.fixture
def _well():
    """Everything as it is a minute after the start."""
    Firing.objects.create(job="sweep", due="last")


@pytest.fixture
def monitoring(client, settings):
    settings.HEALTH_TOKEN = TOKEN

    def ask():
        answer = client.get("/readyz", headers={"authorization": f"Bearer {TOKEN}"})
        return answer.status_code, answer.json()["checks"]

    return ask


def wrong(found):
    return {name for name, text in found.items() if text != "ok"}


def mail(**fields):
    values = {"key": "k", "to": "ana@example.com", "template": "t", "due_at": timezone.now()}
    return OutboundEmail.objects.create(**values | fields)


def test_alive_asks_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.usefixtures("_well")
def test_ready_when_all_is_well(client, monitoring):
    assert client.get("/readyz").content == b"ok\n"
    assert monitoring() == (200, dict.fromkeys(health.CHECKS, "ok"))


def no_database(monkeypatch):
    def fail(*_args, **_kwargs):
        raise OperationalError("secret-host:5432 refused")

    monkeypatch.setattr(connection, "cursor", fail)


def full_disk(monkeypatch):
    usage = SimpleNamespace(total=100 * 2**30, free=4 * 2**30)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)


def old_code(monkeypatch):
    known = health._on_disk()
    monkeypatch.setattr(health, "_on_disk", lambda: known | {("consent", "9999_later")})


def no_sweep(_monkeypatch):
    Firing.objects.all().delete()


def late_sweep(_monkeypatch):
    Firing.objects.update(fired_at=timezone.now() - timedelta(minutes=6))


def late_mail(_monkeypatch):
    mail(due_at=timezone.now() - timedelta(minutes=11))


def abandoned_mail(_monkeypatch):
    before = timezone.now() - timedelta(minutes=11)
    lease = {"lease_until": before, "lease_token": "0" * 32}
    mail(due_at=before, state=MailState.LEASED, **lease)


def unsealed(_monkeypatch):
    before = timezone.now() - timedelta(minutes=6)
    AuditEvent.objects.create(action="a", target_label="b", target_id="1", happened_at=before)


@pytest.mark.usefixtures("_well")
@pytest.mark.parametrize(
    ("break_it", "noticed"),
    [
        (full_disk, {"disk"}),
        (old_code, {"migrations"}),
        (no_sweep, {"sweep"}),
        (late_sweep, {"sweep"}),
        (late_mail, {"outbox"}),
        (abandoned_mail, {"outbox"}),
        (unsealed, {"audit"}),
    ],
)
def test_each_broken_part_is_noticed(client, monkeypatch, monitoring, break_it, noticed):
    break_it(monkeypatch)
    stranger = client.get("/readyz")
    assert (stranger.status_code, stranger.content) == (503, b"not ready\n")
    status, found = monitoring()
    assert status == 503
    assert wrong(found) == noticed


@pytest.mark.usefixtures("_well")
def test_a_dead_database_is_503_and_not_an_error(client, monkeypatch, monitoring):
    with monkeypatch.context() as broken:
        no_database(broken)
        stranger = client.get("/readyz")
        status, found = monitoring()
    assert (stranger.status_code, stranger.content) == (503, b"not ready\n")
    assert status == 503
    assert found["database"] == "The check failed: OperationalError."
    assert "secret-host" not in str(found)


@pytest.mark.usefixtures("_well")
@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "amqp://guest@127.0.0.1:1//"])
def test_a_dead_broker_is_noticed(settings, monitoring, url):
    settings.BROKER_URL = settings.CELERY_BROKER_URL = url
    if url.startswith("amqp"):
        pytest.importorskip("amqp")
        health.current_app.conf.broker_url, before = url, health.current_app.conf.broker_url
    try:
        status, found = monitoring()
    finally:
        if url.startswith("amqp"):
            health.current_app.conf.broker_url = before
    assert status == 503
    assert wrong(found) == {"broker"}
    assert "127.0.0.1" not in found["broker"]


@pytest.mark.usefixtures("_well")
def test_mail_that_waits_for_its_time_or_a_person_is_no_alarm(client):
    now = timezone.now()
    mail(key="later", due_at=now + timedelta(hours=1))
    mail(key="soon", due_at=now - timedelta(minutes=9))
    mail(key="held", due_at=now - timedelta(days=1), state=MailState.HELD)
    assert client.get("/readyz").status_code == 200


@pytest.mark.usefixtures("_well")
def test_staff_see_details_and_others_do_not(client):
    staff = User.objects.create_user("besa", is_staff=True)
    person = User.objects.create_user("ana")
    client.force_login(person)
    assert client.get("/readyz").content == b"ok\n"
    client.force_login(staff)
    assert client.get("/readyz").json()["ready"] is True


@pytest.mark.usefixtures("_well")
@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", "Bearer ë", TOKEN[:-1]])
def test_a_wrong_token_shows_nothing(client, settings, header):
    settings.HEALTH_TOKEN = TOKEN
    answer = client.get("/readyz", headers={"authorization": header})
    assert answer.content == b"ok\n"


@pytest.mark.usefixtures("_well")
def test_without_a_token_set_an_empty_one_opens_nothing(client):
    assert client.get("/readyz", headers={"authorization": "Bearer "}).content == b"ok\n"
