from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from consent.admin.guarded import GuardedAdmin
from consent.models import Organisation, Site
from consent.services import audit


class _Settings(GuardedAdmin):
    """Rows that the privacy lead keeps up to date; each change stands in the trail."""

    see = "registry.read"
    write = "settings.rules"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit.record(
            f"{obj._meta.model_name}.{'changed' if change else 'added'}",
            target=obj,
            by=request.user,  # type: ignore[arg-type]  # a signed-in account
            data={"fields": sorted(form.changed_data)},
        )


@admin.register(Organisation)
class OrganisationAdmin(_Settings):
    list_display = ["name", "email", "dpo_name", "is_default"]
    readonly_fields = ["is_default"]


@admin.register(Site)
class SiteAdmin(_Settings):
    may_add = True
    list_display = ["name", "origin", "organisation"]
    readonly_fields = ["key"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The key names the site to our API: shown only to who may change the site."""
        fields = ["organisation", "name", "origin"]
        return [*fields, "key"] if obj and self.has_change_permission(request) else fields
