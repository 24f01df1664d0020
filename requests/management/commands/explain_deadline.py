"""manage.py explain_deadline [--json]: dates and reasons for cases on stdin, without a database."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from requests.deadlines import ClockRefused
from requests.services import vectors

REFUSED = 2


class Command(BaseCommand):
    help = (
        'Reads {"vectors": [...]} on stdin and writes every computed date. '
        "Uses the shipped rules and calendars; no database."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="write one JSON object instead of lines to read"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            answers = vectors.answer_all(_typed())
        except ClockRefused as error:
            raise CommandError(str(error), returncode=REFUSED) from error
        if options["json"]:
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
