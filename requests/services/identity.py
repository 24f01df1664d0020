"""Showing that a mailbox is yours: by a link anywhere, or by a code in the browser that asked."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import crypto
from consent.addresses import email_key
from consent.models import DataSubject
from consent.services import audit
from requests.enums import ClockKind, Filer, Outcome, Purpose, State
from requests.errors import (
    CodeRefused,
    CodeUsedUp,
    GateClosed,
    LinkEnded,
    TooManyMails,
    WrongCode,
)
from requests.models import Ticket, Verification
from requests.services import clocks, letters, lifecycle, links

TRIES = 5
CODES_PER_HOUR = 3


def activate_code(content: dict[str, Any]) -> None:
    """Hash the code of a mail that is about to leave; its ten minutes begin now.

    Called by the mail worker (consent.services.outbox.before_sending). The slow hash costs its
    time there, not while a person waits, and no code can be typed before it was sent.
    """
    now = timezone.now()
    row = Verification.objects.get(pk=content["verification"])
    if not content["code"]:  # no browser of the person's is known in which it could be typed
        return
    row.code_hash = crypto.code_hash(content["code"], salt=row.code_salt)
    row.code_until = now + links.CODE_LIFETIME
    row.save(update_fields=["code_hash", "code_until"])
    content["code"] = f"{content['code'][:4]} {content['code'][4:]}"


@transaction.atomic
def confirm(verification: Verification, *, browser: str) -> Ticket:
    """The person behind the mailbox pressed the button. A second press changes nothing."""
    ticket = lifecycle.lock(verification.ticket_id)
    verification.refresh_from_db()
    if verification.used_at is None:
        _refuse_ended(verification)
    if ticket.confirmed_at is None:
        if ticket.state == State.CLOSED and not opens_again(ticket, verification):
            raise LinkEnded(_("This request is closed. You can make a new one."))
        _confirmed(ticket)
    if verification.used_at is None:
        verification.used_at = timezone.now()
        verification.save(update_fields=["used_at"])
        links.let_browser_in(ticket, browser)
    return ticket


def confirm_by_code(ticket: Ticket, typed: str, *, browser: str) -> Ticket:
    """Check a code in the browser that filed or asked. Each look costs a try, also in parallel."""
    row = _take_a_try(ticket, browser)
    now = timezone.now()
    digits = "".join(sign for sign in typed if sign.isdigit() and sign.isascii())
    if row.code_until is None or row.code_until < now:
        raise CodeUsedUp
    if not crypto.same(crypto.code_hash(digits, salt=row.code_salt), row.code_hash):
        if row.tries >= TRIES:
            raise CodeUsedUp(compared=True)
        raise WrongCode(tries_left=TRIES - row.tries)
    with transaction.atomic():
        ticket = lifecycle.lock(ticket.pk)
        used = Verification.objects.filter(pk=row.pk, used_at__isnull=True).update(used_at=now)
        if not used:
            raise CodeUsedUp
        if ticket.confirmed_at is None and (ticket.state == State.NEW or was_left(ticket)):
            _confirmed(ticket)
        links.let_browser_in(ticket, browser)
    return ticket


def come_back(reference: str, typed: str, *, browser: str) -> Ticket:
    """A browser we do not know types a number's code. Every failure looks and takes the same,
    so that nobody learns whether number and address fit.
    """
    ticket = Ticket.objects.select_related("right").filter(reference=reference).first()
    compared = False
    try:
        if ticket is not None:
            return confirm_by_code(ticket, typed, browser=browser)
    except WrongCode:
        compared = True
    except CodeUsedUp as error:
        compared = error.compared
    if not compared:
        crypto.code_hash("", salt=crypto.new_salt())  # as slow as a comparison
    raise CodeRefused


@transaction.atomic
def follow(verification: Verification, *, browser: str) -> Ticket:
    """The button behind a mail's link: this browser may see the request for twelve hours."""
    _refuse_ended(verification)
    links.let_browser_in(verification.ticket, browser)
    return verification.ticket


def _take_a_try(ticket: Ticket, browser: str) -> Verification:
    """Count one try on this browser's newest code, in the database, before it is compared."""
    row = (
        Verification.objects.filter(
            ticket=ticket,
            purpose__in=[Purpose.CONFIRM, Purpose.CODE],
            browser_hash=crypto.token_hash(browser),
            revoked_at__isnull=True,
            used_at__isnull=True,
        )
        .order_by("-id")
        .first()
    )
    if row is None or row.code_until is None:  # none was asked for, or it has not left yet
        raise CodeUsedUp
    counted = Verification.objects.filter(pk=row.pk, tries__lt=TRIES).update(tries=F("tries") + 1)
    if not counted:
        raise CodeUsedUp
    row.refresh_from_db()
    return row


def _confirmed(ticket: Ticket) -> None:
    """Now, and not before, the person is looked up or added, and told that we have it."""
    now = timezone.now()
    ticket.confirmed_at = now
    fields = ["confirmed_at"]
    if ticket.filer == Filer.PERSON:
        ticket.subject = _subject(ticket, email=ticket.email, name=ticket.name)
        fields.append("subject")
    ticket.save(update_fields=fields)
    audit.record("ticket.email_confirmed", target=ticket, by=None)
    if was_left(ticket):  # the day it came in, and the date that follows from it, stay
        lifecycle.move(ticket, State.TRIAGE, by=None, outcome="")
    elif ticket.state == State.NEW:  # else an officer saw who asks before
        lifecycle.move(ticket, State.TRIAGE, by=None)
    letters.received(ticket)
    if clocks.has(ticket, ClockKind.ACKNOWLEDGED) is None:
        clocks.add(ticket, ClockKind.ACKNOWLEDGED, at=now, by=None)
    if ticket.filer == Filer.AGENT and ticket.mandate_at is None:
        letters.mandate(ticket)


def was_left(ticket: Ticket) -> bool:
    """Whether the request was closed because nobody confirmed it."""
    return ticket.state == State.CLOSED and ticket.outcome == Outcome.NOT_CONFIRMED


def opens_again(ticket: Ticket, verification: Verification) -> bool:
    """Whether a link opens a request again that nobody had confirmed: one asked for since."""
    closed = ticket.closed_at
    return was_left(ticket) and closed is not None and verification.created_at > closed


def _subject(ticket: Ticket, *, email: str, name: str) -> DataSubject:
    """The person behind a mailbox that was shown to be theirs. What we know already stays."""
    subject, _created = DataSubject.objects.get_or_create(
        organisation_id=ticket.organisation_id,
        email_key=email_key(email),
        defaults={
            "email": email,
            "name": name,
            "language": ticket.language,
            "residence_id": ticket.residence_id,
        },
    )
    return subject


@transaction.atomic
def not_me(verification: Verification) -> Ticket:
    """The owner of the mailbox did not ask. The request ends, and no further mail goes there."""
    _refuse_ended(verification)
    ticket = lifecycle.lock(verification.ticket_id)
    left = was_left(ticket)
    if left:  # closed already; now we know why nobody confirmed
        ticket.outcome = Outcome.NOT_A_REQUEST
        ticket.save(update_fields=["outcome"])
    elif ticket.state == State.NEW:
        lifecycle.move(ticket, State.CLOSED, by=None, outcome=Outcome.NOT_A_REQUEST)
        left = True
    if left:
        audit.record("ticket.disowned", target=ticket, by=None)
        links.revoke(ticket, *Purpose)
    return ticket


@transaction.atomic
def answer_mandate(verification: Verification, *, agreed: bool) -> Ticket:
    """The person says whether the agent may act for them. "No" stops the request."""
    ticket = lifecycle.lock(verification.ticket_id)
    verification.refresh_from_db()
    if verification.used_at is not None:
        return ticket
    _refuse_ended(verification)
    verification.used_at = timezone.now()
    verification.save(update_fields=["used_at"])
    if agreed:
        ticket.mandate_at = verification.used_at
        ticket.subject = _subject(ticket, email=ticket.person_email, name=ticket.person_name)
        ticket.version += 1
        ticket.save(update_fields=["mandate_at", "subject", "version"])
        audit.record("ticket.mandate_confirmed", target=ticket, by=None)
    elif ticket.is_open:
        audit.record("ticket.mandate_denied", target=ticket, by=None)
        lifecycle.move(ticket, State.CLOSED, by=None, outcome=Outcome.NOT_A_REQUEST)
    return ticket


@transaction.atomic
def resend(ticket_id: int, *, browser: str) -> None:
    """A new link and code to the same address; the old ones end. At most three an hour."""
    ticket = lifecycle.lock(ticket_id)
    if ticket.confirmed_at is not None or ticket.state != State.NEW:
        raise GateClosed(_("Your email is confirmed already."))
    _refuse_too_many(ticket)
    links.revoke(ticket, Purpose.CONFIRM)
    if not letters.confirm(ticket, browser_hash=crypto.token_hash(browser)):
        raise TooManyMails


@transaction.atomic
def renew(verification: Verification, *, browser: str) -> None:
    """Send a new link, asked for on an ended link's page, to the address on file only."""
    ticket = lifecycle.lock(verification.ticket_id)
    _refuse_too_many(ticket)
    if ticket.confirmed_at is None and (ticket.state == State.NEW or was_left(ticket)):
        links.revoke(ticket, Purpose.CONFIRM)
        sent = letters.confirm(ticket, browser_hash=crypto.token_hash(browser))
    else:
        sent = letters.received(ticket, known=False)
    if not sent:
        raise TooManyMails


@transaction.atomic
def change_address(ticket_id: int, email: str, *, browser: str) -> Ticket:
    """Correct a mistyped address before it is confirmed. Old links end; confirming starts anew.

    Raises GateClosed once the address is confirmed: then it is the proof of who asked.
    """
    ticket = lifecycle.lock(ticket_id)
    if ticket.confirmed_at is not None or ticket.state != State.NEW:
        raise GateClosed(
            _("Your email is confirmed already, so it cannot be changed here. Write us a message.")
        )
    _refuse_too_many(ticket)
    ticket.email, ticket.email_key = email, email_key(email)
    ticket.version += 1
    ticket.save(update_fields=["email", "email_key", "version"])
    links.revoke(ticket, Purpose.CONFIRM)
    audit.record("ticket.address_changed", target=ticket, by=None)
    if not letters.confirm(ticket, browser_hash=crypto.token_hash(browser)):
        raise TooManyMails
    return ticket


@transaction.atomic
def ask_return_code(reference: str, email: str, *, browser: str) -> None:
    """Send a code to come back with, if number and address fit. Nobody is told whether they do."""
    ticket = (
        Ticket.objects.select_related("right")
        .filter(reference=reference, email_key=email_key(email))
        .first()
    )
    if ticket is None or not ticket.email:
        return
    recent = Verification.objects.filter(
        ticket=ticket,
        purpose=Purpose.CODE,
        created_at__gt=timezone.now() - timedelta(hours=1),
    ).count()
    if recent >= CODES_PER_HOUR:
        return
    row = Verification.objects.create(
        ticket=ticket,
        purpose=Purpose.CODE,
        code_salt=crypto.new_salt(),
        browser_hash=crypto.token_hash(browser),
        expires_at=timezone.now() + links.LIFETIME[Purpose.CODE],
    )
    letters.return_code(ticket, row)


def _refuse_ended(verification: Verification) -> None:
    if verification.revoked_at is not None or verification.expires_at < timezone.now():
        raise LinkEnded(_("This link has ended. We can send you a new one."))


def _refuse_too_many(ticket: Ticket) -> None:
    recent = Verification.objects.filter(
        ticket=ticket,
        purpose=Purpose.CONFIRM,
        created_at__gt=timezone.now() - timedelta(hours=1),
    ).count()
    if recent >= CODES_PER_HOUR + 1:  # the first mail, and three more
        raise TooManyMails
