"""Everything that can happen to a ticket's state. Nothing else writes it.

The table of moves is requests.enums.NEXT; the guards of DOMAIN 3.2 stand here.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.services import audit
from consent.services.audit import Actor
from requests.enums import NEXT, WITHDRAWABLE, Filer, Level, Outcome, State, Step
from requests.errors import ChangedMeanwhile, GateClosed, IllegalMove
from requests.models import Decision, Ticket
from requests.services import alarms, letters, parts


def lock(ticket_id: int, *, seen: int | None = None) -> Ticket:
    """Re-read the row under a lock: what the caller holds may be out of date.

    ``seen`` is the version on the officer's page; if something was added since, the officer
    must see it first.
    """
    ticket = (
        Ticket.objects.select_for_update(of=("self",)).select_related("right").get(pk=ticket_id)
    )
    if seen is not None and ticket.version != seen:
        raise ChangedMeanwhile
    return ticket


def move(ticket: Ticket, to: State, *, by: Actor, **also: Any) -> None:
    """Make one step of NEXT on a locked ticket; ``also`` names fields that change with it."""
    before = State(ticket.state)
    if to not in NEXT[before]:
        raise IllegalMove(reference=ticket.reference, now=before, wanted=to)
    ticket.state = to
    ticket.waiting_for = also.pop("waiting_for", "")
    ticket.closed_at = timezone.now() if to == State.CLOSED else None
    for field, value in also.items():
        setattr(ticket, field, value)
    ticket.version += 1
    alarms.look_again(ticket)
    ticket.save(update_fields=["state", "waiting_for", "closed_at", "version", alarms.FIELD, *also])
    codes = {k: v for k, v in also.items() if k in {"outcome", "denial_code"}}
    audit.record("ticket.moved", target=ticket, by=by, data={"from": before, "to": to, **codes})


@transaction.atomic
def take(ticket_id: int, *, by: Actor) -> Ticket:
    """An officer takes the request. From then on it has a name to it.

    A second look is taken by somebody who had no part in the first (INV-08).
    """
    ticket = lock(ticket_id)
    if ticket.state == State.APPEAL and by is not None:
        parts.refuse_involved(ticket, by)
    ticket.handler_id = by.pk if by else None
    ticket.version += 1
    ticket.save(update_fields=["handler", "version"])
    audit.record("ticket.taken", target=ticket, by=by)
    return ticket


@transaction.atomic
def start_work(ticket_id: int, *, by: Actor, seen: int | None = None) -> Ticket:
    """Triage is done: the request is worked on (T04).

    Refused until the person has shown who they are at the level of the request type, and an
    agent that they may act. From other states the table has ways of their own, with a reason.
    """
    ticket = lock(ticket_id, seen=seen)
    refuse_unverified(ticket)
    if ticket.state != State.TRIAGE:
        raise IllegalMove(
            reference=ticket.reference, now=State(ticket.state), wanted=State.IN_PROGRESS
        )
    if ticket.handler_id is None and by is not None:
        ticket.handler_id = by.pk
    move(ticket, State.IN_PROGRESS, by=by, handler_id=ticket.handler_id)
    return ticket


@transaction.atomic
def close(ticket_id: int, *, by: Actor) -> Ticket:
    """Close an answered request (T11)."""
    ticket = lock(ticket_id)
    if ticket.state != State.ANSWERED:
        raise IllegalMove(reference=ticket.reference, now=State(ticket.state), wanted=State.CLOSED)
    move(ticket, State.CLOSED, by=by)
    return ticket


@transaction.atomic
def withdraw(ticket_id: int) -> Ticket:
    """The person takes the request back (T14). A second press changes nothing."""
    ticket = lock(ticket_id)
    if ticket.outcome == Outcome.WITHDRAWN:
        return ticket
    if ticket.state not in WITHDRAWABLE or _is_leaving(ticket):
        raise GateClosed(_("This request is answered already, so it cannot be withdrawn."))
    Decision.objects.filter(ticket=ticket, step__in=[Step.DRAFT, Step.IN_REVIEW]).update(
        step=Step.RETURNED
    )
    move(ticket, State.CLOSED, by=None, outcome=Outcome.WITHDRAWN)
    if ticket.confirmed_at is not None:
        letters.withdrawn(ticket)
    return ticket


def _is_leaving(ticket: Ticket) -> bool:
    return Decision.objects.filter(ticket=ticket, step=Step.SENDING).exists()


def refuse_unverified(ticket: Ticket) -> None:
    """Refuse where the person has not shown who they are as far as the request type asks.

    Asked again in each step that begins work or lets something out; no state, "opened again"
    least of all, stands for it (SECURITY T-07).
    """
    if not ticket.is_confirmed:
        raise GateClosed(
            _("The person has not confirmed their email yet.")
            if ticket.email
            else _("Nobody has noted yet how the person showed who they are.")
        )
    if not has_proof(ticket):
        raise GateClosed(
            _("This kind of request needs more proof of identity: %(level)s.")
            % {"level": Level(ticket.right.level).label}
        )
    if ticket.right.needs_mailbox and ticket.filer == Filer.AGENT and ticket.mandate_at is None:
        raise GateClosed(_("The person has not confirmed yet that the agent may act."))


def has_proof(ticket: Ticket) -> bool:
    """Whether the person showed who they are at the level of the request type (DOMAIN 3.3)."""
    return ticket.shown_level.reaches(ticket.right.level)


def is_verified(ticket: Ticket) -> bool:
    """Whether work may begin: what start_work would say, without the error."""
    try:
        refuse_unverified(ticket)
    except GateClosed:
        return False
    return True
