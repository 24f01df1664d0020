"""What holds for every request under every rule, whatever happened to it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.services.reference import calendars
from requests import deadlines
from requests.deadlines import ClockRefused, Event, Explanation, Settings
from requests.deadlines.facts import QUESTIONS
from requests.services.reference import deadline_rules

RULES = deadline_rules()
IN_DAYS = [
    code
    for code, rule in RULES.items()
    if rule["respond"] and rule["respond"]["unit"] != "hour" and not rule["effective_to"]
]
NOTICE = "extension_notice_sent"
ASKED = [*QUESTIONS, *QUESTIONS.values(), "appeal_received", "denial_sent", "answered"]

# Every rule is in force, and every calendar is known.
instants = st.datetimes(
    min_value=datetime(2028, 1, 3), max_value=datetime(2029, 12, 31), timezones=st.just(UTC)
)
codes = st.sampled_from(IN_DAYS)
choices = st.builds(
    Settings,
    interim_reply_counts=st.booleans(),
    promise=st.booleans(),
    designated_channel=st.booleans(),
    calendar=st.sampled_from([None, "IE", "AL", "NONE"]),
    regime_tz=st.sampled_from([None, "Pacific/Kiritimati", "Pacific/Pago_Pago"]),
    switches=st.fixed_dictionaries(
        {"rule.AL.extension_enabled": st.booleans(), "rule.CA.count_receipt_day": st.booleans()}
    ),
)


@st.composite
def histories(draw, kinds=tuple(ASKED)):
    """A moment of receipt, what happened after it, and at most one notice."""
    received = draw(instants)
    hours = st.integers(0, 150 * 24)
    found = draw(st.lists(st.tuples(st.sampled_from(kinds), hours), max_size=6))
    if draw(st.booleans()):
        found.append((NOTICE, draw(hours)))
    return received, [Event(kind, received + timedelta(hours=after)) for kind, after in found]


def under(code, received, *events, settings=None):
    facts = [Event("received", received), *events]
    return deadlines.compute(
        [RULES[code]], facts, settings=settings or Settings(), calendars=calendars()
    )


def dates(code, received, *events, settings=None):
    return under(code, received, *events, settings=settings).per_regime[code]


@given(code=codes, history=histories(), settings=choices)
def test_no_date_lies_before_the_receipt(code, history, settings):
    one = dates(code, history[0], *history[1], settings=settings)
    receipt = one.receipt_date
    assert receipt <= one.reply_due <= one.legal_due
    assert one.legal_due_raw <= one.legal_due
    assert one.substantive_due is None or one.substantive_due >= receipt
    assert one.due_before_utc.date() >= receipt
    for optional in (one.ack_due, one.clock_start, one.appeal_due, one.extended_due_if_used):
        assert optional is None or optional >= receipt


@given(code=codes, received=instants, later=st.integers(0, 90 * 24), settings=choices)
def test_who_writes_later_never_has_the_earlier_date(code, received, later, settings):
    first = dates(code, received, settings=settings)
    second = dates(code, received + timedelta(hours=later), settings=settings)
    assert first.legal_due <= second.legal_due
    assert first.substantive_due <= second.substantive_due
    assert first.reply_due <= second.reply_due
    assert first.due_before_utc <= second.due_before_utc


@given(chosen=st.lists(codes, min_size=1, max_size=4, unique=True), history=histories())
def test_the_earliest_of_all_rules_leads(chosen, history):
    facts = [Event("received", history[0]), *history[1]]
    rules = [RULES[code] for code in chosen if code != "PROMISE-30"] or [RULES["EU-GDPR"]]
    found = deadlines.compute(rules, facts, calendars=calendars())
    alone = [deadlines.compute([rule], facts, calendars=calendars()) for rule in rules]
    assert found.due_on == min(one.due_on for one in alone)
    answers = [one.substantive_due for one in alone if one.substantive_due]
    assert found.substantive_due == (min(answers) if answers else None)
    assert found.leading in {one.leading for one in alone if one.due_on == found.due_on}


@given(code=st.sampled_from(["EU-GDPR", "UK-GDPR"]), history=histories(tuple(QUESTIONS)))
def test_a_question_never_shortens_and_never_moves_the_reply(code, history):
    received, asked = history
    answered = [
        Event(QUESTIONS[event.kind], event.at + timedelta(days=9))
        for event in asked
        if event.kind in QUESTIONS
    ]
    notice = [event for event in asked if event.kind == NOTICE]
    plain, paused = dates(code, received, *notice), dates(code, received, *asked, *answered)
    assert paused.pause_open is False
    assert paused.legal_due >= plain.legal_due
    assert (paused.reply_due, paused.promise_due) == (plain.reply_due, plain.promise_due)
    if paused.extension_valid == plain.extension_valid:
        assert paused.substantive_due >= plain.substantive_due


@given(code=codes, history=histories(), settings=choices)
def test_an_extension_never_goes_beyond_the_law(code, history, settings):
    one = dates(code, history[0], *history[1], settings=settings)
    if one.extension_valid:
        assert RULES[code]["extension"]
        sent = next(event.at for event in history[1] if event.kind == NOTICE)
        zone = deadlines.facts.zone(settings.regime_tz or RULES[code]["time_zone"])
        assert sent.astimezone(zone).date() <= one.extension_notice_due
        assert one.substantive_due in {None, one.extended_due_if_used, one.promise_due}
    elif one.substantive_due is not None:
        assert one.substantive_due <= one.legal_due


@given(code=st.sampled_from(sorted(RULES)), history=histories(), chance=st.randoms())
def test_the_order_in_which_events_are_told_changes_nothing(code, history, chance):
    # Two events at one instant have no order of their own; each has its own minute here.
    events = [
        Event(event.kind, event.at + timedelta(minutes=number))
        for number, event in enumerate(history[1])
    ]
    told = [Event("received", history[0]), *events]
    first = deadlines.compute([RULES[code]], told, calendars=calendars())
    chance.shuffle(told)
    assert deadlines.compute([RULES[code]], told, calendars=calendars()) == first


@given(
    chosen=st.lists(st.sampled_from(sorted(RULES)), min_size=1, max_size=3, unique=True),
    history=histories(),
    settings=choices,
)
def test_what_a_ticket_keeps_reads_back_the_same(chosen, history, settings):
    facts = [Event("received", history[0]), *history[1]]
    found = deadlines.compute(
        [RULES[code] for code in chosen],
        facts,
        settings=replace(settings, promise_days=20),
        calendars=calendars(),
    )
    kept = found.as_json()
    assert json.loads(json.dumps(kept)) == kept
    read = Explanation.from_json(json.loads(json.dumps(kept)))
    assert read.as_json() == kept
    for name in ("due_on", "leading", "substantive_due", "reply_due", "ack_due", "trace"):
        assert getattr(read, name) == getattr(found, name)
    assert read.settings == found.settings


@given(
    chosen=st.lists(st.sampled_from(sorted(RULES)), min_size=1, max_size=3, unique=True),
    history=histories(),
    settings=choices,
)
def test_the_last_step_is_the_date_and_each_step_cites_a_text(chosen, history, settings):
    facts = [Event("received", history[0]), *history[1]]
    rules = [RULES[code] for code in chosen]
    found = deadlines.compute(rules, facts, settings=settings, calendars=calendars())
    assert found.trace[-1].until == found.due_on
    assert found.trace[-1].rule == found.leading
    assert all(step.citation and step.rule for step in found.trace)


@given(code=codes, received=instants, early=st.integers(1, 10**6))
def test_nothing_happens_before_the_receipt(code, received, early):
    with pytest.raises(ClockRefused):
        under(code, received, Event("id_requested", received - timedelta(seconds=early)))
