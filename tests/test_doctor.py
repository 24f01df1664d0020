"""Each thing is broken in turn: the doctor names it, says what is needed and what to type."""

import re
import smtplib
from io import StringIO
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.core.mail import get_connection
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError

from consent.models import Firing, Organisation
from privacyportal import checks, health
from privacyportal.management.commands import doctor
from requests.services import reference

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _well(settings, tmp_path, monkeypatch):
    settings.VAR_DIR = settings.BASE_DIR = tmp_path
    monkeypatch.setattr(checks, "refusals", lambda: iter(()))
    reference.load()
    User.objects.create_superuser("admin", password="x")
    Firing.objects.create(job="sweep", due="last")


def ask():
    """What it prints, and whether it was content."""
    out = StringIO()
    try:
        call_command("doctor", stdout=out)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), None


def to_fix(text):
    return re.findall(r"^FIX  (\S+)", text, re.MULTILINE)


def test_all_well_is_one_line_each_and_exit_0():
    text, complaint = ask()
    assert complaint is None
    assert to_fix(text) == []
    assert re.findall(r"^ok   (\S+)", text, re.MULTILINE) == [
        *doctor.ALONE,
        *doctor.WITH_DATABASE,
    ]
    assert text.endswith("All well.\n")


def unsafe(monkeypatch, _settings):
    rule = checks.Refusal(3, lambda: True, "SITE_URL is not https.", "Set SITE_URL=https://…")
    monkeypatch.setattr(checks, "refusals", lambda: iter([rule]))


def open_env_file(_monkeypatch, settings):
    (settings.BASE_DIR / ".env").write_text("DEBUG=true\n")
    (settings.BASE_DIR / ".env").chmod(0o644)


def no_folder(_monkeypatch, settings):
    settings.VAR_DIR = settings.VAR_DIR / "missing"


def wrong_password(monkeypatch, settings):
    settings.EMAIL_URL = "smtp+tls://user:hunter2@mail.example.com:587"

    def refuse():
        raise smtplib.SMTPAuthenticationError(535, b"no")

    server = SimpleNamespace(open=refuse)
    monkeypatch.setattr(doctor, "get_connection", lambda **_options: server)


def no_broker(_monkeypatch, settings):
    settings.BROKER_URL = "redis://127.0.0.1:1/0"


def no_organisation(_monkeypatch, _settings):
    Organisation.objects.update(is_default=False)


def no_administrator(_monkeypatch, _settings):
    User.objects.update(is_active=False)


def silent_clock(_monkeypatch, _settings):
    Firing.objects.all().delete()


def old_database(monkeypatch, _settings):
    monkeypatch.setattr(health, "missing_migrations", lambda: ["consent.0009_later"])


@pytest.mark.parametrize(
    ("break_it", "name", "type_this"),
    [
        (unsafe, "settings", "Set SITE_URL=https://…"),
        (open_env_file, ".env", "chmod 600 .env"),
        (no_folder, "storage", "mkdir -m 700"),
        (wrong_password, "mail", "set EMAIL_URL"),
        (no_broker, "broker", "start Redis"),
        (no_organisation, "reference", "manage.py load_reference_data"),
        (no_administrator, "administrator", "manage.py first_admin_link"),
        (silent_clock, "sweep", "start worker and beat"),
        (old_database, "migrations", "manage.py migrate"),
    ],
)
def test_what_is_broken_is_named_alone(monkeypatch, settings, break_it, name, type_this):
    break_it(monkeypatch, settings)
    text, complaint = ask()
    assert complaint == "1 to fix."
    assert to_fix(text) == [name]
    assert f"type: {type_this}" in text
    assert "hunter2" not in text


def test_without_a_database_it_asks_nothing_of_it(monkeypatch):
    def refuse():
        raise OperationalError("connection refused\nhint")

    monkeypatch.setattr(health, "check_database", refuse)
    text, complaint = ask()
    assert complaint == "1 to fix."
    assert to_fix(text) == ["database"]
    assert "found: connection refused\n" in text
    assert "migrations" not in text


def test_it_sends_no_mail(settings, mailoutbox):
    settings.EMAIL_URL = "smtp://mail.example.com"
    assert get_connection().__class__.__module__.endswith("locmem")
    ask()
    assert mailoutbox == []
