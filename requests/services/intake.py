"""Opening a ticket: one transaction, a mail in the outbox, and nobody looked up."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from consent import crypto
from consent.addresses import email_key
from consent.models import Jurisdiction, Organisation
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


def open_ticket(
    filing: Filing, *, by: Actor, nonce: str | None = None, browser: str = ""
) -> tuple[Ticket, bool]:
    """File a request; return the ticket and whether it is new.

    ``nonce`` names the form: a second click, a reload or a retry finds the ticket of the
    first. ``browser`` is the cookie of the browser that filed; the code works only there.
    """
    try:
        with transaction.atomic():
            return _open(filing, by=by, nonce=nonce, browser=browser), True
    except IntegrityError:
        existing = Ticket.objects.select_related("right").filter(form_nonce=nonce).first()
        if nonce is None or existing is None:
            raise
        return existing, False


def _open(filing: Filing, *, by: Actor, nonce: str | None, browser: str) -> Ticket:
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
        person_name=filing.person_name,
        person_email=filing.person_email,
        details=filing.details,
        customer_number=filing.customer_number,
        received_at=filing.received_at,
        form_nonce=nonce,
    )
    received = ClockEvent(ticket=ticket, kind=ClockKind.RECEIVED, at=filing.received_at, actor=by)
    clocks.start(ticket, received)
    ticket.save(force_insert=True)
    received.save(force_insert=True)
    audit.record(
        "ticket.opened",
        target=ticket,
        by=by,
        data={"right": filing.right.code, "channel": filing.channel, "state": ticket.state},
    )
    _first_mail(ticket, browser=browser)
    return ticket


def _first_mail(ticket: Ticket, *, browser: str) -> None:
    """Ask the mailbox to confirm, or tell it that we have the request where nothing is asked."""
    if ticket.right.needs_mailbox:
        letters.confirm(ticket, browser_hash=crypto.token_hash(browser) if browser else "")
        return
    if ticket.email:
        letters.received(ticket, known=False)
    if browser:
        # Without an address there is nothing anybody else could have told us: full view.
        see = links.remember_filer if ticket.email else links.let_browser_in
        see(ticket, browser)
