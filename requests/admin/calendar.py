"""The month page, and the private address for an officer's own calendar program."""

from datetime import date

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from requests.admin import deadline
from requests.services import feeds, months, queue

# The months a person may look at; beyond them there is nothing, and dates end.
EARLIEST, LATEST = 2000, 2100


def month(request: HttpRequest, *, address: str = "") -> HttpResponse:
    """A month of deadlines: a table, which a narrow screen shows as a list of its days."""
    today = queue.office_today()
    first = _chosen(request.GET.get("month", ""), today)
    mine = request.GET.get("mine") == "1"
    weeks = months.weeks(request.user, first, today=today, mine=mine)
    for day in (day for week in weeks for day in week):
        for ticket in day.tickets:
            ticket.deadline = deadline.tag(ticket, today=today)  # type: ignore[attr-defined]  # for the template
    context = {
        **site.each_context(request),
        "title": _("Deadlines in %(month)s") % {"month": date_format(first, "YEAR_MONTH_FORMAT")},
        "first": first,
        "before": months.month_before(first),
        "after": months.month_after(first),
        "weeks": weeks,
        "any": any(day.count for week in weeks for day in week),
        "mine": mine,
        "feed": feeds.current(_user(request)),
        "address": address,
    }
    return TemplateResponse(request, "admin/requests/ticket/calendar.html", context)


def feed(request: HttpRequest) -> HttpResponse:
    """Make, renew or end the private address. It is shown once, in the answer, and kept nowhere."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if request.POST.get("do") != "end":
        token = feeds.make(by=_user(request))
        return month(request, address=settings.SITE_URL + reverse("calendar_feed", args=[token]))
    if feeds.revoke(by=_user(request)):
        messages.success(request, _("The address has ended. Nobody can read it any more."))
    return redirect(reverse("admin:requests_ticket_calendar") + "#feed")


def _user(request: HttpRequest) -> User:
    user: User = request.user  # type: ignore[assignment]  # the gate lets only accounts in
    return user


def _chosen(typed: str, today: date) -> date:
    if not typed:
        return today.replace(day=1)
    try:
        first = date.fromisoformat(f"{typed}-01")
    except ValueError:
        raise Http404 from None
    if not EARLIEST <= first.year <= LATEST:
        raise Http404
    return first
