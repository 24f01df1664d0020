from datetime import UTC, datetime, timedelta

import pytest

from consent.models import OutboundEmail
from requests.enums import Outcome
from requests.models import Ticket
from requests.services import lifecycle, reminders
from tests import factories

pytestmark = pytest.mark.django_db

DUE = datetime(2026, 7, 9, 6, 0, tzinfo=UTC)  # 08:00 in Tirana on the promised day


def mails():
    return OutboundEmail.objects.filter(template="officer_reminder")


def test_the_officer_is_reminded_before_the_date_and_on_it_once_each():
    officer = factories.officer()
    factories.in_progress(by=officer)

    for day in range(-30, 1):
        for _twice in range(2):
            reminders.remind_due(now=DUE + timedelta(days=day))

    assert [m.to for m in mails()] == [officer.email] * 3
    assert mails().values("key").distinct().count() == 3


def test_nothing_is_sent_while_there_is_time():
    factories.in_progress(by=factories.officer())

    assert reminders.remind_due(now=DUE - timedelta(days=6)) == 0


def test_a_timer_that_was_dead_for_days_reminds_once_for_now():
    factories.in_progress(by=factories.officer())

    assert reminders.remind_due(now=DUE + timedelta(days=1)) == 1
    assert reminders.remind_due(now=DUE + timedelta(days=1)) == 0


def test_the_lead_hears_of_it_two_days_before():
    officer, lead = factories.officer(), factories.lead()
    factories.in_progress(by=officer)

    reminders.remind_due(now=DUE - timedelta(days=5))
    assert {m.to for m in mails()} == {officer.email}

    reminders.remind_due(now=DUE - timedelta(days=2))
    assert {m.to for m in mails()} == {officer.email, lead.email}


def test_a_request_that_nobody_took_goes_to_the_lead():
    lead = factories.lead()
    factories.confirmed()

    reminders.remind_due(now=DUE - timedelta(days=5))

    assert [m.to for m in mails()] == [lead.email]


def test_unconfirmed_and_answered_requests_remind_nobody():
    factories.lead()
    factories.ticket()
    answered = factories.in_progress(by=factories.officer())
    Ticket.objects.filter(pk=answered.pk).update(state="answered", outcome=Outcome.FULFILLED)

    assert reminders.remind_due(now=DUE) == 0


def test_a_colleague_who_left_is_not_written_to():
    officer = factories.officer()
    factories.in_progress(by=officer)
    officer.is_active = False
    officer.save()

    assert reminders.remind_due(now=DUE) == 0


def test_taking_a_request_records_who():
    officer = factories.officer()
    ticket = factories.confirmed()
    lifecycle.take(ticket.pk, by=officer)
    ticket.refresh_from_db()
    assert ticket.handler == officer
