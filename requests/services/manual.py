"""Requests that reach the office by phone, post, email or a visitor, entered by an officer.

They count from the moment they reached the company, not from the moment somebody typed them
(DOMAIN 3.6, SECURITY T-95), and they need the same proof as those of the web form.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.models import Organisation
from consent.services import audit
from consent.services.audit import Actor
from requests.deadlines import Explanation
from requests.enums import Channel, ClockKind, Direction, Filer, Level, State
from requests.errors import GateClosed
from requests.models import Message, Ticket
from requests.services import clocks, intake, lifecycle
from requests.services.intake import Filing

# In these the person hears at once that we have the request.
SPOKEN = frozenset({Channel.PHONE, Channel.IN_PERSON})
CHANNELS = tuple(
    channel for channel in Channel if channel not in {Channel.WEB_FORM, Channel.AGENT_API}
)
# A receipt longer ago than this is more likely a slip than a request.
OLDEST = timedelta(days=3 * 365)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What entering a request would mean: its date, the reasons, and how late we are already."""

    explanation: Explanation
    due_on: date
    days_ago: int
    days_left: int


def outlook(filing: Filing, *, now: datetime | None = None) -> Outlook:
    moment = now or timezone.now()
    _refuse_impossible(filing, moment)
    found = clocks.foresee(filing.right, filing.residence, filing.received_at, filing.organisation)
    today = _day(moment, filing.organisation)
    ago = (today - _day(filing.received_at, filing.organisation)).days
    return Outlook(found, found.due_on, ago, (found.due_on - today).days)


def enter(
    filing: Filing, *, by: Actor, nonce: str | None = None, told: bool = False
) -> tuple[Ticket, bool]:
    """Enter a request for its person; return the ticket and whether it is new.

    ``told``: the officer has told the person that we have it. A mailbox is asked to confirm
    where the request type needs that, whoever typed the address.
    """
    now = timezone.now()
    _refuse_impossible(filing, now)
    if by is None or not filing.taken_by.strip():
        raise GateClosed(_("Say who took the request."))
    told_at = None
    if told:
        told_at = filing.received_at if filing.channel in SPOKEN else now
    return intake.open_ticket(filing, by=by, nonce=nonce, acknowledged_at=told_at)


@transaction.atomic
def acknowledge(ticket_id: int, *, by: Actor, seen: int | None = None) -> Ticket:
    """Note that the person was told, by other means than our mail, that we have the request."""
    ticket = lifecycle.lock(ticket_id, seen=seen)
    if not ticket.is_open:
        raise GateClosed(_("This request is closed."))
    if clocks.has(ticket, ClockKind.ACKNOWLEDGED) is None:
        clocks.add(ticket, ClockKind.ACKNOWLEDGED, at=timezone.now(), by=by)
        ticket.version += 1
        ticket.save(update_fields=["version"])
        audit.record("ticket.acknowledged", target=ticket, by=by)
    return ticket


@transaction.atomic
def note_identity(
    ticket_id: int, *, level: str, how: str, by: Actor, seen: int | None = None
) -> Ticket:
    """An officer saw who asks, by other means than the mailbox: note how far, and how.

    Proof of authority also stands for the agent's permission (DOMAIN 3.3). What was shown is
    not kept, only that it was.
    """
    ticket = lifecycle.lock(ticket_id, seen=seen)
    if not ticket.right.needs_mailbox:
        raise GateClosed(_("For this kind of request nobody may be asked who they are."))
    if not ticket.is_open:
        raise GateClosed(_("This request is closed."))
    if level not in Level.values or level == Level.NONE:
        raise GateClosed(_("Choose how sure we are now."))
    if by is None or not how.strip():
        raise GateClosed(_("Write how the person showed who they are."))
    ticket.identity_at = timezone.now()
    if not ticket.identity_level or Level(level).reaches(ticket.identity_level):
        ticket.identity_level = level
    fields = ["identity_level", "identity_at", "version"]
    if level == Level.AUTHORITY and ticket.filer == Filer.AGENT and ticket.mandate_at is None:
        ticket.mandate_at = ticket.identity_at
        fields.append("mandate_at")
    ticket.version += 1
    ticket.save(update_fields=fields)
    Message.objects.create(ticket=ticket, direction=Direction.NOTE, body=how, author_id=by.pk)
    audit.record("ticket.identity_shown", target=ticket, by=by, data={"level": level})
    if ticket.state == State.NEW:
        lifecycle.move(ticket, State.TRIAGE, by=by)
    return ticket


def _refuse_impossible(filing: Filing, now: datetime) -> None:
    if filing.channel not in CHANNELS:
        raise GateClosed(_("Choose how the request came in."))
    if filing.received_at > now:
        raise GateClosed(_("The request cannot come in later than now."))
    if filing.received_at < now - OLDEST:
        raise GateClosed(_("The request cannot lie more than three years back. Check the year."))
    if filing.filer not in filing.right.filers:
        raise GateClosed(_("For this kind of request nobody can act for the person."))


def _day(moment: datetime, organisation: Organisation) -> date:
    return moment.astimezone(ZoneInfo(organisation.time_zone)).date()
