"""The one mail that does not wait for the morning: a date passed today, without an answer."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from consent.services import outbox
from requests.enums import State
from requests.models import Ticket
from requests.services.reminders.colleagues import Colleagues
from requests.services.reminders.steps import LATE, Kind

# So many are named; the list in the admin has them all.
NAMED = 20


def tell(tickets: Sequence[Ticket], colleagues: Colleagues, *, now: datetime) -> None:
    """One mail per colleague for all of ``tickets``, which became late in this batch."""
    mine: dict[int, list[Ticket]] = {}
    for ticket in tickets:
        kind = Kind.APPEAL if ticket.state == State.APPEAL else Kind.ANSWER
        for pk in colleagues.of_step(kind, LATE, ticket.handler_id):
            mine.setdefault(pk, []).append(ticket)
    for pk, address in colleagues.addresses_of(mine):
        _send(pk, address, mine[pk], now)


def _send(pk: int, address: str, tickets: list[Ticket], now: datetime) -> None:
    first = tickets[0]
    only = f"{first.pk}/change/" if len(tickets) == 1 else "?show=late"
    outbox.enqueue(
        "late_today",
        # Each request is late once for a date, so the first of them names the mail.
        key=f"late_today:{pk}:{first.pk}:{first.state == State.APPEAL:d}:{now.isoformat()}",
        to=address,
        language=first.organisation.language,
        context={
            "reference": first.reference,
            "count": len(tickets),
            "more": max(0, len(tickets) - NAMED),
            "items": [
                {
                    "reference": ticket.reference,
                    "right": ticket.right.goals,
                    "date": ticket.due_on.isoformat(),
                }
                for ticket in tickets[:NAMED]
            ],
            "url": f"{settings.SITE_URL}/admin/requests/ticket/{only}",
        },
    )
