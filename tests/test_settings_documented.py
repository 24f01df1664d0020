"""An operator finds every variable in .env.example, and nothing that does not exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

BASE = Path(settings.BASE_DIR)
VARIABLE = re.compile(r"env(?:\.\w+)?\(\s*\"([A-Z_]+)\"")
SECRETS = ["SECRET_KEY", "AUDIT_KEY", "SEAL_KEY", "HEALTH_TOKEN", "DATABASE_URL", "BROKER_URL"]
SECRETS += ["EMAIL_URL"]


def used():
    return set(VARIABLE.findall((BASE / "privacyportal/settings.py").read_text()))


def test_every_setting_an_operator_can_change_is_in_the_example_file():
    documented = {
        line.partition("=")[0].lstrip("# ")
        for line in (BASE / ".env.example").read_text().splitlines()
        if re.match(r"^(# )?[A-Z_]+=", line)
    }
    assert used() == documented


def test_the_guide_has_one_heading_for_each_variable():
    headings = re.findall(
        r"^### `([A-Z_]+)`", (BASE / "docs/operators/configuration.md").read_text(), re.MULTILINE
    )
    assert sorted(headings) == sorted(used())


def test_the_example_holds_no_secret():
    text = (BASE / ".env.example").read_text()
    for name in ("SECRET_KEY", "AUDIT_KEY", "SEAL_KEY", "HEALTH_TOKEN"):
        assert re.search(rf"^(# )?{name}=$", text, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_can_come_from_a_file(name, tmp_path):
    value = {
        "DATABASE_URL": "postgres://u:p@db/from_file",
        "BROKER_URL": "redis://from-file:6379/0",
        "EMAIL_URL": "smtp://from-file:25",
    }.get(name, "from-file-" + "k" * 50)
    secret = tmp_path / "secret"
    secret.write_text(value + "\n")
    look = "settings.DATABASES['default']['NAME']" if name == "DATABASE_URL" else f"settings.{name}"
    done = subprocess.run(
        [sys.executable, "-c", f"from privacyportal import settings; print({look})"],
        cwd=BASE,
        env={
            "PATH": os.environ["PATH"],
            "SECRET_KEY": "s" * 60,
            "DEBUG": "true",
            f"{name}_FILE": str(secret),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    expected = "from_file" if name == "DATABASE_URL" else value
    assert done.stdout.removesuffix("\n") == expected
