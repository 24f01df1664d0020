"""The reasons for a date, as sentences."""

from datetime import UTC, datetime

from django.utils import translation

from consent.services.reference import calendars
from requests import deadlines
from requests.deadlines import Event
from requests.services import reasons
from requests.services.reference import deadline_rules


def clock(*codes, received=datetime(2026, 6, 5, 10, 0, tzinfo=UTC)):
    rules = [deadline_rules()[code] for code in codes]
    facts = [Event("received", received)]
    return deadlines.compute(rules, facts, calendars=calendars()).as_json()


def test_each_step_is_a_sentence_with_its_law():
    with translation.override("en"):
        assert reasons.lines(clock("EU-GDPR")) == [
            "Received on 5 June 2026. This day does not count. (Reg. 1182/71 Art. 3(1))",
            (
                "The time the law gives ends on 5 July 2026. "
                "(GDPR Art. 12(3); Reg. 1182/71 Art. 3(2)(c), 1 month)"
            ),
            "5 July 2026 is a day off, so the time ends on 6 July 2026. (Reg. 1182/71 Art. 3(4))",
            (
                "We promise an answer by 5 July 2026. "
                "(Promise in the published privacy policy, 30 days)"
            ),
            "The answer is due on 5 July 2026. (Promise in the published privacy policy)",
        ]


def test_business_days_and_hours_are_named():
    with translation.override("en"):
        assert "10 working days" in reasons.lines(clock("US-CANSPAM"))[1]
        assert "72 hours" in reasons.lines(clock("EU-BREACH"))[1]


def test_a_step_without_a_sentence_still_shows_its_date_and_law():
    step = {"code": "new", "from": None, "to": "2026-06-05", "rule": "X", "citation": "Law 1"}
    with translation.override("en"):
        assert reasons.lines({"trace": [step]}) == ["5 June 2026 (Law 1)"]


def test_a_clock_without_steps_has_no_reasons():
    assert reasons.lines({}) == []


def test_sources_that_are_no_statute_are_named_in_the_readers_language():
    with translation.override("sq"):
        promise = reasons.lines(clock("PROMISE-30"))
    assert promise[-1].startswith("Përgjigjja duhet dhënë deri më 5 korrik 2026. (Premtimi në ")
    assert not [line for line in promise if "Promise" in line]


def test_every_step_the_calculator_can_take_has_its_sentence():
    """Read from its source: a new kind of step cannot be shown as a bare date."""
    import ast
    from pathlib import Path

    codes = set()
    for path in Path(deadlines.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                first = node.args[0]
                if name in {"note", "Step"} and isinstance(first, ast.Constant):
                    codes.add(first.value)
    assert {"received", "answer", "pause", "roll", "extension", "promise"} <= codes
    assert codes | {"due", "reply", "asked_again", "appeal"} <= set(reasons._SENTENCES)
