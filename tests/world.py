"""What must be true of the whole database after every test and every fault (SECURITY 2)."""

from consent import crypto
from consent.enums import MailState
from consent.models import AuditEvent, OutboundEmail
from consent.services import verifying
from requests.enums import NEXT, ClockKind, Direction, Outcome, State, Step
from requests.models import ClockEvent, Decision, Message, Ticket
from requests.services import clocks, decisions

# Mails that speak of what we did or want: only to a mailbox whose owner has shown up.
TO_KNOWN = ("answered", "message", "question", "withdrawn")


def check_world():
    """Assert every invariant; return how many requests were looked at."""
    assert verifying.verify() == AuditEvent.objects.exclude(mac=None).count()
    tickets = list(Ticket.objects.select_related("right", "organisation").order_by("pk"))
    trail = _trail()
    for ticket in tickets:
        _check_story(ticket, trail.get(str(ticket.pk), []))
        _check_clock(ticket)
        _check_answers(ticket)
        _check_proof(ticket, trail.get(str(ticket.pk), []))
    _check_outbox()
    assert Ticket.objects.count() == len(tickets)
    return len(tickets)


def _trail():
    found = {}
    for event in AuditEvent.objects.filter(target_label="requests.ticket").order_by("id"):
        found.setdefault(event.target_id, []).append(event)
    return found


def _check_story(ticket, events):
    """One opening, then moves along the table, the last of which is where the request stands."""
    opened = [event for event in events if event.action == "ticket.opened"]
    assert [event.pk for event in opened] == [events[0].pk], ticket
    now = opened[0].data["state"]
    for event in events:
        if event.action == "ticket.moved":
            assert event.data["from"] == now, (ticket, event.data)
            assert event.data["to"] in NEXT[State(now)], (ticket, event.data)
            now = event.data["to"]
    assert now == ticket.state, ticket
    assert (ticket.closed_at is not None) == (ticket.state == State.CLOSED), ticket
    assert bool(ticket.outcome) == (ticket.state in {State.ANSWERED, State.APPEAL, State.CLOSED})


def _check_clock(ticket):
    """Every date follows from the facts; nothing is stored that they do not say."""
    kinds = list(ClockEvent.objects.filter(ticket=ticket).values_list("kind", flat=True))
    assert kinds.count(ClockKind.RECEIVED) == 1, ticket
    found = clocks.explain(ticket)
    assert ticket.due_on == found.due_on, ticket
    assert ticket.due_on >= ticket.received_at.date(), ticket
    assert ticket.rules, ticket


def _check_answers(ticket):
    rows = list(Decision.objects.filter(ticket=ticket))
    under_way = [row for row in rows if row.step in {Step.IN_REVIEW, Step.SENDING}]
    assert len(under_way) == (ticket.state == State.REVIEW), ticket
    for row in rows:
        assert row.prepared_by_id != row.approved_by_id, ticket
        assert (row.sent_at is not None) == (row.step == Step.SENT), ticket
        if row.step in {Step.SENDING, Step.SENT} and not _is_second_look(row):
            alone = not decisions.needs_second_person(ticket, row.outcome)
            assert alone or row.approved_by_id, ticket


def _is_second_look(row):
    """The decision on an appeal: by one who had no part before, so nobody checks it again."""
    return AuditEvent.objects.filter(
        action="appeal.upheld", target_id=str(row.ticket_id), actor_id=row.prepared_by_id
    ).exists()


def _check_proof(ticket, events):
    """Nothing was released before somebody had shown to be the person."""
    shown = {"ticket.email_confirmed", "ticket.identity_shown"}
    proof = next((event.pk for event in events if event.action in shown), None)
    if not ticket.right.needs_mailbox:
        proof = 0
    answered = [
        event.pk
        for event in events
        if event.action == "answer.prepared" or event.data.get("to") == State.ANSWERED
    ]
    assert not answered or (proof is not None and proof < min(answered)), ticket
    if proof is None:
        assert ticket.outcome in {"", *UNPROVED}, ticket
        assert ticket.subject_id is None, ticket
        said = Message.objects.filter(ticket=ticket, direction=Direction.TO_PERSON)
        assert not said.exists(), ticket


UNPROVED = (
    Outcome.WITHDRAWN,
    Outcome.NOT_A_REQUEST,
    Outcome.NOT_CONFIRMED,
    Outcome.DUPLICATE,
    Outcome.FORWARDED,
)


def _check_outbox():
    for mail in OutboundEmail.objects.all():
        assert mail.state in MailState.values
        assert (mail.sent_at is not None) == (mail.state == MailState.SENT), mail
        assert mail.error or mail.state != MailState.DEAD, mail
        if mail.state in {MailState.SENT, MailState.CANCELLED}:
            assert bytes(mail.sealed) == b"", mail
        elif mail.sealed:
            assert crypto.unseal(bytes(mail.sealed), place=f"outbox:{mail.key}"), mail
        if mail.template in TO_KNOWN:
            about = Ticket.objects.get(pk=int(mail.target.rpartition(":")[2]))
            assert about.is_reachable, mail
            assert mail.to == about.email, mail
