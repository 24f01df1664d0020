"""Is the audit trail the one that was written? Exit code 0: yes, with the number of rows."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.errors import ChainBroken
from consent.services import heads, verifying


class Command(BaseCommand):
    help = "Walks the audit chain; exit code 1 names the first bad row."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--head",
            metavar="LINE|FILE",
            help="a head kept outside the database, or the file with all of them: "
            "finds a cut end and a trail written anew",
        )
        parser.add_argument(
            "--print-head", action="store_true", help="print the line to keep elsewhere"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["print_head"]:
            self.stdout.write(heads.line())
            return
        try:
            count = verifying.verify(outside=_outside(options["head"]))
        except ChainBroken as error:
            raise CommandError(str(error), returncode=1) from error
        self.stdout.write(f"{count} rows, chain unbroken.")


def _outside(given: str | None) -> list[str]:
    """The lines of the file of that name, else the text itself as one line."""
    if not given:
        return []
    path = Path(given)
    if " " in given.strip() and not path.is_file():
        return [given]
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    return [line for line in lines if line.strip()]
