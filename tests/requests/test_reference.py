"""The shipped reference data, its loader, and the choice of rules for a request."""

import io
import json
import zoneinfo
from datetime import UTC, date, datetime

import pytest
from django.core.management import call_command

from consent.models import AuditEvent, Holiday, Jurisdiction, Organisation
from consent.services import reference as record_floor
from requests.enums import Channel, Filer, Level
from requests.errors import NotSetUp
from requests.models import DeadlineRule, RightRule
from requests.services import places, reference, rules

RIGHTS = json.loads((reference.FOLDER / "rights.json").read_text())
PLACES = json.loads((record_floor.FOLDER / "jurisdictions.json").read_text())
RECEIVED = datetime(2026, 6, 9, 10, 0, tzinfo=UTC)
ON_THE_START_PAGE = [
    "access",
    "rectify",
    "erase",
    "portability",
    "object",
    "restrict",
    "withdraw_consent",
    "object_marketing",
    "opt_out_sale_share",
    "limit_sensitive",
    "shine_the_light",
    "third_party_list",
    "know_categories",
    "know_specific",
    "confirm_processing",
    "human_review",
    "deactivate_account",
    "blog_removal",
    "safeguards_info",
    "complaint",
    "discrimination_complaint",
    "general_question",
]


@pytest.fixture
def loaded(db):
    reference.load()


def right(code):
    return RightRule.objects.get(code=code)


def chosen(code, place=None, received=RECEIVED):
    residence = Jurisdiction.objects.get(code=place) if place else None
    return [rule["id"] for rule in rules.snapshots_for(right(code), residence, received)]


# --- The files ------------------------------------------------------------------------------


def test_all_forty_nine_rules_are_shipped_in_one_form():
    found = reference.deadline_rules()
    assert len(found) == 49
    for code, body in found.items():
        assert body["id"] == code
        assert body["law"]
        assert body["status"] in {"C", "S", "M"}
        assert date.fromisoformat(body["effective_from"]) < date(2029, 1, 1)
        assert body["time_zone"] in zoneinfo.available_timezones()
        assert body["respond"] or body["ack"]


def test_every_calendar_a_rule_names_is_shipped():
    names = {name for body in reference.deadline_rules().values() for name in _calendars(body)}
    assert names == {"EU-COMMON", "GB-COMMON", "US-SAFE", "NONE"}
    assert names <= set(record_floor.calendars())


def _calendars(body):
    parts = (body.get(part) or {} for part in ("ack", "respond", "roll"))
    return [part["calendar"] for part in parts if "calendar" in part]


def test_the_calendars_reach_from_2024_to_2030():
    calendars = record_floor.calendars()
    assert calendars["EU-COMMON"] == {
        date(year, month, day) for year in range(2024, 2031) for month, day in ((1, 1), (12, 25))
    }
    assert calendars["NONE"] == frozenset()
    assert date(2026, 12, 28) in calendars["GB-COMMON"]


def test_twenty_seven_request_types_in_the_order_of_the_start_page():
    public = [row for row in RIGHTS if row["sort_order"]]
    assert len(RIGHTS) == 27
    assert [row["code"] for row in sorted(public, key=lambda row: row["sort_order"])] == (
        ON_THE_START_PAGE
    )
    for row in public:
        assert row["goal_en"]
        assert row["goal_sq"]
        assert row["hint_en"]
        assert row["hint_sq"]


@pytest.mark.parametrize("row", RIGHTS, ids=lambda row: row["code"])
def test_a_request_type_uses_known_words(row):
    assert row["level"] in Level.values
    assert set(row["filers"]) <= set(Filer.values)
    assert set(row["channels"]) <= set(Channel.values)
    assert set(row["regimes"]) <= set(reference.deadline_rules())
    assert row["answer_must"]
    for point in row["answer_must"]:
        assert set(point) == {"code", "en", "sq", "law"}
        assert all(point.values())


def test_opt_outs_ask_nobody_who_they_are():
    """INV-05."""
    levels = {row["code"]: row["level"] for row in RIGHTS}
    opt_outs = (
        "opt_out_sale_share limit_sensitive object_marketing withdraw_consent cookie_preferences"
    )
    assert {levels[code] for code in opt_outs.split()} == {"V0"}
    assert {row["code"] for row in RIGHTS if row["one_button"]} == {
        "opt_out_sale_share",
        "limit_sensitive",
    }


def test_a_second_person_where_separation_of_duties_asks():
    assert {row["code"] for row in RIGHTS if row["second_person"]} == {
        "erase",
        "know_specific",
        "authority_disclosure",
    }
    assert {row["code"] for row in RIGHTS if row["recipients_told"]} == {
        "rectify",
        "erase",
        "restrict",
        "blog_removal",
    }


@pytest.mark.parametrize("row", PLACES, ids=lambda row: row["code"])
def test_a_place_has_known_rules_zone_and_calendar(row):
    assert row["regimes"]
    assert set(row["regimes"]) <= set(reference.deadline_rules())
    assert row["time_zone"] in zoneinfo.available_timezones()
    assert row["calendar"] in record_floor.calendars()
    assert bool(row["authority_en"]) == bool(row["authority_sq"])
    assert row["name_en"]
    assert row["name_sq"]


def test_albania_kosovo_and_north_macedonia_come_first():
    order = sorted(PLACES, key=lambda row: (row["sort_order"], row["name_en"]))
    assert [row["code"] for row in order[:3]] == ["AL", "XK", "MK"]
    assert order[-1]["code"] == "ZZ"
    assert len({row["code"] for row in PLACES}) == len(PLACES)
    assert len({row["name_sq"] for row in PLACES}) == len(PLACES)


# --- The loader -----------------------------------------------------------------------------


def load():
    out = io.StringIO()
    call_command("load_reference_data", stdout=out)
    return out.getvalue().splitlines()


@pytest.mark.django_db
def test_the_second_load_changes_nothing_and_says_so():
    first = load()
    assert first[:5] == [
        f"jurisdictions   added {len(PLACES)}, changed 0, unchanged 0",
        f"holidays        added {Holiday.objects.count()}, changed 0, unchanged 0",
        "organisation    added 1, changed 0, unchanged 0",
        "deadline_rules  added 49, changed 0, unchanged 0",
        "rights          added 27, changed 0, unchanged 0",
    ]
    before = AuditEvent.objects.count()
    second = load()
    assert second[-1] == "Nothing changed."
    assert all("added 0, changed 0" in line for line in second[:-1])
    assert AuditEvent.objects.count() == before == 1


def test_a_row_that_drifted_is_put_right_and_audited(loaded):
    RightRule.objects.filter(code="access").update(label_en="Something else")
    counts = reference.load()
    assert (counts["rights"].changed, counts["rights"].unchanged) == (1, 26)
    assert right("access").label_en == "Copy of personal data"
    event = AuditEvent.objects.order_by("pk").last()
    assert event.action == "reference_data.loaded"
    assert event.data == {"rights": {"added": 0, "changed": 1}}


def test_a_changed_rule_becomes_a_new_version(loaded, monkeypatch):
    """INV-01: a stored version is never edited."""
    shipped = dict(reference.deadline_rules())
    stored = DeadlineRule.objects.get(code="BR-LGPD").body
    changed = {**shipped["BR-LGPD"], "respond": {"n": 10, "unit": "calendar_day"}}
    monkeypatch.setattr(reference, "deadline_rules", lambda: {**shipped, "BR-LGPD": changed})
    counts = reference.load()["deadline_rules"]
    assert (counts.added, counts.changed, counts.unchanged) == (0, 1, 48)
    versions = DeadlineRule.objects.filter(code="BR-LGPD").order_by("version")
    assert [(row.version, row.body) for row in versions] == [(1, stored), (2, changed)]
    snapshot = rules.snapshots_for(right("access"), Jurisdiction.objects.get(code="BR"), RECEIVED)
    assert (snapshot[0]["version"], snapshot[0]["respond"]["n"]) == (2, 10)


@pytest.mark.django_db
def test_without_a_company_nothing_is_audited_yet():
    record_floor.record({"rights": record_floor.Counts(added=1)}, by=None)
    assert not AuditEvent.objects.exists()


def test_the_companys_own_facts_and_calendar_are_left_alone(loaded):
    Organisation.objects.update(name="Ours")
    Jurisdiction.objects.filter(code="IE").update(calendar="IE")
    reference.load()
    assert Organisation.objects.get().name == "Ours"
    assert Jurisdiction.objects.get(code="IE").calendar == "IE"


# --- Rules for a request --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "place", "found"),
    [
        ("access", None, ["EU-GDPR", "PROMISE-30"]),
        ("access", "AL", ["AL-124-2024", "PROMISE-30"]),
        ("access", "XK", ["EU-GDPR", "PROMISE-30"]),
        ("access", "GB", ["UK-GDPR", "PROMISE-30"]),
        ("access", "US-CA", ["US-CA-CCPA", "PROMISE-30"]),
        ("access", "US-OK", ["EU-GDPR", "PROMISE-30"]),  # the law of 2027 does not apply yet
        ("access", "ZZ", ["EU-GDPR", "PROMISE-30"]),
        ("opt_out_sale_share", None, ["US-CA-OPTOUT"]),
        ("opt_out_sale_share", "DE", ["US-CA-OPTOUT"]),
        ("object_marketing", "AL", ["EU-MKT-OBJECTION", "US-CANSPAM"]),
        ("object_marketing", "CA-QC", ["EU-MKT-OBJECTION", "US-CANSPAM", "CA-CASL"]),
        ("complaint", "GB", ["PROMISE-30"]),  # the British duty began ten days later
        ("complaint", "AL", ["PROMISE-30"]),
        ("deactivate_account", "US-CA", ["PROMISE-30"]),
        ("shine_the_light", "US-CA", ["US-CA-STL", "PROMISE-30"]),
        ("dispute", None, ["TRUSTE-DISPUTE"]),
    ],
)
def test_which_rules_apply(loaded, code, place, found):
    assert set(chosen(code, place)) == set(found)
    assert len(chosen(code, place)) == len(found)


def test_a_british_complaint_has_its_duty_from_19_june_2026(loaded):
    later = datetime(2026, 6, 22, 10, 0, tzinfo=UTC)
    assert chosen("complaint", "GB", later) == ["UK-COMPLAINT", "PROMISE-30"]
    assert chosen("complaint", "IE", later) == ["PROMISE-30"]


def test_the_version_of_the_day_of_receipt_applies(loaded):
    assert chosen("access", "GB", datetime(2026, 2, 3, 12, 0, tzinfo=UTC))[0] == "UK-GDPR-PRE"
    # Already the 5th in London, still the 4th in Florida: the earlier day counts (INV-21).
    assert chosen("access", "GB", datetime(2026, 2, 5, 0, 30, tzinfo=UTC))[0] == "UK-GDPR-PRE"
    assert chosen("access", "GB", datetime(2026, 2, 5, 12, 0, tzinfo=UTC))[0] == "UK-GDPR"


def test_a_request_keeps_what_dates_follow_from_and_no_notes(loaded):
    kept = rules.snapshots_for(right("access"), None, RECEIVED)[0]
    stored = DeadlineRule.objects.get(code="EU-GDPR").body
    assert set(stored) - set(kept) == {"note", "sources", "request_types"}
    assert {name: kept[name] for name in kept if name != "version"} == {
        name: stored[name] for name in kept if name != "version"
    }


def test_gdpr_counts_by_the_days_of_the_member_state_once_it_is_chosen(loaded):
    places.forget()
    Jurisdiction.objects.filter(code="IE").update(calendar="IE")
    ireland = Jurisdiction.objects.get(code="IE")
    snapshots = rules.snapshots_for(right("access"), ireland, RECEIVED)
    assert snapshots[0]["roll"] == {"calendar": "IE"}
    assert snapshots[0]["time_zone"] == "Europe/Dublin"
    assert date(2026, 3, 17) in rules.calendars_for(snapshots)["IE"]
    fallback = rules.snapshots_for(right("access"), None, RECEIVED)
    assert fallback[0]["roll"]["calendar"] == "EU-COMMON"


def test_rules_and_days_off_cost_one_statement_each_and_then_none(
    loaded, django_assert_num_queries
):
    access = right("access")
    places.forget()
    places.organisation()
    with django_assert_num_queries(2):
        rules.calendars_for(rules.snapshots_for(access, None, RECEIVED))
    with django_assert_num_queries(0):
        rules.calendars_for(rules.snapshots_for(access, None, RECEIVED))


@pytest.mark.django_db
def test_a_portal_without_rules_is_not_set_up():
    reference.load_rights()
    with pytest.raises(NotSetUp):
        rules.snapshots_for(right("access"), None, RECEIVED)


def test_the_settings_are_the_companys(loaded):
    found = rules.settings_for(Organisation.objects.get())
    assert found.controller_tz == "America/New_York"
    assert found.promise_days == 30
    assert dict(found.switches) == {}
