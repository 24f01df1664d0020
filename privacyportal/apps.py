from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate


class PortalAdminConfig(AdminConfig):
    default_site = "privacyportal.admin.PortalAdminSite"


class PortalConfig(AppConfig):
    name = "privacyportal"

    def ready(self) -> None:
        from consent.services import sweep
        from privacyportal import (
            accounts,
            checks,  # noqa: F401 -- importing registers them
            signin,
            user_admin,  # noqa: F401 -- importing registers the accounts' pages
        )

        signin.connect()
        sweep.register("sessions", signin.forget_sessions)
        # No models of our own, so the signal is heard where the groups' tables are made.
        post_migrate.connect(
            accounts.create_role_groups,
            sender=apps.get_app_config("auth"),
            dispatch_uid="role_groups",
        )
