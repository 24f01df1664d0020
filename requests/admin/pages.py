"""The pages on which an officer writes: form, preview in the person's words, then one call."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.errors import PortalError
from requests.admin import timeline
from requests.admin.forms import (
    AsideForm,
    AskForm,
    MessageForm,
    NoteForm,
    TicketForm,
    askable,
)
from requests.enums import Outcome, Waiting
from requests.errors import ChangedMeanwhile
from requests.models import Ticket
from requests.services import decisions, effects, undoing
from requests.services import messages as letters_and_notes
from requests.services.effects import Effect


@dataclass(frozen=True, slots=True)
class Page:
    """One writing page. ``run`` makes the one service call."""

    name: str
    title: Any
    form: type[TicketForm]
    run: Callable[[Ticket, dict[str, Any], User], object]
    done: Any
    button: Any
    previews: bool = True
    # What the step would do to the dates; told before it is taken.
    effects: Callable[[Ticket, dict[str, Any] | None], list["Shown"]] = lambda _t, _typed: []
    to_person: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """One effect on the page. ``refused``: the law's reason why the step is not possible now."""

    title: Any
    effect: Effect
    refused: str = ""
    warning: str = ""


def _ask(ticket: Ticket, typed: dict[str, Any], by: User) -> object:
    return letters_and_notes.ask(
        ticket.pk,
        typed["body"],
        about=Waiting(typed["about"]),
        doubt=typed["doubt"],
        by=by,
        seen=typed["seen"],
    )


def _asked(ticket: Ticket, typed: dict[str, Any] | None) -> list[Shown]:
    """Before the choice each question's effect, after it the chosen one's."""
    kinds = [Waiting(typed["about"])] if typed else askable(ticket)
    now = timezone.now()
    return [Shown(kind.label, effects.of_question(ticket, kind, at=now)) for kind in kinds]


def _message(ticket: Ticket, typed: dict[str, Any], by: User) -> object:
    return letters_and_notes.write_to_person(ticket.pk, typed["body"], by=by, seen=typed["seen"])


def _note(ticket: Ticket, typed: dict[str, Any], by: User) -> object:
    return letters_and_notes.add_note(ticket.pk, typed["body"], by=by)


def _aside(ticket: Ticket, typed: dict[str, Any], by: User) -> object:
    outcome = Outcome(typed["outcome"])
    return decisions.set_aside(ticket.pk, outcome=outcome, reason=typed["body"], by=by)


PAGES = {
    page.name: page
    for page in (
        Page(
            "ask", _("Ask the person"), AskForm, _ask,
            _("The question is sent."), _("Send"), effects=_asked,
        ),
        Page(
            "message", _("Write to the person"), MessageForm, _message,
            _("The message is sent."), _("Send"),
        ),
        Page(
            "note", _("Add a note"), NoteForm, _note,
            _("The note is kept. The person does not see it."), _("Keep the note"), previews=False,
            to_person=False,
        ),
        Page(
            "aside", _("Set the request aside"), AsideForm, _aside,
            _("The request is closed."), _("Close and tell"),
        ),
    )
}  # fmt: skip


def handle(request: HttpRequest, ticket: Ticket, page: Page) -> HttpResponse:
    """GET shows the form. POST previews, goes back, or sends."""
    if request.method != "POST":
        return render(request, ticket, page, page.form(ticket=ticket))
    form = page.form(request.POST, ticket=ticket)
    step = request.POST.get("step")
    if not form.is_valid():
        return render(request, ticket, page, form, status=422)
    if step == "change":
        return render(request, ticket, page, form)
    if page.previews and step != "send":
        return render(request, ticket, page, form, preview=True)
    return _send(request, ticket, page, form)


def _send(request: HttpRequest, ticket: Ticket, page: Page, form: TicketForm) -> HttpResponse:
    before = undoing.newest(ticket)
    try:
        page.run(ticket, form.cleaned_data, request.user)  # type: ignore[arg-type]  # signed in
    except ChangedMeanwhile as error:
        return changed(request, ticket, page, form, error)
    except PortalError as error:
        form.add_error(None, str(error))
        return render(request, ticket, page, form, status=error.http_status)
    leaving = undoing.newest(ticket)
    if leaving is not None and (before is None or leaving.name != before.name):
        request.session["undo"] = leaving.name  # each page says until when it can be taken back
    else:
        messages.success(request, str(page.done))
    return redirect("admin:requests_ticket_change", ticket.pk)


def changed(
    request: HttpRequest, ticket: Ticket, page: Page, form: TicketForm, error: ChangedMeanwhile
) -> HttpResponse:
    """Nothing was sent: show what is new beside the kept text; sending again sends it."""
    ticket.refresh_from_db()
    news = timeline.since(ticket, form.cleaned_data["opened"])
    again = form.renewed()
    again.is_valid()
    again.add_error(None, str(error))
    return render(request, ticket, page, again, news=news, status=error.http_status)


def render(  # noqa: PLR0913 -- what the two templates show
    request: HttpRequest,
    ticket: Ticket,
    page: Page,
    form: TicketForm,
    *,
    preview: bool = False,
    news: list[timeline.Entry] | None = None,
    status: int = 200,
    **extra: Any,
) -> HttpResponse:
    shown = page.effects(ticket, form.cleaned_data if _is_sound(form) else None)
    context = {
        **site.each_context(request),
        "title": page.title,
        "ticket": ticket,
        "page": page,
        "form": form,
        "news": news,
        "address": ticket.email if page.to_person and ticket.is_reachable else "",
        "shown": shown,
        "refused": any(one.refused for one in shown),
        **extra,
    }
    name = "preview" if preview else page_template(page)
    return TemplateResponse(request, f"admin/requests/ticket/{name}.html", context, status=status)


def _is_sound(form: TicketForm) -> bool:
    return form.is_bound and form.is_valid()


def page_template(page: Page) -> str:
    return "answer" if page.name == "answer" else "write"
