"""What comes next, as a table: for each situation a sentence, one main action, and the others."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from requests.enums import ClockKind, State, Step
from requests.models import Decision, Ticket
from requests.services import appeals, clocks, lifecycle, parts, silence

SENDING = "sending"
UNVERIFIED = "unverified"
UNPROVED = "unproved"
NO_MAILBOX = "no_mailbox"


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
        Action("identity", _("Note how they showed it…"), "ticket.work"),
        Action("arrived", _("It has arrived…"), "ticket.work"),
        Action("silence", _("No answer came…"), "ticket.work"),
        Action("extend", _("Take more time…"), "ticket.work"),
        Action("appeal", _("They ask to look again…"), "ticket.work"),
        Action("decide", _("Decide about the answer"), "ticket.appeal"),
        Action("reopen", _("Open it again…"), "ticket.work"),
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
        ("identity",),
    ),
    NO_MAILBOX: Situation(
        _("This request has no email address. Note how the person showed who they are."),
        "identity",
        ("take", "note"),
    ),
    UNVERIFIED: Situation(
        _("The person has not confirmed yet that the agent may act. Work begins after that."),
        "message",
        ("take", "identity", "note", "aside"),
    ),
    UNPROVED: Situation(
        _("This kind of request needs more proof of who asks. Ask for it, or note what you saw."),
        "identity",
        ("ask", "message", "take", "note", "aside"),
    ),
    State.TRIAGE: Situation(
        _("Check what is asked. If everything is clear, start; if not, ask the person."),
        "start",
        ("ask", "message", "take", "note", "aside"),
    ),
    State.AWAITING_REQUESTER: Situation(
        _("We asked the person and wait for their answer. You can remind them."),
        "message",
        ("arrived", "silence", "take", "note"),
    ),
    State.IN_PROGRESS: Situation(
        _("Collect what the answer needs, then write it."),
        "answer",
        ("extend", "ask", "arrived", "message", "take", "note"),
    ),
    State.REVIEW: Situation(
        _("An answer is ready. A colleague who did not write it checks it."),
        "review",
        ("message", "note"),
    ),
    SENDING: Situation(_("The answer is on its way and leaves in a moment."), "undo"),
    State.ANSWERED: Situation(
        _("The person has the answer. Nothing else is open."),
        "close",
        ("appeal", "message", "note"),
    ),
    State.APPEAL: Situation(
        _("The person asked us to look again. Somebody who had no part in the answer decides."),
        "decide",
        ("take", "message", "note"),
    ),
    State.CLOSED: Situation(_("This request is closed."), "next", ("reopen", "appeal", "note")),
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
    if ticket.state == State.NEW and not ticket.email:
        return NO_MAILBOX
    if ticket.state in {State.TRIAGE, State.IN_PROGRESS} and not lifecycle.is_verified(ticket):
        return UNPROVED if not lifecycle.has_proof(ticket) else UNVERIFIED
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


def is_offered(name: str, ticket: Ticket, decision: Decision | None, user: User) -> bool:
    """Whether the page of this step opens: for what is offered here or in the panel."""
    elsewhere = ELSEWHERE.get(name)
    if elsewhere is not None and elsewhere(ticket, user):
        return True
    now = offer(ticket, decision, user)
    return name in {action.name for action in (now.main, *now.others) if action is not None}


def _is_possible(name: str, ticket: Ticket, user: User, *, own: bool) -> bool:
    if not user.has_perm(ACTIONS[name].needs):
        return False
    judge = POSSIBLE.get(name)
    if judge is not None:
        return judge(ticket, user)
    return not (name == "review" and own)


def _may_write(ticket: Ticket, _user: User) -> bool:
    return ticket.is_reachable


def _may_ask(ticket: Ticket, _user: User) -> bool:
    return ticket.is_reachable and clocks.open_question(ticket) is None


def _may_extend(ticket: Ticket, _user: User) -> bool:
    return clocks.has(ticket, ClockKind.EXTENSION_NOTICE_SENT) is None


def _may_take(ticket: Ticket, user: User) -> bool:
    if ticket.handler_id == user.pk:
        return False
    return ticket.state != State.APPEAL or not parts.had_a_part(ticket, user)


# What a table of states cannot know. An action without an entry is possible where it is offered.
POSSIBLE: dict[str, Callable[[Ticket, User], bool]] = {
    "message": _may_write,
    "ask": _may_ask,
    "arrived": lambda ticket, _user: clocks.open_question(ticket) is not None,
    "silence": lambda ticket, _user: not silence.refused(ticket),
    "extend": _may_extend,
    "take": _may_take,
    "identity": lambda ticket, _user: ticket.right.needs_mailbox,
    "decide": lambda ticket, user: not parts.had_a_part(ticket, user),
    "appeal": lambda ticket, _user: appeals.may_ask_again(ticket),
    "reopen": lambda ticket, _user: lifecycle.is_verified(ticket),
}

# Pages with a way in beside this table: a note always, the others from the deadline panel.
ELSEWHERE: dict[str, Callable[[Ticket, User], bool]] = {
    "note": lambda _ticket, _user: True,
    "extend": lambda ticket, user: ticket.state == State.IN_PROGRESS and _may_extend(ticket, user),
    "residence": lambda ticket, _user: ticket.is_open,
    "recount": lambda ticket, _user: ticket.is_open,
}


def url(name: str, ticket: Ticket) -> str:
    if name == "next":
        return reverse("admin:requests_ticket_next") + f"?after={ticket.pk}"
    return reverse(f"admin:requests_ticket_{name}", args=[ticket.pk])
