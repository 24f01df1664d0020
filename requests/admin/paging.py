"""Pages of the officers' list."""

from typing import Any

from django.core.paginator import Page
from django.db.models import Case

from consent.admin.guarded import CappedPaginator
from requests.services import queue


class DeadlinePaginator(CappedPaginator):
    """The list by deadline, read from its two halves; any other order as usual."""

    def page(self, number: int | str) -> Page[Any]:
        rows: Any = self.object_list
        if not self._is_by_deadline(rows.query.order_by):
            return super().page(number)
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        found = queue.page(rows, start, min(start + self.per_page, self.count))
        return Page(found, number, self)

    @staticmethod
    def _is_by_deadline(order: Any) -> bool:
        first, *others = order or [None]
        return isinstance(first, Case) and others == ["due_on", "id"]
