"""When the sweep looks at a request again: one indexed date on its row, derived and never typed.

The sweep takes the open requests whose date has come, does what is due (services.reminders) and
writes down when the next thing will be. Whoever changes what that follows from, the clock or the
state, only says "look again": the next pass finds out what it means. So the date can be lost or
wrong without harm that lasts; a part of all open requests is looked at anew each day.
"""

from datetime import UTC, datetime

from django.db.models import F
from django.db.models.functions import Mod
from django.utils import timezone

from requests.models import Ticket

FIELD = "next_alarm_at"
# Nothing more to come, as long as nobody changes the request.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
# A wrong date is found within so many days.
PARTS = 7


def look_again(ticket: Ticket) -> None:
    """Have the next sweep look at ``ticket``; the caller saves FIELD."""
    ticket.next_alarm_at = timezone.now()


def look_at_all(*, now: datetime, part: int | None = None) -> int:
    """Have the next sweep look at every open request, or at one of PARTS of them."""
    rows = Ticket.objects.open().filter(next_alarm_at__gt=now)
    if part is not None:
        rows = rows.annotate(part=Mod(F("pk"), PARTS)).filter(part=part % PARTS)
    return rows.update(next_alarm_at=now)
