"""The date of the answer as a file for a person's own calendar."""

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from icalendar import Calendar, Event

from requests import browser
from requests.models import Ticket
from requests.references import parse_reference
from requests.services import links
from requests.views.pages import private


@private
@require_safe
def answer_date(request: HttpRequest, reference: str) -> HttpResponse:
    """For the browser that sees the date on the status page; for everybody else there is none."""
    number = parse_reference(reference)
    found = links.access(number, browser.of(request), now=timezone.now()) if number else None
    if found is None or not found[0].is_open:
        raise Http404
    response = HttpResponse(_calendar(found[0]), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found[0].reference}.ics"'
    return response


def _calendar(ticket: Ticket) -> bytes:
    event = Event()
    event.add("uid", f"answer-{ticket.reference}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("dtstamp", timezone.now())
    event.add("dtstart", ticket.due_on)
    event.add("dtend", ticket.due_on + timedelta(days=1))
    event.add("summary", _("Answer to %(reference)s by today") % {"reference": ticket.reference})
    event.add("url", settings.SITE_URL + reverse("requests:status", args=[ticket.reference]))
    event.add("transp", "TRANSPARENT")
    calendar = Calendar()
    calendar.add("prodid", "-//Privacy Portal//Answer date//EN")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
