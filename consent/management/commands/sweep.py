"""One pass of everything that is due: what the scheduler rings for each minute."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.services import sweep


class Command(BaseCommand):
    help = "Does everything that is due, once. Safe at any time, in parallel, twice."

    def handle(self, *args: Any, **options: Any) -> None:
        done = sweep.run()
        for name, count in done.items():
            self.stdout.write(f"{name}: {'failed' if count is None else count}")
        failed = [name for name, count in done.items() if count is None]
        if failed:
            raise CommandError(f"Failed, see the log: {', '.join(failed)}")
