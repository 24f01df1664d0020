"""When an answer is due, and why."""

from datetime import date, datetime

import pytest

from consent.services.reference import calendars
from requests import deadlines
from requests.deadlines import ClockRefused, Event, Settings
from requests.services.reference import deadline_rules

RULES = deadline_rules()


def at(text):
    """A day at noon in Brussels, or an instant."""
    return datetime.fromisoformat(text if "T" in text else f"{text}T12:00:00+02:00")


def explain(codes, received, *events, **settings):
    facts = [Event("received", at(received)), *(Event(kind, at(day)) for kind, day in events)]
    return deadlines.compute(
        [RULES[code] for code in codes.split()],
        facts,
        settings=Settings(**settings),
        calendars=calendars(),
    )


def dates(code, received, *events, **settings):
    return explain(code, received, *events, **settings).per_regime[code]


def codes(explanation):
    return [step.code for step in explanation.trace]


# --- Our own table --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "received", "legal", "answer"),
    [
        ("EU-GDPR", "2026-06-05", "2026-07-06", "2026-07-05"),  # Sunday moves, promise does not
        ("EU-GDPR", "2026-02-02", "2026-03-02", "2026-03-02"),  # February: law before promise
        ("EU-GDPR", "2026-11-25", "2026-12-28", "2026-12-25"),  # Christmas, then a weekend
        ("UK-GDPR-PRE", "2026-02-04", "2026-03-04", "2026-03-04"),
        ("CH-FADP", "2026-01-30", "2026-03-01", "2026-03-01"),  # a Sunday stays
        ("AL-124-2024", "2026-06-05", "2026-07-05", "2026-07-05"),
        ("BR-LGPD", "2026-06-05", "2026-06-20", "2026-06-20"),
        ("CA-PIPEDA", "2026-06-05", "2026-07-05", "2026-07-05"),
        ("US-CA-CCPA", "2026-06-05", "2026-07-20", "2026-07-05"),
        ("US-CA-STL", "2026-06-05", "2026-07-05", "2026-07-05"),
        ("US-IA", "2026-06-05", "2026-09-03", "2026-07-05"),
        ("US-NV", "2026-06-05", "2026-08-04", "2026-07-05"),
        ("US-CA-OPTOUT", "2026-06-05", "2026-06-29", "2026-06-29"),  # Juneteenth
        ("US-CANSPAM", "2026-06-05", "2026-06-22", "2026-06-22"),
        ("CA-CASL", "2026-06-05", "2026-06-19", "2026-06-19"),
        ("BR-BREACH", "2026-06-05", "2026-06-10", "2026-06-10"),
        ("PROMISE-30", "2026-06-05", "2026-07-05", "2026-07-05"),
    ],
)
def test_base_period(code, received, legal, answer):
    found = dates(code, received)
    assert (found.legal_due.isoformat(), found.substantive_due.isoformat()) == (legal, answer)
    assert found.pause_open is False
    assert found.extension_valid is None


def test_the_earlier_of_two_dates_is_the_receipt():
    assert dates("EU-GDPR", "2026-04-01T00:30:00+02:00").receipt_date == date(2026, 3, 31)
    in_tirana = {"controller_tz": "Europe/Tirane"}
    late = dates("EU-GDPR", "2026-04-01T00:30:00+02:00", **in_tirana)
    assert late.receipt_date == date(2026, 4, 1)


def test_a_rule_that_is_not_in_force_leaves_the_promise_only():
    found = explain("US-OK", "2026-06-05")
    assert found.per_regime["US-OK"].as_json() == {
        "receipt_date": "2026-06-05",
        "in_force": False,
        "promise_due": "2026-07-05",
        "reply_due": "2026-07-05",
        "substantive_due": "2026-07-05",
        "internal_target": "2026-07-03",
        "due_before_utc": "2026-07-06T04:00:00Z",
    }
    assert found.leading == "PROMISE-30"
    assert dates("UK-GDPR-PRE", "2026-02-05").in_force is False
    assert dates("UK-GDPR", "2026-02-04").in_force is False


def test_without_any_date_the_house_rule_holds():
    found = explain("UK-COMPLAINT", "2026-06-10")  # nine days before the duty began
    assert found.due_on == date(2026, 7, 10)
    assert found.substantive_due is None
    assert codes(found) == ["received", "house"]


def test_a_complaint_has_a_day_for_the_acknowledgement_only():
    found = explain("UK-COMPLAINT", "2026-11-27")
    assert (found.ack_due, found.due_on) == (date(2026, 12, 29), date(2026, 12, 29))
    assert found.substantive_due is None


# --- Pauses ---------------------------------------------------------------------------------


def test_days_that_two_questions_share_are_left_out_once():
    found = dates(
        "EU-GDPR",
        "2026-04-01",
        ("id_requested", "2026-04-03"),
        ("clarification_requested", "2026-04-08"),
        ("id_received", "2026-04-10"),
        ("clarification_received", "2026-04-13"),
    )
    assert (found.paused_days, found.legal_due) == (10, date(2026, 5, 11))


def test_a_question_after_the_last_day_stops_nothing():
    found = explain("EU-GDPR PROMISE-30", "2026-04-01", ("id_requested", "2026-05-04"))
    assert found.pause_open is False
    assert found.substantive_due == date(2026, 5, 1)
    on_time = explain("EU-GDPR PROMISE-30", "2026-04-01", ("id_requested", "2026-05-01"))
    assert on_time.pause_open is True


def test_while_a_question_is_open_a_word_is_due_not_the_answer():
    found = explain("EU-GDPR PROMISE-30", "2026-04-01", ("clarification_requested", "2026-04-08"))
    assert (found.substantive_due, found.due_on) == (None, date(2026, 5, 1))
    assert codes(found) == ["received", "answer", "stopped", "promise", "reply"]
    stopped = found.trace[2]
    assert (stopped.until, stopped.citation) == (date(2026, 4, 8), "EDPB Guidelines 01/2022")
    assert found.per_regime["EU-GDPR"].as_json()["substantive_due"] is None


def test_a_second_question_while_one_is_open_adds_nothing():
    found = dates(
        "UK-GDPR",
        "2026-04-07",
        ("clarification_requested", "2026-04-10"),
        ("clarification_requested", "2026-04-12"),
        ("clarification_received", "2026-04-20"),
    )
    assert (found.paused_days, found.pause_open) == (11, False)


def test_identity_moves_the_start_in_the_united_kingdom():
    asked = ("id_requested", "2026-04-09")
    found = dates("UK-GDPR", "2026-04-07", asked, ("id_received", "2026-04-20"))
    assert (found.clock_start, found.legal_due) == (date(2026, 4, 20), date(2026, 5, 20))
    assert (found.substantive_due, found.reply_due) == (date(2026, 5, 20), date(2026, 5, 7))
    assert found.paused_days is None
    assert dates("UK-GDPR", "2026-04-07", asked).pause_open is True


@pytest.mark.parametrize("code", ["US-CA-CCPA", "UK-GDPR-PRE", "AL-124-2024", "BR-LGPD"])
def test_most_laws_let_the_clock_run_while_we_ask(code):
    received = "2026-01-20"
    plain = dates(code, received)
    asked = dates(code, received, ("id_requested", "2026-01-22"), ("fee_requested", "2026-01-23"))
    assert asked == plain


# --- Extensions -----------------------------------------------------------------------------


def test_an_extension_moves_the_answer_and_keeps_the_promise_when_told_in_time():
    found = explain("EU-GDPR PROMISE-30", "2026-05-15", ("extension_notice_sent", "2026-06-10"))
    assert found.substantive_due == date(2026, 8, 17)
    assert found.leading == "EU-GDPR"
    assert found.per_regime["PROMISE-30"].substantive_due == date(2026, 6, 14)


def test_a_notice_after_the_promise_leaves_the_promise_missed():
    found = explain("EU-GDPR PROMISE-30", "2026-05-15", ("extension_notice_sent", "2026-06-15"))
    assert found.per_regime["EU-GDPR"].promise_missed is True
    assert found.per_regime["EU-GDPR"].extension_valid is True
    assert (found.leading, found.due_on) == ("PROMISE-30", date(2026, 6, 14))


def test_with_the_switch_off_no_interim_reply_counts():
    notice = ("extension_notice_sent", "2026-06-10")
    found = explain("EU-GDPR PROMISE-30", "2026-05-15", notice, interim_reply_counts=False)
    assert (found.substantive_due, found.leading) == (date(2026, 6, 14), "PROMISE-30")
    asked = dates(
        "EU-GDPR", "2026-05-15", ("id_requested", "2026-05-20"), interim_reply_counts=False
    )
    assert asked.substantive_due == date(2026, 6, 14)


def test_an_extension_the_rule_does_not_know_is_not_valid():
    found = dates("CA-QC", "2026-06-05", ("extension_notice_sent", "2026-06-10"))
    assert (found.extension_valid, found.substantive_due) == (False, date(2026, 7, 5))
    assert found.extended_due_if_used is None
    assert found.deemed_refusal_on == date(2026, 7, 6)


def test_the_albanian_extension_waits_for_counsel():
    notice = ("extension_notice_sent", "2026-06-10")
    off = dates("AL-124-2024", "2026-06-05", notice)
    assert (off.extension_valid, off.substantive_due) == (False, date(2026, 7, 5))
    assert (off.extension_notice_due, off.extended_due_if_used) == (None, None)
    switches = {"rule.AL.extension_enabled": True}
    on = dates("AL-124-2024", "2026-06-05", notice, switches=switches)
    assert (on.extension_valid, on.substantive_due) == (True, date(2026, 9, 3))


def test_switzerland_names_its_own_date():
    notice = ("extension_notice_sent", "2026-06-10")
    named = dates("CH-FADP", "2026-06-05", notice, declared_date=date(2026, 8, 3))
    assert (named.extension_valid, named.substantive_due) == (True, date(2026, 8, 3))
    silent = dates("CH-FADP", "2026-06-05", notice)
    assert (silent.extension_valid, silent.substantive_due) == (False, date(2026, 7, 5))


def test_an_extension_in_another_unit_follows_the_base_period():
    extension = {"n": 2, "unit": "month", "computed_from": "anchor"}
    rule = {**RULES["US-VA"], "extension": extension}
    received = Event("received", at("2026-06-05"))
    found = deadlines.compute([rule], [received], calendars=calendars()).per_regime["US-VA"]
    assert found.extended_due_if_used == date(2026, 9, 20)  # 20 July and two months


def test_deemed_refusal_follows_a_valid_extension():
    found = dates("CA-PIPEDA", "2026-06-05", ("extension_notice_sent", "2026-07-05"))
    assert found.deemed_refusal_on == date(2026, 8, 5)


# --- Other dates and switches ---------------------------------------------------------------


def test_the_strict_californian_reading_counts_the_day_of_receipt():
    switches = {"rule.CA.count_receipt_day": True}
    assert dates("US-CA-CCPA", "2026-06-05", switches=switches).legal_due == date(2026, 7, 19)
    assert dates("US-VA", "2026-06-05", switches=switches).legal_due == date(2026, 7, 20)


def test_the_strict_reading_shortens_the_answer_and_not_the_confirmation():
    """11 CCR 7021(b) speaks of the 45 days; the ten working days of (a) stay."""
    strict = dates("US-CA-CCPA", "2026-06-05", switches={"rule.CA.count_receipt_day": True})
    assert strict.ack_due == dates("US-CA-CCPA", "2026-06-05").ack_due == date(2026, 6, 22)
    assert strict.extended_due_if_used == date(2026, 9, 2)  # the 90th day, receipt counted


def test_appeal_dates_only_where_the_law_knows_an_appeal():
    appeal = ("appeal_received", "2026-09-20")
    assert dates("US-CO", "2026-06-05", appeal).appeal_extended_due == date(2027, 1, 3)
    virginia = dates("US-VA", "2026-06-05", appeal)
    assert (virginia.appeal_due, virginia.appeal_extended_due) == (date(2026, 11, 19), None)
    assert dates("US-UT", "2026-06-05", appeal).appeal_due is None


def test_hours_are_elapsed_hours_and_nothing_else():
    found = dates("UK-BREACH", "2026-03-28T10:00:00+00:00")
    assert found.as_json() == {"due_at": "2026-03-31T11:00:00+01:00"}


def test_the_end_of_the_day_is_the_one_that_comes_first():
    assert dates("US-CA-CCPA", "2026-06-05").as_json()["due_before_utc"] == "2026-07-06T04:00:00Z"
    assert dates("EU-GDPR", "2026-06-05").as_json()["due_before_utc"] == "2026-07-05T22:00:00Z"


# --- Several rules --------------------------------------------------------------------------


def test_the_earliest_rule_leads_and_the_others_are_named():
    found = explain("EU-GDPR BR-LGPD US-CA-CCPA PROMISE-30", "2026-06-05")
    assert (found.leading, found.due_on) == ("BR-LGPD", date(2026, 6, 20))
    assert found.ack_due == date(2026, 6, 5)
    others = {step.rule: step.until for step in found.trace if step.code == "other"}
    assert others == {"EU-GDPR": date(2026, 7, 5), "US-CA-CCPA": date(2026, 7, 5)}
    assert codes(found).count("promise") == 1


def test_a_date_the_leading_rule_has_told_is_not_told_again():
    """The law's own count names the promise; its own rule would say the same a second time."""
    found = explain("EU-GDPR PROMISE-30", "2026-06-10")
    assert codes(found) == ["received", "answer", "promise", "due"]


def test_the_promise_is_cited_when_the_promise_leads():
    found = explain("US-CA-CCPA", "2026-06-05")
    assert found.leading == "PROMISE-30"
    assert found.trace[-1].citation == "Promise in the published privacy policy"


def test_every_step_cites_a_text():
    found = explain("EU-GDPR", "2026-06-05", ("extension_notice_sent", "2026-06-10"))
    assert codes(found) == ["received", "answer", "roll", "promise", "extension", "due"]
    assert found.trace[2].citation == "Reg. 1182/71 Art. 3(4)"
    assert all(step.citation and step.rule for step in found.trace)


# --- What cannot be counted -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([], "Say when"),
        ([Event("received", at("2026-06-05")), Event("made_up", at("2026-06-06"))], "made_up"),
        ([Event("received", at("2026-06-05")), Event("id_requested", at("2026-06-04"))], "before"),
        (
            [
                Event("received", at("2026-06-05")),
                Event("extension_notice_sent", at("2026-06-06")),
                Event("extension_notice_sent", at("2026-06-07")),
            ],
            "only once",
        ),
    ],
)
def test_facts_no_date_can_follow_from(events, said):
    with pytest.raises(ClockRefused, match=said):
        deadlines.compute([RULES["EU-GDPR"]], events, calendars=calendars())


@pytest.mark.parametrize(
    "choice",
    [
        {"calendar": "MARS"},
        {"regime_tz": "Europe/Atlantis"},
        {"controller_tz": "../etc"},
        {"declared_date": date(2026, 6, 4)},
    ],
)
def test_settings_no_date_can_follow_from(choice):
    with pytest.raises(ClockRefused):
        explain("EU-GDPR", "2026-06-05", **choice)
