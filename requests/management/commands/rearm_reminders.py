"""Has the next sweep look at every open request anew; harmless at any time."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from requests.services import alarms


class Command(BaseCommand):
    help = "Has the next sweep work out anew what each open request is to be reminded of."

    def handle(self, *args: Any, **options: Any) -> None:
        count = alarms.look_at_all(now=timezone.now())
        self.stdout.write(f"{count} open requests will be looked at by the next sweep.")
