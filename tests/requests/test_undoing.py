"""Taking back what was just sent to a person: it never leaves, and all is as it was before."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from consent.enums import MailState
from consent.models import AuditEvent, OutboundEmail
from consent.services import leases, sealing, sending
from requests.admin import timeline
from requests.enums import ClockKind, Direction, Outcome, State, Waiting
from requests.errors import GateClosed, TooLateToUndo
from requests.models import ClockEvent, Message, Ticket
from requests.services import (
    clocks,
    decisions,
    extensions,
    lifecycle,
    messages,
    ticket_dates,
    undoing,
)
from tests import factories, public, situations
from tests.world import check_world

pytestmark = pytest.mark.django_db

BASE = "/admin/requests/ticket/"
WORDS = "Secret words that were sent too soon."
# A notice must leave within a month of receipt: a moment when each of these is possible.
NOW = datetime(2026, 6, 20, 9, tzinfo=UTC)


def tell(ticket, by=None):
    messages.write_to_person(ticket.pk, WORDS, by=by)


def ask(ticket, by=None):
    messages.ask(ticket.pk, WORDS, about=Waiting.CLARIFICATION, by=by)


def extend(ticket, by=None):
    extensions.extend(ticket.pk, reason="complexity", text=WORDS, by=by)


def aside(ticket, by=None):
    decisions.set_aside(ticket.pk, outcome=Outcome.DUPLICATE, reason=WORDS, by=by)


# What is sent, from which state, the mail that leaves, and the words of the three outcomes.
THINGS = {
    "message": (tell, "triage", "message", "The message"),
    "question": (ask, "triage", "question", "The question"),
    "question amid the work": (ask, "in_progress", "question", "The question"),
    "extension": (extend, "in_progress", "extended", "The notice"),
    "set aside": (aside, "triage", "message", "The message"),
}
AUDIT = {"message": "message", "question": "question", "extended": "extension"}


def made(state):
    return factories.confirmed() if state == "triage" else factories.in_progress()


def before_it(state):
    with time_machine.travel(datetime(2026, 6, 9, 11, tzinfo=UTC), tick=False):
        return made(state)


def facts(ticket):
    """All that must be as it was; the version grows, for something happened."""
    now = Ticket.objects.get(pk=ticket.pk)
    explained = clocks.explain(now).as_json()
    moved = (now.state, now.waiting_for, now.outcome, now.closed_at, now.answered_at)
    return (*moved, now.clock, now.due_on, now.clock_stopped, now.rules, explained)


def deliver():
    """Let everything that waits leave, now; return the templates that left."""
    OutboundEmail.objects.filter(state=MailState.QUEUED).update(
        due_at=timezone.now() - timedelta(days=400)
    )
    sending.deliver_due()
    sent = OutboundEmail.objects.filter(state=MailState.SENT)
    return set(sent.values_list("template", flat=True))


@pytest.fixture(params=THINGS)
def thing(request):
    send, state, template, words = THINGS[request.param]
    return send, before_it(state), template, words


def at(seconds):
    return time_machine.travel(NOW + timedelta(seconds=seconds), tick=False)


def test_at_fourteen_seconds_all_is_as_before_and_the_mail_never_leaves(thing):
    send, ticket, template, _words = thing
    officer = factories.officer()
    before, version = facts(ticket), ticket.version
    with at(0):
        send(ticket, officer)
        assert facts(ticket) != before or template == "message"
    with at(14):
        undoing.take_back(ticket.pk, by=officer)

    assert facts(ticket) == before
    assert Ticket.objects.get(pk=ticket.pk).version > version
    row = OutboundEmail.objects.get(template=template)
    assert (row.state, bytes(row.sealed)) == (MailState.CANCELLED, b"")
    assert template not in deliver()
    assert WORDS not in "".join(message.body for message in mail.outbox)
    message = Message.objects.get(body__contains=WORDS)
    assert message.taken_back_at == NOW + timedelta(seconds=14)
    event = AuditEvent.objects.get(action=f"{AUDIT[template]}.taken_back")
    assert event.actor_id == officer.pk
    assert event.data == {"message": message.pk, "due_on": ticket.due_on.isoformat()}
    sealing.seal_committed()
    check_world()


def test_at_sixteen_seconds_it_says_that_it_has_left(thing):
    send, ticket, template, words = thing
    with at(0):
        send(ticket)
        after = facts(ticket)
    with at(16), pytest.raises(TooLateToUndo) as raised:
        undoing.take_back(ticket.pk, by=None)
    assert str(raised.value) == f"{words} has already left, so it cannot be taken back."
    assert facts(ticket) == after
    assert Message.objects.get().taken_back_at is None
    assert template in deliver()


def test_a_mail_that_a_worker_holds_cannot_be_taken_back(thing):
    send, ticket, _template, _words = thing
    with at(0):
        send(ticket)
        OutboundEmail.objects.update(due_at=timezone.now() - timedelta(days=400))
        leases.claim()
        after = facts(ticket)
        with pytest.raises(TooLateToUndo):
            undoing.take_back(ticket.pk, by=None)
    assert facts(ticket) == after
    assert not ClockEvent.objects.filter(kind=ClockKind.TAKEN_BACK).exists()
    assert Message.objects.get().taken_back_at is None


def test_a_second_undo_changes_nothing(thing):
    send, ticket, template, _words = thing
    with at(0):
        send(ticket)
        name = undoing.newest(ticket).name
        undoing.take_back(ticket.pk, by=None)
        again = Ticket.objects.get(pk=ticket.pk).version
        for named in (name, ""):
            with pytest.raises(TooLateToUndo) as raised:
                undoing.take_back(ticket.pk, by=None, name=named)
            assert str(raised.value) == "It was taken back already."
    assert Ticket.objects.get(pk=ticket.pk).version == again
    assert AuditEvent.objects.filter(action=f"{AUDIT[template]}.taken_back").count() == 1


def test_it_can_be_sent_again_after_it_was_taken_back(thing):
    send, ticket, template, _words = thing
    with at(0):
        send(ticket)
        undoing.take_back(ticket.pk, by=None)
        send(ticket)
    assert template in deliver()
    assert Message.objects.filter(taken_back_at=None).count() == 1
    sealing.seal_committed()
    check_world()


def test_a_day_that_we_named_goes_with_its_notice():
    swiss = factories.JurisdictionFactory(code="CH", regimes=["CH-FADP"], time_zone="Europe/Zurich")
    with time_machine.travel(datetime(2026, 6, 9, 11, tzinfo=UTC), tick=False):
        ticket = factories.in_progress(residence=swiss)
    before = facts(ticket)
    with at(0):
        extensions.extend(ticket.pk, reason="not_in_time", declared_on=date(2026, 8, 20), by=None)
        assert facts(ticket) != before
        undoing.take_back(ticket.pk, by=None)
    assert facts(ticket) == before


def test_the_newest_thing_goes_first_and_a_form_names_its_own():
    ticket = before_it("in_progress")
    with at(0):
        tell(ticket)
        first = undoing.newest(ticket).name
    with at(5):
        ask(ticket)
        assert undoing.take_back(ticket.pk, by=None).kind == "question"
        assert undoing.newest(ticket).name == first
        assert undoing.take_back(ticket.pk, by=None, name=first).kind == "message"
        assert undoing.newest(ticket) is None


@pytest.mark.parametrize("name", ["message:0", "message:x", "answer:", "odd:1", "message:9" * 9])
def test_a_name_of_nothing_takes_nothing_back(name):
    ticket = before_it("triage")
    with at(0):
        tell(ticket)
        with pytest.raises(GateClosed):
            undoing.take_back(ticket.pk, by=None, name=name)
        assert undoing.newest(ticket) is not None


def test_a_form_cannot_name_what_belongs_to_another_request():
    ticket, other = before_it("triage"), before_it("triage")
    with at(0):
        tell(ticket)
        with pytest.raises(GateClosed):
            undoing.take_back(other.pk, by=None, name=undoing.newest(ticket).name)
        assert undoing.newest(ticket) is not None


def test_a_question_that_the_person_answered_meanwhile_stays():
    ticket = before_it("triage")
    with at(0):
        ask(ticket)
    with at(5):
        messages.write_to_office(ticket.pk, "By the way")
        with pytest.raises(TooLateToUndo) as raised:
            undoing.take_back(ticket.pk, by=None)
    assert "The person has written meanwhile" in str(raised.value)
    assert Ticket.objects.get(pk=ticket.pk).state == State.IN_PROGRESS
    assert "question" in deliver()


def test_what_was_withdrawn_meanwhile_stays_withdrawn():
    ticket = before_it("triage")
    with at(0):
        ask(ticket)
        lifecycle.withdraw(ticket.pk)
        undoing.take_back(ticket.pk, by=None)
    after = Ticket.objects.get(pk=ticket.pk)
    assert (after.state, after.outcome) == (State.CLOSED, Outcome.WITHDRAWN)
    assert deliver() == {"confirm", "received", "withdrawn"}
    sealing.seal_committed()
    check_world()


def test_where_no_mail_tells_of_it_there_is_nothing_to_take_back():
    ticket = situations.at("unproved")
    Ticket.objects.filter(pk=ticket.pk).update(email="", email_key="")
    aside(ticket)
    with pytest.raises(GateClosed):
        undoing.take_back(ticket.pk, by=None)
    assert Ticket.objects.get(pk=ticket.pk).state == State.CLOSED


# --- the facts of the clock ---------------------------------------------------------------


def test_both_facts_stay_and_neither_counts():
    ticket = before_it("in_progress")
    with at(0):
        extend(ticket)
        undoing.take_back(ticket.pk, by=None)
    noted = ticket.clock_events.get(kind=ClockKind.EXTENSION_NOTICE_SENT)
    assert noted.cancelled_by.kind == ClockKind.TAKEN_BACK
    kinds = set(ticket.clock_events.standing().values_list("kind", flat=True))
    assert not kinds & {ClockKind.EXTENSION_NOTICE_SENT, ClockKind.TAKEN_BACK}
    told = [event["type"] for event in ticket_dates.of(ticket.reference).as_json()["events"]]
    assert set(told) == kinds


@pytest.mark.parametrize("wrong", ["twice", "nothing", "another kind"])
def test_the_database_refuses_a_wrong_taking_back(wrong):
    ticket = before_it("triage")
    first = ticket.clock_events.get(kind=ClockKind.RECEIVED)
    row = {"ticket": ticket, "kind": ClockKind.TAKEN_BACK, "at": NOW, "cancels": first}
    if wrong == "twice":
        ClockEvent.objects.create(**row)
    row |= {"nothing": {"cancels": None}, "another kind": {"kind": ClockKind.FEE_PAID}}.get(
        wrong, {}
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        ClockEvent.objects.create(**row)


@pytest.mark.parametrize("leaves_at", [NOW, None])
def test_the_database_refuses_to_take_back_what_has_left(leaves_at):
    ticket = before_it("triage")
    with at(0):
        tell(ticket)
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.update(taken_back_at=NOW, leaves_at=leaves_at)


# --- who sees what ------------------------------------------------------------------------


@pytest.mark.parametrize("taken", [True, False])
def test_the_person_reads_it_once_it_leaves_and_never_if_it_was_taken_back(client, taken):
    public.rows()
    ticket = public.filed(client)
    client.post(public.link("confirm"), {"press": "confirm"})
    page, start = f"/en/requests/{ticket.reference}/", timezone.now()
    with time_machine.travel(start, tick=False):
        ask(ticket)
        assert WORDS not in public.text(client.get(page))
        if taken:
            undoing.take_back(ticket.pk, by=None)
    for seconds in (14, 15, 3600):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            shown = public.text(client.get(page))
            assert (WORDS in shown) == (not taken and seconds >= 15), seconds
            assert ("You need to do something" in shown) is not taken


def test_the_timeline_keeps_it_for_colleagues_only():
    ticket = before_it("in_progress")
    with at(0):
        ask(ticket)
        assert [entry.body for entry in timeline.of(ticket, only="person")] == [WORDS]
        undoing.take_back(ticket.pk, by=None)
    assert timeline.of(ticket, only="person") == []
    titles = {entry.title: entry.body for entry in timeline.of(ticket)}
    assert titles["To the person, taken back"] == WORDS
    assert "Taken back: Question asked" in titles
    assert "To the person" not in titles


def test_each_page_offers_it_and_any_colleague_can_press(client):
    officer, other = factories.officer(), factories.officer("ilir")
    client.force_login(officer)
    ticket = situations.at("triage")
    path = f"{BASE}{ticket.pk}/message/"
    typed = public.value(client.get(path), "opened")
    sent = {"body": WORDS, "opened": typed, "seen": ticket.version, "step": "send"}
    page = client.post(path, sent, follow=True)
    assert f"The message about {ticket.reference} leaves at" in public.text(page)
    assert [str(said) for said in page.context["messages"]] == []
    for elsewhere in ("/admin/", BASE, f"{BASE}{ticket.pk}/note/"):
        assert f'action="{BASE}{ticket.pk}/undo/"' in client.get(elsewhere).content.decode()

    colleague = Client()
    colleague.force_login(other)
    assert "leaves at" not in public.text(colleague.get(BASE))
    page = colleague.get(f"{BASE}{ticket.pk}/change/")
    assert "leaves at" in public.text(page)
    named = {"what": public.value(page, "what")}
    after = colleague.post(f"{BASE}{ticket.pk}/undo/", named, follow=True)
    assert [str(said) for said in after.context["messages"]] == [
        "The message was taken back. The person does not see it."
    ]
    assert "leaves at" not in public.text(client.get(BASE))
    assert "undo" not in client.session


def test_the_page_explains_when_it_is_too_late(client):
    client.force_login(factories.officer())
    ticket = situations.at("awaiting_requester")
    with time_machine.travel(timezone.now() + timedelta(seconds=16), tick=False):
        page = client.post(f"{BASE}{ticket.pk}/undo/", follow=True)
    assert [str(said) for said in page.context["messages"]] == [
        "The question has already left, so it cannot be taken back."
    ]


def test_writing_to_an_office_that_waits_for_nothing_is_still_possible_after():
    ticket = before_it("triage")
    with at(0):
        ask(ticket)
        undoing.take_back(ticket.pk, by=None)
        messages.write_to_office(ticket.pk, "Something new")
    after = Ticket.objects.get(pk=ticket.pk)
    assert after.state == State.TRIAGE
    assert after.messages.filter(direction=Direction.FROM_PERSON).count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("send", [ask, aside])
def test_two_officers_at_once_take_it_back_once(send):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer, so nothing runs in parallel there")
    ticket, officer = factories.confirmed(), factories.officer()
    before = facts(ticket)
    send(ticket)
    done, failed, start = [], [], threading.Barrier(4)

    def press():
        start.wait()
        try:
            done.append(undoing.take_back(ticket.pk, by=officer))
        except TooLateToUndo as error:
            failed.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(done), failed) == (1, ["It was taken back already."] * 3)
    assert facts(ticket) == before
    assert AuditEvent.objects.filter(action__endswith=".taken_back").count() == 1
