"""Rules of the house that a machine can check."""

import ast
import importlib
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command

OURS = ("privacyportal", "requests", "consent")
BASE = Path(settings.BASE_DIR)
SOURCES = [
    path for app in OURS for path in (BASE / app).rglob("*.py") if "migrations" not in path.parts
]
EMAILS = sorted(path.name for path in (BASE / "templates/email").iterdir())
# Concept names that say nothing, so that everything ends up in them.
NAMELESS = {"utils.py", "helpers.py", "common.py", "misc.py", "base_utils.py"}
# Where a connection to the outside may be opened: mail, the broker and the checks of both.
MAY_CONNECT = {
    "consent/services/smtp.py": {"smtplib"},
    "privacyportal/management/commands/doctor.py": {"smtplib", "socket", "redis"},
    "privacyportal/health.py": {"redis"},
    "privacyportal/supervisor.py": {"socket"},
    "privacyportal/management/commands/portal.py": {"socket"},
}


# urllib.parse only takes addresses apart.
NETWORKING = {"smtplib", "socket", "urllib.request", "http.client", "httpx", "httpx2"} | {
    "redis",
    "asyncio",
    "ssl",
}


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(
    "model",
    [model for app in ("requests", "consent") for model in apps.get_app_config(app).get_models()],
    ids=lambda model: model.__name__,
)
def test_every_field_says_what_erasure_does_to_it(model):
    fields = {field.name for field in model._meta.concrete_fields}
    rules = model.PersonalData
    assert set(rules.erase) | rules.keep == fields
    assert set(rules.erase) & rules.keep == set()


@pytest.mark.parametrize("name", EMAILS)
def test_every_mail_has_its_three_templates(name):
    found = {path.name for path in (BASE / "templates/email" / name).iterdir()}
    assert found == {"subject.txt", "body.txt", "body.html"}


def test_the_http_library_called_requests_is_not_installed():
    """Our app owns that name; see docs/adr/0003-the-name-requests.md."""
    assert "requests" not in {dist.metadata["Name"].lower() for dist in distributions()}


def test_requests_is_our_app():
    module = importlib.import_module("requests")
    assert Path(module.__file__).is_relative_to(BASE)


@pytest.mark.parametrize("lock", ["constraints.txt", "constraints-dev.txt"])
def test_the_lock_pins_everything_with_a_hash(lock):
    text = (BASE / lock).read_text()
    pins = re.findall(r"^([a-z0-9][\w.-]*)(\[[\w,]+\])?==", text, re.MULTILINE)
    assert len(pins) > 30
    assert "requests" not in {name for name, _extra in pins}
    for block in re.split(r"\n(?=[a-z0-9])", text.strip()):
        if not block.startswith("#"):
            assert "--hash=sha256:" in block, block.splitlines()[0]


def test_imports_point_one_way():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=BASE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_a_deliberate_wrong_import_breaks_the_contract(tmp_path):
    """The record floor must not know the work floor: prove that the contract would notice."""
    for app in OURS:
        subprocess.run(["cp", "-r", BASE / app, tmp_path / app], check=True)
    subprocess.run(["cp", BASE / "pyproject.toml", tmp_path], check=True)
    wrong = tmp_path / "consent/models/subject.py"
    wrong.write_text("from requests.models import Ticket  # wrong way\n" + wrong.read_text())
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "consent never imports requests" in done.stdout


def test_date_rules_know_no_clock_database_or_settings():
    impure = {"django.utils.timezone", "django.conf", "django.db", "time", "random"}
    pure = [BASE / "consent/calendars.py", *(BASE / "requests/deadlines").glob("*.py")]
    for path in pure:
        assert not set(imports_of(path)) & impure, path
        assert not re.search(r"\.(now|today|utcnow)\(", path.read_text()), path


def test_no_file_is_named_after_nothing():
    assert [path for path in SOURCES if path.name in NAMELESS] == []


def test_nothing_is_left_to_do():
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
    found = [path for path in SOURCES if words.search(path.read_text())]
    assert found == []


def test_wiring_has_no_models():
    assert list(apps.get_app_config("privacyportal").get_models()) == []


def test_only_named_modules_open_connections():
    for path in SOURCES:
        name = path.relative_to(BASE).as_posix()
        used = set(imports_of(path)) & NETWORKING
        assert used <= MAY_CONNECT.get(name, set()), name


def test_html_is_never_marked_safe_by_hand():
    words = re.compile(r"\b(mark_safe|SafeString|csrf_exempt)\b")
    found = [
        path.relative_to(BASE).as_posix() for path in SOURCES if words.search(path.read_text())
    ]
    assert found == []


def test_secrets_come_from_secrets():
    demo = BASE / "requests/services/demo.py"  # invented people, repeatable
    found = [p for p in SOURCES if p != demo and "random" in set(imports_of(p))]
    assert found == []


def test_no_celery_timer_outlives_ten_minutes():
    """Due times live in the database; an eta in the broker dies with it."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "eta":
                pytest.fail(f"{path}: eta")
    assert settings.UNDO_SECONDS <= 600


@pytest.mark.django_db
def test_migrations_are_complete():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_templates_have_no_inline_script_or_style():
    """The policy is 'self' only. Mails are read elsewhere and carry their own style."""
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", re.IGNORECASE)
    for path in (BASE / "templates").rglob("*.html"):
        if "email" in path.parts or path.name.startswith("mail_"):
            continue
        assert not inline.search(path.read_text()), path


def test_public_sentences_hold_no_inserted_nouns():
    """Albanian inflects what surrounds a noun: only names, numbers, dates and emails go in."""
    catalogue = (BASE / "locale/sq/LC_MESSAGES/django.po").read_text()
    ids = "\n".join(re.findall(r'^msgid "(.*)"$', catalogue, re.MULTILINE))
    assert not re.search(r"%\((verbose_name|model|noun|right_name)\w*\)s", ids)


BANNED = re.compile(r"\b(please|sorry|invalid|oops|kindly|unfortunately)\b", re.IGNORECASE)


def test_words_that_errors_do_not_use():
    """An error says what to do; politeness that blames or begs is left out (UX 5.1, 5.3)."""
    catalogue = (BASE / "locale/sq/LC_MESSAGES/django.po").read_text()
    ids = re.findall(r'^msgid "(.*)"$', catalogue, re.MULTILINE)
    assert [text for text in ids if BANNED.search(text)] == []
