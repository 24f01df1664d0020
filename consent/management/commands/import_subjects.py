"""manage.py import_subjects FILE.csv [--dry-run]: see docs/operators/import.md."""

from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from consent.errors import ImportRefused
from consent.services.import_subjects import import_subjects

INTERRUPTED = 130  # what a shell expects after Ctrl-C


class Command(BaseCommand):
    help = "Add and update people from a CSV file: all of them, or none when a line is refused."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE.csv", type=Path)
        parser.add_argument(
            "--dry-run", action="store_true", help="Check and count; change nothing."
        )

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        with _open(file) as source:
            try:
                counts = import_subjects(source, by=None, dry_run=dry_run, progress=self._progress)
            except ImportRefused as error:
                self._end_progress()
                raise self._refused(error) from error
            except KeyboardInterrupt as error:
                self._end_progress()
                raise CommandError(
                    _("Stopped: nothing was imported. Start the same command again."),
                    returncode=INTERRUPTED,
                ) from error
        self._end_progress()
        self._print(counts.added, counts.changed, counts.unchanged, 0)
        if counts.repeated:
            self.stdout.write(f"repeated: {counts.repeated}")
        if dry_run:
            self.stdout.write(_("Dry run: nothing was changed."))

    def _refused(self, error: ImportRefused) -> CommandError:
        if not error.total:
            return CommandError(str(error))
        self._print(0, 0, 0, error.total)
        for line, reason in error.lines:
            self.stdout.write(_("line %(line)s: %(reason)s") % {"line": line, "reason": reason})
        rest = error.total - len(error.lines)
        if rest:
            self.stdout.write(_("and %(count)s more") % {"count": rest})
        return CommandError(str(error))

    def _print(self, added: int, changed: int, unchanged: int, refused: int) -> None:
        self.stdout.write(f"added: {added}")
        self.stdout.write(f"changed: {changed}")
        self.stdout.write(f"unchanged: {unchanged}")
        self.stdout.write(f"refused: {refused}")

    def _progress(self, rows: int) -> None:
        if self.stderr.isatty():
            text = _("%(count)s lines read") % {"count": rows}
            self.stderr.write(f"\r{text}", ending="")
            self.stderr.flush()

    def _end_progress(self) -> None:
        if self.stderr.isatty():
            self.stderr.write("")


def _open(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except FileNotFoundError:
        raise CommandError(_("There is no file %(file)s.") % {"file": file}) from None
    except OSError as error:
        raise CommandError(
            _("%(file)s cannot be read: %(reason)s.") % {"file": file, "reason": error.strerror}
        ) from None
