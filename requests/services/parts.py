"""Who had a part in a request: for the rule that a second look is somebody else's (INV-08)."""

from django.contrib.auth.models import User

from consent.models import AuditEvent
from requests.enums import ClockKind
from requests.errors import ReviewerInvolved
from requests.models import Ticket
from requests.services import clocks

# Reading, and noting what came in, is no part in the answer.
NO_PART = ("messages.read", "note.added", "ticket.appealed", "ticket.opened")


def had_a_part(ticket: Ticket, user: User) -> bool:
    """Whether ``user`` acted on this request before the person asked us to look again."""
    asked = clocks.has(ticket, ClockKind.APPEAL_RECEIVED)
    acts = AuditEvent.objects.filter(
        target_label=ticket._meta.label_lower, target_id=str(ticket.pk), actor_id=user.pk
    ).exclude(action__in=NO_PART)
    if asked is not None:
        acts = acts.filter(happened_at__lt=asked.recorded_at)
    return acts.exists()


def refuse_involved(ticket: Ticket, user: User) -> None:
    if had_a_part(ticket, user):
        raise ReviewerInvolved
