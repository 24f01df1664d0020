"""Cases from outside the portal, for ``explain_deadline``: text in, dates out, no database.

One case: id, regimes, received, and where they matter events, channel, promise, declared_date,
calendar, regime_tz; or calc with args for a plain calculation. Anything that cannot be counted
is refused with one sentence that names the case.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from reprlib import Repr
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from consent import calendars as counting
from consent.services.reference import calendars
from requests import deadlines
from requests.deadlines import ClockRefused, Event, Explanation, Settings, Step
from requests.deadlines.facts import RECEIVED
from requests.services.reference import deadline_rules

CALCULATIONS: dict[str, tuple[Callable[[date, int], date], str]] = {
    "months_after": (counting.add_months, "months"),
    "not_before_months": (counting.not_before_months, "months"),
    "days_after": (counting.days_after, "days"),
    "days_before": (counting.days_before, "days"),
}
EVENTS = deadlines.KINDS - {RECEIVED}
CHANNELS = ("designated", "other", None)
# More than any request has; each one is counted against all that came before it.
MOST_EVENTS = 1000
# What was typed is shown short and on one line, however long or deep it is.
_SHORT = Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother = 2, 60, 60
_shown = _SHORT.repr


@dataclass(frozen=True, slots=True)
class Answer:
    """The computed fields of one case, and the same as lines to read."""

    dates: dict[str, Any]
    lines: list[str]


def answer_all(text: bytes) -> dict[str, Answer]:
    """Answer every case, or refuse all of them for the first that cannot be counted."""
    found: dict[str, Answer] = {}
    for number, vector in enumerate(_vectors(text), start=1):
        name = vector.get("id") if isinstance(vector, dict) else None
        if not isinstance(name, str) or not name:
            raise ClockRefused(_("Case %(number)s has no id.") % {"number": number})
        if name in found:
            raise ClockRefused(_("There are two cases with the id %(id)s.") % {"id": _shown(name)})
        found[name] = _answer(name, vector)
    return found


def _vectors(text: bytes) -> list[Any]:
    try:
        content = json.loads(text.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno}
        raise ClockRefused(
            _("The input is not JSON: line %(line)d, column %(column)d.") % place
        ) from None
    except (ValueError, RecursionError):
        raise ClockRefused(_("The input is not JSON.")) from None
    vectors = content.get("vectors") if isinstance(content, dict) else None
    if not isinstance(vectors, list):
        raise ClockRefused(_('Write one JSON object with a list: {"vectors": [...]}.'))
    return vectors


def _refuse_constant(name: str) -> NoReturn:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)


def _answer(name: str, vector: dict[str, Any]) -> Answer:
    try:
        if vector.get("calc") is not None:
            result = _calculation(vector).isoformat()
            return Answer({"result": result}, [result])
        explanation = _explain(vector)
        return Answer(_fields(explanation), _lines(explanation))
    except ClockRefused as error:
        raise ClockRefused(f"{_shown(name)}: {error}") from error
    except OverflowError:
        raise ClockRefused(
            _("%(id)s: the dates lie outside the calendar.") % {"id": _shown(name)}
        ) from None


def _calculation(vector: dict[str, Any]) -> date:
    if vector["calc"] not in list(CALCULATIONS):
        raise ClockRefused(
            _("There is no calculation %(name)s.") % {"name": _shown(vector["calc"])}
        )
    count, unit = CALCULATIONS[vector["calc"]]
    args = vector.get("args")
    args = args if isinstance(args, dict) else {}
    amount = args.get(unit)
    if type(amount) is not int or amount < 0:
        _refuse(unit, amount)
    return count(_date("date", args.get("date")), amount)


def _explain(vector: dict[str, Any]) -> Explanation:
    events = [Event(RECEIVED, _instant(RECEIVED, vector.get("received")))]
    events += [_event(item) for item in _events(vector)]
    return deadlines.compute(
        _rules(vector), events, settings=_settings(vector), calendars=calendars()
    )


def _events(vector: dict[str, Any]) -> list[Any]:
    events = _list(vector, "events")
    if len(events) > MOST_EVENTS:
        raise ClockRefused(_("A case has at most %(count)d clock events.") % {"count": MOST_EVENTS})
    return events


def _rules(vector: dict[str, Any]) -> list[dict[str, Any]]:
    codes, known = _list(vector, "regimes"), deadline_rules()
    if not codes:
        raise ClockRefused(_("Name at least one regime."))
    for code in codes:
        if not isinstance(code, str) or code not in known:
            raise ClockRefused(_("There is no regime %(code)s.") % {"code": _shown(code)})
    return [known[code] for code in dict.fromkeys(codes)]


def _settings(vector: dict[str, Any]) -> Settings:
    promise, channel = vector.get("promise"), vector.get("channel")
    if promise is not None and not isinstance(promise, bool):
        _refuse("promise", promise)
    if channel not in CHANNELS:
        _refuse("channel", channel)
    declared = vector.get("declared_date")
    return Settings(
        promise=promise is not False,
        designated_channel=channel != "other",
        declared_date=None if declared is None else _date("declared_date", declared),
        calendar=_name(vector, "calendar"),
        regime_tz=_name(vector, "regime_tz"),
    )


def _event(item: Any) -> Event:
    kind = item.get("type") if isinstance(item, dict) else None
    if not isinstance(kind, str) or kind not in EVENTS:
        raise ClockRefused(_("There is no clock event %(kind)s.") % {"kind": _shown(kind)})
    return Event(kind, _instant(kind, item.get("at")))


def _instant(what: str, value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        _refuse(what, value)
    if at.tzinfo is None:
        raise ClockRefused(
            _("%(what)s: add the offset, as in 2026-03-02T09:00:00+01:00.") % {"what": what}
        )
    return at


def _date(what: str, value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        _refuse(what, value)


def _list(vector: dict[str, Any], name: str) -> list[Any]:
    value = vector.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        _refuse(name, value)
    return value


def _name(vector: dict[str, Any], name: str) -> str | None:
    value = vector.get(name)
    if value is not None and not isinstance(value, str):
        _refuse(name, value)
    return value


def _refuse(what: str, value: Any) -> NoReturn:
    if value is None:
        raise ClockRefused(_("%(what)s is missing.") % {"what": what}) from None
    raise ClockRefused(
        _("%(what)s cannot be %(value)s.") % {"what": what, "value": _shown(value)}
    ) from None


def _fields(explanation: Explanation) -> dict[str, Any]:
    """With one rule its fields; with several the earliest dates, and each rule's under its id.

    Each field of a rule stands there twice, nested and under its path "per_regime/ID/field".
    """
    regimes = {code: dates.as_json() for code, dates in explanation.per_regime.items()}
    if len(regimes) == 1:
        return next(iter(regimes.values()))
    top = explanation.as_json()
    found = {"substantive_due": top["substantive_due"], "ack_due": top["ack_due"]}
    paths = {
        f"per_regime/{code}/{name}": value
        for code, dates in regimes.items()
        for name, value in dates.items()
    }
    return {**found, "per_regime": regimes, **paths}


def _lines(explanation: Explanation) -> list[str]:
    return [_line(step) for step in explanation.trace]


def _line(step: Step) -> str:
    since = step.since.isoformat() if step.since else ""
    return f"{step.code:<18} {since:<10} -> {step.until}  {step.rule}  ({step.citation})"
