"""Requests an officer enters: they count from when they reached us, and need the same proof."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from consent.models import AuditEvent, OutboundEmail
from requests.enums import Channel, Filer, Level, Purpose, State, Waiting
from requests.errors import ChangedMeanwhile, GateClosed
from requests.models import Ticket
from requests.services import decisions, identity, lifecycle, manual, messages
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 20, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_the_twentieth_of_june():
    with time_machine.travel(NOW, tick=False):
        factories.load_rules()
        yield


def entered(by=None, *, told=False, **fields):
    values = {"channel": Channel.PHONE, "taken_by": "Reception", **fields}
    filing = factories.filing(**values)
    return manual.enter(filing, by=by or factories.officer("clerk"), told=told)[0]


def kinds(ticket):
    return [(event.kind, event.at) for event in ticket.clock_events.all()]


def test_the_clock_runs_from_the_call_and_not_from_the_typing():
    """Called on 9 June, entered on the 20th: due on 9 July, not on the 20th (T-95)."""
    clerk = factories.officer()
    ticket = entered(by=clerk)

    assert ticket.due_on == date(2026, 7, 9)
    event = ticket.clock_events.get(kind="received")
    assert (event.at, event.recorded_at) == (factories.RECEIVED, NOW)
    assert (event.actor, event.reason) == (clerk, "Reception")
    audit = AuditEvent.objects.get(action="ticket.opened")
    assert (audit.actor_id, audit.data["channel"]) == (clerk.pk, "phone")


@pytest.mark.parametrize("channel", manual.CHANNELS)
def test_every_channel_gives_the_same_date(channel):
    assert entered(channel=channel).due_on == date(2026, 7, 9)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"received_at": NOW + timedelta(seconds=1)}, "later than now"),
        ({"received_at": NOW - timedelta(days=3 * 365 + 1)}, "more than three years back"),
        ({"taken_by": "  "}, "who took the request"),
        ({"channel": Channel.WEB_FORM}, "how the request came in"),
        ({"channel": Channel.AGENT_API}, "how the request came in"),
    ],
)
def test_what_cannot_be_is_not_entered(fields, why):
    with pytest.raises(GateClosed, match=why):
        entered(**fields)
    assert not Ticket.objects.exists()


def test_the_outlook_says_how_late_it_is_before_anything_is_saved():
    filing = factories.filing(
        channel=Channel.POST, taken_by="Post room", received_at=NOW - timedelta(days=33)
    )
    found = manual.outlook(filing)
    assert (found.due_on, found.days_ago, found.days_left) == (date(2026, 6, 17), 33, -3)
    assert not Ticket.objects.exists()


def test_a_mailbox_is_asked_to_confirm_whoever_typed_it():
    ticket = entered()

    assert (ticket.state, ticket.confirmed_at) == (State.NEW, None)
    assert [mail.template for mail in OutboundEmail.objects.all()] == ["confirm"]
    with pytest.raises(GateClosed, match="has not confirmed their email"):
        lifecycle.start_work(ticket.pk, by=None)

    identity.confirm(ticket.verifications.get(purpose=Purpose.CONFIRM), browser="hers")
    ticket.refresh_from_db()
    assert ticket.state == State.TRIAGE
    assert kinds(ticket) == [("received", factories.RECEIVED), ("acknowledged", NOW)]


def test_the_mail_of_an_entered_request_has_no_code():
    """There is no browser of the person's in which a code could be typed."""
    from consent.services import email
    from tests import public

    entered()
    mail = public.mails("confirm")[0]
    text = email.render("confirm", language="en", context=mail)["text"]
    assert mail["code"] == ""
    assert "code" not in text


def test_without_an_email_an_officer_notes_how_they_showed_it():
    officer = factories.officer()
    ticket = entered(email="")
    assert ticket.state == State.NEW
    assert not OutboundEmail.objects.exists()
    with pytest.raises(GateClosed, match="Nobody has noted yet"):
        lifecycle.start_work(ticket.pk, by=officer)

    manual.note_identity(ticket.pk, level=Level.REASONABLE, how="Two orders named", by=officer)

    ticket.refresh_from_db()
    assert (ticket.state, ticket.identity_level, ticket.identity_at) == ("triage", "V2", NOW)
    assert ticket.messages.get().body == "Two orders named"
    event = AuditEvent.objects.get(action="ticket.identity_shown")
    assert (event.actor_id, event.data) == (officer.pk, {"level": "V2"})
    lifecycle.start_work(ticket.pk, by=officer)


@pytest.mark.parametrize(
    ("level", "how", "why"),
    [("V0", "x", "how sure"), ("V9", "x", "how sure"), ("V2", " ", "how the person showed")],
)
def test_an_identity_needs_a_level_and_a_reason(level, how, why):
    ticket = entered(email="")
    with pytest.raises(GateClosed, match=why):
        manual.note_identity(ticket.pk, level=level, how=how, by=factories.officer())
    ticket.refresh_from_db()
    assert (ticket.state, ticket.identity_level) == (State.NEW, "")


def test_nobody_is_asked_who_they_are_for_an_opt_out():
    right = factories.RightRuleFactory(code="opt_out", level=Level.NONE, regimes=["US-CA-OPTOUT"])
    ticket = entered(right=right, email="")
    assert ticket.state == State.TRIAGE
    with pytest.raises(GateClosed, match="nobody may be asked"):
        manual.note_identity(ticket.pk, level="V2", how="x", by=factories.officer())
    lifecycle.start_work(ticket.pk, by=None)


def test_an_identity_seen_at_the_desk_opens_no_mailbox():
    """The address was only dictated: no link goes there before its owner confirmed it."""
    officer = factories.officer()
    ticket = entered()
    manual.note_identity(ticket.pk, level="V2", how="Passport seen", by=officer)
    lifecycle.start_work(ticket.pk, by=officer)
    with pytest.raises(GateClosed, match="has not confirmed their email"):
        messages.write_to_person(ticket.pk, "Hello", by=officer)
    with pytest.raises(GateClosed, match="has not confirmed their email"):
        messages.ask(ticket.pk, "Which?", about=Waiting.CLARIFICATION, by=officer)
    with time_machine.travel(NOW, tick=False) as clock:
        decisions.prepare(ticket.pk, outcome="fulfilled", body="All.", checked=["copy"], by=officer)
        clock.shift(16)
        assert decisions.release_due() == 1
    assert [mail.template for mail in OutboundEmail.objects.all()] == ["confirm"]

    identity.confirm(ticket.verifications.get(purpose=Purpose.CONFIRM), browser="hers")
    ticket.refresh_from_db()
    assert ticket.state == State.ANSWERED  # confirming later moves nothing back


@pytest.mark.parametrize(
    ("wanted", "shown", "works"),
    [
        (Level.REASONABLE, "", False),
        (Level.REASONABLE, Level.ACCOUNT, False),
        (Level.REASONABLE, Level.REASONABLE, True),
        (Level.REASONABLE, Level.HIGH, True),
        (Level.HIGH, Level.REASONABLE, False),
        (Level.AUTHORITY, Level.HIGH, False),
        (Level.ACCOUNT, Level.MAILBOX, False),
    ],
)
def test_work_begins_at_the_level_of_the_request_type(wanted, shown, works):
    right = factories.RightRuleFactory(code="special", level=wanted)
    ticket = factories.confirmed(right=right)
    if shown:
        manual.note_identity(ticket.pk, level=shown, how="Seen", by=factories.officer())
    if works:
        lifecycle.start_work(ticket.pk, by=None)
        return
    with pytest.raises(GateClosed, match="more proof of identity"):
        lifecycle.start_work(ticket.pk, by=None)


def test_a_lower_proof_does_not_replace_a_higher_one():
    ticket, officer = entered(email=""), factories.officer()
    manual.note_identity(ticket.pk, level="V3", how="Signed", by=officer)
    manual.note_identity(ticket.pk, level="V1", how="Called back", by=officer)
    ticket.refresh_from_db()
    assert ticket.identity_level == "V3"


def test_proof_of_authority_stands_for_the_agents_permission():
    officer = factories.officer()
    ticket = entered(email="", filer=Filer.AGENT, person_name="Leo")
    manual.note_identity(ticket.pk, level="V2", how="Known agency", by=officer)
    with pytest.raises(GateClosed, match="agent may act"):
        lifecycle.start_work(ticket.pk, by=officer)
    manual.note_identity(ticket.pk, level="V4", how="Power of attorney", by=officer)
    lifecycle.start_work(ticket.pk, by=officer)


def test_who_was_told_on_the_phone_knows_since_the_call():
    assert kinds(entered(told=True))[1] == ("acknowledged", factories.RECEIVED)
    by_post = entered(told=True, channel=Channel.POST, by=factories.officer("post"))
    assert kinds(by_post)[1] == ("acknowledged", NOW)


def test_the_receipt_is_noted_once():
    ticket, officer = entered(), factories.officer()
    with pytest.raises(ChangedMeanwhile):
        manual.acknowledge(ticket.pk, by=officer, seen=ticket.version + 1)
    for _twice in range(2):
        manual.acknowledge(ticket.pk, by=officer)
    assert [kind for kind, _at in kinds(ticket)] == ["received", "acknowledged"]


def test_two_clicks_enter_one_request():
    officer = factories.officer()
    filing = factories.filing(channel=Channel.PHONE, taken_by="Besa")
    first = manual.enter(filing, by=officer, nonce="n1")
    second = manual.enter(filing, by=officer, nonce="n1")
    assert (first[1], second[1]) == (True, False)
    assert first[0].pk == second[0].pk
    assert Ticket.objects.count() == 1


def test_a_page_that_is_read_at_once_confirms_the_receipt():
    """An opt-out needs no mail: the page that follows says that we have it (T02)."""
    right = factories.RightRuleFactory(code="opt_out", level=Level.NONE, regimes=["US-CA-OPTOUT"])
    ticket = factories.ticket(right=right, email="", browser="b")
    assert kinds(ticket) == [("received", factories.RECEIVED), ("acknowledged", NOW)]
