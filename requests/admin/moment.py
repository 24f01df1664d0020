"""A step's page opens only at its moment: what the ticket page does not offer, no address does."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from requests.admin import answering, steps
from requests.models import Ticket

Show = Callable[[HttpRequest, Ticket], HttpResponse]


def guarded(name: str, show: Show) -> Show:
    """``show``, or the way back to the ticket page when ``name`` is not offered there now."""

    def view(request: HttpRequest, ticket: Ticket) -> HttpResponse:
        user: User = request.user  # type: ignore[assignment]  # the gate lets only accounts in
        decision = answering.latest(ticket)
        if steps.is_offered(name, ticket, decision, user) or _was_overtaken(request, ticket):
            return show(request, ticket)
        messages.info(request, _("This step is not possible now. The page says what is."))
        return redirect("admin:requests_ticket_change", ticket.pk)

    return view


def _was_overtaken(request: HttpRequest, ticket: Ticket) -> bool:
    """Typed on a page that was open before the request moved on.

    The page itself refuses it, keeps the text and shows the news; sent away, the text were lost.
    """
    seen = request.POST.get("seen", "")
    return seen.isascii() and seen.isdigit() and len(seen) < 10 and int(seen) < ticket.version
