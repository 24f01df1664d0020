"""The deadline in words: a word, a date and a kind, never colour alone."""

from dataclasses import dataclass
from datetime import date
from typing import Any

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
    if ticket.state == State.AWAITING_REQUESTER and ticket.clock.get("pause_open"):
        return Tag(_("clock stopped"), "wait")
    left = (ticket.due_on - today).days
    if left < 0:
        return Tag(ngettext("%d day late", "%d days late", -left) % -left, "late")
    if left == 0:
        return Tag(_("due today"), "soon")
    text = ngettext("%d day left", "%d days left", left) % left
    return Tag(text, "soon" if left <= _amber_from(ticket) else "plain")


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


def reasons(ticket: Ticket) -> list[str]:
    """The calculator's trace, one line per step, as it was written when the date was computed."""
    lines = ticket.clock.get("trace", [])
    return [line if isinstance(line, str) else _step(line) for line in lines]


def _step(step: dict[str, Any]) -> str:
    return " · ".join(str(value) for value in step.values() if value not in (None, "", [], {}))
