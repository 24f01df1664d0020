"""Work that stands still longer than it should, and that nobody would see otherwise.

Any row in a middle state has a limit here. The leads read of it each morning; whoever shows it on
a page asks ``found``. Each count is served by a small index or is over what is open.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Count, Q, QuerySet, Value
from django.utils.translation import ngettext_lazy

from consent.enums import MailState
from consent.models import AuditEvent, OutboundEmail
from requests.enums import Direction, Filer, State, Step
from requests.models import Decision, Message, Ticket

MINUTES = timedelta(minutes=10)
HOUR = timedelta(hours=1)
# An answer that waits for its second pair of eyes, a message for a reader, a request for a hand.
CHECK, READ, TAKE = timedelta(days=3), timedelta(days=2), timedelta(days=2)
UNCONFIRMED = timedelta(days=16)
AGENT = timedelta(days=14)
PERSON = timedelta(days=45)


@dataclass(frozen=True, slots=True)
class Stuck:
    code: str
    count: int
    sentence: str


def found(*, now: datetime) -> list[Stuck]:
    """Everything that is stuck at ``now``, in sentences of the active language; one query."""
    words = {code: say for code, _rows, say in _kinds(now)}
    first, *others = (_counted(code, rows) for code, rows, _say in _kinds(now))
    counts = first.union(*others, all=True)
    return [Stuck(code, count, words[code] % count) for code, count in counts if count]


def _counted(code: str, rows: QuerySet) -> QuerySet:
    name = Value(code, output_field=CharField())
    named = rows.order_by().annotate(stuck_as=name).values("stuck_as")
    counted: QuerySet = named.annotate(stuck_rows=Count("pk", distinct=True))
    return counted.values_list("stuck_as", "stuck_rows")


# A code, the rows, and the sentence for one and for many of them.
Kind = tuple[str, QuerySet, Any]


def _kinds(now: datetime) -> Iterator[Kind]:
    yield from _mails(now)
    yield from _answers(now)
    yield from _requests(now)
    yield (
        "audit_unsealed",
        AuditEvent.objects.filter(mac__isnull=True, happened_at__lt=now - MINUTES),
        ngettext_lazy(
            "%d entry of the audit trail is not sealed.",
            "%d entries of the audit trail are not sealed.",
        ),
    )


def _mails(now: datetime) -> Iterator[Kind]:
    mails = OutboundEmail.objects
    yield (
        "mail_held",
        mails.filter(state=MailState.HELD),
        ngettext_lazy(
            "%d email waits for your decision: nobody knows whether it arrived.",
            "%d emails wait for your decision: nobody knows whether they arrived.",
        ),
    )
    yield (
        "mail_bounced",
        mails.filter(state=MailState.BOUNCED),
        ngettext_lazy(
            "%d email was refused by the mailbox. Find another way to reach the person.",
            "%d emails were refused by the mailbox. Find another way to reach the people.",
        ),
    )
    yield (
        "mail_dead",
        mails.filter(state=MailState.DEAD),
        ngettext_lazy("%d email was given up.", "%d emails were given up."),
    )
    late = Q(state=MailState.QUEUED, due_at__lt=now - HOUR)
    late |= Q(state=MailState.LEASED, lease_until__lt=now - MINUTES)
    yield (
        "mail_late",
        mails.filter(late),
        ngettext_lazy(
            "%d email should have left and has not.",
            "%d emails should have left and have not.",
        ),
    )


def _answers(now: datetime) -> Iterator[Kind]:
    answers = Decision.objects
    yield (
        "answer_unreleased",
        answers.filter(step=Step.SENDING, release_at__lt=now - MINUTES),
        ngettext_lazy(
            "%d approved answer has not left.",
            "%d approved answers have not left.",
        ),
    )
    yield (
        "answer_unchecked",
        answers.filter(step=Step.IN_REVIEW, created_at__lt=now - CHECK, ticket__state=State.REVIEW),
        ngettext_lazy(
            "%d answer has waited for its final check for 3 days.",
            "%d answers have waited for their final check for 3 days.",
        ),
    )
    yield (
        "review_without_answer",
        Ticket.objects.filter(state=State.REVIEW).exclude(
            decisions__step__in=[Step.IN_REVIEW, Step.SENDING]
        ),
        ngettext_lazy(
            "%d request stands in the final check without an answer.",
            "%d requests stand in the final check without an answer.",
        ),
    )
    yield (
        "message_unread",
        Message.objects.filter(
            direction=Direction.FROM_PERSON, read_at=None, created_at__lt=now - READ
        ),
        ngettext_lazy(
            "%d message of a person has not been read for 2 days.",
            "%d messages of people have not been read for 2 days.",
        ),
    )


def _requests(now: datetime) -> Iterator[Kind]:
    tickets = Ticket.objects
    yield (
        "request_untaken",
        tickets.filter(state=State.TRIAGE, handler=None, received_at__lt=now - TAKE),
        ngettext_lazy(
            "%d request has been taken by nobody for 2 days.",
            "%d requests have been taken by nobody for 2 days.",
        ),
    )
    left = Q(handler=None) | Q(handler__is_active=False)
    yield (
        "request_abandoned",
        tickets.filter(left, state__in=[State.IN_PROGRESS, State.REVIEW, State.APPEAL]),
        ngettext_lazy(
            "%d request is in work, but its handler has left.",
            "%d requests are in work, but their handlers have left.",
        ),
    )
    yield (
        "request_unconfirmed",
        tickets.filter(state=State.NEW, clock_events__recorded_at__lt=now - UNCONFIRMED).distinct(),
        ngettext_lazy(
            "%d request was never confirmed and is not closed.",
            "%d requests were never confirmed and are not closed.",
        ),
    )
    yield (
        "agent_unconfirmed",
        tickets.filter(
            state=State.TRIAGE, filer=Filer.AGENT, mandate_at=None, confirmed_at__lt=now - AGENT
        ),
        ngettext_lazy(
            "%d request of an agent has waited 14 days for the person's yes.",
            "%d requests of agents have waited 14 days for the person's yes.",
        ),
    )
    yield (
        "person_silent",
        tickets.filter(state=State.AWAITING_REQUESTER, received_at__lt=now - PERSON),
        ngettext_lazy(
            "%d request of more than 45 days still waits for the person.",
            "%d requests of more than 45 days still wait for the person.",
        ),
    )
    yield (
        "alarm_late",
        tickets.open().filter(next_alarm_at__lt=now - HOUR),
        ngettext_lazy(
            "%d request was not looked at by the minute sweep.",
            "%d requests were not looked at by the minute sweep.",
        ),
    )
