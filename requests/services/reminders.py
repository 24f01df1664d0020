"""Reminding the officer before the promised date and on it, once each.

A reminder is derived, not stored: each run asks which open tickets have reached a step that
has no Firing yet. A timer that was dead for days sends one mail per ticket, for the step that
is true now; the steps it slept through are noted as done and never sent late.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from consent.enums import Role
from consent.models import Firing, Organisation
from consent.services import outbox, schedule
from requests.enums import State
from requests.models import Ticket
from requests.services import letters

# Days before the date by which the answer is due; 0 is the day itself.
STEPS = (5, 2, 0)


def remind_due(*, now: datetime | None = None) -> int:
    """Queue the reminders that are due at ``now``; return how many mails that made."""
    moment = now or timezone.now()
    sent = 0
    for organisation in Organisation.objects.all():
        today = moment.astimezone(ZoneInfo(organisation.time_zone)).date()
        for pk in _candidates(organisation, today):
            sent += _remind(pk, today=today)
    return sent


def _candidates(organisation: Organisation, today: date) -> list[int]:
    """Confirmed open tickets inside the first step; the partial index serves this query."""
    tickets = Ticket.objects.open().filter(
        organisation=organisation, due_on__lte=today + timedelta(days=max(STEPS))
    )
    tickets = tickets.exclude(state=State.NEW, confirmed_at__isnull=True)
    return list(tickets.order_by("due_on", "id").values_list("pk", flat=True))


@transaction.atomic
def _remind(ticket_id: int, *, today: date) -> int:
    ticket = Ticket.objects.select_related("right", "handler").get(pk=ticket_id)
    left = (ticket.due_on - today).days
    reached = [step for step in STEPS if left <= step]
    new = [step for step in reached if schedule.first_time(_job(ticket, step), str(ticket.due_on))]
    if not reached or min(reached) not in new:
        return 0  # the step that is true now was told already
    recipients = _recipients(ticket)
    for user in recipients:
        outbox.enqueue(
            "officer_reminder",
            key=f"reminder:{ticket.pk}:{ticket.due_on}:{min(reached)}:{user.pk}",
            to=user.email,
            language=ticket.organisation.language,
            target=letters.target_of(ticket),
            context={
                "reference": ticket.reference,
                "right": ticket.right.goals,
                "due_on": ticket.due_on.isoformat(),
                "days_left": left,
                "url": f"{settings.SITE_URL}/admin/requests/ticket/{ticket.pk}/change/",
            },
        )
    return len(recipients)


def _job(ticket: Ticket, step: int) -> str:
    return f"reminder:ticket:{ticket.pk}:promise:{step}"


def _recipients(ticket: Ticket) -> list[User]:
    """The handler; from two days before, or where nobody has taken it, the leads as well."""
    people = Q(pk=ticket.handler_id)
    last_steps = Firing.objects.filter(job=_job(ticket, 2), due=str(ticket.due_on)).exists()
    if ticket.handler_id is None or last_steps:
        people |= Q(groups__name=Role.PRIVACY_LEAD_DPO)
    active = User.objects.filter(people, is_active=True).exclude(email="")
    return list(active.distinct().order_by("pk"))
