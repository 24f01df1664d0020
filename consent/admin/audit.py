from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from consent.admin.guarded import GuardedAdmin
from consent.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(GuardedAdmin):
    """The trail as it was written: ids, codes and dates, no personal data."""

    see = "audit.read"
    list_display = ["happened_at", "action", "target_label", "target_id", "actor_id", "is_sealed"]
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
