"""Cases with their dates, as ``explain_deadline`` answers them, and why each date is right."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command

from requests.services import vectors

SHARED = Path(__file__).resolve().parents[2].parent / "shared/data/deadline_vectors.json"


def shared_cases():
    if not SHARED.exists():
        return [pytest.param({}, marks=pytest.mark.skip(reason="no shared vectors beside us"))]
    found = json.loads(SHARED.read_text(encoding="utf-8"))["vectors"]
    return [pytest.param(case, id=case["id"]) for case in found]


def answer(case):
    text = json.dumps({"vectors": [case]}).encode()
    return vectors.answer_all(text)[case["id"]].dates


def expected_of(found, case):
    return {name: found.get(name, "absent") for name in case["expect"]}


@pytest.mark.parametrize("case", shared_cases())
def test_written_case(case):
    assert expected_of(answer(case), case) == case["expect"]


@pytest.mark.skipif(not SHARED.exists(), reason="no shared vectors beside us")
def test_all_written_cases_at_once_through_the_command(monkeypatch):
    content = SHARED.read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    out = io.StringIO()
    call_command("explain_deadline", "--json", stdout=out)
    results = json.loads(out.getvalue())["results"]
    cases = json.loads(content)["vectors"]
    assert set(results) == {case["id"] for case in cases}
    for case in cases:
        assert expected_of(results[case["id"]], case) == case["expect"], case["id"]


def noon(day, offset="+02:00"):
    return f"{day}T12:00:00{offset}"


def events(*pairs):
    return [{"type": kind, "at": day if "T" in day else noon(day)} for kind, day in pairs]


OURS = [
    {
        "id": "a question inside the longer time",
        "regimes": ["EU-GDPR"],
        "received": noon("2026-04-01"),
        "events": events(
            ("extension_notice_sent", "2026-04-20"),
            ("id_requested", "2026-06-10"),
            ("id_received", "2026-06-20"),
        ),
        "expect": {
            "extension_valid": True,
            "paused_days": 10,
            "extended_due_if_used": "2026-07-13",
            "substantive_due": "2026-07-13",
        },
        "why": "The time was extended to 1 July, so it still ran on 10 June: 1 + 10 = 11 July, "
        "a Saturday.",
    },
    {
        "id": "a question after the time was over",
        "regimes": ["EU-GDPR"],
        "received": noon("2026-04-01"),
        "events": events(("id_requested", "2026-06-10"), ("id_received", "2026-06-20")),
        "expect": {"paused_days": "absent", "pause_open": False, "substantive_due": "2026-05-01"},
        "why": "On 10 June nothing ran any more that could stand still.",
    },
    {
        "id": "a proof asked for after the time was over",
        "regimes": ["UK-GDPR"],
        "received": noon("2026-04-01", "+01:00"),
        "events": events(("id_requested", "2026-06-10"), ("id_received", "2026-06-20")),
        "expect": {
            "clock_start": "2026-04-01",
            "pause_open": False,
            "legal_due": "2026-05-01",
            "substantive_due": "2026-05-01",
        },
        "why": "The relevant time is not moved by a question that came too late itself.",
    },
    {
        "id": "a question that lies before the relevant time",
        "regimes": ["UK-GDPR"],
        "received": noon("2026-04-01", "+01:00"),
        "events": events(
            ("clarification_requested", "2026-04-03"),
            ("id_requested", "2026-04-05"),
            ("clarification_received", "2026-04-10"),
            ("id_received", "2026-04-20"),
        ),
        "expect": {
            "clock_start": "2026-04-20",
            "paused_days": "absent",
            "legal_due": "2026-05-20",
        },
        "why": "3 to 10 April lie before the clock starts, so they are no days of its time.",
    },
    {
        "id": "a question across the relevant time",
        "regimes": ["UK-GDPR"],
        "received": noon("2026-04-01", "+01:00"),
        "events": events(
            ("id_requested", "2026-04-02"),
            ("clarification_requested", "2026-04-03"),
            ("id_received", "2026-04-20"),
            ("clarification_received", "2026-04-24"),
        ),
        "expect": {
            "clock_start": "2026-04-20",
            "paused_days": 5,
            "legal_due_raw": "2026-05-25",
            "legal_due": "2026-05-26",
        },
        "why": "20 to 24 April are five days: 20 May + 5 = 25 May, a bank holiday.",
    },
    {
        "id": "two questions that touch",
        "regimes": ["UK-GDPR"],
        "received": noon("2026-04-07", "+01:00"),
        "events": events(
            ("clarification_requested", "2026-04-10"),
            ("clarification_received", "2026-04-15"),
            ("clarification_requested", "2026-04-15T15:00:00+01:00"),
            ("clarification_received", "2026-04-20"),
        ),
        "expect": {"paused_days": 11, "legal_due": "2026-05-18", "reply_due": "2026-05-07"},
        "why": "The 15th is left out once, not twice.",
    },
    {
        "id": "a question over the last day",
        "regimes": ["EU-GDPR"],
        "received": noon("2026-04-01"),
        "events": events(("id_requested", "2026-05-01"), ("id_received", "2026-06-15")),
        "expect": {"paused_days": 45, "substantive_due": "2026-06-15", "reply_due": "2026-05-01"},
        "why": "Asked on the last day: the one day that was left is the day of the answer.",
    },
    {
        "id": "the same question and answer on one day",
        "regimes": ["UK-GDPR"],
        "received": noon("2026-04-07", "+01:00"),
        "events": events(
            ("clarification_requested", "2026-04-10"),
            ("clarification_received", "2026-04-10T18:00:00+01:00"),
        ),
        "expect": {"paused_days": 1, "legal_due": "2026-05-08"},
        "why": "Both ends are left out, and they are the same day. In the Union it is no day.",
    },
    {
        "id": "a notice on the last day, late in Los Angeles",
        "regimes": ["US-CA-CCPA"],
        "received": "2026-03-02T09:00:00-08:00",
        "events": events(("extension_notice_sent", "2026-04-17T06:30:00+00:00")),
        "expect": {"extension_valid": True, "promise_missed": True},
        "why": "23:30 on 16 April where the law is.",
    },
    {
        "id": "a notice one minute after the last day",
        "regimes": ["US-CA-CCPA"],
        "received": "2026-03-02T09:00:00-08:00",
        "events": events(("extension_notice_sent", "2026-04-17T07:01:00+00:00")),
        "expect": {"extension_valid": False, "substantive_due": "2026-04-01"},
        "why": "00:01 on 17 April in Los Angeles.",
    },
    {
        "id": "the promise alone before a law begins",
        "regimes": ["US-IN"],
        "received": noon("2025-12-20", "-05:00"),
        "expect": {
            "in_force": False,
            "legal_due": "absent",
            "promise_due": "2026-01-19",
            "substantive_due": "2026-01-19",
            "internal_target": "2026-01-19",
            "due_before_utc": "2026-01-20T05:00:00Z",
        },
        "why": "The answer still has a day and an instant, from the promise.",
    },
    {
        "id": "two laws, one of them stopped",
        "regimes": ["UK-GDPR", "US-CA-CCPA"],
        "received": noon("2026-10-01", "+01:00"),
        "events": events(("clarification_requested", "2026-10-05")),
        "expect": {
            "substantive_due": "2026-10-31",
            "ack_due": "2026-10-15",
            "per_regime/UK-GDPR/substantive_due": None,
            "per_regime/US-CA-CCPA/substantive_due": "2026-10-31",
        },
        "why": "California does not stop for a question.",
    },
]


@pytest.mark.parametrize("case", OURS, ids=lambda case: case["id"])
def test_our_own_case(case):
    assert expected_of(answer(case), case) == case["expect"]
