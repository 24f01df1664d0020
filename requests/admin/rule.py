from django.contrib import admin

from consent.admin.guarded import GuardedAdmin
from requests.models import DeadlineRule, RightRule


@admin.register(RightRule)
class RightRuleAdmin(GuardedAdmin):
    """What people can ask for. Shipped as data, read here."""

    see = "registry.read"
    list_display = ["label", "code", "law", "level", "second_person"]
    list_display_links = ["label"]
    search_fields = ["code", "label_en", "label_sq"]


@admin.register(DeadlineRule)
class DeadlineRuleAdmin(GuardedAdmin):
    """The versions of each deadline rule. A stored version is never edited."""

    see = "registry.read"
    list_display = ["code", "version", "law", "effective_from", "effective_to", "status"]
    search_fields = ["code", "law"]
