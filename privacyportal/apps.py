from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    default_site = "privacyportal.admin.PortalAdminSite"


class PortalConfig(AppConfig):
    name = "privacyportal"

    def ready(self) -> None:
        from privacyportal import checks  # noqa: F401 -- importing registers them
