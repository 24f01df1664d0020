"""The one mail that does not wait for the morning: a date passed today, without an answer."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from consent.services import outbox
from requests.enums import State
from requests.services.reminders.colleagues import Colleagues
from requests.services.reminders.facts import Row, Surroundings
from requests.services.reminders.steps import LATE, Kind

# So many are named; the list in the admin has them all.
NAMED = 20


def tell(
    rows: Sequence[Row], around: Surroundings, colleagues: Colleagues, *, now: datetime
) -> None:
    """One mail per colleague for all of ``rows``, which became late in this batch."""
    mine: dict[int, list[Row]] = {}
    for row in rows:
        kind = Kind.APPEAL if row.state == State.APPEAL else Kind.ANSWER
        for pk in colleagues.of_step(kind, LATE, row.handler_id):
            mine.setdefault(pk, []).append(row)
    for pk, address in colleagues.addresses_of(mine):
        _send(pk, address, mine[pk], around, now)


def _send(pk: int, address: str, rows: list[Row], around: Surroundings, now: datetime) -> None:
    first = rows[0]
    only = f"{first.pk}/change/" if len(rows) == 1 else "?show=late"
    outbox.enqueue(
        "late_today",
        # A batch has each request once, so its first one names the mail.
        key=f"late_today:{pk}:{first.pk}:{now.isoformat()}",
        to=address,
        language=around.organisations[first.organisation_id].language,
        context={
            "reference": first.reference,
            "count": len(rows),
            "more": max(0, len(rows) - NAMED),
            "items": [
                {
                    "reference": row.reference,
                    "right": around.rights[row.right_id].goals,
                    "date": row.due_on.isoformat(),
                }
                for row in rows[:NAMED]
            ],
            "url": f"{settings.SITE_URL}/admin/requests/ticket/{only}",
        },
    )
