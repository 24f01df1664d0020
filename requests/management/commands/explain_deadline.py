"""manage.py explain_deadline [--json] [--ticket PR-…]: dates and their reasons.

Without a ticket it answers cases on stdin from the shipped rules, without a database.
"""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.errors import PortalError
from requests.services import ticket_dates, vectors

REFUSED = 2


class Command(BaseCommand):
    help = (
        'Reads {"vectors": [...]} on stdin and writes every computed date, from the shipped rules '
        "and calendars; no database. With --ticket it explains the dates of one request."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="write one JSON object instead of lines to read"
        )
        parser.add_argument(
            "--ticket", metavar="PR-…", help="the number of a request, as you type it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["ticket"] is not None:
                self._ticket(options["ticket"], as_json=options["json"])
            else:
                self._vectors(as_json=options["json"])
        except PortalError as error:
            raise CommandError(str(error), returncode=REFUSED) from error

    def _ticket(self, typed: str, *, as_json: bool) -> None:
        found = ticket_dates.of(typed)
        if as_json:
            self.stdout.write(json.dumps(found.as_json(), indent=1))
            return
        for line in found.lines():
            self.stdout.write(line)

    def _vectors(self, *, as_json: bool) -> None:
        answers = vectors.answer_all(_typed())
        if as_json:
            results = {name: answer.dates for name, answer in answers.items()}
            self.stdout.write(json.dumps({"results": results}, indent=1))
            return
        for name, answer in answers.items():
            self.stdout.write(name if name.isprintable() else ascii(name))
            for line in answer.lines:
                self.stdout.write(f"  {line}")


def _typed() -> bytes:
    """What stands on stdin; nothing where it is closed."""
    return sys.stdin.buffer.read() if sys.stdin else b""
