"""Answering: the text, the checklist, the preview, the send; and the second person's page."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.errors import PortalError
from requests.admin import answers, pages
from requests.admin.forms import AnswerForm, ReturnForm, TicketForm
from requests.enums import ANSWERS, Outcome, Step
from requests.errors import ChangedMeanwhile
from requests.models import Decision, Ticket
from requests.services import decisions, queue, undoing


def _prepare(ticket: Ticket, typed: dict[str, Any], by: User) -> Decision:
    return decisions.prepare(
        ticket.pk,
        outcome=Outcome(typed["outcome"]),
        denial_code=typed["denial_code"],
        body=typed["body"],
        checked=typed["checked"],
        by=by,
        seen=typed["seen"],
    )


PAGE = pages.Page(
    "answer", gettext_lazy("Answer the request"), AnswerForm, _prepare, "", gettext_lazy("Send")
)


def latest(ticket: Ticket) -> Decision | None:
    """The answer under way, or the last one that came back or left."""
    return ticket.decisions.select_related("prepared_by", "approved_by").first()


def answer(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    """GET: a text is there already. POST: take another text, preview, change, or send."""
    if request.method != "POST":
        return _show(request, ticket, AnswerForm(ticket=ticket, initial=_initial(ticket)))
    step = request.POST.get("step")
    if step == "template":
        return _show(request, ticket, _with_template(request, ticket))
    form = AnswerForm(request.POST, ticket=ticket)
    if not form.is_valid():
        return _show(request, ticket, form, status=422)
    if step == "change":
        return _show(request, ticket, form)
    if step not in {"send", "send_next"}:
        return _preview(request, ticket, form)
    return _send(request, ticket, form, open_next=step == "send_next")


def _initial(ticket: Ticket) -> dict[str, Any]:
    """What came back from a check or was taken back; else the ready-made text."""
    last = latest(ticket)
    if last is not None and last.step == Step.RETURNED:
        fields = ("outcome", "denial_code", "body", "checked")
        return {field: getattr(last, field) for field in fields}
    body = answers.draft(ticket, outcome=Outcome.FULFILLED)
    return {"outcome": Outcome.FULFILLED, "body": body}


def _with_template(request: HttpRequest, ticket: Ticket) -> AnswerForm:
    """The form with the ready-made text of the chosen outcome, unchecked and without errors."""
    outcome = request.POST.get("outcome", "")
    if outcome not in ANSWERS:
        outcome = Outcome.FULFILLED
    reason = request.POST.get("denial_code", "")
    initial = {
        "outcome": outcome,
        "denial_code": reason,
        "checked": request.POST.getlist("checked"),
        "body": answers.draft(ticket, outcome=outcome, denial_code=reason),
    }
    return AnswerForm(ticket=ticket, initial=initial)


def _show(
    request: HttpRequest, ticket: Ticket, form: TicketForm, *, status: int = 200
) -> HttpResponse:
    last = latest(ticket)
    comment = last.comment if last is not None and last.step == Step.RETURNED else ""
    return pages.render(request, ticket, PAGE, form, comment=comment, status=status)


def _preview(request: HttpRequest, ticket: Ticket, form: AnswerForm) -> HttpResponse:
    checks = decisions.needs_second_person(ticket, form.cleaned_data["outcome"])
    outcome = Outcome(form.cleaned_data["outcome"]).label
    return pages.render(
        request, ticket, PAGE, form, preview=True, second_person=checks, outcome=outcome
    )


def _send(
    request: HttpRequest, ticket: Ticket, form: AnswerForm, *, open_next: bool
) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]  # the gate lets only accounts in
    try:
        decision = _prepare(ticket, form.cleaned_data, user)
    except ChangedMeanwhile as error:
        return pages.changed(request, ticket, PAGE, form, error)
    except PortalError as error:
        form.add_error(None, str(error))
        return _show(request, ticket, form, status=error.http_status)
    announce(request, decision)
    after = queue.next_open(user, after=ticket.pk) if open_next else ticket.pk
    if after is None:
        return redirect("admin:requests_ticket_changelist")
    return redirect("admin:requests_ticket_change", after)


def announce(request: HttpRequest, decision: Decision) -> None:
    """Say what happens now. While the answer can be taken back, each page offers it."""
    if decision.step == Step.IN_REVIEW:
        messages.success(request, _("A colleague checks the answer before it leaves."))
    else:
        request.session["undo"] = undoing.name_of(decision)


def review(request: HttpRequest, ticket: Ticket, form: ReturnForm | None = None) -> HttpResponse:
    """The second person's page: the answer as the person will read it, and two ways on."""
    decision = latest(ticket)
    if decision is None or decision.step != Step.IN_REVIEW:
        messages.info(request, _("There is no answer to check."))
        return redirect("admin:requests_ticket_change", ticket.pk)
    context = {
        **site.each_context(request),
        "title": _("Check the answer"),
        "ticket": ticket,
        "decision": decision,
        "points": [p for p in ticket.right.answer_must if p["code"] in decision.checked],
        "own": decision.prepared_by_id == request.user.pk,
        "form": form or ReturnForm(ticket=ticket),
        "approve_url": reverse("admin:requests_ticket_approve", args=[ticket.pk]),
        "return_url": reverse("admin:requests_ticket_return", args=[ticket.pk]),
    }
    status = 422 if form else 200
    return TemplateResponse(request, "admin/requests/ticket/review.html", context, status=status)


def send_back(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    form = ReturnForm(request.POST, ticket=ticket)
    decision = latest(ticket)
    if decision is None or not form.is_valid():
        return review(request, ticket, form)
    try:
        decisions.send_back(decision.pk, comment=form.cleaned_data["body"], by=request.user)  # type: ignore[arg-type]  # signed in
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The answer went back with your comment."))
    return redirect("admin:requests_ticket_change", ticket.pk)
