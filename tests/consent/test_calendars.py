"""Counting days, months and working days (Reg. 1182/71 art. 3)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent import calendars

CHRISTMAS = {date(2026, 12, 25), date(2026, 12, 26), date(2026, 12, 28)}
days = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 1, 1))


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        pytest.param(date(2026, 3, 5), 1, date(2026, 4, 5), id="same day number"),
        pytest.param(date(2026, 8, 31), 1, date(2026, 9, 30), id="no 31 September"),
        pytest.param(date(2026, 1, 31), 1, date(2026, 2, 28), id="last of February"),
        pytest.param(date(2028, 1, 31), 1, date(2028, 2, 29), id="leap year"),
        pytest.param(date(2026, 1, 31), 3, date(2026, 4, 30), id="three at once"),
        pytest.param(date(2026, 11, 30), 14, date(2028, 1, 30), id="over two new years"),
        pytest.param(date(2026, 3, 5), 0, date(2026, 3, 5), id="no month"),
    ],
)
def test_add_months(start, months, end):
    assert calendars.add_months(start, months) == end


def test_a_month_past_the_calendar_overflows_like_a_day():
    with pytest.raises(OverflowError):
        calendars.add_months(date(9999, 12, 1), 1)
    with pytest.raises(OverflowError):
        calendars.days_after(date(9999, 12, 31), 1)


@pytest.mark.parametrize(
    ("day", "moved"),
    [
        pytest.param(date(2026, 12, 24), date(2026, 12, 24), id="a Thursday stays"),
        pytest.param(date(2026, 12, 25), date(2026, 12, 29), id="holiday, weekend, holiday"),
        pytest.param(date(2026, 12, 27), date(2026, 12, 29), id="Sunday before a holiday"),
    ],
)
def test_next_working_day(day, moved):
    assert calendars.next_working_day(day, CHRISTMAS) == moved


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        pytest.param(date(2026, 12, 23), 1, date(2026, 12, 24), id="the day itself never counts"),
        pytest.param(date(2026, 12, 23), 2, date(2026, 12, 29), id="over the holidays"),
        pytest.param(date(2026, 12, 26), 0, date(2026, 12, 26), id="none"),
    ],
)
def test_add_business_days(start, count, end):
    assert calendars.add_business_days(start, count, CHRISTMAS) == end


def test_a_lead_time_is_never_moved():
    assert calendars.days_before(date(2026, 5, 31), 30) == date(2026, 5, 1)
    sunday = calendars.days_before(date(2026, 5, 19), 30)
    assert (sunday, sunday.isoweekday()) == (date(2026, 4, 19), 7)


def test_not_before_is_the_day_after_the_months():
    assert calendars.not_before_months(date(2028, 2, 29), 12) == date(2029, 3, 1)


def test_last_weekday_goes_back_to_friday():
    assert calendars.last_weekday(date(2026, 5, 17)) == date(2026, 5, 15)
    assert calendars.last_weekday(date(2026, 5, 18)) == date(2026, 5, 18)


@given(start=days, months=st.integers(0, 240))
def test_a_month_later_is_in_that_month_and_never_on_a_later_day_number(start, months):
    end = calendars.add_months(start, months)
    assert (end.year - start.year) * 12 + end.month - start.month == months
    assert end.day <= start.day


@given(start=days, later=st.integers(0, 400), months=st.integers(0, 24))
def test_starting_later_never_ends_earlier(start, later, months):
    other = start + timedelta(days=later)
    assert calendars.add_months(start, months) <= calendars.add_months(other, months)


@given(day=days, holidays=st.sets(days, max_size=8))
def test_a_moved_day_is_the_first_working_day(day, holidays):
    end = calendars.next_working_day(day, holidays)
    between = [day + timedelta(days=n) for n in range((end - day).days)]
    assert calendars.is_working_day(end, holidays)
    assert not any(calendars.is_working_day(other, holidays) for other in between)


@given(start=days, count=st.integers(0, 60), holidays=st.sets(days, max_size=8))
def test_business_days_are_counted_one_by_one(start, count, holidays):
    end = calendars.add_business_days(start, count, holidays)
    passed = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert sum(calendars.is_working_day(day, holidays) for day in passed) == count
