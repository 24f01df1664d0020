"""Another residence, newer rules: what moves, said before, kept with a reason (INV-01, 02)."""

import copy
from datetime import UTC, date, datetime

import pytest
import time_machine

from consent.models import AuditEvent
from requests.enums import Direction
from requests.errors import ChangedMeanwhile, GateClosed
from requests.models import DeadlineRule, Ticket
from requests.services import effects, lifecycle, recounting, rule_versions
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 20, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_the_twentieth_of_june():
    with time_machine.travel(NOW, tick=False):
        yield


def brazil():
    return factories.JurisdictionFactory(
        code="BR", regimes=["BR-LGPD"], time_zone="America/Sao_Paulo"
    )


def test_another_residence_brings_other_laws():
    """From Ireland (9 July) to Brazil: 15 days from 9 June is 24 June."""
    officer = factories.officer()
    ticket = factories.in_progress()
    seen = effects.of_residence(ticket, brazil())
    assert (seen.before, seen.after) == (date(2026, 7, 9), date(2026, 6, 24))
    assert [(line.rule, line.before, line.after) for line in seen.lines] == [
        ("EU-GDPR", date(2026, 7, 9), None),
        ("PROMISE-30", date(2026, 7, 9), date(2026, 7, 9)),
        ("BR-LGPD", None, date(2026, 6, 24)),
    ]
    ticket.refresh_from_db()
    assert ticket.due_on == date(2026, 7, 9)  # looking changed nothing

    recounting.change_residence(ticket.pk, residence=brazil(), reason="She wrote so", by=officer)

    ticket.refresh_from_db()
    assert (ticket.due_on, ticket.residence.code) == (date(2026, 6, 24), "BR")
    assert [body["id"] for body in ticket.rules] == ["BR-LGPD", "PROMISE-30"]
    assert ticket.messages.get(direction=Direction.NOTE).body == "She wrote so"
    event = AuditEvent.objects.get(action="ticket.residence_changed")
    assert event.data == {
        "from": "IE",
        "to": "BR",
        "due_from": "2026-07-09",
        "due_to": "2026-06-24",
        "rules_from": ["EU-GDPR@1", "PROMISE-30@1"],
        "rules_to": ["BR-LGPD@1", "PROMISE-30@1"],
    }


def test_an_unknown_residence_is_gdpr_and_the_promise():
    ticket = factories.in_progress(residence=brazil())
    recounting.change_residence(ticket.pk, residence=None, reason="A mistake", by=None)
    ticket.refresh_from_db()
    assert [body["id"] for body in ticket.rules] == ["EU-GDPR", "PROMISE-30"]
    assert ticket.due_on == date(2026, 7, 9)


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_nothing_moves(reason):
    ticket = factories.in_progress()
    with pytest.raises(GateClosed, match="why the dates are counted anew"):
        recounting.change_residence(ticket.pk, residence=brazil(), reason=reason, by=None)
    with pytest.raises(GateClosed, match="why the dates are counted anew"):
        recounting.recount(ticket.pk, reason=reason, by=None)
    ticket.refresh_from_db()
    assert (ticket.residence.code, ticket.due_on) == ("IE", date(2026, 7, 9))


def test_the_same_residence_is_no_change():
    ticket = factories.in_progress()
    with pytest.raises(GateClosed, match="noted already"):
        recounting.change_residence(ticket.pk, residence=ticket.residence, reason="x", by=None)


def test_a_closed_request_keeps_its_dates():
    ticket = factories.in_progress()
    lifecycle.withdraw(ticket.pk)
    with pytest.raises(GateClosed, match="dates stay as they are"):
        recounting.change_residence(ticket.pk, residence=brazil(), reason="x", by=None)


def test_what_was_added_meanwhile_is_read_first():
    ticket = factories.in_progress()
    with pytest.raises(ChangedMeanwhile):
        recounting.change_residence(
            ticket.pk, residence=brazil(), reason="x", by=None, seen=ticket.version + 1
        )


def test_a_rule_that_is_edited_moves_no_ticket_until_somebody_recounts():
    lead = factories.lead()
    ticket = factories.in_progress(residence=brazil())
    stored = rule_versions.in_use("BR-LGPD")
    body = copy.deepcopy(stored.body)
    body["respond"]["n"] = 20
    rule_versions.revise("BR-LGPD", body=body, reason="New law", by=lead, seen=1)

    before = Ticket.objects.get(pk=ticket.pk)
    assert (before.due_on, before.rules[0]["version"]) == (date(2026, 6, 24), 1)
    assert effects.of_newer_rules(before).after == date(2026, 6, 29)

    recounting.recount(ticket.pk, reason="Counsel asked for it", by=lead)

    ticket.refresh_from_db()
    assert (ticket.due_on, ticket.rules[0]["version"]) == (date(2026, 6, 29), 2)
    with pytest.raises(GateClosed, match="have not changed"):
        recounting.recount(ticket.pk, reason="Again", by=lead)


def test_new_requests_follow_the_new_version():
    lead = factories.lead()
    factories.load_rules()
    body = copy.deepcopy(DeadlineRule.objects.get(code="BR-LGPD").body)
    body["respond"]["n"] = 20
    rule_versions.revise("BR-LGPD", body=body, reason="New law", by=lead, seen=1)
    assert factories.ticket(residence=brazil()).due_on == date(2026, 6, 29)


def test_the_settings_of_a_ticket_are_kept_too():
    """The office moves to another zone: what was counted stays counted (INV-01)."""
    ticket = factories.in_progress()
    type(ticket.organisation).objects.update(time_zone="Pacific/Honolulu")
    from requests.services import clocks

    fresh = Ticket.objects.select_related("organisation").get(pk=ticket.pk)
    clocks.renew(fresh)
    assert fresh.clock["settings"]["controller_tz"] == "Europe/Tirane"
