"""Answering a request: prepared by one, checked by another where the rule says so, then sent."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.services import audit, waker
from consent.services.audit import Actor
from requests.enums import (
    ANSWERS,
    NEEDS_REASON,
    ClockKind,
    DenialCode,
    Direction,
    Outcome,
    State,
    Step,
)
from requests.errors import GateClosed, IllegalMove, SecondPersonNeeded, TooLateToUndo
from requests.models import Decision, Message, Ticket
from requests.services import clocks, letters, lifecycle, messages

RELEASE = "requests.tasks.release_answers"


def needs_second_person(ticket: Ticket, outcome: str) -> bool:
    """Preparer is not approver for erasure, specific pieces, authorities, every "no" (INV-08)."""
    return ticket.right.second_person or outcome in NEEDS_REASON


@transaction.atomic
def prepare(  # noqa: PLR0913 -- what an answer consists of
    ticket_id: int,
    *,
    outcome: Outcome,
    body: str,
    checked: list[str],
    by: Actor,
    denial_code: str = "",
    seen: int | None = None,
) -> Decision:
    """Prepare the answer. It leaves after the undo seconds, or waits for a second person (T08).

    Raises GateClosed naming what is missing: a verified person, a reason for a "no" (INV-06), a
    text without gaps, each point of the checklist.
    """
    ticket = lifecycle.lock(ticket_id, seen=seen)
    if by is None:
        raise GateClosed(_("An answer is prepared by a person."))
    lifecycle.refuse_unverified(ticket)
    refuse_incomplete(ticket, outcome, body, denial_code, checked)
    lifecycle.move(ticket, State.REVIEW, by=by)
    decision = Decision.objects.create(
        ticket=ticket,
        outcome=outcome,
        denial_code=denial_code,
        body=body,
        checked=checked,
        prepared_by_id=by.pk,
        step=Step.IN_REVIEW,
    )
    audit.record(
        "answer.prepared",
        target=ticket,
        by=by,
        data={"decision": decision.pk, "outcome": outcome, "denial_code": denial_code},
    )
    if not needs_second_person(ticket, outcome):
        _start_sending(decision, by=by)
    return decision


@transaction.atomic
def approve(decision_id: int, *, by: Actor, seen: int | None = None) -> Decision:
    """A second person checked the answer: it leaves after the undo seconds (T10)."""
    decision = _lock(decision_id, Step.IN_REVIEW)
    lifecycle.lock(decision.ticket_id, seen=seen)
    if by is None or by.pk == decision.prepared_by_id:
        raise SecondPersonNeeded
    decision.approved_by_id = by.pk
    _start_sending(decision, by=by)
    return decision


@transaction.atomic
def send_back(decision_id: int, *, comment: str, by: Actor) -> Decision:
    """The checker returns the answer with a comment (T09); the request is worked on again."""
    if not comment.strip():
        raise GateClosed(_("Write what has to change."))
    decision = _lock(decision_id, Step.IN_REVIEW)
    ticket = lifecycle.lock(decision.ticket_id)
    decision.step, decision.comment = Step.RETURNED, comment
    decision.save(update_fields=["step", "comment"])
    Message.objects.create(
        ticket=ticket, direction=Direction.NOTE, body=comment, author_id=by.pk if by else None
    )
    lifecycle.move(ticket, State.IN_PROGRESS, by=by)
    return decision


@transaction.atomic
def take_back(decision_id: int, *, by: Actor) -> Decision:
    """Undo, while the answer has not left. The text stays, as a returned answer."""
    decision = Decision.objects.select_for_update().get(pk=decision_id)
    if decision.step != Step.SENDING:
        raise TooLateToUndo
    ticket = lifecycle.lock(decision.ticket_id)
    decision.step, decision.release_at = Step.RETURNED, None
    decision.save(update_fields=["step", "release_at"])
    audit.record("answer.taken_back", target=ticket, by=by, data={"decision": decision.pk})
    lifecycle.move(ticket, State.IN_PROGRESS, by=by)
    return decision


def release_due(*, now: datetime | None = None) -> int:
    """Send every answer whose undo seconds are over; return how many. Safe to run twice."""
    moment = now or timezone.now()
    due = Decision.objects.filter(step=Step.SENDING, release_at__lte=moment)
    return sum(_release(pk, moment) for pk in due.values_list("pk", flat=True)[:500])


@transaction.atomic
def _release(decision_id: int, now: datetime) -> bool:
    decision = (
        Decision.objects.select_for_update(skip_locked=True)
        .filter(pk=decision_id, step=Step.SENDING, release_at__lte=now)
        .first()
    )
    if decision is None:
        return False
    ticket = lifecycle.lock(decision.ticket_id)
    lifecycle.refuse_unverified(ticket)  # checked again where something leaves
    decision.step, decision.sent_at = Step.SENT, now
    decision.save(update_fields=["step", "sent_at"])
    if decision.body:
        Message.objects.create(
            ticket=ticket,
            direction=Direction.TO_PERSON,
            body=decision.body,
            author_id=decision.prepared_by_id,
        )
    if decision.outcome in NEEDS_REASON:
        clocks.add(ticket, ClockKind.DENIAL_SENT, at=now, by=None)
    clocks.add(ticket, ClockKind.ANSWERED, at=now, by=None)
    lifecycle.move(
        ticket,
        State.ANSWERED,
        by=None,
        outcome=decision.outcome,
        denial_code=decision.denial_code,
        answered_at=now,
    )
    if ticket.is_reachable:
        letters.answered(ticket, decision)
    return True


@transaction.atomic
def set_aside(ticket_id: int, *, outcome: Outcome, reason: str, by: Actor) -> Ticket:
    """Close a request in triage that is another's, a duplicate, or none at all (T15).

    ``reason`` is told to the person where they left an address.
    """
    if outcome not in {Outcome.FORWARDED, Outcome.DUPLICATE, Outcome.NOT_A_REQUEST}:
        raise GateClosed(_("Choose why this request is set aside."))
    if not reason.strip():
        raise GateClosed(_("Write what the person is told."))
    ticket = lifecycle.lock(ticket_id)
    if ticket.state != State.TRIAGE:
        raise IllegalMove(reference=ticket.reference, now=State(ticket.state), wanted=State.CLOSED)
    messages.add_to_person(ticket, reason, by=by, state_before=State.TRIAGE)
    lifecycle.move(ticket, State.CLOSED, by=by, outcome=outcome)
    return ticket


def _lock(decision_id: int, step: Step) -> Decision:
    decision = Decision.objects.select_for_update().get(pk=decision_id)
    if decision.step != step:
        raise GateClosed(_("This answer has been dealt with already."))
    return decision


def _start_sending(decision: Decision, *, by: Actor) -> None:
    decision.step = Step.SENDING
    decision.release_at = timezone.now() + timedelta(seconds=settings.UNDO_SECONDS)
    decision.save(update_fields=["step", "release_at", "approved_by"])
    audit.record("answer.approved", target=decision.ticket, by=by, data={"decision": decision.pk})
    if settings.UNDO_SECONDS == 0:
        _release(decision.pk, decision.release_at)
    else:
        waker.after_commit(RELEASE, delay=settings.UNDO_SECONDS)


def refuse_incomplete(
    ticket: Ticket, outcome: Outcome, body: str, denial_code: str, checked: list[str]
) -> None:
    if outcome not in ANSWERS:
        raise GateClosed(_("Choose the outcome of this request."))
    if outcome in NEEDS_REASON and denial_code not in DenialCode.values:
        raise GateClosed(_("Choose the legal reason. The person has a right to know it."))
    if outcome not in NEEDS_REASON and denial_code:
        raise GateClosed(_("A reason for refusal does not go with this outcome."))
    if not body.strip():
        raise GateClosed(_("Write the answer."))
    if "[…]" in body:
        raise GateClosed(_("Fill in each place marked […] in the answer."))
    if outcome == Outcome.FULFILLED:
        missing = [c["code"] for c in ticket.right.answer_must if c["code"] not in checked]
        if missing:
            raise GateClosed(_("Tick each point that the answer must contain."))
