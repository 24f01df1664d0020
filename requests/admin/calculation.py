"""How the dates of a request are counted, step by step, under each of its rules."""

from dataclasses import dataclass
from typing import Any

from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from requests.enums import CONFIRMED
from requests.models import Ticket
from requests.services import clocks, reasons


@dataclass(frozen=True, slots=True)
class Count:
    """One rule: the version a ticket keeps, and its steps as sentences."""

    rule: str
    version: int
    law: str
    is_confirmed: bool
    leads: bool
    lines: list[str]


def show(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    """The stored facts, the stored versions of the rules, and what follows from them."""
    found = clocks.explain(ticket)
    bodies: list[dict[str, Any]] = ticket.rules
    counts = [
        Count(
            rule=body["id"],
            version=body.get("version", 1),
            law=reasons.source_of(body["law"]),
            is_confirmed=body["status"] == CONFIRMED,
            leads=body["id"] == found.leading,
            lines=reasons.of_steps(found.per_regime[body["id"]].trace),
        )
        for body in bodies
    ]
    context = {
        **site.each_context(request),
        "title": _("How the dates are counted"),
        "ticket": ticket,
        "found": found,
        "trace": reasons.of_steps(found.trace),
        "counts": counts,
        "events": ticket.clock_events.select_related("actor", "cancels").order_by("at", "id"),
    }
    return TemplateResponse(request, "admin/requests/ticket/calculation.html", context)
