"""Taking more time: once, with a reason, told in time, and only where a law allows it (INV-04)."""

import threading
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import connection

from consent.models import AuditEvent, OutboundEmail
from consent.services import email
from requests.enums import DenialCode, Direction, Level, Outcome, State
from requests.errors import ChangedMeanwhile, ExtensionRefused
from requests.models import Message, Ticket
from requests.services import clocks, decisions, extensions, lifecycle
from tests import factories, public

pytestmark = pytest.mark.django_db

AT_WORK = datetime(2026, 6, 20, 9, tzinfo=UTC)


def place(code, *regimes, zone="Europe/Dublin"):
    return factories.JurisdictionFactory(code=code, regimes=list(regimes), time_zone=zone)


def at_work(by=None, **fields):
    """Received 9 June 2026; the work has begun."""
    with time_machine.travel(datetime(2026, 6, 9, 11, tzinfo=UTC), tick=False):
        return factories.in_progress(by=by, **fields)


def extend(ticket, on=AT_WORK, *, reason="complexity", by=None, **fields):
    with time_machine.travel(on, tick=False):
        made = extensions.extend(ticket.pk, reason=reason, by=by, **fields)
    made.refresh_from_db()
    return made


def refused(ticket, on=AT_WORK, **fields):
    """Why it was refused; and nothing at all was written."""
    before = Ticket.objects.get(pk=ticket.pk)
    counts = (ticket.clock_events.count(), Message.objects.count(), OutboundEmail.objects.count())
    with pytest.raises(ExtensionRefused) as raised:
        extend(ticket, on, **fields)
    after = Ticket.objects.get(pk=ticket.pk)
    assert (after.due_on, after.clock, after.version) == (
        before.due_on,
        before.clock,
        before.version,
    )
    assert counts == (
        ticket.clock_events.count(), Message.objects.count(), OutboundEmail.objects.count(),
    )  # fmt: skip
    return str(raised.value)


def read():
    """The notice, as the person reads it."""
    mail = public.mails("extended")[0]
    return email.render("extended", language=mail["language"], context=mail)


def test_gdpr_gives_two_months_more_counted_from_receipt():
    """9 June + 3 months is 9 September, a Wednesday (GDPR art. 12(3))."""
    officer = factories.officer()
    ticket = at_work()
    assert ticket.due_on == date(2026, 7, 9)  # one month; the promise is 9 July too

    made = extend(ticket, by=officer)

    assert made.due_on == date(2026, 9, 9)
    assert made.state == State.IN_PROGRESS
    event = made.clock_events.last()
    assert (event.kind, event.actor) == ("extension_notice_sent", officer)
    assert event.reason == "Your request is complex, and the work takes longer."
    audit = AuditEvent.objects.get(action="ticket.extended")
    assert audit.data == {
        "reason": "complexity",
        "from": "2026-07-09",
        "to": "2026-09-09",
        "rules": ["EU-GDPR"],
    }


def test_the_notice_leaves_in_the_same_step_and_can_wait_for_the_undo_seconds():
    made = extend(at_work())

    mail = OutboundEmail.objects.get(template="extended")
    assert (mail.to, mail.language) == ("ana@example.org", "en")
    assert mail.due_at == datetime(2026, 6, 20, 9, 0, 15, tzinfo=UTC)
    sent = read()
    for part in (
        "Your request is complex, and the work takes longer.",
        "We said that we answer by 9 July 2026. You will have our answer by 9 September 2026.",
        "Data Protection Commission",
        "https://www.dataprotection.ie",
    ):
        assert part in sent["text"]
    told = made.messages.get(direction=Direction.TO_PERSON)
    assert told.body.startswith("Your request is complex")
    assert "9 September 2026" in told.body


def test_the_officers_own_words_replace_the_ready_sentence():
    made = extend(at_work(), text="The archive is on paper.")
    assert made.clock_events.last().reason == "The archive is on paper."


def test_a_second_extension_is_refused():
    made = extend(at_work())
    assert refused(made) == (
        "The time was extended on 20 June 2026 already. The law allows that once."
    )


def test_the_last_day_for_the_notice_is_the_last_day_of_the_month():
    """9 July, until midnight in Dublin; one minute later it is too late."""
    in_time = extend(at_work(), datetime(2026, 7, 9, 22, 59, tzinfo=UTC))
    assert in_time.due_on == date(2026, 9, 9)
    late = at_work(email="leo@example.org")
    assert refused(late, datetime(2026, 7, 9, 23, 1, tzinfo=UTC)) == (
        "The notice had to leave by 9 July 2026. The answer stays due."
    )


def test_a_notice_that_would_leave_after_midnight_is_too_late():
    """It waits fifteen seconds to be taken back, and those end on the next day."""
    reason = refused(at_work(), datetime(2026, 7, 9, 22, 59, 50, tzinfo=UTC))
    assert reason.startswith("The notice had to leave by 9 July 2026.")


def test_a_law_without_more_time_says_so():
    brazil = at_work(residence=place("BR", "BR-LGPD", zone="America/Sao_Paulo"))
    assert refused(brazil) == "LGPD (Law 13.709/2018) Art. 18, 19 knows no longer time."


def test_more_time_that_counsel_has_not_confirmed_stays_off():
    albania = at_work(residence=place("AL", "AL-124-2024", zone="Europe/Tirane"))
    assert "waits for counsel to confirm it" in refused(albania)


def test_a_request_under_the_promise_alone_is_not_extended():
    right = factories.RightRuleFactory(code="blog_removal", regimes=["PROMISE-30"])
    assert refused(at_work(right=right)) == (
        "The promise itself is never extended. A notice in time counts as our reply."
    )


def test_of_two_laws_the_one_without_more_time_keeps_its_day():
    """Brazil: 15 days, 24 June. GDPR moves to 9 September; the answer stays due on 24 June."""
    both = at_work(residence=place("XX", "EU-GDPR", "BR-LGPD"))
    assert both.due_on == date(2026, 6, 24)
    with time_machine.travel(AT_WORK, tick=False):
        seen = extensions.outlook(both)
    assert seen.moved == ("EU-GDPR",)
    lines = {line.rule: (line.before, line.after, line.moves) for line in seen.effect.lines}
    assert lines["EU-GDPR"] == (date(2026, 7, 9), date(2026, 9, 9), True)
    assert lines["BR-LGPD"] == (date(2026, 6, 24), date(2026, 6, 24), False)

    made = extend(both)

    assert made.due_on == date(2026, 6, 24)
    text = read()["text"]
    assert (
        "One law gives us until 9 September 2026. Another keeps its day, which is 24 June" in text
    )


def test_california_gives_forty_five_days_more_and_the_promise_is_kept_by_the_notice():
    """9 June + 90 days is 7 September; told on day 11, before the 30th (11 CCR 7021(b))."""
    california = place("US-CA", "US-CA-CCPA", zone="America/Los_Angeles")
    ticket = at_work(residence=california)
    assert ticket.due_on == date(2026, 7, 9)  # the promise leads the 45 days
    assert extend(ticket, reason="necessary").due_on == date(2026, 9, 7)


def test_a_notice_after_the_promised_day_is_allowed_and_the_promise_missed():
    california = place("US-CA", "US-CA-CCPA", zone="America/Los_Angeles")
    ticket = at_work(residence=california)
    late = datetime(2026, 7, 20, 18, tzinfo=UTC)
    with time_machine.travel(late, tick=False):
        assert extensions.outlook(ticket).promise_missed
    made = extend(ticket, late, reason="necessary")
    assert made.clock["per_regime"]["US-CA-CCPA"]["promise_missed"] is True
    assert made.clock["per_regime"]["US-CA-CCPA"]["substantive_due"] == "2026-09-07"


def test_switzerland_lets_us_name_the_day():
    swiss = at_work(residence=place("CH", "CH-FADP", zone="Europe/Zurich"))
    assert (
        refused(swiss, reason="not_in_time")
        == "Name the day by which the person will have the answer."
    )
    assert "must lie after 9 July 2026" in refused(
        swiss, reason="not_in_time", declared_on=date(2026, 7, 9)
    )
    assert "7 September 2026 at the latest" in refused(
        swiss, reason="not_in_time", declared_on=date(2026, 9, 8)
    )
    made = extend(swiss, reason="not_in_time", declared_on=date(2026, 8, 20))
    assert made.due_on == date(2026, 8, 20)
    with time_machine.travel(AT_WORK, tick=False):  # and the named day outlives the next fact
        clocks.add(made, "acknowledged", at=AT_WORK, by=None)
    made.refresh_from_db()
    assert made.due_on == date(2026, 8, 20)


@pytest.mark.parametrize("reason", ["", "tired", "consultation"])
def test_a_reason_of_the_law_is_needed(reason):
    """Asking others is a ground in Canada, not in the Union."""
    text = refused(at_work(), reason=reason)
    assert text == "Choose why the answer takes longer. The law asks for the reason."


def test_canada_has_its_own_grounds():
    canada = at_work(residence=place("CA", "CA-PIPEDA", zone="America/Toronto"))
    assert [str(reason) for reason in extensions.reasons_for(canada)] == [
        "interference",
        "consultation",
        "format",
    ]
    assert extend(canada, reason="consultation").due_on == date(2026, 8, 8)  # 60 days from receipt


def test_nothing_is_extended_before_the_work_or_after_it():
    with time_machine.travel(datetime(2026, 6, 9, 11, tzinfo=UTC), tick=False):
        waiting = factories.ticket(email="new@example.org")
        triage = factories.confirmed(email="triage@example.org")
        gone = factories.in_progress(email="gone@example.org")
        lifecycle.withdraw(gone.pk)
    assert "has not shown yet who they are" in refused(waiting)
    assert "Start the work first" in refused(triage)
    assert refused(gone) == "This request is closed, so its time cannot be extended."


def test_an_answered_request_is_not_extended():
    officer, checker = factories.officer(), factories.lead()
    ticket = at_work()
    with time_machine.travel(AT_WORK, tick=False) as clock:
        decision = decisions.prepare(
            ticket.pk,
            outcome=Outcome.REFUSED,
            denial_code=DenialCode.EXCESSIVE,
            body="No.",
            checked=[],
            by=officer,
        )
        assert "An answer is ready" in refused(ticket)
        decisions.approve(decision.pk, by=checker)
        clock.shift(16)
        decisions.release_due()
    assert "is answered, so its time cannot be extended" in refused(ticket)


def test_somebody_without_a_mailbox_is_told_another_way():
    with time_machine.travel(datetime(2026, 6, 9, 11, tzinfo=UTC), tick=False):
        ticket = factories.ticket(email="")
        Ticket.objects.filter(pk=ticket.pk).update(
            identity_level=Level.REASONABLE, identity_at=AT_WORK, state=State.IN_PROGRESS
        )
    ticket.refresh_from_db()
    assert "must be told" in refused(ticket)
    made = extend(ticket, told_otherwise=True)
    assert made.due_on == date(2026, 9, 9)
    assert not OutboundEmail.objects.exists()


def test_what_came_meanwhile_must_be_read_first():
    ticket = at_work()
    with pytest.raises(ChangedMeanwhile):
        extend(ticket, seen=ticket.version - 1)


def test_the_calculator_replays_to_the_same_date():
    made = extend(at_work())
    found = clocks.explain(made)
    assert (found.due_on, found.trace[-1].until) == (made.due_on, made.due_on)
    assert found.as_json().items() <= made.clock.items()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_in_parallel_the_time_is_extended_once():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer, so nothing runs in parallel there")
    now = datetime.now(UTC)
    ticket = factories.in_progress(received_at=now)
    done, failed, start = [], [], threading.Barrier(4)

    def press():
        start.wait()
        try:
            done.append(extensions.extend(ticket.pk, reason="complexity", by=None))
        except ExtensionRefused as error:
            failed.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(done), len(failed)) == (1, 3)
    assert ticket.clock_events.filter(kind="extension_notice_sent").count() == 1
    assert OutboundEmail.objects.filter(template="extended").count() == 1
