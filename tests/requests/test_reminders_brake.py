"""A clock that jumped and a flood of mails stop the reminders, and say so."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from consent.models import AuditEvent, Firing
from privacyportal import health
from requests.enums import State
from requests.models import Ticket
from requests.services import alarms
from requests.services.reminders import brake
from tests import factories
from tests.requests.reminding import FILED, forget_mails, made, mails, sweep, to

pytestmark = pytest.mark.django_db

YEAR = timedelta(days=365)


def unconfirmed(count):
    return [made(factories.ticket, email=f"p{n}@example.org") for n in range(count)]


def test_a_clock_moved_by_a_year_does_nothing_but_tell_the_lead_once():
    lead = factories.lead()
    officer = factories.officer()
    unconfirmed(3)
    made(by=officer)
    sweep(FILED)
    forget_mails()
    before = Firing.objects.count()

    for minute in range(3):
        assert sweep(FILED + YEAR + timedelta(minutes=minute), alive=False) == 0

    assert [(m[0], m[1], m[2]["reason"]) for m in mails()] == [
        (lead.email, "reminders_stopped", "clock")
    ]
    assert Firing.objects.count() == before + 1  # the brake itself
    assert Ticket.objects.filter(state=State.NEW).count() == 3
    with pytest.raises(health.NotReady, match=r"clock.*release_reminders"):
        health.check_reminders()


def test_set_back_and_released_the_true_reminders_come():
    factories.lead()
    officer = factories.officer()
    made(by=officer)
    sweep(FILED)
    sweep(FILED + YEAR, alive=False)
    forget_mails()

    assert brake.release(now=FILED + timedelta(minutes=5)) == ["clock"]
    health.check_reminders()
    for day in range(1, 26):
        sweep(FILED + timedelta(days=day), alive=False)

    assert to("digest").count(officer.email) == 3  # 10 days, more time, 5 days before


def test_a_week_of_silence_is_caught_up_with_and_more_asks():
    assert sweep(FILED) >= 0
    sweep(FILED + timedelta(days=7), alive=False)
    assert brake.reasons() == []
    sweep(FILED + timedelta(days=15), alive=False)
    assert brake.reasons() == ["clock"]


def test_more_mails_to_persons_than_the_limit_stop_there(monkeypatch):
    monkeypatch.setattr(brake, "LIMIT", 3)
    lead, officer = factories.lead(), factories.officer()
    unconfirmed(5)
    ticket = made(by=officer)
    sweep(FILED)
    forget_mails()

    for hour in range(24, 72, 4):
        sweep(FILED + timedelta(hours=hour))

    assert len(to("confirm_again")) == 3
    assert to("reminders_stopped") == [lead.email]
    assert mails("reminders_stopped")[0][2]["reason"] == "bulk"
    with pytest.raises(health.NotReady, match="bulk"):
        health.check_reminders()
    # Colleagues are reminded as ever.
    Ticket.objects.filter(pk=ticket.pk).update(
        due_on=(FILED + timedelta(days=5)).date(), next_alarm_at=FILED
    )
    sweep(FILED + timedelta(days=4))
    assert officer.email in to("digest")


def test_once_released_the_rest_goes_out_and_nobody_is_written_to_twice(monkeypatch):
    monkeypatch.setattr(brake, "LIMIT", 3)
    factories.lead()
    unconfirmed(5)
    sweep(FILED + timedelta(days=1))
    assert brake.release(now=FILED + timedelta(days=1, minutes=30)) == ["bulk"]

    for hour in range(1, 5):
        sweep(FILED + timedelta(days=1, hours=hour))

    assert sorted(to("confirm_again")) == [f"p{n}@example.org" for n in range(5)]
    assert brake.reasons() == []


def test_the_limit_counts_requests_that_are_closed_as_well(monkeypatch):
    monkeypatch.setattr(brake, "LIMIT", 2)
    unconfirmed(3)
    Ticket.objects.update(email="")  # nobody to nudge
    sweep(FILED + timedelta(days=14))
    assert Ticket.objects.filter(state=State.CLOSED).count() == 2
    assert brake.reasons() == ["bulk"]


def test_the_command_releases_and_the_trail_says_so():
    factories.OrganisationFactory()
    brake.passed(now=FILED - timedelta(days=60))
    sweep(FILED, alive=False)
    out = StringIO()
    call_command("release_reminders", stdout=out)
    call_command("release_reminders", stdout=out)
    assert out.getvalue() == (
        "Reminders go on. They had stopped: clock\n"
        "Reminders were not stopped. Nothing was changed.\n"
    )
    actions = AuditEvent.objects.filter(action__startswith="reminders.")
    assert list(actions.order_by("pk").values_list("action", "data")) == [
        ("reminders.stopped", {"reason": "clock"}),
        ("reminders.released", {"reasons": ["clock"]}),
    ]


def test_a_command_has_everything_looked_at_anew():
    made(by=factories.officer())
    sweep(FILED)
    Ticket.objects.update(next_alarm_at=alarms.NEVER)
    out = StringIO()
    call_command("rearm_reminders", stdout=out)
    assert out.getvalue() == "1 open requests will be looked at by the next sweep.\n"
    assert Ticket.objects.get().next_alarm_at != alarms.NEVER
