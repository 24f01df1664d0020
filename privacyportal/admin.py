"""The admin site: Django's, with our own sign-in, our own look, and a first page by job."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext_lazy as _

from requests.services import queue, stuck, undoing
from requests.services.undoing import Thing

# Admin classes of libraries are not pages of ours merely because the library is installed.
OURS = ("consent.", "requests.", "privacyportal.")

SECTIONS = [
    (_("Requests"), ["requests.Ticket", "consent.OutboundEmail"]),
    (_("People and places"), ["consent.DataSubject", "consent.Jurisdiction", "consent.Holiday"]),
    (_("Rules"), ["requests.RightRule", "requests.DeadlineRule"]),
    (_("Oversight"), ["consent.AuditEvent"]),
    (_("Organisation"), ["consent.Organisation", "consent.Site", "auth.User"]),
]


class PortalAdminSite(AdminSite):
    site_header = site_title = _("Privacy office")
    index_title = _("What needs you now")
    enable_nav_sidebar = False
    final_catch_all_view = False

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        if admin_class is not None and admin_class.__module__.startswith(OURS):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_staff)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # noqa: ARG002 -- Django's signature
        """Sign-in is allauth's, with its second factor and its limits."""
        target = request.GET.get("next", reverse("admin:index"))
        if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
            target = reverse("admin:index")
        return redirect(f"{reverse('account_login')}?{urlencode({'next': target})}")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        context["may_find_requests"] = request.user.has_perm("ticket.read")
        context["undo"] = self._undo(request)
        return context

    def _undo(self, request: HttpRequest) -> Thing | None:
        """What this officer has just sent, while it can still be taken back."""
        name = request.session.get("undo")
        if name is None or not request.user.has_perm("ticket.read"):
            return None
        thing = undoing.waiting(name)
        if thing is None:
            del request.session["undo"]
        return thing

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        today = queue.office_today()
        extra = {"today": today, **(extra_context or {})}
        if request.user.has_perm("ticket.read"):
            extra["counts"] = queue.counts(request.user, today=today)
            extra["stuck"] = stuck.found(now=timezone.now())
        return super().index(request, extra)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """What the reader may see, grouped by what they come to do, not by app."""
        apps = super().get_app_list(request, app_label)
        entries = {entry["model"]._meta.label: entry for app in apps for entry in app["models"]}
        sections = []
        for name, labels in SECTIONS:
            models = [entries[label] for label in labels if label in entries]
            if models:
                sections.append({"name": name, "app_label": "", "app_url": "", "models": models})
        return sections
