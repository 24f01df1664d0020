"""Collect the texts of the portal into the Albanian catalogue, and compile it.

Needs GNU gettext. Both files are committed, so that a machine without it runs the portal.
A text that is new stands in the catalogue empty: nothing is guessed from a similar one.
"""

from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandParser
from django.core.management.commands import makemessages


class Command(makemessages.Command):
    help = "Collect texts into locale/sq/LC_MESSAGES/django.po and compile it (needs gettext)"
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(
            locale=["sq"],
            no_obsolete=True,
            no_wrap=True,
            add_location="file",
            ignore_patterns=[".venv", "var", "tests", "bench", "docs"],
        )

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        call_command("compilemessages", locale=options["locale"], ignore_patterns=[".venv"])
