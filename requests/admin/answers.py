"""Ready-made answers in the person's language, filled from the ticket; gaps are marked […]."""

from typing import Any

from django.template.loader import select_template
from django.utils import translation
from django.utils.formats import date_format

from requests.enums import DENIAL_LAW, DenialCode
from requests.models import Ticket

GAP = "[…]"


def draft(ticket: Ticket, *, outcome: str, denial_code: str = "") -> str:
    """The text for this right and outcome; the officer fills the gaps, which block sending."""
    language = ticket.language
    with translation.override(language):
        template = select_template(
            [
                f"answers/{outcome}/{ticket.right.code}.{language}.txt",
                f"answers/{outcome}/{language}.txt",
            ]
        )
        return str(template.render(_values(ticket, denial_code)))


def _values(ticket: Ticket, denial_code: str) -> dict[str, Any]:
    reason = DenialCode(denial_code) if denial_code in DenialCode.values else None
    place = ticket.residence
    return {
        "gap": GAP,
        "name": ticket.name,
        "reference": ticket.reference,
        "goal": ticket.right.goal,
        "received": date_format(ticket.received_at, "DATE_FORMAT"),
        "reason": str(reason.label) if reason else GAP,
        "law": DENIAL_LAW[reason] if reason else GAP,
        "authority": place.authority if place else "",
        "authority_url": place.authority_url if place else "",
        "organisation": ticket.organisation,
        "recipients_told": ticket.right.recipients_told,
    }
