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

from tests import factories

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
        b"",
        b"{",
        b"\xff\xfe",
        b'{"vectors": [NaN]}',
        b'{"vectors": []} {}',
        b'{"vectors": [' + b"9" * 5000 + b"]}",
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
        {"vectors": [{**CASE, "received": "2026-06-05"}]},
        {"vectors": [{**CASE, "received": "2026-06-05T12:00:00+24:00"}]},
        {"vectors": [{**CASE, "received": "\ud800"}]},
        {"vectors": [{**CASE, "id": "\ud800", "regimes": ["\ud800" * 500]}]},
        {"vectors": [{**CASE, "calendar": "\x00" * 500}]},
        {"vectors": [{**CASE, "regime_tz": "../../etc/passwd"}]},
        {"vectors": [{**CASE, "regime_tz": "/etc/localtime"}]},
        {"vectors": [{**CASE, "declared_date": "2026-06-04"}]},
        {"vectors": [{**CASE, "events": [{"type": "received", "at": CASE["received"]}]}]},
        {"vectors": [{**CASE, "events": [{"type": "id_requested"}]}]},
        {"vectors": [{**CASE, "events": [{"at": CASE["received"]}]}]},
        {"vectors": [{**CASE, "events": {"type": "id_requested", "at": CASE["received"]}}]},
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
def test_bad_input_is_refused_in_one_line(monkeypatch, capsys, content):
    with pytest.raises(CommandError) as refused:
        ask(monkeypatch, content, "--json")
    assert refused.value.returncode == 2
    assert 0 < len(str(refused.value)) < 200
    assert str(refused.value).isprintable()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"regimes": ["XX"]}, "'one': There is no regime 'XX'."),
        ({"received": "2026-02-30T12:00:00Z"}, "'one': received cannot be '2026-02-30T12:00:00Z'."),
        ({"received": None}, "'one': received is missing."),
        (
            {"received": "2026-06-05T12:00:00"},
            "'one': received: add the offset, as in 2026-03-02T09:00:00+01:00.",
        ),
        (
            {"events": [{"type": "id_requested", "at": "2026-06-05T09:59:59Z"}]},
            "'one': id_requested cannot lie before the request was received.",
        ),
        (
            {"events": [{"type": "extension_notice_sent", "at": "2026-06-06T12:00:00Z"}] * 2},
            "'one': The time for an answer can be extended only once.",
        ),
        (
            {"events": [{"type": "id_requested", "at": "2026-06-06T12:00:00Z"}] * 1001},
            "'one': A case has at most 1000 clock events.",
        ),
        (
            {"declared_date": "2026-06-04"},
            "'one': The date you name for the answer lies before the request.",
        ),
        ({"calendar": "MARS"}, "'one': There is no holiday calendar 'MARS'."),
        ({"regime_tz": "Mars/Base"}, "'one': There is no time zone 'Mars/Base'."),
    ],
)
def test_the_refusal_says_what_to_change(monkeypatch, changed, said):
    with pytest.raises(CommandError) as refused:
        ask(monkeypatch, {"vectors": [{**CASE, **changed}]}, "--json")
    assert str(refused.value) == said


def test_a_broken_file_is_refused_with_the_place(monkeypatch):
    with pytest.raises(CommandError, match="not JSON: line 2, column 1"):
        ask(monkeypatch, b'{"vectors": [\n}', "--json")


def test_one_bad_case_leaves_no_answer_to_the_others(monkeypatch):
    out = io.StringIO()
    content = json.dumps({"vectors": [CASE, {**CASE, "id": "two", "regimes": []}]}).encode()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    with pytest.raises(CommandError, match="'two': Name at least one regime"):
        call_command("explain_deadline", "--json", stdout=out)
    assert out.getvalue() == ""


def test_a_closed_stdin_is_an_empty_one(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(CommandError, match="not JSON: line 1, column 1"):
        call_command("explain_deadline", "--json")


def test_a_mark_at_the_start_of_the_file_does_no_harm(monkeypatch):
    content = b"\xef\xbb\xbf" + json.dumps({"vectors": [CASE]}).encode()
    assert '"2026-07-05"' in ask(monkeypatch, content, "--json")


@pytest.mark.parametrize("name", ["\ud800", "a\nb", "\x1b[2J"])
def test_an_id_no_terminal_can_show_is_written_out(monkeypatch, name):
    lines = ask(monkeypatch, {"vectors": [{**CASE, "id": name}]}).splitlines()
    assert lines[0] == ascii(name)
    assert list(results(monkeypatch, {**CASE, "id": name})) == [name]


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
    assert run([]).returncode == 2


# --- one request ------------------------------------------------------------------------


def explain_ticket(number, *options):
    out = io.StringIO()
    call_command("explain_deadline", "--ticket", number, *options, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("write", [str, str.lower, lambda n: n.replace("-", " "), lambda n: n[3:]])
def test_a_request_is_explained_however_its_number_is_typed(write):
    ticket = factories.confirmed()
    lines = explain_ticket(write(ticket.reference)).splitlines()
    assert lines[0] == f"{ticket.reference}: due on 9 July 2026, by EU-GDPR"
    assert lines[1] == "  2026-06-09T10:00:00+00:00  Request received"
    assert "EU-GDPR v1" in lines
    assert "PROMISE-30 v1" in lines
    assert [line for line in lines if "The time the law gives ends on 9 July 2026." in line]


@pytest.mark.django_db
def test_a_request_as_json_holds_facts_versions_and_every_date():
    ticket = factories.confirmed()
    found = json.loads(explain_ticket(ticket.reference, "--json"))
    assert found["ticket"] == ticket.reference
    assert found["rules"][0] == {"id": "EU-GDPR", "version": 1, "status": "C"}
    assert found["events"][0] == {"type": "received", "at": "2026-06-09T10:00:00+00:00"}
    assert found["due_on"] == ticket.due_on.isoformat() == "2026-07-09"
    assert found["per_regime"]["EU-GDPR"]["extended_due_if_used"] == "2026-09-09"
    assert found["trace"][-1]["to"] == "2026-07-09"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("number", "line"),
    [
        ("PR-0000-0000", "There is no request PR-0000-0000."),
        ("PR-7K4M-29QQ", "'PR-7K4M-29QQ' is no request number."),
        ("", "'' is no request number."),
        ("1; DROP TABLE", "'1; DROP TABLE' is no request number."),
    ],
)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_unknown_number_is_one_line_and_exit_2(number, line, options):
    with pytest.raises(CommandError) as raised:
        explain_ticket(number, *options)
    assert (str(raised.value), raised.value.returncode) == (line, 2)
