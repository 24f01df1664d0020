"""When the sweep looks at a request again: one indexed date on its row, derived and never typed.

The sweep takes the open requests whose date has come, does what is due (services.reminders) and
writes down when the next thing will be. Whoever changes what that follows from, the clock or the
state, only says "look again": the next pass finds out what it means. So the date can be lost or
wrong without harm that lasts; a part of all open requests is looked at anew each day.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import F
from django.db.models.functions import Mod
from django.utils import timezone

from requests.deadlines import Explanation
from requests.models import Ticket

FIELD = "next_alarm_at"
# The part of a ticket's clock that the sweep reads: small, where the whole is not.
PART = "reminders"
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


def part_of(
    found: Explanation, *, asked_at: datetime | None, is_acknowledged: bool
) -> dict[str, Any]:
    """What reminders follow from, of dates that were just computed."""
    decide = _decide_by(found)
    acknowledge = None if is_acknowledged else found.ack_due
    return {
        "stopped": found.pause_open,
        "asked_at": asked_at.isoformat() if asked_at else None,
        "acknowledge_by": acknowledge.isoformat() if acknowledge else None,
        "decide_by": decide.isoformat() if decide else None,
    }


def write(looks: Mapping[int, datetime]) -> None:
    """Note when each of these locked requests is looked at next, in one statement."""
    if not looks:
        return
    stored = connection.ops.adapt_datetimefield_value
    pairs = [[pk, str(stored(at))] for pk, at in looks.items()]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE[connection.vendor], [json.dumps(pairs)])


_WRITE = {
    "postgresql": (
        "UPDATE requests_ticket SET next_alarm_at = (look.value ->> 1)::timestamptz"
        " FROM json_array_elements(%s::json) AS look (value)"
        " WHERE requests_ticket.id = (look.value ->> 0)::bigint"
    ),
    "sqlite": (
        "UPDATE requests_ticket SET next_alarm_at = look.value ->> 1"
        " FROM json_each(%s) AS look WHERE requests_ticket.id = look.value ->> 0"
    ),
}


def _decide_by(found: Explanation) -> Any:
    """Until when more time can be taken: only where a law gives it and nobody took it yet."""
    regimes = found.per_regime.values()
    notices = [dates.extension_notice_due for dates in regimes if dates.extension_notice_due]
    if not notices or any(dates.extension_valid is not None for dates in regimes):
        return None
    return min([*notices, found.promise_due] if found.promise_due else notices)
