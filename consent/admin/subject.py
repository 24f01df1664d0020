from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from consent.admin.guarded import GuardedAdmin
from consent.models import DataSubject


@admin.register(DataSubject)
class DataSubjectAdmin(GuardedAdmin):
    """People whose mailbox was shown to be theirs, or whom an import brought."""

    see = "consent.read"
    list_display = ["email", "name", "language", "residence", "external_id", "created_at"]
    list_select_related = ["residence"]
    search_fields = ["=email_key", "=external_id"]
    search_help_text = _("A whole email address or customer number")
    ordering = ["-id"]
    exclude = ["email_key"]
