"""Admin classes whose doors are answered by the permission table, not by stored permissions."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property


class CappedPaginator(Paginator):
    """Counts no further than a reader would page: a table of millions costs no full count."""

    CAP = 1000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return len(rows.order_by()[: self.CAP + 1].values_list("pk", flat=True))

    @property
    def is_capped(self) -> bool:
        return self.count > self.CAP


class GuardedAdmin(admin.ModelAdmin):
    """Look with ``see``; change with ``write`` where there is one. Nothing is deleted here."""

    see: ClassVar[str]
    write: ClassVar[str] = ""
    may_add: ClassVar[bool] = False

    # An address that was typed without a scheme is a safe one.
    formfield_overrides: ClassVar[dict[Any, Any]] = {models.URLField: {"assume_scheme": "https"}}
    actions_on_top = False
    actions_selection_counter = False
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    paginator = CappedPaginator

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:  # noqa: ARG002 -- Django's signature
        """Only the filters that stand on the page. Any other look-up would answer questions about
        fields that the page does not show: stock Django allows all of the model's own.
        """
        field, _sep, kind = lookup.partition("__")
        return field in self._filter_names() and kind in {"", "exact", "isnull"}

    def _filter_names(self) -> set[str]:
        names = (getattr(one, "parameter_name", one) for one in self.list_filter)
        return {name for name in names if isinstance(name, str)}

    def response_action(self, request: HttpRequest, queryset: Any, *args: Any, **named: Any) -> Any:
        """No honest page offers a row without a number; stock Django ends in a 500 there."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if not all(one.isascii() and one.isdigit() and int(one) < 2**63 for one in chosen):
            raise BadRequest("A chosen row has no number")
        return super().response_action(request, queryset, *args, **named)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.see)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- Django's signature
        return request.user.has_perm(self.see)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- Django's signature
        return bool(self.write) and request.user.has_perm(self.write)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and self.has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- Django's signature
        return False

    @property
    def media(self) -> forms.Media:
        """No script: our pages need none, and the stock bundle is half a megabyte."""
        return forms.Media()
