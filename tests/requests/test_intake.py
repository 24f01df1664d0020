from datetime import UTC, date, datetime

import pytest

from consent.enums import MailState
from consent.models import AuditEvent, DataSubject, OutboundEmail
from requests.enums import ClockKind, Level, State
from requests.models import ClockEvent, Ticket
from requests.services import intake
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_filed_request_has_a_date_a_fact_a_trail_and_a_mail():
    ticket = factories.ticket(browser="b")

    assert ticket.state == State.NEW
    assert ticket.due_on == date(2026, 7, 9)  # one month and 30 days fall on the same day here
    assert [(e.kind, e.at) for e in ticket.clock_events.all()] == [
        (ClockKind.RECEIVED, factories.RECEIVED)
    ]
    assert list(AuditEvent.objects.values_list("action", flat=True)) == ["ticket.opened"]
    mail = OutboundEmail.objects.get()
    assert (mail.template, mail.to, mail.state) == ("confirm", "ana@example.org", MailState.QUEUED)


def test_the_promise_leads_where_the_month_is_longer():
    ticket = factories.ticket(received_at=datetime(2026, 7, 1, 12, 0, tzinfo=UTC))

    assert ticket.due_on == date(2026, 7, 31)  # the month would be Saturday 1, so Monday 3 August


def test_the_law_leads_where_the_month_is_shorter():
    ticket = factories.ticket(received_at=datetime(2026, 1, 31, 12, 0, tzinfo=UTC))

    assert ticket.due_on == date(2026, 3, 2)
    assert {rule["id"] for rule in ticket.rules} == {"EU-GDPR", "PROMISE-30"}


def test_nobody_is_looked_up_before_the_mailbox_is_confirmed():
    factories.SubjectFactory(email="ana@example.org", email_key="ana@example.org")

    ticket = factories.ticket()

    assert ticket.subject is None
    assert DataSubject.objects.count() == 1


def test_two_clicks_make_one_request():
    factories.load_rules()
    filing = factories.filing()

    first, is_new = intake.open_ticket(filing, by=None, nonce="n1", browser="b")
    second, is_new_again = intake.open_ticket(filing, by=None, nonce="n1", browser="b")

    assert (is_new, is_new_again) == (True, False)
    assert first.pk == second.pk
    assert Ticket.objects.count() == ClockEvent.objects.count() == 1
    assert OutboundEmail.objects.count() == 1


def test_other_forms_make_other_requests():
    factories.load_rules()
    intake.open_ticket(factories.filing(), by=None, nonce="n1")
    intake.open_ticket(factories.filing(), by=None, nonce="n2")

    assert Ticket.objects.count() == 2


def test_a_mailbox_gets_three_unasked_mails_an_hour_and_every_request_is_filed():
    for _number in range(5):
        factories.ticket()

    assert Ticket.objects.count() == 5
    assert OutboundEmail.objects.filter(to="ana@example.org").count() == 3


def test_an_opt_out_asks_for_no_mail_and_goes_straight_to_work():
    right = factories.RightRuleFactory(
        code="opt_out_sale_share", level=Level.NONE, regimes=["US-CA-OPTOUT"]
    )

    ticket = factories.ticket(right=right, email="", name="", browser="b")

    assert ticket.state == State.TRIAGE
    assert not OutboundEmail.objects.exists()


def test_the_trail_holds_no_word_about_the_person():
    factories.ticket()

    event = AuditEvent.objects.get()
    assert event.data == {"right": "access", "channel": "web_form", "state": "new"}
