"""What a person notices because time has passed, and how what was closed is opened again."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client

from consent.models import AuditEvent, OutboundEmail
from requests.enums import Outcome, Purpose, State, Waiting
from requests.errors import LinkEnded
from requests.models import Ticket, Verification
from requests.services import identity, lifecycle, messages
from tests import factories, public
from tests.requests.reminding import FILED, at, forget_mails, made, mails, pass_days, sweep, to

pytestmark = pytest.mark.django_db


def unconfirmed(**fields):
    return made(factories.ticket, **fields)


def asked(about=Waiting.CLARIFICATION, *, moment=FILED, **fields):
    """A request whose person was asked one thing, and the officer who asked."""
    officer = factories.officer()
    ticket = made(factories.confirmed, **fields)
    with time_machine.travel(moment, tick=False):
        lifecycle.take(ticket.pk, by=officer)
        messages.ask(ticket.pk, "Which account?", about=about, by=officer)
    forget_mails()
    return ticket


def link(template):
    """The path of the link in the last mail of this kind."""
    return urlsplit(mails(template)[-1][2]["url"]).path


def test_who_does_not_confirm_hears_after_a_day_and_a_week_and_is_closed_after_two():
    ticket = unconfirmed()
    forget_mails()
    found = []
    for hour in range(0, 24 * 16, 6):
        before = len(mails())
        sweep(FILED + timedelta(hours=hour))
        found += [hour] * (len(mails()) - before)
        ticket.refresh_from_db()
        assert (ticket.state == State.CLOSED) is (hour >= 24 * 14)

    assert found == [24, 24 * 7]
    assert to("confirm_again") == ["ana@example.org"] * 2
    assert (ticket.state, ticket.outcome) == (State.CLOSED, Outcome.NOT_CONFIRMED)
    moved = AuditEvent.objects.filter(action="ticket.moved").get()
    assert moved.data == {"from": "new", "to": "closed", "outcome": "not_confirmed"}
    assert moved.actor_id is None


def test_the_nudge_says_when_the_request_is_closed_and_both_links_work():
    ticket = unconfirmed()
    sweep(FILED + timedelta(days=1))
    nudge = mails("confirm_again")[0][2]
    assert nudge["closes_at"] == (FILED + timedelta(days=14)).isoformat()
    assert nudge["until"] == (FILED + timedelta(days=8)).isoformat()
    rows = ticket.verifications.filter(purpose=Purpose.CONFIRM, revoked_at=None)
    assert rows.count() == 2
    with time_machine.travel(FILED + timedelta(days=2), tick=False):
        assert Client().get(link("confirm_again")).status_code == 200
        assert Client().get(link("confirm")).status_code == 200


@pytest.mark.parametrize("by", ["confirm", "withdraw", "not_me"])
def test_nobody_is_nudged_who_has_decided(by):
    ticket = unconfirmed()
    row = ticket.verifications.get()
    with time_machine.travel(FILED + timedelta(hours=3), tick=False):
        if by == "withdraw":
            lifecycle.withdraw(ticket.pk)
        elif by == "confirm":
            identity.confirm(row, browser="browser-of-ana")
        else:
            identity.not_me(row)
    pass_days(FILED + timedelta(hours=4), 15)
    assert "confirm_again" not in {m[1] for m in mails()}
    ticket.refresh_from_db()
    assert ticket.outcome != Outcome.NOT_CONFIRMED


def test_a_mailbox_that_has_had_enough_is_nudged_later():
    unconfirmed()
    day = FILED + timedelta(days=1)
    with time_machine.travel(day - timedelta(minutes=10), tick=False):
        for _n in range(3):
            factories.ticket(received_at=day)
    forget = OutboundEmail.objects.filter(template="confirm_again")
    sweep(day)
    assert not forget.exists()
    sweep(day + timedelta(minutes=30))
    assert not forget.exists()
    sweep(day + timedelta(hours=1))
    assert forget.count() == 1


def test_after_days_of_silence_nobody_is_shut_out_untold():
    ticket = unconfirmed()
    sweep(FILED + timedelta(days=6))
    forget_mails()

    for day in range(13, 22):
        sweep(FILED + timedelta(days=day, hours=3))
        ticket.refresh_from_db()
        if ticket.state == State.CLOSED:
            break

    assert to("confirm_again") == ["ana@example.org"]
    assert day == 19
    assert mails("confirm_again")[0][2]["closes_at"] == (
        (FILED + timedelta(days=19, hours=3)).isoformat()
    )


def test_a_request_entered_late_is_not_closed_at_once():
    with time_machine.travel(FILED, tick=False):
        ticket = factories.ticket(received_at=FILED - timedelta(days=20))
    sweep(FILED + timedelta(hours=1))
    ticket.refresh_from_db()
    assert ticket.state == State.NEW


@pytest.fixture
def closed(client):
    """A request that was closed because nobody confirmed it."""
    public.rows()
    ticket = unconfirmed()
    for day in (1, 7, 14):
        sweep(FILED + timedelta(days=day))
    ticket.refresh_from_db()
    assert ticket.outcome == Outcome.NOT_CONFIRMED
    return ticket


def test_a_new_link_opens_it_again_with_the_day_it_came_in(closed):
    due, old = closed.due_on, link("confirm_again")
    with time_machine.travel(FILED + timedelta(days=15), tick=False):
        page = Client().get(old)
        assert page.status_code == 410
        assert "stays 9 June 2026" in public.text(page)
        assert Client().post(old, {"press": "confirm"}).status_code == 410
        assert "on its way" in public.text(Client().post(old, {"press": "renew"}))
        closed.refresh_from_db()
        assert closed.state == State.CLOSED
        answer = Client().post(link("confirm"), {"press": "confirm"})
        assert answer.status_code == 303
    closed.refresh_from_db()
    assert (closed.state, closed.outcome, closed.closed_at) == (State.TRIAGE, "", None)
    assert (closed.received_at, closed.due_on) == (FILED, due)
    assert closed.confirmed_at == FILED + timedelta(days=15)
    assert Client().get(old).status_code == 404


def test_the_new_link_can_also_say_that_it_was_not_me(closed):
    with time_machine.travel(FILED + timedelta(days=15), tick=False):
        Client().post(link("confirm_again"), {"press": "renew"})
        new = link("confirm")
        assert "Thank you" in public.text(Client().post(new, {"press": "not_me"}))
        assert Client().get(new).status_code == 404
    closed.refresh_from_db()
    assert (closed.state, closed.outcome) == (State.CLOSED, Outcome.NOT_A_REQUEST)


def test_a_link_from_before_the_end_opens_nothing(closed):
    row = Verification.objects.filter(purpose=Purpose.CONFIRM).latest("pk")
    Verification.objects.filter(pk=row.pk).update(expires_at=FILED + timedelta(days=30))
    row.refresh_from_db()
    with (
        time_machine.travel(FILED + timedelta(days=15), tick=False),
        pytest.raises(LinkEnded),
    ):
        identity.confirm(row, browser="browser-of-ana")


@pytest.mark.parametrize("outcome", [Outcome.WITHDRAWN, Outcome.NOT_A_REQUEST])
def test_what_was_closed_otherwise_gets_no_new_link(closed, outcome):
    Ticket.objects.filter(pk=closed.pk).update(outcome=outcome)
    old = link("confirm_again")
    forget_mails()
    answer = Client().post(old, {"press": "renew"})
    assert answer.status_code == 410
    assert to() == []


def test_who_does_not_answer_hears_after_one_week_and_after_two():
    ticket = asked()
    days = []
    for hour in range(0, 24 * 25, 2):
        before = len(mails("waiting"))
        sweep(FILED + timedelta(hours=hour))
        days += [FILED + timedelta(hours=hour)] * (len(mails("waiting")) - before)

    assert days == [at(16, 10, month=6), at(23, 10, month=6)]  # nine o'clock in Dublin
    first, second = mails("waiting")
    assert first[0] == "ana@example.org"
    assert first[2]["waiting_for"] == "clarification"
    assert first[2]["days_left"] == (ticket.due_on - FILED.date()).days - 7
    assert (first[2]["is_last"], second[2]["is_last"]) == (False, True)
    assert "Which account?" not in str(first) + str(second)
    assert re.search(r"/en/follow/", first[2]["url"])


def test_who_answered_is_left_in_peace():
    ticket = asked()
    with time_machine.travel(FILED + timedelta(days=2), tick=False):
        messages.write_to_office(ticket.pk, "The one with my name.")
    pass_days(FILED + timedelta(days=2), 30)
    assert to("waiting") == []


def test_two_weeks_of_silence_of_the_scheduler_are_one_mail():
    asked()
    sweep(FILED)
    sweep(FILED + timedelta(days=20))
    assert [m[2]["is_last"] for m in mails("waiting")] == [True]


@pytest.mark.parametrize("hour", [21, 23, 0, 3, 6])
def test_no_person_is_written_to_at_night(hour):
    """Dublin's clock, where the person lives: an hour behind the office."""
    asked()
    sweep(FILED)
    night = at(17, hour, month=6) + timedelta(hours=1)
    sweep(night)
    assert to("waiting") == []
    morning = at(17 + (hour >= 21), 8, month=6)
    sweep(morning - timedelta(minutes=1))
    assert to("waiting") == []
    sweep(morning)
    assert to("waiting") == ["ana@example.org"]


def test_a_nudge_that_fails_is_tried_again_and_holds_up_no_other(monkeypatch, caplog):
    from requests.services.reminders import nudges

    bad, good = unconfirmed(), unconfirmed(email="leo@example.org")
    forget_mails()
    real = nudges.act

    def fails(ticket, *args, **fields):
        if ticket.pk == bad.pk:
            raise RuntimeError("no template")
        return real(ticket, *args, **fields)

    monkeypatch.setattr(nudges, "act", fails)
    sweep(FILED + timedelta(days=1))
    assert to() == ["leo@example.org"]
    assert "Reminder unconfirmed" in caplog.text
    monkeypatch.setattr(nudges, "act", real)
    sweep(FILED + timedelta(days=1, hours=1))
    assert to() == ["leo@example.org", "ana@example.org"]
    assert good.reference != bad.reference
