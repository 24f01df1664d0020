"""The deadline in words: a word, a date and a kind, never colour alone."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from requests.enums import State
from requests.models import Ticket
from requests.services.queue import SOON


@dataclass(frozen=True, slots=True)
class Tag:
    text: str
    kind: str  # late, soon, wait, plain


def tag(ticket: Ticket, *, today: date) -> Tag:
    """How the ticket stands to its date. Late keeps counting; a still clock says so."""
    if not ticket.is_open:
        return _ended(ticket)
    left = (ticket.due_on - today).days
    if ticket.clock.get("pause_open") and left >= 0:  # then the person must hear from us
        return Tag(_still(ticket, today=today), "wait")
    if left < 0:
        return Tag(ngettext("%d day late", "%d days late", -left) % -left, "late")
    if left == 0:
        return Tag(_("due today"), "soon")
    text = ngettext("%d day left", "%d days left", left) % left
    return Tag(text, "soon" if left <= _amber_from(ticket) else "plain")


def _still(ticket: Ticket, *, today: date) -> str:
    """For how long the clock has stood still, so that nobody forgets a request that waits."""
    since = ticket.clock.get("stopped_since")
    days = (today - datetime.fromisoformat(since).date()).days if since else 0
    if days < 1:
        return _("clock stopped today")
    return ngettext("clock stopped for %d day", "clock stopped for %d days", days) % days


def state_word(ticket: Ticket) -> str:
    """The state as colleagues say it; the label of the enum speaks to the person."""
    if ticket.state == State.AWAITING_REQUESTER:
        return _("waiting for the person")
    return str(ticket.get_state_display())


def age(ticket: Ticket, *, today: date) -> str:
    """How long an unconfirmed request has waited for its person."""
    days = (today - ticket.received_at.date()).days
    return ngettext("%d day old", "%d days old", days) % days if days > 0 else _("from today")


def _amber_from(ticket: Ticket) -> float:
    """Seven days, or a quarter of the time where the period is long."""
    return max(SOON, (ticket.due_on - ticket.received_at.date()).days / 4)


def _ended(ticket: Ticket) -> Tag:
    if ticket.answered_at is None:
        return Tag(str(ticket.get_outcome_display()), "plain")
    early = (ticket.due_on - ticket.answered_at.date()).days
    if early < 0:
        return Tag(
            ngettext("answered %d day late", "answered %d days late", -early) % -early, "late"
        )
    if early == 0:
        return Tag(_("answered on the last day"), "plain")
    return Tag(ngettext("answered %d day early", "answered %d days early", early) % early, "plain")
