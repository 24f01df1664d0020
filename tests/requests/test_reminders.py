"""What colleagues are reminded of: once each, in time, and of nothing else."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from consent.models import Firing, OutboundEmail
from requests.enums import Outcome, Waiting
from requests.models import Ticket
from requests.services import alarms, lifecycle, messages, reminders
from tests import factories
from tests.requests.reminding import FILED, at, forget_mails, made, mails, pass_days, sweep, to

pytestmark = pytest.mark.django_db


def digest_days(address):
    """Which July days a colleague had a morning mail, and what stood in it."""
    found = {}
    rows = OutboundEmail.objects.filter(template="digest", to=address).order_by("pk")
    for row, (_to, _template, content) in zip(
        rows, [m for m in mails("digest") if m[0] == address], strict=True
    ):
        day = row.key.rpartition(":")[2]
        found[day] = {name: count for name, count in content["counts"].items() if count}
    return found


def test_the_officer_reads_of_a_date_10_5_2_and_0_days_before_and_daily_once_late():
    officer = factories.officer()
    made(by=officer)
    sweep(FILED)
    forget_mails()

    pass_days(at(1, 8, month=6) + timedelta(days=9), 33)

    assert digest_days(officer.email) == {
        "2026-06-29": {"due": 1},
        "2026-07-02": {"due": 1},  # the last week in which more time can be taken
        "2026-07-04": {"due": 1},
        "2026-07-07": {"due": 1},
        "2026-07-09": {"due": 1},
        "2026-07-10": {"late": 1},
        "2026-07-11": {"late": 1},
        "2026-07-12": {"late": 1},
    }


def test_the_lead_hears_of_it_two_days_before():
    officer, lead = factories.officer(), factories.lead()
    made(by=officer)
    sweep(at(3))
    forget_mails()

    sweep(at(4))
    assert to("digest") == [officer.email]
    forget_mails()
    sweep(at(7))
    assert sorted(to("digest")) == [officer.email, lead.email]


def test_a_new_request_that_nobody_took_is_told_to_whoever_could():
    clerk = factories.staff("intake_clerk")
    officer, lead = factories.officer(), factories.lead()
    factories.staff("auditor")
    factories.staff("reviewer_legal")
    made(factories.confirmed)

    sweep(FILED + timedelta(days=1))

    assert sorted(to()[1:]) == sorted(["ana@example.org", clerk.email, officer.email, lead.email])
    assert [m[2]["counts"]["new"] for m in mails("digest")] == [1, 1, 1]


def test_a_date_of_a_request_that_nobody_took_goes_to_the_lead():
    officer, lead = factories.officer(), factories.lead()
    made(factories.confirmed)
    sweep(FILED)
    forget_mails()

    sweep(at(4))

    assert to("digest") == [lead.email]
    assert officer.email not in to()


def test_late_today_is_told_at_once_and_once():
    officer, lead = factories.officer(), factories.lead()
    made(by=officer)
    sweep(at(9, 23, 59))
    forget_mails()

    sweep(at(9, 23, 59) + timedelta(minutes=1))
    assert sorted(to()) == [officer.email, lead.email]
    assert {m[1] for m in mails()} == {"late_today"}
    forget_mails()
    sweep(at(10, 3))
    assert to() == []


def test_many_that_become_late_together_are_one_mail():
    officer = factories.officer()
    for n in range(3):
        made(by=officer, email=f"ana{n}@example.org")
    sweep(at(9, 23))
    forget_mails()

    sweep(at(10, 2))

    assert [m[2]["count"] for m in mails("late_today")] == [3]


def test_nothing_is_said_while_there_is_time():
    made(by=factories.officer())
    sweep(FILED)
    forget_mails()
    pass_days(at(12, month=6), 16)
    assert to() == []


def test_a_moved_date_is_reminded_of_anew_and_the_old_one_never():
    officer = factories.officer()
    ticket = made(by=officer)
    sweep(FILED)
    sweep(at(4))
    forget_mails()
    moved = ticket.due_on + timedelta(days=30)
    Ticket.objects.filter(pk=ticket.pk).update(due_on=moved, next_alarm_at=at(4, 9))

    pass_days(at(4, 9), 20)
    assert to() == []
    sweep(at(29, 8))
    assert to("digest") == [officer.email]


def test_answered_closed_and_withdrawn_requests_remind_nobody():
    factories.lead()
    answered = made(by=factories.officer())
    withdrawn = made(email="leo@example.org")
    sweep(FILED)
    Ticket.objects.filter(pk=answered.pk).update(state="answered", outcome=Outcome.FULFILLED)
    lifecycle.withdraw(withdrawn.pk)
    forget_mails()

    pass_days(at(4), 7)

    assert to() == []


def test_an_answer_that_left_after_the_reminder_is_not_in_the_morning_mail():
    ticket = made(by=factories.officer())
    sweep(FILED)
    forget_mails()
    Ticket.objects.filter(pk=ticket.pk).update(next_alarm_at=at(4, 8))
    with time_machine.travel(at(4, 8), tick=False):
        Firing.objects.create(
            job=f"reminder:{ticket.organisation_id}:{ticket.pk}:answer:5",
            due="2026-07-09",
            untold=True,
        )
    Ticket.objects.filter(pk=ticket.pk).update(state="answered", outcome=Outcome.FULFILLED)

    sweep(at(4, 8))

    assert to() == []
    assert not Firing.objects.filter(untold=True).exists()


@pytest.mark.parametrize("gone", [{"is_active": False}, {"email": ""}])
def test_whoever_left_or_has_no_address_is_never_written_to(gone):
    officer, lead = factories.officer(), factories.lead()
    made(by=officer)
    sweep(FILED)
    forget_mails()
    for name, value in gone.items():
        setattr(officer, name, value)
    officer.save()

    pass_days(at(28, month=6), 14)

    assert set(to()) == {lead.email}


def test_a_scheduler_that_was_dead_for_three_days_tells_once_what_is_right_now():
    officer = factories.officer()
    made(by=officer)
    sweep(at(6, 12))
    forget_mails()

    sweep(at(9, 14), alive=False)  # missed: two days before, and this morning
    sweep(at(9, 14, 1), alive=False)

    (mail,) = mails()
    assert mail[1] == "digest"
    assert mail[2]["counts"] == {"late": 0, "due": 1, "new": 0, "waiting": 0}
    assert mail[2]["lists"]["due"]["items"][0]["date"] == "2026-07-09"


def test_two_days_too_late_it_says_late_and_not_due():
    officer = factories.officer()
    made(by=officer)
    sweep(at(6, 12))
    forget_mails()

    sweep(at(11, 14), alive=False)

    assert [(m[1]) for m in mails()] == ["late_today", "digest"]
    assert mails("digest")[0][2]["counts"] == {"late": 1, "due": 0, "new": 0, "waiting": 0}


def test_a_second_pass_at_the_same_moment_does_nothing():
    factories.lead()
    made(by=factories.officer())
    sweep(at(7))
    before = Firing.objects.count(), OutboundEmail.objects.count()
    assert sweep(at(7)) == 0
    assert (Firing.objects.count(), OutboundEmail.objects.count()) == before


def test_a_decision_about_more_time_is_told_to_the_handler_and_the_reviewer():
    officer, reviewer = factories.officer(), factories.staff("reviewer_legal")
    made(by=officer)
    sweep(at(1))
    forget_mails()

    sweep(at(2))  # seven days before the promise, which comes before the notice of the law

    found = {m[0]: m[2]["lists"]["due"]["items"][0]["about"] for m in mails("digest")}
    assert found == {officer.email: "extension", reviewer.email: "extension"}


def test_messages_of_a_person_stand_in_the_morning_mail_until_they_are_read():
    officer = factories.officer()
    ticket = made(by=officer)
    sweep(FILED)
    messages.write_to_office(ticket.pk, "When do I hear from you?")
    forget_mails()

    sweep(at(15, month=6))
    sweep(at(16, month=6))
    messages.mark_read(ticket.pk, by=officer)
    sweep(at(17, month=6))

    assert to("digest") == [officer.email] * 2
    assert mails("digest")[0][2]["lists"]["new"]["items"][0]["about"] == "message"


def test_a_question_without_an_answer_comes_back_each_week():
    officer = factories.officer()
    ticket = made(factories.confirmed)
    with time_machine.travel(FILED, tick=False):
        lifecycle.take(ticket.pk, by=officer)
        messages.ask(ticket.pk, "Which account?", about=Waiting.CLARIFICATION, by=officer)
    sweep(FILED)
    forget_mails()

    pass_days(at(10, month=6), 30)

    assert digest_days(officer.email) == {
        "2026-06-24": {"waiting": 1},
        "2026-07-01": {"waiting": 1},
        "2026-07-07": {"due": 1},  # by the 9th the person hears from us, answer or not
        "2026-07-08": {"waiting": 1},
        "2026-07-09": {"due": 1},
    }


def test_a_request_that_stands_still_is_late_once_the_person_should_have_heard_from_us():
    officer = factories.officer()
    ticket = made(factories.confirmed)
    with time_machine.travel(at(1, 10), tick=False):
        lifecycle.take(ticket.pk, by=officer)
        messages.ask(ticket.pk, "Which account?", about="clarification", by=officer)
    ticket.refresh_from_db()
    assert (ticket.clock_stopped, str(ticket.due_on)) == (True, "2026-07-09")
    sweep(at(9))
    forget_mails()

    sweep(at(10))

    assert digest_days(officer.email)["2026-07-10"]["late"] == 1


def test_a_date_that_was_lost_is_found_within_a_week():
    officer = factories.officer()
    ticket = made(by=officer)
    sweep(FILED)
    forget_mails()
    Ticket.objects.filter(pk=ticket.pk).update(next_alarm_at=alarms.NEVER)

    pass_days(at(10, month=6), 20)

    assert digest_days(officer.email) == {"2026-06-29": {"due": 1}}


def test_a_request_whose_dates_cannot_be_read_holds_up_no_other(caplog):
    officer = factories.officer()
    broken, sound = made(by=officer), made(by=officer, email="leo@example.org")
    Ticket.objects.filter(pk=broken.pk).update(clock={"reminders": {"decide_by": "soon"}})
    sweep(FILED)
    forget_mails()

    sweep(at(7))

    (mail,) = mails("digest")
    assert [item["reference"] for item in mail[2]["lists"]["due"]["items"]] == [sound.reference]
    assert "cannot be read" in caplog.text


def test_the_statements_of_a_pass_do_not_grow_with_what_is_not_due(
    django_assert_max_num_queries,
):
    officer = factories.officer()
    for n in range(5):
        made(by=officer, email=f"ana{n}@example.org")
    sweep(at(7, 9))
    with django_assert_max_num_queries(16):
        reminders.remind_due(now=at(7, 10))
    counted = []
    for _more in range(2):
        with connection.execute_wrapper(
            lambda execute, *args: (counted[-1].append(1), execute(*args))[1]
        ):
            counted.append([])
            reminders.remind_due(now=at(7, 11))
        for n in range(5):
            made(by=officer, email=f"leo{n}{_more}@example.org")
        Ticket.objects.update(next_alarm_at=alarms.NEVER)
    assert len(counted[0]) == len(counted[1])
