from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from consent.admin.guarded import GuardedAdmin
from consent.models import Holiday, Jurisdiction


@admin.register(Jurisdiction)
class JurisdictionAdmin(GuardedAdmin):
    see = "registry.read"
    list_display = ["code", "name", "calendar", "time_zone", "authority"]
    search_fields = ["=code", "name_en", "name_sq"]
    ordering = ["sort_order", "name_en"]

    @admin.display(description=_("name"), ordering="name_en")
    def name(self, place: Jurisdiction) -> str:
        return place.name

    @admin.display(description=_("authority"))
    def authority(self, place: Jurisdiction) -> str:
        return place.authority


@admin.register(Holiday)
class HolidayAdmin(GuardedAdmin):
    see = "registry.read"
    list_display = ["day", "name", "calendar"]
    list_filter = ["calendar"]
    ordering = ["calendar", "day"]
