"""The mails about a ticket: which template, which link, when. The text is in templates/email/.

A mail carries no personal data beyond what its reader typed themselves, and the first one not
even that: whoever files for a stranger's address must not be able to speak through us.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from consent import crypto
from consent.enums import MailState
from consent.models import OutboundEmail
from consent.services import outbox
from requests.enums import ClockKind, Purpose, Waiting
from requests.models import ClockEvent, Decision, Message, Ticket, Verification
from requests.services import links

# Mails one address may get from us before its owner has shown to want them (SECURITY T-10).
PER_HOUR, PER_DAY = 3, 10
_UNASKED = ("confirm", "confirm_again", "return_code", "mandate", "received")


def confirm(ticket: Ticket, *, browser_hash: str) -> bool:
    """Ask the mailbox to confirm, by link and by code. False: it has had enough mails for now.

    The request is filed all the same and the page says the same, so a flood of forms can
    neither bomb a mailbox nor learn anything.
    """
    row, token = links.issue(
        ticket, Purpose.CONFIRM, browser_hash=browser_hash, code_salt=crypto.new_salt()
    )
    if not may_mail(ticket.email):
        return False
    _send(
        ticket,
        "confirm",
        key=row.pk,
        url=_url(ticket, "confirm", token),
        verification=row.pk,
        code=crypto.new_code() if browser_hash else "",
        until=row.expires_at.isoformat(),
    )
    return True


def confirm_again(ticket: Ticket, *, closes_at: datetime) -> bool:
    """Remind the mailbox, with a new link; the old one works as long as it said.

    False: it has had enough mails from us for now.
    """
    if not may_mail(ticket.email):
        return False
    row, token = links.issue(ticket, Purpose.CONFIRM)
    _send(
        ticket,
        "confirm_again",
        key=row.pk,
        url=_url(ticket, "confirm", token),
        until=row.expires_at.isoformat(),
        closes_at=closes_at.isoformat(),
    )
    return True


def still_waiting(ticket: Ticket, *, about: str, step: int, days_left: int) -> bool:
    """Say what we still need, how long there is, and what happens if nothing comes."""
    row, token = links.issue(ticket, Purpose.FOLLOW)
    _send(
        ticket,
        "waiting",
        key=row.pk,
        url=_url(ticket, "follow", token),
        waiting_for=about,
        days_left=days_left,
        is_last=step > 7,
    )
    return True


def received(ticket: Ticket, *, known: bool = True) -> bool:
    """Tell the person that we have the request and when they will have an answer (T02).

    ``known``: the mailbox is shown to be theirs. Else the limit for strangers applies.
    """
    if not known and not may_mail(ticket.email):
        return False
    row, token = links.issue(ticket, Purpose.FOLLOW)
    _send(ticket, "received", key=row.pk, url=_url(ticket, "follow", token))
    return True


def return_code(ticket: Ticket, row: Verification) -> bool:
    """Send the code with which another browser gets back to the status page."""
    if not may_mail(ticket.email):
        return False
    _send(
        ticket,
        "return_code",
        key=row.pk,
        url=_url(ticket, "status", ticket.reference),
        verification=row.pk,
        code=crypto.new_code(),
    )
    return True


def mandate(ticket: Ticket) -> bool:
    """Ask the person whether the agent may act for them."""
    if not may_mail(ticket.person_email):
        return False
    row, token = links.issue(ticket, Purpose.MANDATE)
    _send(
        ticket,
        "mandate",
        key=row.pk,
        to=ticket.person_email,
        url=_url(ticket, "mandate", token),
        until=row.expires_at.isoformat(),
    )
    return True


def message_waiting(ticket: Ticket, message: Message, *, delay: int) -> None:
    """Say that a message waits, not what it says."""
    _row, token = links.issue(ticket, Purpose.FOLLOW)
    _send(ticket, "message", key=message.pk, delay=delay, url=_url(ticket, "follow", token))


def question(ticket: Ticket, message: Message, *, about: Waiting, delay: int) -> None:
    """Say that we need one thing, what the clock does meanwhile, and that the page tells what."""
    _row, token = links.issue(ticket, Purpose.FOLLOW)
    _send(
        ticket,
        "question",
        key=message.pk,
        delay=delay,
        url=_url(ticket, "follow", token),
        waiting_for=about,
        stops=bool(ticket.clock.get("pause_open")),
    )


def extended(ticket: Ticket, message: Message, *, delay: int, **words: Any) -> None:
    """Say that the answer takes longer: why, the old date, the new one, who hears complaints."""
    _row, token = links.issue(ticket, Purpose.FOLLOW)
    _send(
        ticket,
        "extended",
        key=message.pk,
        delay=delay,
        url=_url(ticket, "follow", token),
        **words,
        **_authority(ticket),
    )


def looking_again(ticket: Ticket, event: ClockEvent) -> None:
    """Say that we look at our answer again, and by when the decision is there."""
    _row, token = links.issue(ticket, Purpose.FOLLOW)
    _send(ticket, "looking_again", key=event.pk, url=_url(ticket, "follow", token))


def looked_again(ticket: Ticket, message: Message, *, changed: bool, delay: int) -> None:
    """Say that the decision is there. Its text is read on the page, behind the link."""
    _row, token = links.issue(ticket, Purpose.FOLLOW)
    _send(
        ticket,
        "looked_again",
        key=message.pk,
        delay=delay,
        url=_url(ticket, "follow", token),
        changed=changed,
        **_authority(ticket),
    )


def _authority(ticket: Ticket) -> dict[str, Any]:
    place = ticket.residence
    if place is None or not place.authority_en:
        return {"authority": None, "authority_url": ""}
    names = {"en": place.authority_en, "sq": place.authority_sq or place.authority_en}
    return {"authority": names, "authority_url": place.authority_url}


def answered(ticket: Ticket, decision: Decision, *, delay: int = 0) -> None:
    """Say that the answer is there. Its text is read on the page, behind the link."""
    _row, token = links.issue(ticket, Purpose.FOLLOW)
    _send(
        ticket,
        "answered",
        key=decision.pk,
        delay=delay,
        url=_url(ticket, "follow", token),
        outcome=decision.outcome,
        is_no=bool(decision.denial_code),
    )


def withdrawn(ticket: Ticket) -> None:
    row, token = links.issue(ticket, Purpose.FOLLOW)
    # Its own key each time: a request that was opened again can be withdrawn again.
    _send(ticket, "withdrawn", key=row.pk, url=_url(ticket, "follow", token))


def may_mail(address: str) -> bool:
    """Whether an address whose owner we do not know may get one more mail."""
    now = timezone.now()
    hour, day = now - timedelta(hours=1), now - timedelta(days=1)
    asked = OutboundEmail.objects.filter(to=address, template__in=_UNASKED, created_at__gt=day)
    mails = asked.exclude(state=MailState.CANCELLED).order_by("-created_at")
    times = list(mails.values_list("created_at", flat=True)[:PER_DAY])
    return len(times) < PER_DAY and sum(time > hour for time in times) < PER_HOUR


def take_back(message: Message) -> bool:
    """Stop the mail that tells of a message. False: it is leaving or has left."""
    return outbox.cancel(f"{_template_of(message)}:{message.pk}")


def _template_of(message: Message) -> str:
    if message.event is None:
        return "message"
    return "extended" if message.event.kind == ClockKind.EXTENSION_NOTICE_SENT else "question"


def target_of(ticket: Ticket) -> str:
    return f"requests.ticket:{ticket.pk}"


def _url(ticket: Ticket, name: str, token: str) -> str:
    return f"{settings.SITE_URL}{links.path(name, token, language=ticket.language)}"


def _send(
    ticket: Ticket, template: str, *, key: int, to: str = "", delay: int = 0, **context: Any
) -> None:
    outbox.enqueue(
        template,
        key=f"{template}:{key}",
        to=to or ticket.email,
        language=ticket.language,
        target=target_of(ticket),
        delay=delay,
        context={
            "reference": ticket.reference,
            "right": ticket.right.goals,
            "due_on": ticket.due_on.isoformat(),
            **context,
        },
    )
