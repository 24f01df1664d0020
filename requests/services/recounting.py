"""Counting a request anew: another residence, or rules that were corrected (INV-01, INV-02).

Only with a reason, which stays in the file. The pages show with requests.services.effects what
moves before anybody saves it.
"""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from consent.models import Jurisdiction
from consent.services import audit
from consent.services.audit import Actor
from requests.enums import Direction, State
from requests.errors import GateClosed
from requests.models import Message, Ticket
from requests.services import clocks, lifecycle


@transaction.atomic
def change_residence(
    ticket_id: int,
    *,
    residence: Jurisdiction | None,
    reason: str,
    by: Actor,
    seen: int | None = None,
) -> Ticket:
    """The person lives somewhere else than we thought: other laws, other dates.

    ``None`` is "not known": GDPR and the promise (INV-02).
    """
    ticket = _lock(ticket_id, reason, seen)
    before = ticket.residence
    if (before.pk if before else None) == (residence.pk if residence else None):
        raise GateClosed(_("This residence is noted already."))
    ticket.residence = residence
    ticket.save(update_fields=["residence"])
    _renew(
        ticket,
        "ticket.residence_changed",
        reason,
        by=by,
        data={
            "from": before.code if before else None,
            "to": residence.code if residence else None,
        },
    )
    return ticket


@transaction.atomic
def recount(ticket_id: int, *, reason: str, by: Actor, seen: int | None = None) -> Ticket:
    """Take the rules as they are written today, for the day the request came in (INV-01)."""
    ticket = _lock(ticket_id, reason, seen)
    if clocks.rules_today(ticket, ticket.residence) == ticket.rules:
        raise GateClosed(_("The rules of this request have not changed."))
    _renew(ticket, "ticket.recounted", reason, by=by, data={})
    return ticket


def _lock(ticket_id: int, reason: str, seen: int | None) -> Ticket:
    ticket = lifecycle.lock(ticket_id, seen=seen)
    if ticket.state in {State.ANSWERED, State.CLOSED}:
        raise GateClosed(_("This request is answered or closed, so its dates stay as they are."))
    if not reason.strip():
        raise GateClosed(_("Write why the dates are counted anew."))
    return ticket


def _renew(ticket: Ticket, action: str, reason: str, *, by: Actor, data: dict[str, Any]) -> None:
    before, old = ticket.due_on, [_named(body) for body in ticket.rules]
    clocks.renew(ticket, snapshots=clocks.rules_today(ticket, ticket.residence))
    ticket.version += 1
    ticket.save(update_fields=["version"])
    Message.objects.create(
        ticket=ticket, direction=Direction.NOTE, body=reason, author_id=by.pk if by else None
    )
    audit.record(
        action,
        target=ticket,
        by=by,
        data={
            **data,
            "due_from": before.isoformat(),
            "due_to": ticket.due_on.isoformat(),
            "rules_from": old,
            "rules_to": [_named(body) for body in ticket.rules],
        },
    )


def _named(body: dict[str, Any]) -> str:
    return f"{body['id']}@{body.get('version', 0)}"
