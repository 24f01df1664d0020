"""Opening a closed request again for new facts or an authority's order (T16).

What is new has a new clock, from the day it reached us. Nothing that was missing before counts
as shown because the request was closed in between (SECURITY T-07).
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.services import audit
from consent.services.audit import Actor
from requests.enums import ClockKind, State
from requests.errors import GateClosed, IllegalMove
from requests.models import Ticket
from requests.services import clocks, lifecycle, messages, rules

# What a request carries of an answer that no longer stands. The answer itself is kept.
NO_ANSWER = {"outcome": "", "denial_code": "", "answered_at": None}


@transaction.atomic
def reopen(  # noqa: PLR0913 -- why, since when, and what the person is told
    ticket_id: int,
    *,
    reason: str,
    by: Actor,
    at: datetime | None = None,
    told: str = "",
    seen: int | None = None,
) -> Ticket:
    """Work on a closed request again; its new clock starts when what is new came in (``at``).

    ``told`` goes to the person, where they can be written to.
    """
    ticket = lifecycle.lock(ticket_id, seen=seen)
    if ticket.state != State.CLOSED:
        raise IllegalMove(
            reference=ticket.reference, now=State(ticket.state), wanted=State.IN_PROGRESS
        )
    lifecycle.refuse_unverified(ticket)
    if not reason.strip():
        raise GateClosed(_("Write what is new, or who ordered to open the request again."))
    moment = at or timezone.now()
    if moment > timezone.now():
        raise GateClosed(_("It cannot have come later than now."))
    if moment < ticket.received_at.replace(second=0, microsecond=0):  # forms name minutes
        raise GateClosed(_("It cannot have come before the request itself."))
    handler = by.pk if by else None
    lifecycle.move(ticket, State.IN_PROGRESS, by=by, handler_id=handler, **NO_ANSWER)
    ticket.rules = rules.snapshots_for(ticket.right, ticket.residence, moment)
    ticket.save(update_fields=["rules"])
    clocks.add(ticket, ClockKind.REOPENED, at=moment, by=by, reason=reason)
    audit.record(
        "ticket.reopened", target=ticket, by=by, data={"due_on": ticket.due_on.isoformat()}
    )
    if told.strip():
        messages.add_to_person(ticket, told, by=by)
    return ticket
