from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from consent.admin.guarded import GuardedAdmin
from consent.models import AuditEvent
from consent.services import words


@admin.register(AuditEvent)
class AuditEventAdmin(GuardedAdmin):
    """The trail as it was written: ids, codes and dates, no personal data.

    The list says what the codes mean and who did it; the page of an event shows it as stored.
    """

    see = "audit.read"
    list_display = ["happened_at", "action", "target_id", "actor_id", "is_sealed"]
    list_display_links = ["action"]
    search_fields = ["action", "=target_id"]
    search_help_text = _("What happened, or the whole id of the object")
    ordering = ["-id"]
    fields = [
        "sequence",
        "happened_at",
        "action",
        "target_label",
        "target_id",
        "actor_id",
        "data",
        "is_sealed",
    ]
    readonly_fields = ["is_sealed"]

    @admin.display(description=_("sealed"), boolean=True)
    def is_sealed(self, event: AuditEvent) -> bool:
        return event.mac is not None

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data:
            _explain(response.context_data["cl"].result_list, request.user)
        return response


def _explain(events: Any, reader: Any) -> None:
    """Give each event of the page its sentence and the names of what it is about."""
    who = [("auth.user", str(event.actor_id)) for event in events if event.actor_id]
    what = [(event.target_label, event.target_id) for event in events]
    named = words.targets([*who, *what], reader=reader)
    for event in events:
        event.sentence = words.of_event(event)
        event.about = named.get((event.target_label, event.target_id))
        event.who = named.get(("auth.user", str(event.actor_id)))
