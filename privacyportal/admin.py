"""The admin site of the portal."""

from django.contrib.admin import AdminSite


class PortalAdminSite(AdminSite):
    """Stub."""
