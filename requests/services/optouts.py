"""Opt-outs with one button: no mail, no identity, and a number as proof (DESIGN 3.6)."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.addresses import email_key
from consent.models import Organisation
from consent.services import audit
from requests.enums import Purpose
from requests.errors import GateClosed
from requests.models import RightRule, Ticket
from requests.services import intake, letters, lifecycle, links


def opt_out(
    right: RightRule, organisation: Organisation, *, language: str, nonce: str, browser: str
) -> Ticket:
    """Record the choice of one browser. A second click finds the ticket of the first."""
    now = timezone.now()
    filing = intake.Filing(
        right=right, organisation=organisation, language=language, received_at=now
    )
    ticket, is_new = intake.open_ticket(filing, by=None, nonce=nonce, browser=browser)
    if not is_new and not ticket.email and not links.access(ticket.reference, browser, now=now):
        # The second click came before the cookie of the first. Only this page had the nonce.
        links.let_browser_in(ticket, browser)
    return ticket


@transaction.atomic
def add_email(ticket_id: int, email: str, *, browser: str) -> Ticket:
    """Extend the choice to whatever we hold under ``email``. Nobody is asked to confirm.

    From now on somebody else might read the address's mail: the browser keeps the progress
    only, and the mail's link opens the rest.
    """
    ticket = lifecycle.lock(ticket_id)
    if not ticket.right.one_button or ticket.email or not ticket.is_open:
        raise GateClosed(_("An address was added already. Write us a message to change it."))
    ticket.email, ticket.email_key = email, email_key(email)
    ticket.version += 1
    ticket.save(update_fields=["email", "email_key", "version"])
    links.revoke(ticket, Purpose.BROWSER)
    links.remember_filer(ticket, browser)
    audit.record("ticket.address_added", target=ticket, by=None)
    letters.received(ticket, known=False)
    return ticket
