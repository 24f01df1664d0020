"""Demonstration data, made through the services: what it shows is what the portal really does."""

import random
from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.utils import timezone

from consent import crypto
from consent.enums import Role
from consent.models import Jurisdiction, Organisation
from requests.enums import DenialCode, Outcome, Purpose, Waiting
from requests.models import Decision, RightRule, Ticket
from requests.services import decisions, identity, intake, lifecycle, messages

STAGES = (
    "new",
    "triage",
    "waiting",
    "in_progress",
    "review",
    "answered",
    "closed",
    "withdrawn",
    "overdue",
)
OFFICER = "Drita Leka"
_PEOPLE = (
    ("Ana Hoxha", "ana.hoxha@example.com", "sq", "AL"),
    ("Leo Berisha", "leo.berisha@example.com", "sq", "XK"),
    ("Mira Krasniqi", "mira.krasniqi@example.org", "sq", "MK"),
    ("Sarah Miller", "sarah.miller@example.net", "en", "US-CA"),
    ("Tomás Byrne", "tomas.byrne@example.org", "en", "IE"),
    ("Greta Vogel", "greta.vogel@example.com", "en", "DE"),
    ("Ilirjana Dema", "ilirjana.dema@example.net", "sq", "AL"),
    ("James Okafor", "james.okafor@example.org", "en", "GB"),
)
_WORDS = {
    "en": {
        "details": "I bought a licence two years ago and would like to see what you still keep.",
        "question": "Which email address did you use when you bought the product?",
        "reply": "I used the address I am writing from.",
        "answer": "We searched our customer register and our support system.\n\n"
        "You can see below what we hold and what we did.",
    },
    "sq": {
        "details": "Kam blerë një licencë para dy vjetësh dhe dua të shoh çfarë ruani ende.",
        "question": "Me cilën adresë emaili e keni blerë produktin?",
        "reply": "Kam përdorur adresën nga e cila ju shkruaj.",
        "answer": "Kërkuam në regjistrin e klientëve dhe në sistemin e mbështetjes.\n\n"
        "Më poshtë shihni çfarë mbajmë dhe çfarë bëmë.",
    },
}
_RIGHTS = ("access", "rectify", "erase", "portability", "object", "complaint")
# A complaint asks nobody to confirm anything, so it is never merely "new".
_CONFIRMED_FIRST = tuple(code for code in _RIGHTS if code != "complaint")
_STAFF = (
    ("besa", "Besa", Role.CASE_HANDLER),
    ("ilir", "Ilir", Role.REVIEWER_LEGAL),
    ("drita", "Drita", Role.PRIVACY_LEAD_DPO),
)


def staff() -> dict[str, User]:
    """Three colleagues without a password: an administrator sets one before they can sign in."""
    people = {}
    for username, name, role in _STAFF:
        user, created = User.objects.get_or_create(
            username=username,
            defaults={"first_name": name, "email": f"{username}@example.com", "is_staff": True},
        )
        if created:
            user.set_unusable_password()
            user.save(update_fields=["password"])
            user.groups.add(Group.objects.get_or_create(name=role)[0])
        people[username] = user
    return people


def seed(*, tickets: int, stage: str | None, seed: int = 2026) -> list[Ticket]:
    """File ``tickets`` requests and bring each to its stage; the same seed, the same people."""
    dice = random.Random(seed)  # noqa: S311 -- invented people, not secrets
    people = staff()
    # The demonstration shows where a company names its officer; the shipped facts name nobody.
    Organisation.objects.filter(is_default=True, dpo_name="").update(dpo_name=OFFICER)
    made = []
    for number in range(tickets):
        wanted = stage or STAGES[number % len(STAGES)]
        ticket = _file(number, wanted, dice)
        _bring_to(ticket, wanted, people)
        made.append(Ticket.objects.get(pk=ticket.pk))
    return made


def _file(number: int, stage: str, dice: random.Random) -> Ticket:
    name, email, language, residence = _PEOPLE[number % len(_PEOPLE)]
    local, _at, domain = email.partition("@")
    rights = _CONFIRMED_FIRST if stage == "new" else _RIGHTS
    days = 34 if stage == "overdue" else dice.randrange(0, 27)
    filing = intake.Filing(
        right=RightRule.objects.get(code=rights[number % len(rights)]),
        organisation=Organisation.objects.get(is_default=True),
        language=language,
        received_at=timezone.now() - timedelta(days=days, minutes=dice.randrange(600)),
        residence=Jurisdiction.objects.filter(code=residence).first(),
        name=name,
        email=email if number < len(_PEOPLE) else f"{local}+{number}@{domain}",
        details=_WORDS[language]["details"],
    )
    ticket, _new = intake.open_ticket(filing, by=None)
    return ticket


def _bring_to(ticket: Ticket, stage: str, people: dict[str, User]) -> None:
    if stage == "new":
        return
    _confirm(ticket)
    if stage == "withdrawn":
        lifecycle.withdraw(ticket.pk)
        return
    if stage == "triage":
        return
    words = _WORDS[ticket.language]
    handler = people["besa"]
    lifecycle.take(ticket.pk, by=handler)
    if stage == "waiting":
        messages.ask(ticket.pk, words["question"], about=Waiting.CLARIFICATION, by=handler)
        return
    lifecycle.start_work(ticket.pk, by=handler)
    messages.write_to_office(ticket.pk, words["reply"])
    _LATER.get(stage, _nothing)(ticket, people)


def _confirm(ticket: Ticket) -> None:
    row = ticket.verifications.filter(purpose=Purpose.CONFIRM).last()
    if row is not None:
        identity.confirm(row, browser=crypto.new_token())


def _prepare(ticket: Ticket, people: dict[str, User], outcome: Outcome) -> Decision:
    reason = DenialCode.LEGAL_OBLIGATION if outcome == Outcome.PARTLY_FULFILLED else ""
    return decisions.prepare(
        ticket.pk,
        outcome=outcome,
        denial_code=reason,
        body=_WORDS[ticket.language]["answer"],
        checked=[point["code"] for point in ticket.right.answer_must],
        by=people["besa"],
    )


def _review(ticket: Ticket, people: dict[str, User]) -> None:
    _prepare(ticket, people, Outcome.PARTLY_FULFILLED)  # a "no" in part waits for a second person


def _answered(ticket: Ticket, people: dict[str, User]) -> None:
    decision = _prepare(ticket, people, Outcome.FULFILLED)
    if decisions.needs_second_person(ticket, decision.outcome):
        decisions.approve(decision.pk, by=people["drita"])
    decisions.release_due(now=timezone.now() + timedelta(minutes=11))


def _closed(ticket: Ticket, people: dict[str, User]) -> None:
    _answered(ticket, people)
    lifecycle.close(ticket.pk, by=people["besa"])


def _nothing(ticket: Ticket, people: dict[str, User]) -> None:
    """in_progress and overdue stay where they are."""


_LATER: dict[str, Callable[[Ticket, dict[str, User]], None]] = {
    "review": _review,
    "answered": _answered,
    "closed": _closed,
}
