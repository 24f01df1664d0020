"""What comes next, as a table: for each situation a sentence, one main action, and the others."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from requests.enums import State, Step
from requests.models import Decision, Ticket
from requests.services import lifecycle

SENDING = "sending"
UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing an officer can do. ``page``: it opens a page first; else one press does it."""

    name: str
    label: Any
    needs: str
    page: bool = True

    @property
    def url_name(self) -> str:
        return f"admin:requests_ticket_{self.name}"


ACTIONS = {
    action.name: action
    for action in (
        Action("take", _("Take this request"), "ticket.work", page=False),
        Action("start", _("Start work"), "ticket.work", page=False),
        Action("ask", _("Ask the person…"), "ticket.work"),
        Action("message", _("Write to the person…"), "ticket.work"),
        Action("note", _("Add a note…"), "ticket.work"),
        Action("aside", _("Set aside…"), "ticket.work"),
        Action("answer", _("Write the answer"), "ticket.work"),
        Action("review", _("Check the answer"), "ticket.approve"),
        Action("undo", _("Take the answer back"), "ticket.read", page=False),
        Action("close", _("Close the request"), "ticket.work"),
        Action("next", _("Open the next request"), "ticket.read"),
    )
}


@dataclass(frozen=True, slots=True)
class Situation:
    sentence: Any
    main: str
    others: tuple[str, ...] = ()


SITUATIONS: dict[str, Situation] = {
    State.NEW: Situation(
        _("The person has not confirmed their email yet. Until then there is nothing to do."),
        "note",
    ),
    UNVERIFIED: Situation(
        _("The person has not confirmed yet that the agent may act. Work begins after that."),
        "message",
        ("take", "note", "aside"),
    ),
    State.TRIAGE: Situation(
        _("Check what is asked. If everything is clear, start; if not, ask the person."),
        "start",
        ("ask", "message", "take", "note", "aside"),
    ),
    State.AWAITING_REQUESTER: Situation(
        _("We asked the person and wait for their answer. You can remind them."),
        "message",
        ("take", "note"),
    ),
    State.IN_PROGRESS: Situation(
        _("Collect what the answer needs, then write it."), "answer", ("message", "take", "note")
    ),
    State.REVIEW: Situation(
        _("An answer is ready. A colleague who did not write it checks it."),
        "review",
        ("message", "note"),
    ),
    SENDING: Situation(_("The answer is on its way and leaves in a moment."), "undo"),
    State.ANSWERED: Situation(
        _("The person has the answer. Nothing else is open."), "close", ("message", "note")
    ),
    State.APPEAL: Situation(_("The person asked us to look again."), "note", ("message",)),
    State.CLOSED: Situation(_("This request is closed."), "next", ("note",)),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What this user is offered on this ticket now; ``main`` is empty where it is not theirs."""

    sentence: Any
    main: Action | None
    others: list[Action]


def situation(ticket: Ticket, decision: Decision | None) -> str:
    if decision is not None and decision.step == Step.SENDING:
        return SENDING
    if ticket.state == State.TRIAGE and not lifecycle.is_verified(ticket):
        return UNVERIFIED
    return ticket.state


def offer(ticket: Ticket, decision: Decision | None, user: User) -> Offer:
    now = SITUATIONS[situation(ticket, decision)]
    sentence = now.sentence
    own = decision is not None and decision.prepared_by_id == user.pk
    if now.main == "review" and own:
        sentence = _("You prepared this answer. A colleague must check it before it leaves.")
    mine = [name for name in (now.main, *now.others) if _is_possible(name, ticket, user, own=own)]
    main = ACTIONS[now.main] if now.main in mine else None
    return Offer(sentence, main, [ACTIONS[name] for name in mine if name != now.main])


def _is_possible(name: str, ticket: Ticket, user: User, *, own: bool) -> bool:
    if not user.has_perm(ACTIONS[name].needs):
        return False
    if name in {"ask", "message"}:
        return bool(ticket.email) and ticket.is_confirmed
    if name == "take":
        return ticket.handler_id != user.pk
    return not (name == "review" and own)


def url(name: str, ticket: Ticket) -> str:
    if name == "next":
        return reverse("admin:requests_ticket_next") + f"?after={ticket.pk}"
    return reverse(f"admin:requests_ticket_{name}", args=[ticket.pk])
