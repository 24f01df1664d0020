"""The dates of one request in words, for whoever asks from the command line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from requests.deadlines import Explanation
from requests.enums import CONFIRMED
from requests.errors import NoSuchRequest
from requests.models import ClockEvent, Ticket
from requests.references import parse_reference
from requests.services import clocks, reasons


@dataclass(frozen=True, slots=True)
class Dates:
    ticket: Ticket
    explanation: Explanation

    def as_json(self) -> dict[str, Any]:
        """Every computed field, the facts, and which version of each rule was used."""
        events = ClockEvent.objects.standing().filter(ticket=self.ticket).order_by("at", "id")
        return {
            "ticket": self.ticket.reference,
            "state": self.ticket.state,
            "rules": [
                {"id": body["id"], "version": body.get("version", 1), "status": body["status"]}
                for body in self.ticket.rules
            ],
            "events": [{"type": event.kind, "at": event.at.isoformat()} for event in events],
            **self.explanation.as_json(),
        }

    def lines(self) -> Iterator[str]:
        """What happened, why the date is what it is, and each rule's own count."""
        found = self.explanation
        yield _("%(number)s: due on %(day)s, by %(rule)s") % {
            "number": self.ticket.reference,
            "day": date_format(found.due_on, "DATE_FORMAT"),
            "rule": found.leading,
        }
        for event in ClockEvent.objects.standing().filter(ticket=self.ticket).order_by("at", "id"):
            yield f"  {event.at.isoformat()}  {event.get_kind_display()}"
        for line in reasons.of_steps(found.trace):
            yield f"  {line}"
        for body in self.ticket.rules:
            mark = "" if body["status"] == CONFIRMED else f" ({_('to be confirmed by counsel')})"
            yield f"{body['id']} v{body.get('version', 1)}{mark}"
            for line in reasons.of_steps(found.per_regime[body["id"]].trace):
                yield f"  {line}"


def of(typed: str) -> Dates:
    """The dates of the request whose number somebody typed; NoSuchRequest where there is none."""
    reference = parse_reference(typed)
    if reference is None:
        raise NoSuchRequest(_("%(typed)s is no request number.") % {"typed": repr(typed[:40])})
    ticket = (
        Ticket.objects.select_related("right", "organisation").filter(reference=reference).first()
    )
    if ticket is None:
        raise NoSuchRequest(_("There is no request %(number)s.") % {"number": reference})
    return Dates(ticket, clocks.explain(ticket))
