"""An operator says that the clock is right, or that so many mails are: reminders go on."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from requests.services.reminders import brake


class Command(BaseCommand):
    help = "Lets reminders go on that stopped because the clock or their number looked wrong."

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = brake.release(now=timezone.now())
        if stopped:
            self.stdout.write(f"Reminders go on. They had stopped: {', '.join(stopped)}")
        else:
            self.stdout.write("Reminders were not stopped. Nothing was changed.")
