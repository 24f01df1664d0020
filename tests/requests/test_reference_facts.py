"""The shipped rules and calendars carry every fact of the written ones, in our own words."""

import json
from pathlib import Path

import pytest

from consent.services import reference as record_floor
from requests.services.reference import deadline_rules

SHARED = Path(__file__).resolve().parents[2].parent / "shared/data"
pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="no shared data beside us")

# What stands in the way of a count, word for word there and as a code here.
VERIFICATION = {
    False: "clock_runs",
    None: "none",
    "suspends (EDPB guidance, not statute)": "pauses",
    "moves the start (relevant time)": "moves_start",
    "no verification allowed": "not_allowed",
    "not allowed": "not_allowed",
    "not needed when the address itself objects": "not_needed",
}
SWITCHES = {
    "AL-124-2024": "rule.AL.extension_enabled",
    "US-CA-CCPA": "rule.CA.count_receipt_day",
}


def written():
    if not SHARED.exists():
        return []
    return json.loads((SHARED / "deadline_rules.json").read_text(encoding="utf-8"))["rules"]


def part(row, *names):
    return {name: row.get(name) for name in names} if row else None


@pytest.mark.parametrize("rule", written(), ids=lambda rule: rule["id"])
def test_when_and_where_a_rule_applies(rule):
    body = deadline_rules()[rule["id"]]
    for name in ("jurisdiction", "effective_from", "effective_to", "promise_applies", "status"):
        assert body[name] == rule[name], name
    assert body["time_zone"] == rule["tz"]
    assert body["anchor"] == rule["clock"]["anchor"]
    assert body["receipt_day_counts"] == rule["clock"].get("receipt_day_counts", False)
    assert body["verification"] == VERIFICATION[rule["verification_stops_clock"]]
    assert len(body["request_types"]) >= len(rule["request_types"])


@pytest.mark.parametrize("rule", written(), ids=lambda rule: rule["id"])
def test_how_a_rule_counts(rule):
    body, ack = deadline_rules()[rule["id"]], rule["ack"]
    assert part(body["ack"], "n", "unit", "calendar") == part(ack, "n", "unit", "calendar")
    assert bool((body["ack"] or {}).get("roll")) == bool((ack or {}).get("rollover"))
    assert bool((body["ack"] or {}).get("must")) == bool((ack or {}).get("content"))
    assert body["respond"] == rule["respond"]
    rolls = rule["rollover"]["mode"] == "next_working_day"
    assert (body["roll"] or {}).get("calendar") == (rule["rollover"]["calendar"] if rolls else None)
    choices = [name for name in rule["rollover"].get("configurable", []) if len(name) == 2]
    assert (body["roll"] or {}).get("choices", []) == choices
    names = ("triggers", "counting", "statutory")
    assert part(body["pause"], *names) == part(rule["pause"], *names)


@pytest.mark.parametrize("rule", written(), ids=lambda rule: rule["id"])
def test_what_comes_after_the_first_count(rule):
    body, more = deadline_rules()[rule["id"]], rule["extension"]
    names = ("n", "unit", "computed_from", "max_times", "notice_by", "internal_cap_days")
    assert part(body["extension"], *names) == part(more, *names)
    if more:
        assert len(body["extension"]["must"]) >= len(more["notice_must_contain"])
        assert len(body["extension"]["grounds"]) >= len(more["grounds"])
        unconfirmed = more.get("status", "").startswith("UNCONFIRMED")
        assert (body["extension"].get("status") == "UNCONFIRMED") == unconfirmed
    appeal = rule["appeal"] and {
        **part(rule["appeal"], "unit", "extension_n", "status"),
        "n": rule["appeal"]["respond_n"],
        "outcomes": len(rule["appeal"]["outcome_must_state"]),
    }
    ours = body["appeal"] and {
        **part(body["appeal"], "unit", "extension_n", "status", "n"),
        "outcomes": len(body["appeal"]["outcome_must"]),
    }
    assert ours == appeal
    assert len(body["refusal_must"]) >= len((rule["refusal"] or {}).get("must_state", []))
    assert body.get("refusal_by") == (rule["refusal"] or {}).get("notice_by")
    assert bool(body.get("deemed_refusal")) == bool(rule["deemed_refusal"])
    assert body.get("action_hours") == (rule["action"] or {}).get("hours")


@pytest.mark.parametrize("rule", written(), ids=lambda rule: rule["id"])
def test_what_a_rule_adds_in_words(rule):
    body = deadline_rules()[rule["id"]]
    if rule["note"]:
        assert set(body["note"]) == {"en", "sq"}
        assert all(body["note"].values())
        assert rule["note"] not in body["note"].values()
    assert bool(body.get("free")) == bool(rule["free_requests"])
    assert len(body.get("sources", [])) >= min(1, len(rule["citations"]))


def test_the_switches_of_the_written_rules():
    bodies = deadline_rules()
    assert bodies["AL-124-2024"]["extension"]["switch"] == SWITCHES["AL-124-2024"]
    assert bodies["US-CA-CCPA"]["receipt_day_switch"] == SWITCHES["US-CA-CCPA"]
    assert bodies["US-FL"]["compliance_notice_days"] == 60
    others = [
        body["id"]
        for body in bodies.values()
        if (body["extension"] or {}).get("switch") or body.get("receipt_day_switch")
    ]
    assert sorted(others) == sorted(SWITCHES)


@pytest.mark.parametrize(
    ("code", "count", "per"),
    [
        ("US-VA", 2, "12_months"),
        ("US-CO", 1, "12_months"),
        ("US-TX", 2, "year"),
        ("US-CA-CCPA", 2, "12_months"),
        ("US-CA-STL", 1, "calendar_year"),
        ("EU-GDPR", None, None),
    ],
)
def test_how_often_a_request_is_free(code, count, per):
    free = deadline_rules()[code]["free"]
    assert (free["count"], free["per"]) == (count, per)


def test_every_day_off_of_every_calendar():
    ours = record_floor.read(record_floor.FOLDER, "holidays.json")
    theirs = json.loads((SHARED / "holiday_calendars.json").read_text(encoding="utf-8"))
    assert {name: calendar["days"] for name, calendar in ours.items()} == {
        name: calendar["days"] for name, calendar in theirs.items()
    }
    assert all(calendar["about"] for calendar in ours.values())
