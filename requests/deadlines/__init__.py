"""When an answer is due, and why. Pure: the caller passes every fact, rule and holiday.

``compute`` takes the rules of a request (snapshots, as in requests/reference/deadline_rules.json),
its clock events and the company's settings, and returns an ``Explanation``: the dates of each
rule, the leading date of all, and the steps that led there, each with its text of law.

    facts        what goes in: events, settings; instants to dates
    terms        periods and where they end        pauses       days that do not count
    extensions   more time                         regime       the count under one rule
    explanation  what comes out                    overall      several rules: the earliest leads
"""

from requests.deadlines.explanation import Explanation, RegimeDates, Step
from requests.deadlines.facts import KINDS, ClockRefused, Event, Settings
from requests.deadlines.overall import compute
from requests.deadlines.regime import in_force

__all__ = [
    "KINDS",
    "ClockRefused",
    "Event",
    "Explanation",
    "RegimeDates",
    "Settings",
    "Step",
    "compute",
    "in_force",
]
