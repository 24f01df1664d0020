"""manage.py explain_deadline: one JSON object in, one out, no database."""

import io
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

CASE = {"id": "one", "regimes": ["EU-GDPR"], "received": "2026-06-05T12:00:00+02:00"}


def ask(monkeypatch, content, *options):
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))
    out = io.StringIO()
    call_command("explain_deadline", *options, stdout=out)
    return out.getvalue()


def results(monkeypatch, *cases):
    return json.loads(ask(monkeypatch, {"vectors": list(cases)}, "--json"))["results"]


def test_one_rule_stands_at_the_top(monkeypatch):
    assert results(monkeypatch, CASE) == {
        "one": {
            "receipt_date": "2026-06-05",
            "in_force": True,
            "legal_due_raw": "2026-07-05",
            "legal_due": "2026-07-06",
            "promise_due": "2026-07-05",
            "reply_due": "2026-07-05",
            "substantive_due": "2026-07-05",
            "extension_notice_due": "2026-07-06",
            "extended_due_if_used": "2026-09-07",
            "pause_open": False,
            "internal_target": "2026-07-03",
            "due_before_utc": "2026-07-05T22:00:00Z",
        }
    }


def test_several_rules_stand_under_their_ids(monkeypatch):
    case = {**CASE, "regimes": ["EU-GDPR", "BR-LGPD"]}
    found = results(monkeypatch, case)["one"]
    assert (found["substantive_due"], found["ack_due"]) == ("2026-06-20", "2026-06-05")
    assert set(found["per_regime"]) == {"EU-GDPR", "BR-LGPD"}
    assert found["per_regime"]["EU-GDPR"]["legal_due"] == "2026-07-06"
    assert found["per_regime/EU-GDPR/legal_due"] == "2026-07-06"
    assert "legal_due" not in found


def test_a_plain_calculation_has_a_result_only(monkeypatch):
    case = {"id": "two", "regimes": [], "received": None, "calc": "days_after"}
    case["args"] = {"date": "2026-02-27", "days": 2}
    assert results(monkeypatch, case) == {"two": {"result": "2026-03-01"}}


def test_promise_channel_and_declared_date_are_read(monkeypatch):
    light = {**CASE, "regimes": ["US-CA-STL"], "channel": "other", "promise": False}
    swiss = {
        **CASE,
        "id": "two",
        "regimes": ["CH-FADP"],
        "declared_date": "2026-08-03",
        "events": [{"type": "extension_notice_sent", "at": "2026-06-20T12:00:00+02:00"}],
    }
    found = results(monkeypatch, light, swiss)
    assert found["one"]["substantive_due"] == "2026-11-02"
    assert found["one"]["promise_due"] is None
    assert found["two"]["substantive_due"] == "2026-08-03"


def test_lines_to_read_end_on_the_date(monkeypatch):
    lines = ask(monkeypatch, {"vectors": [CASE]}).splitlines()
    assert lines[0] == "one"
    assert lines[-1].split()[:4] == ["due", "2026-06-05", "->", "2026-07-05"]


def test_nothing_asked_nothing_answered(monkeypatch):
    assert results(monkeypatch) == {}


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        [],
        {"vectors": {}},
        {"vectors": [1]},
        {"vectors": [{"id": ""}]},
        {"vectors": [CASE, CASE]},
        {"vectors": [{**CASE, "regimes": ["XX-LAW"]}]},
        {"vectors": [{**CASE, "regimes": [["EU-GDPR"]]}]},
        {"vectors": [{**CASE, "regimes": []}]},
        {"vectors": [{**CASE, "regimes": "EU-GDPR"}]},
        {"vectors": [{**CASE, "received": "2026-02-30T12:00:00Z"}]},
        {"vectors": [{**CASE, "received": "2026-02-03T12:00:00"}]},
        {"vectors": [{**CASE, "received": None}]},
        {"vectors": [{**CASE, "received": "9999-12-30T12:00:00Z"}]},
        {"vectors": [{**CASE, "received": "0001-01-01T00:00:00Z"}]},
        {"vectors": [{**CASE, "promise": "no"}]},
        {"vectors": [{**CASE, "channel": ["other"]}]},
        {"vectors": [{**CASE, "calendar": "MARS"}]},
        {"vectors": [{**CASE, "calendar": 5}]},
        {"vectors": [{**CASE, "regime_tz": "Europe/Atlantis"}]},
        {"vectors": [{**CASE, "declared_date": "soon"}]},
        {"vectors": [{**CASE, "events": [{"type": "made_up", "at": CASE["received"]}]}]},
        {"vectors": [{**CASE, "events": ["id_requested"]}]},
        {"vectors": [{**CASE, "events": [{"type": "id_requested", "at": 5}]}]},
        {"vectors": [{**CASE, "events": [{"type": "id_requested", "at": "2026-06-04T12:00:00Z"}]}]},
        {
            "vectors": [
                {
                    **CASE,
                    "events": [
                        {"type": "extension_notice_sent", "at": "2026-06-10T12:00:00Z"},
                        {"type": "extension_notice_sent", "at": "2026-06-11T12:00:00Z"},
                    ],
                }
            ]
        },
        {"vectors": [{"id": "x", "calc": "guess", "args": {"date": "2026-01-01", "days": 1}}]},
        {"vectors": [{"id": "x", "calc": ["guess"], "args": {}}]},
        {"vectors": [{"id": "x", "calc": "days_after"}]},
        {"vectors": [{"id": "x", "calc": "days_after", "args": {"date": "now", "days": 1}}]},
        {"vectors": [{"id": "x", "calc": "days_after", "args": {"date": "2026-01-01"}}]},
        {
            "vectors": [
                {"id": "x", "calc": "days_after", "args": {"date": "2026-01-01", "days": -1}}
            ]
        },
        {
            "vectors": [
                {"id": "x", "calc": "days_before", "args": {"date": "2026-01-01", "days": 10**15}}
            ]
        },
        {
            "vectors": [
                {"id": "x", "calc": "months_after", "args": {"date": "2026-01-01", "months": 10**6}}
            ]
        },
    ],
)
def test_bad_input_is_refused_in_one_line(monkeypatch, content):
    with pytest.raises(CommandError) as refused:
        ask(monkeypatch, content, "--json")
    assert refused.value.returncode == 2
    assert str(refused.value).strip()
    assert "\n" not in str(refused.value)


def test_the_command_itself_needs_no_database():
    """Exit code, stdout and stderr of the real command, with a server nobody can reach."""
    environment = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}

    def run(content):
        return subprocess.run(
            [sys.executable, "manage.py", "explain_deadline", "--json"],
            cwd=settings.BASE_DIR,
            env=environment,
            input=json.dumps(content),
            capture_output=True,
            text=True,
            check=False,
        )

    good = run({"vectors": [CASE]})
    assert (good.returncode, good.stderr) == (0, "")
    assert json.loads(good.stdout)["results"]["one"]["substantive_due"] == "2026-07-05"
    bad = run({"vectors": [CASE, {**CASE, "id": "a\nb", "regimes": ["XX"]}]})
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == "CommandError: 'a\\nb': There is no regime 'XX'.\n"
