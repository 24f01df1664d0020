"""A request in every situation an officer can meet, each reached through the services."""

from datetime import timedelta

from django.utils import timezone

from consent.enums import Role
from requests.enums import Channel, DenialCode, Level, Outcome, Waiting
from requests.models import Decision, Ticket
from requests.services import appeals, decisions, identity, lifecycle, manual, messages
from tests import factories

BODY = "We looked everywhere.\n\nHere is what we hold."


def prepared(ticket, by, outcome=Outcome.FULFILLED):
    """An answer on its way: a "no" waits for a second person."""
    reason = DenialCode.LEGAL_OBLIGATION if outcome != Outcome.FULFILLED else ""
    return decisions.prepare(
        ticket.pk, outcome=outcome, denial_code=reason, body=BODY, checked=["copy"], by=by
    )


def _new(_by):
    return factories.ticket()


def _unverified(_by):
    made = factories.confirmed(
        filer="agent", person_name="Leo Dema", person_email="leo@example.org"
    )
    assert made.mandate_at is None
    return made


def _triage(_by):
    return factories.confirmed()


def _waiting(by):
    made = factories.confirmed()
    messages.ask(made.pk, "Which account?", about=Waiting.CLARIFICATION, by=by)
    return made


def _in_progress(by):
    return factories.in_progress(by=by)


def _review(by):
    made = factories.in_progress(by=by)
    prepared(made, by, Outcome.PARTLY_FULFILLED)
    return made


def _sending(by):
    made = factories.in_progress(by=by)
    prepared(made, by)
    return made


def _answered(by):
    made = _sending(by)
    decisions.release_due(now=timezone.now() + timedelta(minutes=11))
    return made


def _appeal(by):
    """Answered in part, checked by a colleague; the person asked to look again."""
    made = factories.in_progress(by=by)
    decision = prepared(made, by, Outcome.PARTLY_FULFILLED)
    decisions.approve(decision.pk, by=factories.staff(Role.REVIEWER_LEGAL, f"checker-{made.pk}"))
    Decision.objects.filter(pk=decision.pk).update(release_at=timezone.now())
    decisions.release_due()
    appeals.ask_again(made.pk, "You forgot my orders.")
    return made


def _no_mailbox(by):
    """Entered by an officer for somebody who called and has no email."""
    factories.load_rules()
    filing = factories.filing(
        email="", channel=Channel.PHONE, taken_by="Besa", received_at=timezone.now()
    )
    return manual.enter(filing, by=by)[0]


def _unproved(_by):
    """The mailbox is confirmed, but the request type needs more."""
    right = factories.RightRuleFactory(
        code="know_specific", level=Level.HIGH, regimes=["US-CA-CCPA"]
    )
    return factories.confirmed(right=right)


def _closed(by):
    made = _answered(by)
    lifecycle.close(made.pk, by=by)
    return made


def _withdrawn(_by):
    made = factories.confirmed()
    lifecycle.withdraw(made.pk)
    return made


def _disowned(_by):
    made = factories.ticket()
    identity.not_me(made.verifications.latest("pk"))
    return made


SITUATIONS = {
    "new": _new,
    "no_mailbox": _no_mailbox,
    "unverified": _unverified,
    "unproved": _unproved,
    "triage": _triage,
    "awaiting_requester": _waiting,
    "in_progress": _in_progress,
    "review": _review,
    "sending": _sending,
    "answered": _answered,
    "appeal": _appeal,
    "closed": _closed,
    "withdrawn": _withdrawn,
    "disowned": _disowned,
}


def at(name, by=None):
    """A request in the situation of this name; ``by`` is the officer who works on it."""
    made = SITUATIONS[name](by or factories.officer(f"officer-{name}"))
    return Ticket.objects.get(pk=made.pk)
