"""Rules as data: a change is a new version, by a person, with a reason; theirs before ours."""

import copy
import io
import json
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import translation

from consent.enums import Role
from consent.models import AuditEvent
from requests.enums import CONFIRMED
from requests.errors import ChangedMeanwhile, RuleRefused
from requests.models import DeadlineRule
from requests.services import reference, rule_versions
from tests import factories

pytestmark = pytest.mark.django_db

GIVEN = Path(__file__).resolve().parents[3] / "shared/data/deadline_rules.json"


@pytest.fixture(autouse=True)
def _rules():
    factories.load_rules()


@pytest.fixture
def lead():
    return factories.lead()


def shipped(monkeypatch, code, **changes):
    """The next release ships ``code`` with these parts changed."""
    rules = copy.deepcopy(dict(reference.deadline_rules()))
    rules[code] |= changes
    monkeypatch.setattr(reference, "deadline_rules", lambda: rules)


def body_of(code, **respond):
    body = copy.deepcopy(rule_versions.in_use(code).body)
    body["respond"] |= respond
    return body


def revise(code, lead, *, seen=1, reason="New law", **respond):
    return rule_versions.revise(
        code, body=body_of(code, **respond), reason=reason, by=lead, seen=seen
    )


def test_all_forty_nine_rules_are_there():
    assert DeadlineRule.objects.values("code").distinct().count() == 49
    if not GIVEN.exists():
        pytest.skip("the written rules are not beside this checkout")
    given = json.loads(GIVEN.read_text())["rules"]
    assert {rule["id"] for rule in given} == set(reference.deadline_rules())
    marks = {rule["id"]: rule["status"] for rule in given}
    assert marks == {row.code: row.status for row in DeadlineRule.objects.all()}


def test_a_stored_version_is_never_changed_nor_deleted():
    rule = rule_versions.in_use("BR-LGPD")
    rule.law = "Another law"
    with pytest.raises(TypeError, match="never changed"):
        rule.save()
    with pytest.raises(TypeError, match="never changed"):
        DeadlineRule.objects.filter(pk=rule.pk).update(law="x")
    with pytest.raises(TypeError, match="never changed"), transaction.atomic():
        DeadlineRule.objects.bulk_update([rule], ["law"])
    with pytest.raises(TypeError, match="never deleted"):
        DeadlineRule.objects.all().delete()
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        connection.cursor().execute("UPDATE requests_deadlinerule SET law = 'x'")
    assert rule_versions.in_use("BR-LGPD").law == "LGPD (Law 13.709/2018) Art. 18, 19"


def test_a_change_is_the_next_version_with_its_author_and_reason(lead):
    stored = revise("BR-LGPD", lead, n=20)

    assert (stored.version, stored.author, stored.reason) == (2, lead, "New law")
    assert rule_versions.in_use("BR-LGPD") == stored
    assert DeadlineRule.objects.get(code="BR-LGPD", version=1).body["respond"]["n"] == 15
    assert AuditEvent.objects.get(action="rule.revised").data == {
        "code": "BR-LGPD",
        "from": 1,
        "to": 2,
        "status_from": "C",
        "status_to": "C",
    }


def test_nobody_and_no_reason_change_nothing(lead):
    for by, reason in ((None, "New law"), (lead, "  ")):
        with pytest.raises(RuleRefused, match="why the rule changes"):
            revise("BR-LGPD", by, reason=reason, n=20)
    assert not DeadlineRule.objects.filter(version=2).exists()


def test_a_version_that_was_written_meanwhile_is_read_first(lead):
    revise("BR-LGPD", lead, n=20)
    with pytest.raises(ChangedMeanwhile):
        revise("BR-LGPD", lead, seen=1, n=25)
    assert rule_versions.in_use("BR-LGPD").body["respond"]["n"] == 20


def test_the_database_wants_author_and_reason_too():
    body = body_of("BR-LGPD")
    with pytest.raises(IntegrityError), transaction.atomic():
        DeadlineRule.objects.create(
            code="BR-LGPD", version=9, law="x", status="C", effective_from="2026-01-01",
            body=body, origin="office",
        )  # fmt: skip


@pytest.mark.parametrize(
    "broken",
    [
        {"time_zone": "Atlantis/Port"},
        {"respond": {"n": "ten", "unit": "calendar_day"}},
        {"roll": {"calendar": "ATLANTIS"}, "respond": {"n": 5, "unit": "calendar_day"}},
        {"id": "US-CA-CCPA"},
    ],
)
def test_a_rule_that_no_date_can_be_counted_with_is_not_stored(lead, broken):
    body = {**body_of("BR-LGPD"), **broken}
    with pytest.raises(RuleRefused):
        rule_versions.revise("BR-LGPD", body=body, reason="x", by=lead, seen=1)
    assert rule_versions.in_use("BR-LGPD").version == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"numbers": {"respond": 0}}, "between 1 and 3650"),
        ({"numbers": {"respond": 3651}}, "between 1 and 3650"),
        ({"numbers": {"ack": -1}}, "between 0 and 3650"),
        ({"effective_from": date(9999, 12, 31)}, "Check the year"),
        ({"effective_from": date(202, 9, 18)}, "Check the year"),
        ({"effective_to": date(9999, 12, 31)}, "Check the year"),
        ({"numbers": {"extension": 5}}, "no such number"),
        ({"law": " "}, "text of law"),
        ({"status": "X"}, "whether the rule is confirmed"),
        ({"effective_to": date(2019, 1, 1)}, "cannot end before"),
    ],
)
def test_what_an_officer_types_is_judged_before_it_is_a_rule(change, why):
    values = {
        "numbers": {"respond": 20}, "law": "LGPD", "status": "C",
        "effective_from": date(2020, 9, 18), "effective_to": None,
    }  # fmt: skip
    with pytest.raises(RuleRefused, match=why):
        rule_versions.changed(body_of("BR-LGPD"), **{**values, **change})


# --- what is shipped and what the office wrote ------------------------------------------


def test_loading_again_changes_nothing_and_undoes_no_change_of_the_office(lead):
    revise("BR-LGPD", lead, n=20)
    counts = reference.load_deadline_rules()
    assert (counts.added, counts.changed, counts.unchanged, counts.offered) == (0, 0, 49, [])
    assert rule_versions.in_use("BR-LGPD").body["respond"]["n"] == 20


def test_a_shipped_change_stands_beside_the_offices_version_and_is_reported(lead, monkeypatch):
    revise("BR-LGPD", lead, n=20)
    shipped(monkeypatch, "BR-LGPD", respond={"n": 10, "unit": "calendar_day"})

    counts = reference.load_deadline_rules()

    assert (counts.changed, counts.offered) == (1, ["BR-LGPD"])
    kept = [
        (row.version, row.origin, row.body["respond"]["n"])
        for row in DeadlineRule.objects.filter(code="BR-LGPD")
    ]
    assert kept == [(1, "shipped", 15), (2, "office", 20), (3, "shipped", 10)]
    assert rule_versions.in_use("BR-LGPD").version == 2
    assert rule_versions.offered("BR-LGPD").version == 3
    again = reference.load_deadline_rules()
    assert (again.changed, again.offered) == (0, ["BR-LGPD"])  # until somebody decides
    revise("BR-LGPD", lead, seen=3, n=10)
    assert rule_versions.in_use("BR-LGPD").version == 4
    assert rule_versions.offered("BR-LGPD") is None
    assert reference.load_deadline_rules().offered == []


def test_the_command_says_so(lead, monkeypatch):
    from requests.services import places

    reference.load()
    revise("BR-LGPD", lead, n=20)
    shipped(monkeypatch, "BR-LGPD", respond={"n": 10, "unit": "calendar_day"})
    out = io.StringIO()
    call_command("load_reference_data", stdout=out)
    assert "BR-LGPD: your own version stays." in out.getvalue()
    places.forget()


def test_without_an_own_version_a_shipped_change_is_used(monkeypatch):
    shipped(monkeypatch, "BR-LGPD", respond={"n": 10, "unit": "calendar_day"})
    counts = reference.load_deadline_rules()
    assert (counts.changed, counts.offered) == (1, [])
    assert rule_versions.in_use("BR-LGPD").body["respond"]["n"] == 10


def test_a_file_does_not_confirm_a_rule(monkeypatch):
    """Only a person clears the mark "to be confirmed by counsel"."""
    assert rule_versions.in_use("AL-124-2024").status == "S"
    shipped(monkeypatch, "AL-124-2024", status=CONFIRMED)
    assert reference.load_deadline_rules().changed == 0
    shipped(monkeypatch, "AL-124-2024", status=CONFIRMED, law="Law No. 124/2024, art. 21")
    assert reference.load_deadline_rules().changed == 1
    used = rule_versions.in_use("AL-124-2024")
    assert (used.version, used.status, used.law) == (2, "S", "Law No. 124/2024, art. 21")


def test_a_person_confirms_a_rule_by_name_and_reason(lead):
    body = {**body_of("AL-124-2024"), "status": CONFIRMED}
    rule_versions.revise("AL-124-2024", body=body, reason="Counsel's letter", by=lead, seen=1)
    used = rule_versions.in_use("AL-124-2024")
    assert (used.is_confirmed, used.author, used.reason) == (True, lead, "Counsel's letter")
    event = AuditEvent.objects.get(action="rule.revised")
    assert (event.data["status_from"], event.data["status_to"]) == ("S", "C")


# --- the pages --------------------------------------------------------------------------


def page(rule, name="change"):
    return f"/admin/requests/deadlinerule/{rule.pk}/{name}/"


def typed(client, rule, **fields):
    form = client.get(page(rule, "revise")).context["form"]
    values = {name: form[name].value() for name in form.fields}
    values["effective_from"] = values["effective_from"].isoformat()
    values = {name: value for name, value in values.items() if value is not None}
    return {**values, "reason": "Counsel's letter", **fields}


def test_a_change_is_shown_on_days_before_it_is_stored(client, lead):
    client.force_login(lead)
    rule = rule_versions.in_use("BR-LGPD")
    fields = typed(client, rule, n_respond="20")

    seen = client.post(page(rule, "revise"), {**fields, "step": "check"})
    assert seen.status_code == 200
    samples = {one.received: (one.due, one.then) for one in seen.context["samples"]}
    assert samples[date(2026, 6, 9)] == (date(2026, 6, 24), date(2026, 6, 29))
    assert DeadlineRule.objects.filter(code="BR-LGPD").count() == 1

    saved = client.post(page(rule, "revise"), {**fields, "step": "save"})
    stored = rule_versions.in_use("BR-LGPD")
    assert (saved.status_code, saved["Location"]) == (302, page(stored))
    assert stored.body["respond"]["n"] == 20
    text = client.get(page(stored)).content.decode()
    assert "Counsel&#x27;s letter" in text
    assert text.count("/admin/requests/deadlinerule/") >= 3  # both versions are listed


def test_the_mark_is_shown_and_cleared_with_a_warning(client, lead):
    client.force_login(lead)
    rule = rule_versions.in_use("AL-124-2024")
    assert "to be confirmed by counsel" in client.get(page(rule)).content.decode()
    fields = typed(client, rule, status="C")
    seen = client.post(page(rule, "revise"), {**fields, "step": "check"}).content.decode()
    assert "drita stands for that" in seen
    client.post(page(rule, "revise"), {**fields, "step": "save"})
    assert (
        "to be confirmed by counsel"
        not in (
            client.get(page(rule_versions.in_use("AL-124-2024")))
            .content.decode()
            .split("Versions")[0]
        )
    )


def test_without_a_reason_the_form_keeps_what_was_typed(client, lead):
    client.force_login(lead)
    rule = rule_versions.in_use("BR-LGPD")
    answer = client.post(page(rule, "revise"), typed(client, rule, n_respond="20", reason=""))
    assert answer.status_code == 422
    assert answer.context["form"]["n_respond"].value() == "20"
    assert "Write why the rule changes." in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("n_respond", "0", "Enter a number between 1 and 120."),
        ("n_respond", "121", "Enter a number between 1 and 120."),
        ("effective_from", "9999-12-31", "Check the year."),
        ("effective_from", "0001-01-01", "Check the year."),
    ],
)
def test_numbers_no_law_has_are_refused_on_the_page(client, lead, field, value, said):
    client.force_login(lead)
    rule = rule_versions.in_use("EU-GDPR")
    answer = client.post(page(rule, "revise"), typed(client, rule, **{field: value}))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert rule_versions.in_use("EU-GDPR").version == 1


def test_a_rule_is_told_in_the_words_of_its_reader(client, lead):
    client.force_login(lead)
    assert "<dd>1 month</dd>" in client.get(page(rule_versions.in_use("EU-GDPR"))).content.decode()
    rule = rule_versions.in_use("TRUSTE-DISPUTE")
    for path in (page(rule), "/admin/requests/deadlinerule/"):
        with translation.override("sq"):  # and afterwards back, for the next test
            text = client.get(path, headers={"accept-language": "sq"}).content.decode()
        assert "Programi i zgjidhjes së mosmarrëveshjeve TRUSTe" in text
        assert "TRUSTe dispute resolution" not in text


@pytest.mark.parametrize("role", [Role.CASE_HANDLER, Role.REGISTRY_EDITOR, Role.AUDITOR])
def test_others_read_rules_and_change_none(client, role):
    client.force_login(factories.staff(role))
    rule = rule_versions.in_use("BR-LGPD")
    text = client.get(page(rule)).content.decode()
    assert "Write the next version" not in text
    assert client.get(page(rule, "revise")).status_code == 403
    assert client.post(page(rule, "revise"), {"step": "save"}).status_code == 403


@pytest.mark.parametrize("key", ["0", "999999", "x", "9" * 30])
def test_a_rule_that_is_not_there_is_not_found(client, lead, key):
    client.force_login(lead)
    assert client.get(f"/admin/requests/deadlinerule/{key}/change/").status_code == 404
