from requests.models.decision import Decision
from requests.models.draft import Draft
from requests.models.feed import CalendarFeed
from requests.models.identity import Verification
from requests.models.message import Message
from requests.models.rule import DeadlineRule, RightRule
from requests.models.ticket import ClockEvent, Ticket

__all__ = [
    "CalendarFeed",
    "ClockEvent",
    "DeadlineRule",
    "Decision",
    "Draft",
    "Message",
    "RightRule",
    "Ticket",
    "Verification",
]
