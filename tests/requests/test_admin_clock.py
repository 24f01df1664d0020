"""The officer's side of the clock: every page says what moves before it moves anything."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client

from consent.enums import Role
from consent.models import OutboundEmail
from requests.admin import panel
from requests.enums import State, Waiting
from requests.models import Message, Ticket
from requests.services import extensions, messages
from tests import factories, situations

pytestmark = pytest.mark.django_db

BASE = "/admin/requests/ticket/"
NOW = datetime(2026, 6, 20, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_the_twentieth_of_june():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def besa():
    return factories.officer()


@pytest.fixture
def desk(client, besa):
    client.force_login(besa)
    return client


def address(ticket, name):
    return f"{BASE}{ticket.pk}/{name}/"


def typed(desk, path, **fields):
    text = desk.get(path).content.decode()
    found = re.findall(r'<input type="hidden" name="(seen|opened|nonce)" value="([^"]*)"', text)
    return {**{name: unescape(value) for name, value in found}, **fields}


def text_of(answer):
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(unescape(text).split())


def in_place(code, *regimes):
    return factories.JurisdictionFactory(code=code, regimes=list(regimes), time_zone="UTC")


# --- extend ---------------------------------------------------------------------------


def test_more_time_is_three_presses_and_shows_the_new_date_first(desk, besa):
    """The link, the reason, the send button (UX J7)."""
    ticket = factories.in_progress(by=besa)
    assert address(ticket, "extend") in desk.get(address(ticket, "change")).content.decode()
    kept = "Kept by a notice or a question in time"
    assert kept not in text_of(desk.get(address(ticket, "change")))
    page = desk.get(address(ticket, "extend"))
    assert "Due now: 9 July 2026. Then: 9 September 2026 ." in text_of(page)
    assert "Send to ana@example.org" in text_of(page)
    assert Message.objects.count() == 0

    sent = desk.post(
        address(ticket, "extend"),
        typed(desk, address(ticket, "extend"), reason="complexity", step="send"),
    )

    assert (sent.status_code, sent["Location"]) == (302, address(ticket, "change"))
    ticket.refresh_from_db()
    assert ticket.due_on == date(2026, 9, 9)
    assert text_of(desk.get(address(ticket, "change"))).count(kept) == 1  # the promise alone


def test_what_the_law_refuses_has_no_button_and_a_reason(desk, besa):
    ticket = factories.in_progress(by=besa, residence=in_place("BR", "BR-LGPD"))
    page = desk.get(address(ticket, "extend"))
    assert "LGPD (Law 13.709/2018) Art. 18, 19 knows no longer time." in text_of(page)
    assert 'value="send"' not in page.content.decode()
    posted = desk.post(
        address(ticket, "extend"),
        {"seen": ticket.version, "opened": "2026-06-20T09:00:00.000000+0000",
         "reason": "complexity", "step": "send"},
    )  # fmt: skip
    assert posted.status_code == 422
    ticket.refresh_from_db()
    assert ticket.due_on == date(2026, 6, 24)


def test_an_extended_request_offers_no_second_extension(desk, besa):
    ticket = factories.in_progress(by=besa)
    extensions.extend(ticket.pk, reason="complexity", by=besa)
    assert address(ticket, "extend") not in desk.get(address(ticket, "change")).content.decode()
    assert desk.get(address(ticket, "extend"))["Location"] == address(ticket, "change")


def test_what_came_meanwhile_stops_the_notice(desk, besa):
    ticket = factories.in_progress(by=besa)
    fields = typed(desk, address(ticket, "extend"), reason="complexity", step="send")
    messages.write_to_office(ticket.pk, "Wait")
    answer = desk.post(address(ticket, "extend"), fields)
    assert answer.status_code == 409
    assert not OutboundEmail.objects.filter(template="extended").exists()


# --- ask ------------------------------------------------------------------------------


def test_a_question_shows_what_it_does_to_each_clock(desk):
    ticket = factories.confirmed(residence=in_place("XX", "EU-GDPR", "US-CA-CCPA"))
    fields = typed(desk, address(ticket, "ask"), about="clarification", body="Which?")
    page = text_of(desk.post(address(ticket, "ask"), {**fields, "step": "preview"}))
    assert "The time stands still until the person answers." in page
    assert "The time goes on: this law does not stop for a question." in page
    assert "A question in time counts as our first reply, so the promise is kept." in page
    assert not Message.objects.exists()


def test_the_united_kingdom_starts_when_the_proof_is_there(desk):
    ticket = factories.confirmed(residence=in_place("GB", "UK-GDPR-PRE", "UK-GDPR"))
    page = desk.get(address(ticket, "ask"))
    assert "The time starts when the answer arrives." in text_of(page)
    assert 'value="fee"' in page.content.decode()
    elsewhere = factories.confirmed(email="leo@example.org")
    assert 'value="fee"' not in desk.get(address(elsewhere, "ask")).content.decode()


def test_a_doubt_is_written_down(desk, besa):
    ticket = factories.confirmed()
    path = address(ticket, "ask")
    fields = typed(desk, path, about="identity", body="Name two orders.", step="send")
    refused = desk.post(path, fields)
    assert refused.status_code == 422
    assert "Write why you doubt who asks." in text_of(refused)
    desk.post(path, {**fields, "doubt": "Another name in the shop"})
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waiting_for) == (State.AWAITING_REQUESTER, Waiting.IDENTITY)
    assert ticket.clock_events.last().reason == "Another name in the shop"
    assert ticket.messages.get().body == "Name two orders."


def test_what_arrived_by_post_is_noted_with_its_day(desk, besa):
    ticket = factories.confirmed()
    messages.ask(ticket.pk, "Which?", about=Waiting.CLARIFICATION, by=besa)
    with time_machine.travel(NOW + timedelta(days=9), tick=False):
        desk.force_login(besa)
        path = address(ticket, "arrived")
        fields = typed(desk, path, at="2026-06-26T08:00", body="A letter", step="send")
        assert desk.post(path, fields).status_code == 302
    ticket.refresh_from_db()
    event = ticket.clock_events.last()
    # Eight o'clock where the office is.
    assert (event.kind, event.at) == (
        "clarification_received",
        datetime(2026, 6, 26, 6, tzinfo=UTC),
    )
    assert ticket.due_on == date(2026, 7, 15)  # six days did not count: from 20 to 26 June


# --- the panel ------------------------------------------------------------------------


def test_every_clock_stands_on_the_page_with_its_mark(desk, besa):
    place = in_place("XX", "EU-GDPR", "AL-124-2024")
    ticket = factories.in_progress(by=besa, residence=place)
    page = text_of(desk.get(address(ticket, "change")))
    assert "EU-GDPR leads GDPR Art. 12(3) · confirmed" in page
    assert "AL-124-2024 to be confirmed by counsel" in page
    assert "More time can be told until 9 July 2026" in page
    assert "Answer with more time by 9 September 2026" in page
    assert "Receipt confirmed 20 June 2026" in page
    assert "Why this date?" in page


def test_the_panel_sums_what_stood_still(besa):
    ticket = factories.in_progress(by=besa)
    messages.ask(ticket.pk, "Which?", about=Waiting.CLARIFICATION, by=besa)
    with time_machine.travel(NOW + timedelta(days=5), tick=False):
        messages.write_to_office(ticket.pk, "This one.")
        messages.ask(ticket.pk, "And when?", about=Waiting.CLARIFICATION, by=besa)
    ticket.refresh_from_db()
    found = panel.of(ticket, besa)
    assert [(stop.since, stop.until) for stop in found.stops] == [
        (NOW, NOW + timedelta(days=5)),
        (NOW + timedelta(days=5), None),
    ]
    gdpr = next(clock for clock in found.clocks if clock.rule == "EU-GDPR")
    assert (gdpr.paused_days, gdpr.stands_still, found.stopped_days) == (5, True, 5)


def test_a_rule_is_a_link_only_for_who_may_read_it(besa):
    ticket = factories.in_progress(by=besa)
    assert all(clock.pk for clock in panel.of(ticket, besa).clocks)
    clerk = factories.staff(Role.INTAKE_CLERK)
    assert not any(clock.pk for clock in panel.of(ticket, clerk).clocks)


def test_the_calculation_shows_each_step_of_each_rule(desk, besa):
    ticket = factories.in_progress(by=besa, residence=in_place("XX", "EU-GDPR", "BR-LGPD"))
    page = text_of(desk.get(address(ticket, "calculation")))
    assert "Due 24 June 2026, by BR-LGPD." in page
    assert "The time the law gives ends on 9 July 2026." in page
    assert "The time the law gives ends on 24 June 2026. (LGPD Art. 19 II, 15 days)" in page
    assert "Request received" in page


def test_a_request_that_waits_is_not_forgotten(desk, besa):
    """The list says for how long the clock has stood; once the reply is late, it leads."""
    ticket = factories.confirmed()
    messages.ask(ticket.pk, "Which?", about=Waiting.CLARIFICATION, by=besa)
    other = factories.confirmed(email="leo@example.org", received_at=NOW)
    with time_machine.travel(NOW + timedelta(days=4), tick=False):
        desk.force_login(besa)
        page = text_of(desk.get(BASE))
        assert "clock stopped for 4 days 9 July 2026" in page
        assert page.index(other.reference) < page.index(ticket.reference)
    with time_machine.travel(datetime(2026, 7, 11, 9, tzinfo=UTC), tick=False):
        desk.force_login(besa)
        page = text_of(desk.get(BASE))
        assert "2 days late" in page
        assert page.index(ticket.reference) < page.index(other.reference)
        assert "1 late" in page


# --- residence, newest rules, identity, reopening, second look ------------------------------


def test_another_residence_is_shown_and_then_saved(desk, besa):
    ticket = factories.in_progress(by=besa)
    in_place("BR", "BR-LGPD")
    path = address(ticket, "residence")
    fields = typed(desk, path, residence="BR", reason="She wrote so")
    shown = desk.post(path, {**fields, "step": "preview"})
    assert "Due now: 9 July 2026. Then: 24 June 2026 ." in text_of(shown)
    assert Ticket.objects.get(pk=ticket.pk).due_on == date(2026, 7, 9)
    assert desk.post(path, {**fields, "step": "send"}).status_code == 302
    assert Ticket.objects.get(pk=ticket.pk).due_on == date(2026, 6, 24)
    page = text_of(desk.get(address(ticket, "change")))
    assert "Residence changed, dates counted anew: 9 July 2026 → 24 June 2026 by besa" in page


def test_newest_rules_that_changed_nothing_say_so(desk, besa):
    ticket = factories.in_progress(by=besa)
    path = address(ticket, "recount")
    answer = desk.post(path, typed(desk, path, reason="Asked", step="send"))
    assert answer.status_code == 409
    assert "The rules of this request have not changed." in text_of(answer)


def test_identity_seen_at_the_desk_is_noted(desk):
    ticket = situations.at("no_mailbox")
    path = address(ticket, "identity")
    assert desk.post(path, typed(desk, path, body="Seen", step="send")).status_code == 422
    fields = typed(desk, path, level="V2", body="Passport seen on 20 June", step="send")
    assert desk.post(path, fields).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.state, ticket.identity_level) == (State.TRIAGE, "V2")


def test_the_second_look_is_offered_to_who_had_no_part(besa):
    ticket = situations.at("appeal", besa)
    mine, theirs = Client(), Client()
    mine.force_login(besa)
    theirs.force_login(factories.lead())
    assert address(ticket, "decide") not in mine.get(address(ticket, "change")).content.decode()
    assert mine.get(address(ticket, "decide")).status_code == 403
    path = address(ticket, "decide")
    assert path in theirs.get(address(ticket, "change")).content.decode()
    fields = typed(theirs, path, verdict="uphold", body="It was right.", step="send")
    assert theirs.post(path, fields).status_code == 302
    ticket.refresh_from_db()
    assert ticket.state == State.CLOSED


def test_a_closed_request_is_opened_again(desk, besa):
    ticket = situations.at("closed", besa)
    path = address(ticket, "reopen")
    fields = typed(desk, path, at="2026-06-20T10:30", reason="An order", body="", step="send")
    assert desk.post(path, fields).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.state, ticket.due_on) == (State.IN_PROGRESS, date(2026, 7, 20))


# --- enter ----------------------------------------------------------------------------


def entry(desk, **fields):
    factories.load_rules()
    factories.RightRuleFactory()
    factories.JurisdictionFactory()
    factories.OrganisationFactory()
    values = {
        "channel": "phone", "taken_by": "Reception", "received_at": "2026-06-09T12:00",
        "right": "access", "filer": "person", "name": "Ana Hoxha", "email": "ana@example.org",
        "residence": "IE", "language": "sq", "details": "Gjithçka", "told": "on",
    }  # fmt: skip
    return {**typed(desk, f"{BASE}enter/"), **values, **fields}


def test_entering_shows_the_date_and_then_files_the_request(desk, besa):
    fields = entry(desk)
    shown = desk.post(f"{BASE}enter/", {**fields, "step": "check"})
    page = text_of(shown)
    assert "The answer is due on 9 July 2026 ." in page
    assert "It came in 11 days ago. 19 days are left." in page
    assert "We ask ana@example.org by mail to confirm." in page
    assert not Ticket.objects.exists()

    done = desk.post(f"{BASE}enter/", {**fields, "step": "send"})

    ticket = Ticket.objects.get()
    assert done["Location"] == address(ticket, "change")
    assert ticket.received_at == datetime(2026, 6, 9, 10, tzinfo=UTC)  # noon in Tirana
    assert (ticket.channel, ticket.language, ticket.due_on) == ("phone", "sq", date(2026, 7, 9))
    again = desk.post(f"{BASE}enter/", {**fields, "step": "send"})
    assert again["Location"] == done["Location"]
    assert Ticket.objects.count() == 1


def test_a_request_that_is_late_already_says_so(desk):
    page = desk.post(f"{BASE}enter/", entry(desk, received_at="2026-05-01T12:00", step="check"))
    assert "It is 20 days late already." in text_of(page)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"channel": ""}, "Choose how the request came in."),
        ({"channel": "web_form"}, "Select a valid choice."),
        ({"taken_by": ""}, "Say who took the request."),
        ({"received_at": "yesterday"}, "Enter a day and a time like"),
        ({"received_at": "2026-06-21T12:00"}, "The request cannot come in later than now."),
        ({"received_at": "0001-01-01T00:00"}, "Check the year."),
        ({"residence": ""}, "Choose where the person lives."),
        ({"right": "flying"}, "Select a valid choice."),
        ({"email": "ana@"}, "Enter an email address like"),
        ({"name": "A\x00na"}, "The text has a sign in it that cannot be read."),
    ],
)
def test_what_is_wrong_is_named_and_nothing_typed_is_lost(desk, change, error):
    answer = desk.post(f"{BASE}enter/", entry(desk, **change, step="check"))
    assert answer.status_code in {409, 422}
    assert error in text_of(answer)
    assert answer.context["form"]["details"].value() == "Gjithçka"
    assert not Ticket.objects.exists()


def test_only_who_works_on_requests_enters_them(client):
    client.force_login(factories.staff(Role.REVIEWER_LEGAL))
    assert client.get(f"{BASE}enter/").status_code == 403
    assert f"{BASE}enter/" not in client.get(BASE).content.decode()
