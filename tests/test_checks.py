"""Unsafe production settings are refused, one sentence each, and really stop the process."""

import os
import subprocess
import sys

import pytest
from django.conf import settings as portal_settings
from django.core.checks import run_checks

from privacyportal import checks

GOOD_KEY = "qT7-vXe2_LmZ9aRk4WcY1sNd8HfJ6pGb3oUi5tEw0yKx-BzQ"
GOOD_KEY += "m8Rv2"
SAFE = {
    "DEBUG": False,
    "SECRET_KEY": GOOD_KEY,
    "AUDIT_KEY": "",
    "SEAL_KEY": "",
    "SITE_URL": "https://privacy.acme.org",
    "ALLOWED_HOSTS": ["privacy.acme.org"],
    "ALLOW_EMBEDDED": False,
    "BROKER_URL": "redis://redis:6379/0",
    "EMAIL_URL": "smtp+tls://u:p@mail.acme.org:587",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "mail.acme.org",
    "EMAIL_HOST_PASSWORD": "p",
    "EMAIL_USE_TLS": True,
    "EMAIL_TIMEOUT": 30,
    "TRUSTED_PROXIES": 1,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "REQUIRE_SECOND_FACTOR": True,
    "DEFAULT_FROM_EMAIL": "Privacy office <privacy@acme.org>",
    "SECURE_HSTS_SECONDS": 63_072_000,
    "HEALTH_TOKEN": "",
    "LOGGING": {"root": {"level": "INFO"}},
}

UNSAFE = {
    "debug on a public address": ({"DEBUG": True}, {1}),
    "short key": ({"SECRET_KEY": "abc123"}, {2}),
    "one letter, often": ({"SECRET_KEY": "a" * 80}, {2}),
    "Django's own default": ({"SECRET_KEY": f"django-insecure-{GOOD_KEY}"}, {2}),
    "no https": ({"SITE_URL": "http://privacy.acme.org", "TRUSTED_PROXIES": 0}, {3}),
    "any host": ({"ALLOWED_HOSTS": ["privacy.acme.org", "*"]}, {4}),
    "no host": ({"ALLOWED_HOSTS": []}, {4}),
    "no broker": ({"BROKER_URL": ""}, {6}),
    "no mail server": ({"EMAIL_URL": ""}, {7}),
    "mail to the console": (
        {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"},
        {7},
    ),
    "mail to files": ({"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend"}, {7}),
    "no time-out": ({"EMAIL_TIMEOUT": None}, {8}),
    "time-out 0": ({"EMAIL_TIMEOUT": 0}, {8}),
    "no proxy": ({"TRUSTED_PROXIES": 0}, {9}),
    "session cookie in clear": ({"SESSION_COOKIE_SECURE": False}, {10}),
    "CSRF cookie in clear": ({"CSRF_COOKIE_SECURE": False}, {10}),
    "no second factor": ({"REQUIRE_SECOND_FACTOR": False}, {11}),
    "from nowhere": ({"DEFAULT_FROM_EMAIL": "Privacy office <privacy@localhost>"}, {12}),
    "weak audit key": ({"AUDIT_KEY": "audit"}, {13}),
    "weak seal key": ({"SEAL_KEY": "seal"}, {13}),
    "no HSTS": ({"SECURE_HSTS_SECONDS": 0}, {14}),
    "mail password in clear": ({"EMAIL_USE_TLS": False}, {15}),
    "short health token": ({"HEALTH_TOKEN": "letmein"}, {16}),
    "chatty log": ({"LOGGING": {"root": {"level": "DEBUG"}}}, {17}),
}


@pytest.fixture
def engine(monkeypatch):
    def use(name):
        monkeypatch.setattr(checks, "_is_embedded", lambda: name == "sqlite")

    return use


@pytest.fixture
def production(settings, engine):
    engine("postgresql")
    for name, value in SAFE.items():
        setattr(settings, name, value)
    return settings


def numbers():
    return {rule.number for rule in checks.refusals()}


def test_a_safe_configuration_starts(production):
    assert numbers() == set()
    checks.refuse_unsafe()


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_configuration_is_refused_with_one_sentence(production, name):
    changes, expected = UNSAFE[name]
    for key, value in changes.items():
        setattr(production, key, value)
    assert numbers() == expected
    with pytest.raises(SystemExit) as refused:
        checks.refuse_unsafe()
    lines = str(refused.value).splitlines()
    assert lines[0] == "The portal does not start like this:"
    assert len(lines) == 2


def test_every_refusal_has_a_bad_configuration_above():
    tried = {5}.union(*(expected for _changes, expected in UNSAFE.values()))
    assert tried == {rule.number for rule in (*checks.ALWAYS, *checks.IN_PRODUCTION)}
    assert len(tried) >= 12


def test_one_small_machine_may_be_embedded(production, engine):
    engine("sqlite")
    assert numbers() == {5}
    production.BROKER_URL = ""
    assert numbers() == {5, 6}
    production.ALLOW_EMBEDDED = True
    assert numbers() == set()


def test_development_on_this_machine_needs_nothing(settings):
    settings.DEBUG, settings.SITE_URL = True, "http://127.0.0.1:8000"
    settings.SECRET_KEY = "short"
    assert numbers() == set()


def test_django_reports_the_same_with_ids_and_hints(production):
    production.BROKER_URL = ""
    ours = [found for found in run_checks(include_deployment_checks=True) if "E006" in found.id]
    assert [(found.id, found.msg) for found in ours] == [
        ("privacyportal.E006", "BROKER_URL is missing.")
    ]
    assert "redis://" in ours[0].hint


BAD_ENVIRONMENT = {
    "DEBUG": "false",
    "SECRET_KEY": "short",
    "SITE_URL": "http://privacy.acme.org",
    "DATABASE_URL": "sqlite:///unused.sqlite3",
    "BROKER_URL": "",
    "EMAIL_URL": "",
}
GOOD_ENVIRONMENT = {
    "DEBUG": "false",
    "SECRET_KEY": GOOD_KEY,
    "SITE_URL": "https://privacy.acme.org",
    "DATABASE_URL": "postgres://portal@127.0.0.1:1/portal",
    "BROKER_URL": "redis://127.0.0.1:1/0",
    "EMAIL_URL": "smtp+tls://u:p@mail.acme.org:587",
    "DEFAULT_FROM_EMAIL": "privacy@acme.org",
    "TRUSTED_PROXIES": "1",
}
PARTS = {
    "web": ["-c", "import privacyportal.wsgi"],
    "jobs": ["-m", "celery", "-A", "privacyportal", "worker", "--pool", "solo"],
    "clock": ["-m", "celery", "-A", "privacyportal", "beat"],
    "all": ["manage.py", "portal"],
    "granian": [
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--port",
        "0",
        "privacyportal.wsgi:application",
    ],
}


def run(arguments, environment, tmp_path):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=portal_settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_no_part_starts_unsafe(part, tmp_path):
    done = run(PARTS[part], BAD_ENVIRONMENT, tmp_path)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "The portal does not start like this:" in said
    assert "SECRET_KEY is short" in said
    assert "BROKER_URL is missing." in said


@pytest.mark.slow
def test_the_five_values_of_the_guide_pass_every_deployment_check(tmp_path):
    done = run(
        ["manage.py", "check", "--deploy", "--fail-level", "WARNING"], GOOD_ENVIRONMENT, tmp_path
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_missing_secret_key_is_said(tmp_path):
    environment = {**GOOD_ENVIRONMENT, "SECRET_KEY_FILE": str(tmp_path / "none")}
    del environment["SECRET_KEY"]
    done = run(["manage.py", "check"], environment, tmp_path)
    assert done.returncode == 1
    assert "SECRET_KEY_FILE cannot be read" in done.stderr
