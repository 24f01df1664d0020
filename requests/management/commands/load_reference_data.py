"""manage.py load_reference_data: places, days off, rules and request types, from our files."""

from typing import Any

from django.core.management.base import BaseCommand

from requests.services import reference


class Command(BaseCommand):
    help = "Load the shipped reference data. Safe at any time: a second run changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        counts = reference.load()
        for kind, count in counts.items():
            self.stdout.write(
                f"{kind:<15} added {count.added}, changed {count.changed}, "
                f"unchanged {count.unchanged}"
            )
            for code in getattr(count, "offered", []):
                self.stdout.write(
                    f"{code}: your own version stays. Ours is kept beside it; compare in the admin."
                )
        if not any(count.did_something for count in counts.values()):
            self.stdout.write("Nothing changed.")
