"""The month page: every open request on its day, in two queries."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from requests.models import Ticket
from requests.services import months
from tests import factories

JULY = date(2026, 7, 1)


@pytest.fixture
def officer(db):
    return factories.officer()


def day_of(weeks, on):
    [day] = [day for week in weeks for day in week if day.on == on]
    return day


def on_day(on, number, **fields):
    made = factories.in_progress(email=f"p{number}@example.org", **fields)
    Ticket.objects.filter(pk=made.pk).update(due_on=on)
    return made


def test_weeks_begin_on_monday_and_hold_the_whole_month(officer):
    weeks = months.weeks(officer, JULY, today=date(2026, 7, 9))
    assert (weeks[0][0].on, weeks[-1][-1].on) == (date(2026, 6, 29), date(2026, 8, 2))
    assert [day.on for week in weeks for day in week if day.is_today] == [date(2026, 7, 9)]
    assert not weeks[0][0].in_month


def test_a_day_names_five_and_counts_the_rest(officer):
    made = [on_day(date(2026, 7, 9), number) for number in range(7)]
    day = day_of(months.weeks(officer, JULY, today=JULY), date(2026, 7, 9))
    assert (day.count, day.more) == (7, 2)
    assert [ticket.pk for ticket in day.tickets] == [ticket.pk for ticket in made[:5]]


def test_mine_leaves_out_what_others_do(officer):
    other = factories.officer("ilir")
    mine, theirs = on_day(JULY, 1, by=officer), on_day(JULY, 2, by=other)
    whole = day_of(months.weeks(officer, JULY, today=JULY), JULY)
    own = day_of(months.weeks(officer, JULY, today=JULY, mine=True), JULY)
    assert {ticket.pk for ticket in whole.tickets} == {mine.pk, theirs.pk}
    assert [ticket.pk for ticket in own.tickets] == [mine.pk]


def test_unconfirmed_and_answered_requests_are_not_in_it(officer):
    factories.ticket()
    assert not any(day.count for week in months.weeks(officer, JULY, today=JULY) for day in week)


def test_who_may_not_see_requests_sees_no_day(db):
    auditor = factories.staff("auditor")
    on_day(JULY, 1)
    assert day_of(months.weeks(auditor, JULY, today=JULY), JULY).count == 0


def test_two_queries_however_many_requests(officer, django_assert_num_queries):
    for number in range(4):
        on_day(JULY + timedelta(days=number), number)
    assert officer.has_perm("ticket.read")  # asked once per page, not by this
    with django_assert_num_queries(2):
        months.weeks(officer, JULY, today=JULY)


def test_the_page_shows_the_month_and_leads_on(client, officer):
    made = on_day(JULY, 1)
    client.force_login(officer)
    page = client.get(reverse("admin:requests_ticket_calendar"), {"month": "2026-07"})
    text = page.content.decode()
    assert "Deadlines in July 2026" in text
    assert made.reference in text
    assert "?month=2026-06" in text
    assert "?month=2026-08" in text


@pytest.mark.parametrize("typed", ["2026-13", "x", "0001-01", "9999-12", "2026-7", "2026-07-01"])
def test_a_month_that_is_none_is_not_found(client, officer, typed):
    client.force_login(officer)
    page = client.get(reverse("admin:requests_ticket_calendar"), {"month": typed})
    assert page.status_code == 404


def test_an_auditor_has_no_calendar(client, db):
    client.force_login(factories.staff("auditor"))
    assert client.get(reverse("admin:requests_ticket_calendar")).status_code == 403
