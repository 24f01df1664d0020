"""Opening a ticket: one transaction, a mail in the outbox, and nobody looked up."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from consent import crypto
from consent.addresses import email_key
from consent.models import Jurisdiction, Organisation
from consent.names import name_key
from consent.services import audit
from consent.services.audit import Actor
from requests.enums import Channel, ClockKind, Filer, State
from requests.models import ClockEvent, RightRule, Ticket
from requests.services import clocks, letters, links


@dataclass(frozen=True, slots=True)
class Filing:
    """What a person told us, cleaned by the form. ``email`` is empty for one-button opt-outs."""

    right: RightRule
    organisation: Organisation
    language: str
    received_at: datetime
    residence: Jurisdiction | None = None
    filer: Filer = Filer.PERSON
    name: str = ""
    email: str = ""
    person_name: str = ""
    person_email: str = ""
    details: str = ""
    customer_number: str = ""
    channel: Channel = Channel.WEB_FORM
    # Who took the call, the letter or the visitor; empty where the person typed it themselves.
    taken_by: str = ""


def open_ticket(
    filing: Filing,
    *,
    by: Actor,
    nonce: str | None = None,
    browser: str = "",
    acknowledged_at: datetime | None = None,
) -> tuple[Ticket, bool]:
    """File a request; return the ticket and whether it is new.

    ``nonce`` names the form: a second click, a reload or a retry finds the ticket of the
    first. ``browser`` is the cookie of the browser that filed; the code works only there.
    ``acknowledged_at``: when the person was told that we have it, if somebody told them.
    """
    try:
        with transaction.atomic():
            ticket = _open(
                filing, by=by, nonce=nonce, browser=browser, acknowledged_at=acknowledged_at
            )
            return ticket, True
    except IntegrityError:
        existing = Ticket.objects.select_related("right").filter(form_nonce=nonce).first()
        if nonce is None or existing is None:
            raise
        return existing, False


def _open(
    filing: Filing,
    *,
    by: Actor,
    nonce: str | None,
    browser: str,
    acknowledged_at: datetime | None,
) -> Ticket:
    ticket = Ticket(
        organisation=filing.organisation,
        right=filing.right,
        state=State.NEW if filing.right.needs_mailbox else State.TRIAGE,
        channel=filing.channel,
        language=filing.language,
        residence=filing.residence,
        filer=filing.filer,
        name=filing.name,
        email=filing.email,
        email_key=email_key(filing.email),
        name_key=name_key(filing.name, filing.person_name),
        person_name=filing.person_name,
        person_email=filing.person_email,
        details=filing.details,
        customer_number=filing.customer_number,
        received_at=filing.received_at,
        form_nonce=nonce,
    )
    received = ClockEvent(
        ticket=ticket,
        kind=ClockKind.RECEIVED,
        at=filing.received_at,
        actor=by,
        reason=filing.taken_by,
    )
    clocks.start(ticket, received)
    ticket.save(force_insert=True)
    facts = [received]
    if told := _told_at(filing, browser, acknowledged_at):
        facts.append(ClockEvent(ticket=ticket, kind=ClockKind.ACKNOWLEDGED, at=told, actor=by))
    ClockEvent.objects.bulk_create(facts)
    audit.record(
        "ticket.opened",
        target=ticket,
        by=by,
        data={"right": filing.right.code, "channel": filing.channel, "state": ticket.state},
    )
    _first_mail(ticket, browser=browser)
    return ticket


def _told_at(filing: Filing, browser: str, told: datetime | None) -> datetime | None:
    """When the person heard that we have it (T02): from a colleague, or by the next page or mail.

    Where a mailbox is confirmed first, that is noted when it was.
    """
    if told is not None:
        return max(told, filing.received_at)
    at_once = not filing.right.needs_mailbox and (browser or filing.email)
    return max(timezone.now(), filing.received_at) if at_once else None


def _first_mail(ticket: Ticket, *, browser: str) -> None:
    """Ask the mailbox to confirm, or tell it that we have the request where nothing is asked."""
    if ticket.right.needs_mailbox and not ticket.email:
        return  # by phone or post: an officer notes how they showed who they are
    if ticket.right.needs_mailbox:
        letters.confirm(ticket, browser_hash=crypto.token_hash(browser) if browser else "")
        return
    if ticket.email:
        letters.received(ticket, known=False)
    if browser:
        # Without an address there is nothing anybody else could have told us: full view.
        see = links.remember_filer if ticket.email else links.let_browser_in
        see(ticket, browser)
