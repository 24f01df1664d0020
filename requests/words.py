"""What the codes of the trail and of the mails about requests mean to a reader."""

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from consent.models import AuditEvent
from consent.services.words import Target
from requests.enums import Outcome, State
from requests.models import Ticket

# Moves that no message or clock event tells already.
AUDITED = {
    "ticket.taken": gettext_lazy("Taken"),
    "ticket.email_confirmed": gettext_lazy("Email confirmed"),
    "ticket.address_changed": gettext_lazy("Address corrected by the person"),
    "ticket.mandate_confirmed": gettext_lazy("The person confirmed the agent"),
    "ticket.mandate_denied": gettext_lazy("The person did not confirm the agent"),
    "ticket.disowned": gettext_lazy("The owner of the address did not make this request"),
    "ticket.identity_shown": gettext_lazy("Identity shown to an officer"),
    "ticket.residence_changed": gettext_lazy("Residence changed, dates counted anew"),
    "ticket.recounted": gettext_lazy("Dates counted with newer rules"),
    "appeal.upheld": gettext_lazy("The answer stands"),
    "appeal.overturned": gettext_lazy("The answer was wrong"),
    "answer.prepared": gettext_lazy("Answer prepared"),
    "answer.approved": gettext_lazy("Answer released"),
    "answer.taken_back": gettext_lazy("Answer taken back"),
    "message.taken_back": gettext_lazy("Message taken back"),
    "messages.read": gettext_lazy("Messages marked as read"),
}

# What each mail about a request does, for people who never see the name of its template.
MAILS = {
    "confirm": gettext_lazy("asks to confirm the address"),
    "confirm_again": gettext_lazy("asks again to confirm the address"),
    "received": gettext_lazy("says that we have the request"),
    "mandate": gettext_lazy("asks whether the agent may act"),
    "return_code": gettext_lazy("carries a code for the page"),
    "message": gettext_lazy("says that a message waits"),
    "question": gettext_lazy("says that we ask something"),
    "waiting": gettext_lazy("reminds of our question"),
    "extended": gettext_lazy("says that we need more time"),
    "answered": gettext_lazy("says that the answer is there"),
    "looking_again": gettext_lazy("says that we look again"),
    "looked_again": gettext_lazy("says what we decided the second time"),
    "withdrawn": gettext_lazy("confirms the withdrawal"),
}
MAILS_TO_COLLEAGUES = {
    "digest": gettext_lazy("tells a colleague what is due today"),
    "late_today": gettext_lazy("tells a colleague that a request became late"),
    "reminders_stopped": gettext_lazy("tells a colleague that the reminders stand still"),
}

# What the timeline of a request tells by its messages and clock events.
TOLD = {
    "ticket.opened": gettext_lazy("Request filed"),
    "ticket.asked": gettext_lazy("Question sent to the person"),
    "ticket.arrived": gettext_lazy("What we asked for has arrived"),
    "ticket.acknowledged": gettext_lazy("The person knows that we have the request"),
    "ticket.extended": gettext_lazy("More time taken"),
    "ticket.appealed": gettext_lazy("The person asked to look again"),
    "ticket.reopened": gettext_lazy("Opened again"),
    "ticket.ended_for_silence": gettext_lazy("Ended: no answer came"),
    "ticket.address_added": gettext_lazy("Address added by the person"),
    "ticket.person_reminded": gettext_lazy("Person reminded"),
    "question.taken_back": gettext_lazy("Question taken back"),
    "extension.taken_back": gettext_lazy("More time taken back"),
    "message.received": gettext_lazy("Message from the person"),
    "message.sent": gettext_lazy("Message sent to the person"),
    "note.added": gettext_lazy("Note added"),
    "reminders.stopped": gettext_lazy("Reminders stopped"),
    "reminders.released": gettext_lazy("Reminders released"),
    "feed.made": gettext_lazy("Calendar address made"),
    "feed.revoked": gettext_lazy("Calendar address ended"),
    "rule.revised": gettext_lazy("Rule revised"),
}


def moved(event: AuditEvent) -> str:
    """The state a request moved to, and how it ended."""
    state = State(event.data["to"])
    # The label of this state speaks to the person.
    asked = state == State.AWAITING_REQUESTER
    title = gettext("waiting for the person") if asked else str(state.label)
    if event.data.get("outcome"):
        title += f": {Outcome(event.data['outcome']).label}"
    return title


def tickets(pks: set[str], reader: User) -> dict[str, Target]:
    """The references of the requests that ``reader`` may open."""
    seen = Ticket.objects.visible_to(reader).filter(pk__in=[pk for pk in pks if pk.isdigit()])
    return {
        str(pk): Target(reference, reverse("admin:requests_ticket_change", args=[pk]))
        for pk, reference in seen.values_list("pk", "reference")
    }
