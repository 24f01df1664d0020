"""The files around the code: make, the legs of `make test`, containers, the written pages."""

import ast
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from tests import legs
from tests.ledger import Ledger

BASE = Path(settings.BASE_DIR)


def make(*arguments, folder=BASE):
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


# --- make ------------------------------------------------------------------------


def test_make_alone_lists_every_target_with_a_word_on_it():
    listed = re.findall(r"^  make (\S+) +\S", make().stdout, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.*)$", (BASE / "Makefile").read_text(), re.MULTILINE)[1]
    assert sorted(listed) == sorted(phony.split())


@pytest.fixture
def clone(tmp_path):
    """A folder with the Makefile and this environment, and no .env."""
    (tmp_path / "Makefile").write_text((BASE / "Makefile").read_text())
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    return tmp_path


def test_the_first_run_makes_a_key_that_only_its_owner_reads(clone):
    done = make(".env", folder=clone)
    assert done.returncode == 0, done.stderr
    text = (clone / ".env").read_text()
    assert re.fullmatch(r"SECRET_KEY=[\w-]{64}\nDEBUG=true\n", text)
    assert (clone / ".env").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in clone.glob(".env*")] == [".env"]


def test_an_env_file_is_never_overwritten(clone):
    (clone / ".env").write_text("SECRET_KEY=mine\n")
    os.utime(clone / ".env", (0, 0))  # older than everything it could depend on
    make(".env", folder=clone)
    assert (clone / ".env").read_text() == "SECRET_KEY=mine\n"


def test_the_portal_is_told_whose_child_it_is():
    """`make run` replaces its shell by the portal, which ends when make is gone."""
    recipe = make("--dry-run", "--assume-old=.venv/runtime.stamp", "run").stdout
    assert "exec .venv/bin/python manage.py portal" in recipe
    assert "--parent $PPID" in recipe


# --- the legs of make test ---------------------------------------------------------


def report(nodeid, *, when="call", skipped=False, longrepr=None):
    return SimpleNamespace(nodeid=nodeid, when=when, skipped=skipped, longrepr=longrepr)


def test_the_ledger_tells_what_ran_from_what_was_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("LEDGER", str(tmp_path / "sqlite.json"))
    ledger = Ledger()
    ledger.pytest_runtest_logreport(report("t::ran", when="setup"))
    ledger.pytest_runtest_logreport(report("t::ran"))
    ledger.pytest_runtest_logreport(
        report("t::out", when="setup", skipped=True, longrepr=("t.py", 1, "Skipped: no Redis"))
    )
    ledger.pytest_sessionfinish()
    assert json.loads((tmp_path / "sqlite.json").read_text()) == {
        "ran": ["t::ran"],
        "left_out": {"t::out": "no Redis"},
    }


def test_a_test_left_out_on_one_leg_may_run_on_another(tmp_path):
    one = {"ran": ["t::a"], "left_out": {"t::b": "one writer", "t::c": "no node"}}
    two = {"ran": ["t::b"], "left_out": {"t::c": "no node"}}
    (tmp_path / "sqlite.json").write_text(json.dumps(one))
    (tmp_path / "postgresql.json").write_text(json.dumps(two))
    assert dict(legs.ran_nowhere(tmp_path)) == {"no node": 1}


LEG = legs.Leg("one", [sys.executable, "-c", "pass"])


@pytest.mark.parametrize(
    ("leg", "nowhere", "require_all", "code"),
    [
        (LEG, {}, True, 0),
        (legs.Leg("one", ["false"]), {}, False, 1),
        (legs.Leg("one", ["false"], missing="no server"), {}, False, 0),
        (legs.Leg("one", ["false"], missing="no server"), {}, True, 1),
        (LEG, {"no node": 1}, False, 0),
        (LEG, {"no node": 1}, True, 1),
        (LEG, dict.fromkeys(legs.BESIDE_US, 3), True, 0),
    ],
)
def test_what_makes_make_test_fail(monkeypatch, capsys, leg, nowhere, require_all, code):
    monkeypatch.setattr(legs, "legs", lambda: [leg])
    monkeypatch.setattr(legs, "ran_nowhere", lambda _folder: nowhere)
    monkeypatch.setattr(legs, "REQUIRE_ALL", require_all)
    assert legs.main([]) == code
    said = capsys.readouterr().out
    assert ("skipped: no server" in said) == bool(leg.missing)
    assert ("counts as failed" in said) == (require_all and code == 1)


def test_a_server_that_does_not_answer_is_a_reason_not_an_error(monkeypatch):
    monkeypatch.setattr(legs, "POSTGRES", "postgres://u:secret@127.0.0.1:1/x")
    said = legs.reason_postgres()
    assert said == "PostgreSQL does not answer at 127.0.0.1:1 (TEST_DATABASE_URL)"


def test_a_server_is_asked_by_the_database_that_every_server_has(monkeypatch):
    """The database of the tests need not exist yet, and may be called like its user."""
    asked = []

    def connect(url, **_options):
        asked.append(url)
        return SimpleNamespace(close=lambda: None)

    monkeypatch.setattr(legs.psycopg, "connect", connect)
    monkeypatch.setattr(legs, "POSTGRES", "postgres://portal@127.0.0.1:5432/portal")
    assert legs.reason_postgres() is None
    assert asked == ["postgres://portal@127.0.0.1:5432/postgres"]


def test_without_servers_and_browser_only_two_legs_are_left(monkeypatch):
    monkeypatch.setattr(legs, "POSTGRES", "postgres://u:secret@127.0.0.1:1/x")
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.delenv("CHROMIUM", raising=False)
    found = {leg.name: leg.missing for leg in legs.legs()}
    assert [name for name, missing in found.items() if missing is None] == ["checks", "sqlite"]
    assert found["browser"] == "Chromium is not installed"
    assert "secret" not in str(found)


# --- containers ----------------------------------------------------------------------

COMPOSE = yaml.safe_load((BASE / "compose.yaml").read_text())
OURS = ("prepare", "web", "worker", "beat")


def test_compose_runs_what_the_design_names():
    assert set(COMPOSE["services"]) == {*OURS, "database", "redis"}
    redis = COMPOSE["services"]["redis"]["command"]
    assert redis[redis.index("--appendonly") + 1] == "yes"


def test_every_secret_is_a_file_and_none_stands_in_the_file():
    for name in OURS:
        variables = COMPOSE["services"][name]["environment"]
        assert {"SECRET_KEY_FILE", "DATABASE_URL_FILE", "EMAIL_URL_FILE"} <= set(variables)
        assert not {"SECRET_KEY", "DATABASE_URL", "EMAIL_URL"} & set(variables)
        for key, value in variables.items():
            if key.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in COMPOSE["services"][name]["secrets"]
    for service in COMPOSE["services"].values():
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    assert {entry["file"].split("/")[1] for entry in COMPOSE["secrets"].values()} == {"secrets"}
    ignored = (BASE / ".gitignore").read_text().splitlines()
    assert {"secrets/", ".env"} <= set(ignored)


def test_the_variables_of_compose_exist():
    known = set(re.findall(r"\"([A-Z_]+)\"", (BASE / "privacyportal/settings.py").read_text()))
    for name in OURS:
        used = {key.removesuffix("_FILE") for key in COMPOSE["services"][name]["environment"]}
        assert used <= known


def test_the_commands_of_containers_exist():
    dockerfile = (BASE / "Dockerfile").read_text()
    web = json.loads(re.findall(r"^CMD (\[.*\])$", dockerfile, re.MULTILINE)[-1])
    commands = [web, *(COMPOSE["services"][name]["command"] for name in OURS if name != "web")]
    words = {word for command in commands for word in command}
    for program in ("granian", "celery"):
        assert program in words
        assert (Path(sys.executable).parent / program).exists()
    assert "-B" not in words
    shell = COMPOSE["services"]["prepare"]["command"][2]
    named = {shlex.split(part)[2] for part in shell.split("&&")}
    assert named == {"migrate", "load_reference_data"}
    assert named <= set(get_commands())


def test_the_health_check_of_the_image_is_a_program():
    text = (BASE / "Dockerfile").read_text()
    command = json.loads(re.search(r"^HEALTHCHECK .*\n    CMD (\[.*\])$", text, re.MULTILINE)[1])
    assert command[:2] == ["python", "-c"]
    ast.parse(command[2])
    assert "/healthz" in command[2]


def test_the_image_runs_without_rights_and_from_the_lock():
    text = (BASE / "Dockerfile").read_text()
    assert text.count("FROM ") == 2
    assert text.index("\nUSER portal\n") < text.index("\nCMD ")
    assert "--require-hashes" in text
    copied = re.findall(r"^COPY (?!--from)(\S+)", text, re.MULTILINE)
    allowed = [line[1:] for line in (BASE / ".dockerignore").read_text().splitlines()]
    assert set(copied) <= set(allowed)
    assert all((BASE / name).exists() for name in copied)


# --- written pages ---------------------------------------------------------------------


def test_the_pages_of_the_law_are_those_of_the_rules():
    done = subprocess.run(
        [sys.executable, BASE / "docs/law/pages.py", "--check"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_rule_has_its_section_with_source_and_mark():
    rules = json.loads((BASE / "requests/reference/deadline_rules.json").read_text())["rules"]
    text = "\n".join(path.read_text() for path in (BASE / "docs/law").glob("*.md"))
    for rule in rules:
        assert text.count(f"\n## {rule['id']}\n") == 1
    assert text.count("\n| mark | ") == text.count("\n| law | ") == len(rules)


PAGES = [*BASE.glob("*.md"), *(BASE / "docs").rglob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(BASE).as_posix())
def test_every_link_in_the_guides_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_command_that_the_guides_name_exists():
    text = "\n".join(page.read_text() for page in PAGES)
    named = set(re.findall(r"manage\.py ([a-z_]+)", text))
    assert "doctor" in named
    assert named <= set(get_commands())


def test_the_guide_names_every_job_of_the_sweep():
    from consent.services import sweep

    text = (BASE / "docs/operators/timers.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` ", text, re.MULTILINE)) == {
        *sweep._jobs,
        *sweep._last_jobs,
    }
