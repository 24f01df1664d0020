"""A new one-time link for the first administrator."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacyportal import first_admin, folders


class Command(BaseCommand):
    help = "Print a link, good for one hour, that creates the first administrator."

    def handle(self, *args: Any, **options: Any) -> None:
        if first_admin.exists():
            raise CommandError(
                "There is an administrator already. Forgotten the password? "
                "Type: manage.py changepassword NAME"
            )
        folders.make()
        self.stdout.write(first_admin.new_link())
