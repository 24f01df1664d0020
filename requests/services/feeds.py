"""The private calendar feed of an officer (RFC 5545): dates and numbers, nobody's name.

Whoever has the address can read it, so it says nothing that a number does not say. It is derived
on each read: nothing has to be kept in step, and an officer who lost a role reads an empty one.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Max, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from consent import crypto
from consent.services import audit
from requests.enums import OPEN, State
from requests.models import CalendarFeed, Ticket
from requests.models.ticket import TicketQuerySet

# A closed request stays in the feed so long, as cancelled, that every program has seen it.
SHOW_CANCELLED = timedelta(days=60)
# More than anybody has on their desk; a feed is read as a whole.
LONGEST = 1000


@transaction.atomic
def make(*, by: User) -> str:
    """A new private address for ``by``; the old one ends. The token is shown this once."""
    _end(by)
    token = crypto.new_token()
    feed = CalendarFeed.objects.create(owner=by, token_hash=crypto.token_hash(token))
    audit.record("feed.made", target=feed, by=by)
    return token


@transaction.atomic
def revoke(*, by: User) -> bool:
    """End the address of ``by``. False: there was none."""
    feed = _end(by)
    if feed is None:
        return False
    audit.record("feed.revoked", target=feed, by=by)
    return True


def _end(owner: User) -> CalendarFeed | None:
    # The account's row is the lock: two clicks at once must not leave two addresses.
    User.objects.select_for_update().get(pk=owner.pk)
    feed = CalendarFeed.objects.filter(owner=owner, revoked_at__isnull=True).first()
    if feed is not None:
        feed.revoked_at = timezone.now()
        feed.save(update_fields=["revoked_at"])
    return feed


def current(owner: User) -> CalendarFeed | None:
    return CalendarFeed.objects.filter(owner=owner, revoked_at__isnull=True).first()


def owner_of(token: str) -> User | None:
    """Who reads under this address: an active colleague who may see requests, or nobody."""
    feed = (
        CalendarFeed.objects.select_related("owner")
        .filter(token_hash=crypto.token_hash(token), revoked_at__isnull=True)
        .first()
    )
    if feed is None or not feed.owner.has_perm("ticket.read"):
        return None
    return feed.owner


def of(user: User, *, language: str, now: datetime) -> bytes:
    """The calendar of ``user`` as a file: their own open requests, and what ended lately."""
    with translation.override(language):
        calendar = Calendar()
        calendar.add("prodid", "-//Privacy Portal//Deadlines//EN")
        calendar.add("version", "2.0")
        calendar.add("method", "PUBLISH")
        calendar.add("x-wr-calname", _("Deadlines of requests"))
        for ticket in _tickets(user, now):
            calendar.add_component(_event(ticket))
        return bytes(calendar.to_ical())


def _tickets(user: User, now: datetime) -> Iterable[Ticket]:
    lately = now - SHOW_CANCELLED
    ended = Q(state__in=[State.ANSWERED, State.CLOSED]) & (
        Q(closed_at__gte=lately) | Q(closed_at__isnull=True, answered_at__gte=lately)
    )
    mine: TicketQuerySet = Ticket.objects.visible_to(user).filter(handler=user)
    return (
        mine.filter(Q(state__in=OPEN) | ended)
        .select_related("right")
        .annotate(facts=Count("clock_events"), changed=Max("clock_events__recorded_at"))
        .order_by("due_on", "id")[:LONGEST]
    )


def _event(ticket: Ticket) -> Event:
    """One whole day. UID never changes; SEQUENCE grows with each fact and each move."""
    event, changed = Event(), _changed(ticket)
    event.add("uid", f"ticket-{ticket.pk}@{urlsplit(settings.SITE_URL).hostname or 'portal'}")
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    event.add("sequence", ticket.version + ticket.facts)  # type: ignore[attr-defined]  # annotated
    event.add("dtstart", ticket.due_on)
    event.add("dtend", ticket.due_on + timedelta(days=1))
    event.add("summary", f"{ticket.reference}: {_summary(ticket)}")
    event.add("description", ticket.right.goal)
    path = reverse("admin:requests_ticket_change", args=[ticket.pk])
    event.add("url", f"{settings.SITE_URL}{path}")
    event.add("status", "CONFIRMED" if ticket.is_open else "CANCELLED")
    event.add("transp", "TRANSPARENT")
    event.add("class", "PRIVATE")
    return event


def _changed(ticket: Ticket) -> datetime:
    changed: datetime | None = ticket.changed  # type: ignore[attr-defined]  # annotated
    moments = [ticket.received_at, changed, ticket.answered_at, ticket.closed_at]
    return max(moment for moment in moments if moment).astimezone(UTC).replace(microsecond=0)


def _summary(ticket: Ticket) -> str:
    if not ticket.is_open:
        return str(_("done"))
    if ticket.clock.get("pause_open"):
        return str(_("clock stopped, we write by this day"))
    return str(_("answer due"))
