"""The officers' worklist and the page of one request. Every change is a POST to a service."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _

from consent.admin.guarded import GuardedAdmin
from consent.models import AuditEvent
from requests.admin import (
    answering,
    calculation,
    calendar,
    clock_pages,
    deadline,
    entering,
    moment,
    pages,
    panel,
    presses,
    steps,
    timeline,
)
from requests.admin.paging import DeadlinePaginator
from requests.enums import Direction
from requests.models import Message, Ticket
from requests.services import queue, reasons, undoing
from requests.services.queue import Show
from requests.services.undoing import Thing

View = Callable[..., HttpResponse]


class ShowFilter(admin.SimpleListFilter):
    """The part of the list. The count buttons above the list are its choices."""

    title = _("part")
    parameter_name = "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002 -- Django's signature
        return [
            (Show.LATE, _("late")),
            (Show.SOON, _("due in 7 days")),
            (Show.NOBODY, _("nobody's")),
            (Show.WAITING, _("waiting for the person")),
            (Show.UNCONFIRMED, _("not confirmed")),
            (Show.DONE, _("answered")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """A search looks everywhere; without one, the list shows what is open."""
        if self.value() is None and request.GET.get("q"):
            return queryset
        return queue.shown(queryset, self.value() or Show.OPEN, today=queue.office_today())


@admin.register(Ticket)
class TicketAdmin(GuardedAdmin):
    see = "ticket.read"
    list_display = ["reference"]
    list_filter = [ShowFilter]
    list_select_related = ["right", "handler"]
    search_fields = ["reference"]
    paginator = DeadlinePaginator

    # --- the list ---

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        unread = Message.objects.filter(
            ticket=OuterRef("pk"), direction=Direction.FROM_PERSON, read_at__isnull=True
        )
        return Ticket.objects.visible_to(request.user).annotate(has_unread=Exists(unread))

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """What is over has no deadline: newest first, which the key gives without sorting."""
        return ["-id"] if request.GET.get("show") == Show.DONE else queue.by_deadline()

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 -- Django's signature
        queryset: Any,
        search_term: str,
    ) -> tuple[Any, bool]:
        return (queue.search(queryset, search_term) if search_term.strip() else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        today = queue.office_today()
        extra = {
            "title": _("Requests"),
            "counts": queue.counts(request.user, today=today),
            "show": request.GET.get("show", ""),
            "may_enter": request.user.has_perm("ticket.work"),
            **(extra_context or {}),
        }
        response = super().changelist_view(request, extra)
        if isinstance(response, TemplateResponse) and response.context_data:
            for ticket in response.context_data["cl"].result_list:
                ticket.deadline = deadline.tag(ticket, today=today)
                ticket.state_word = deadline.state_word(ticket)
                ticket.age = deadline.age(ticket, today=today)
        return response

    # --- one request ---

    def get_urls(self) -> list[Any]:
        stock = [url for url in super().get_urls() if url.name and "change" in url.name]
        one = "<int:pk>/"
        own = [
            path("next/", self._guarded(self.next_view), name="requests_ticket_next"),
            path("enter/", self._guarded(entering.enter), name="requests_ticket_enter"),
            path("calendar/", self._guarded(calendar.month), name="requests_ticket_calendar"),
            path("calendar/feed/", self._guarded(calendar.feed), name="requests_ticket_feed"),
        ]
        views: dict[str, View] = {
            **{name: self._page(page) for name, page in pages.PAGES.items()},
            **{name: self._page(page) for name, page in clock_pages.PAGES.items()},
            **{name: self._press(press) for name, press in presses.PRESSES.items()},
            "answer": self._on_ticket(moment.guarded("answer", answering.answer)),
            "review": self._on_ticket(answering.review),
            "return": self._on_ticket(answering.send_back, post_only=True),
            "close": self._on_ticket(moment.guarded("close", self._close)),
            "calculation": self._on_ticket(calculation.show),
        }
        own += [
            path(f"{one}{name}/", self._guarded(view), name=f"requests_ticket_{name}")
            for name, view in views.items()
        ]
        return own + stock

    def _guarded(self, view: View) -> View:
        guarded: View = self.admin_site.admin_view(view)
        return guarded

    def _ticket(self, request: HttpRequest, pk: Any) -> Ticket:
        """Every look at one request starts here: what is not visible is not there."""
        visible = Ticket.objects.visible_to(request.user).select_related(
            "right", "residence", "handler", "subject", "organisation"
        )
        return get_object_or_404(visible, pk=pk)

    def _on_ticket(self, show: View, *, post_only: bool = False) -> View:
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            if post_only and request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            return show(request, self._ticket(request, pk))

        return view

    def _page(self, page: pages.Page) -> View:
        def show(request: HttpRequest, ticket: Ticket) -> HttpResponse:
            return pages.handle(request, ticket, page)

        return self._on_ticket(moment.guarded(page.name, show))

    def _press(self, press: presses.Press) -> View:
        return self._on_ticket(
            lambda request, ticket: presses.handle(request, ticket, press), post_only=True
        )

    def _close(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        if request.method == "POST":
            return presses.handle(request, ticket, presses.PRESSES["close"])
        context = {
            **self.admin_site.each_context(request),
            "title": _("Close the request"),
            "ticket": ticket,
        }
        return TemplateResponse(request, "admin/requests/ticket/close.html", context)

    def next_view(self, request: HttpRequest) -> HttpResponse:
        """Go to the most urgent request that is mine or nobody's."""
        after = request.GET.get("after", "")
        skip = int(after) if after.isascii() and after.isdigit() and len(after) < 16 else None
        found = queue.next_open(request.user, after=skip)  # type: ignore[arg-type]  # signed in
        if found is None:
            messages.info(request, _("No other request waits for you."))
            return redirect("admin:requests_ticket_changelist")
        return redirect("admin:requests_ticket_change", found)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 -- Django's signature
        extra_context: Any = None,  # noqa: ARG002 -- Django's signature
    ) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        pk = int(object_id) if object_id.isascii() and object_id.isdigit() else 0
        ticket = self._ticket(request, pk if pk < 2**63 else 0)
        return TemplateResponse(
            request, "admin/requests/ticket/change_form.html", self._facts(request, ticket)
        )

    def _facts(self, request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
        decision = answering.latest(ticket)
        user: Any = request.user
        offer = steps.offer(ticket, decision, user)
        only = request.GET.get("timeline", "")
        entries = timeline.of(ticket, only=only)
        others = Ticket.objects.visible_to(user).filter(subject__isnull=False)
        each = self.admin_site.each_context(request)
        return {
            **each,
            "title": f"{ticket.reference} {ticket.right.goal}",
            "ticket": ticket,
            "decision": decision,
            "offer": offer,
            "links": [(action, steps.url(action.name, ticket)) for action in offer.others],
            "main_url": steps.url(offer.main.name, ticket) if offer.main else "",
            "state": deadline.state_word(ticket),
            "deadline": deadline.tag(ticket, today=queue.office_today()),
            "entries": entries,
            "only": only,
            "has_unread": any(entry.unread for entry in entries),
            "may_work": user.has_perm("ticket.work"),
            "earlier": others.filter(subject=ticket.subject_id).exclude(pk=ticket.pk)[:5],
            "trace": reasons.lines(ticket.clock),
            "panel": panel.of(ticket, user),
            "evidence": AuditEvent.objects.filter(
                target_label="requests.ticket", target_id=str(ticket.pk)
            ).count(),
            "undo": _undo_here(ticket, each["undo"]),
        }


def _undo_here(ticket: Ticket, own: Thing | None) -> Thing | None:
    """On its page anybody can stop what is leaving. An answer has its button among the steps."""
    here = undoing.newest(ticket)
    if here is not None and here.kind != undoing.ANSWER:
        return here
    return own if own is not None and own.ticket.pk != ticket.pk else None
