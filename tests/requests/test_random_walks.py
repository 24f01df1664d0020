"""Thousands of steps by people who press anything at any time: the rules hold all the same."""

import random
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from consent.errors import PortalError
from requests.enums import NEXT, OPEN, DenialCode, Filer, Level, Outcome, State, Waiting
from requests.errors import IllegalMove
from requests.models import Decision, Message, Ticket
from requests.services import (
    appeals,
    decisions,
    identity,
    intake,
    lifecycle,
    messages,
    reopening,
    undoing,
)
from tests import factories, situations
from tests.world import check_world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class Office:
    """Two officers, a lead, and everything they and the people can press."""

    def __init__(self, dice):
        self.dice = dice
        self.people = [factories.officer(), factories.officer("ilir"), factories.lead()]
        factories.load_rules()
        self.rights = [
            factories.RightRuleFactory(),
            factories.RightRuleFactory(code="erase", second_person=True),
            factories.RightRuleFactory(code="opt_out", level=Level.NONE),
        ]

    def somebody(self):
        return self.dice.choice(self.people)

    def file(self):
        number = self.dice.randrange(10**6)
        agent = {
            "filer": Filer.AGENT,
            "person_name": "Leo",
            "person_email": f"l{number}@example.org",
        }
        filing = factories.filing(
            right=self.dice.choice(self.rights),
            email=f"p{number}@example.org",
            received_at=timezone.now(),
            language=self.dice.choice(["en", "sq"]),
            **agent,
        )
        return intake.open_ticket(filing, by=None)[0]

    # What the person does.

    def confirm(self, ticket):
        row = ticket.verifications.filter(purpose="confirm").last()
        if row is not None:
            identity.confirm(row, browser="b")

    def disown(self, ticket):
        row = ticket.verifications.filter(purpose="confirm").last()
        if row is not None:
            identity.not_me(row)

    def agree(self, ticket):
        row = ticket.verifications.filter(purpose="mandate").last()
        if row is not None:
            identity.answer_mandate(row, agreed=self.dice.random() < 0.8)

    def withdraw(self, ticket):
        lifecycle.withdraw(ticket.pk)

    def write(self, ticket):
        messages.write_to_office(ticket.pk, "Here is what you asked for.")

    def look_again(self, ticket):
        appeals.ask_again(ticket.pk, "I do not agree.")

    # What the office does.

    def take(self, ticket):
        lifecycle.take(ticket.pk, by=self.somebody())

    def start(self, ticket):
        lifecycle.start_work(ticket.pk, by=self.somebody())

    def ask(self, ticket):
        about = self.dice.choice(list(Waiting))
        messages.ask(ticket.pk, "Which one?", about=about, by=self.somebody(), doubt="Two people.")

    def tell(self, ticket):
        messages.write_to_person(ticket.pk, "We work on it.", by=self.somebody())

    def note(self, ticket):
        messages.add_note(ticket.pk, "Called.", by=self.somebody())

    def prepare(self, ticket):
        outcome = self.dice.choice([Outcome.FULFILLED, Outcome.REFUSED, Outcome.WITHDRAWN])
        decisions.prepare(
            ticket.pk,
            outcome=outcome,
            denial_code=DenialCode.UNFOUNDED if outcome == Outcome.REFUSED else "",
            body=self.dice.choice(["Here it is.", "A gap […]", ""]) or "Here it is.",
            checked=["copy"],
            by=self.somebody(),
        )

    def approve(self, ticket):
        decisions.approve(self._decision(ticket), by=self.somebody())

    def send_back(self, ticket):
        decisions.send_back(self._decision(ticket), comment="Shorter.", by=self.somebody())

    def take_back(self, ticket):
        undoing.take_back(ticket.pk, by=self.somebody())

    def release(self, _ticket):
        decisions.release_due()

    def close(self, ticket):
        lifecycle.close(ticket.pk, by=self.somebody())

    def set_aside(self, ticket):
        outcome = self.dice.choice([Outcome.DUPLICATE, Outcome.FORWARDED, Outcome.FULFILLED])
        decisions.set_aside(ticket.pk, outcome=outcome, reason="Another one.", by=self.somebody())

    def uphold(self, ticket):
        appeals.uphold(ticket.pk, body="It stands.", by=self.somebody())

    def overturn(self, ticket):
        appeals.overturn(ticket.pk, body="We were wrong.", by=self.somebody())

    def reopen(self, ticket):
        reopening.reopen(ticket.pk, reason="New facts.", by=self.somebody())

    def _decision(self, ticket):
        found = Decision.objects.filter(ticket=ticket).first()
        if found is None:
            raise IllegalMove(
                reference=ticket.reference, now=State(ticket.state), wanted=State.REVIEW
            )
        return found.pk


PERSON = ("confirm", "disown", "agree", "withdraw", "write", "look_again")
OFFICE = (
    *("take", "start", "ask", "tell", "note", "prepare", "approve", "send_back", "take_back"),
    *("release", "close", "set_aside", "uphold", "overturn", "reopen"),
)
# Endings and steps back are rare, so that a walk goes somewhere before it ends.
RARE = {"withdraw": 0.05, "disown": 0.05, "set_aside": 0.05, "agree": 0.5, "take_back": 0.4}


def walk(office, steps, *, without=()):
    """Press ``steps`` things; return the refusals by name and the states that were reached."""
    refused, reached = {}, set()
    names = [name for name in (*PERSON, *OFFICE) if name not in without]
    with time_machine.travel(timezone.now(), tick=False) as clock:
        tickets = [office.file() for _n in range(4)]
        for _step in range(steps):
            clock.shift(timedelta(seconds=office.dice.choice([1, 20, 3600])))
            if office.dice.random() < 0.03:
                tickets.append(office.file())
            ticket = Ticket.objects.get(pk=office.dice.choice(tickets).pk)
            name = office.dice.choice(names)
            if office.dice.random() > RARE.get(name, 1):
                continue
            try:
                getattr(office, name)(ticket)
            except PortalError as error:
                refused.setdefault(name, []).append(error.code)
                after = Ticket.objects.get(pk=ticket.pk)
                assert (after.state, after.version) == (ticket.state, ticket.version), name
            after = Ticket.objects.get(pk=ticket.pk)
            moved = after.state != ticket.state and name != "release"
            assert not moved or after.state in NEXT[State(ticket.state)], name
            reached.add(after.state)
    return refused, reached


@pytest.mark.parametrize("seed", range(4))
def test_four_hundred_steps_of_anybody_leave_a_world_in_order(seed):
    office = Office(random.Random(seed))
    refused, reached = walk(office, 400)
    assert check_world() >= 4
    assert reached >= {State.TRIAGE, State.IN_PROGRESS, State.REVIEW, State.CLOSED}
    assert {"approve", "start", "close", "send_back"} <= set(refused)


def test_without_a_proof_nothing_is_ever_answered():
    """Every press but the ones that show who the person is, in any order: no data leaves."""
    office = Office(random.Random(7))
    office.rights.pop()  # the one that asks nobody who they are
    refused, reached = walk(office, 600, without=("confirm", "agree"))
    assert reached <= {State.NEW, State.CLOSED}
    assert set(Ticket.objects.values_list("outcome", flat=True)) <= {
        "", Outcome.WITHDRAWN, Outcome.NOT_A_REQUEST,
    }  # fmt: skip
    assert not Decision.objects.exists()
    assert not Message.objects.filter(direction="out").exists()
    assert set(refused) >= {"start", "prepare", "tell", "ask", "set_aside", "close", "reopen"}
    check_world()


# --- every state with every press -------------------------------------------------------

# Where a press leads from each situation; what is not here is refused and changes nothing.
LEADS = {
    "confirm": {"new": "triage"},
    "withdraw": dict.fromkeys(
        (
            *("new", "unverified", "unproved", "no_mailbox", "triage", "awaiting_requester"),
            *("in_progress", "review"),
        ),
        "closed",
    ),
    "start": {"triage": "in_progress"},
    "prepare": {"in_progress": "review"},
    "approve": {"review": "review"},
    "send_back": {"review": "in_progress"},
    "take_back": {"sending": "in_progress", "awaiting_requester": "triage"},
    "close": {"answered": "closed"},
    "set_aside": dict.fromkeys(("triage", "unverified", "unproved"), "closed"),
    "reopen": {"closed": "in_progress", "withdrawn": "in_progress"},
    "overturn": {"appeal": "in_progress"},
    "uphold": {"appeal": "closed"},
}


class Plan(Office):
    """The same presses without chance: each as it should be done, by a lead who had no part."""

    def __init__(self):
        super().__init__(random.Random(1))
        self.one = factories.lead("judge")

    def somebody(self):
        return self.one

    def prepare(self, ticket):
        situations.prepared(ticket, self.one)

    def set_aside(self, ticket):
        decisions.set_aside(ticket.pk, outcome=Outcome.DUPLICATE, reason="Twice.", by=self.one)


@pytest.mark.parametrize("situation", situations.SITUATIONS)
@pytest.mark.parametrize("press", LEADS)
def test_each_press_from_each_state_leads_where_the_table_says(situation, press):
    made = situations.at(situation)
    plan = Plan()
    before = (made.state, made.version, Message.objects.count(), Decision.objects.count())
    wanted = LEADS[press].get(situation)
    try:
        getattr(plan, press)(made)
    except PortalError:
        assert wanted is None
        after = Ticket.objects.get(pk=made.pk)
        now = (after.state, after.version, Message.objects.count(), Decision.objects.count())
        assert now == before
    else:
        after = Ticket.objects.get(pk=made.pk)
        harmless = press in {"confirm", "withdraw"} and after.state == made.state
        assert after.state == wanted or (harmless and after.version == made.version)
    check_world()


def test_the_table_of_moves_is_the_written_one():
    """DOMAIN 3.2, copied by hand: T02 to T16, and what an ended request may become."""
    assert {str(state): {str(to) for to in NEXT[state]} for state in State} == {
        "new": {"triage", "closed"},
        "triage": {"awaiting_requester", "in_progress", "closed"},
        "awaiting_requester": {"in_progress", "answered", "closed", "triage"},
        "in_progress": {"review", "closed"},
        "review": {"in_progress", "answered", "closed"},
        "answered": {"closed", "appeal"},
        "appeal": {"closed", "in_progress"},
        "closed": {"appeal", "in_progress", "triage"},
    }
    assert set(OPEN) == set(State) - {State.ANSWERED, State.CLOSED}


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("to", State)
def test_a_move_outside_the_table_raises(before, to):
    made = Ticket(state=before, reference="PR-7K4M-29Q6")
    if to in NEXT[before]:
        return
    with pytest.raises(IllegalMove):
        lifecycle.move(made, to, by=None)
    assert made.state == before
