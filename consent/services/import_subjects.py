"""People from a CSV file: all of them or none.

The file is read and checked line by line into a temporary table; then a few set-based
statements in one transaction compare it with the people already known and write. Memory
stays flat however long the file is.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import BinaryIO

from django.db import IntegrityError
from django.utils.translation import gettext as _

from consent.addresses import clean_email, email_key
from consent.enums import Language
from consent.errors import ImportRefused, InputRefused
from consent.models import Jurisdiction, Organisation
from consent.services import audit, subject_staging
from consent.services.audit import Actor
from consent.services.csv_input import SHOWN, Refusals, read_rows
from consent.services.subject_staging import Row

COLUMNS = ("email", "name", "language", "residence", "external_id")
BLOCK = 2000

# Most addresses are plain ASCII, and for those clean_email only lowers the domain. This pattern
# matches less than it accepts; what it does not match takes the long way.
_PLAIN = re.compile(
    r"(?=[^@]{1,64}@)([A-Za-z0-9_][A-Za-z0-9_+-]*(?:\.[A-Za-z0-9_+-]+)*)"
    r"@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63})"
)
_MAX_EMAIL, _MAX_NAME, _MAX_NUMBER = 254, 120, 64  # as the columns of the table
_LANGUAGES = frozenset(Language.values) | {""}


@dataclass(frozen=True)
class ImportCounts:
    """What an import did, or would do. ``repeated`` rows name a person of an earlier row."""

    added: int
    changed: int
    unchanged: int
    repeated: int


def import_subjects(
    file: BinaryIO,
    *,
    by: Actor,
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda _rows: None,
) -> ImportCounts:
    """Add and update the default organisation's people from ``file``; the file is the event.

    A known person gets only what the file gives and is different; an empty value changes
    nothing, and the spelling of a known address stays. With ``dry_run`` the counts are the
    same and nothing is written. Raises ImportRefused naming the first refused lines.
    """
    organisation = Organisation.objects.filter(is_default=True).first()
    if organisation is None:
        raise ImportRefused(_("There is no organisation yet. Create it first."))
    with subject_staging.table():
        with subject_staging.reading():
            repeated = _read(file, progress)
        try:
            with subject_staging.unhurried():
                return _apply(organisation, repeated, by=by, dry_run=dry_run)
        except IntegrityError as error:
            raise ImportRefused(
                _("Nothing was imported: people were changed meanwhile. Start the import again.")
            ) from error


def _read(file: BinaryIO, progress: Callable[[int], None]) -> int:
    """Bring the checked rows into the temporary table; return how many were repeated."""
    refusals = Refusals()
    residences = _residences()  # before COPY begins: it has the connection to itself
    subject_staging.fill(_blocks(file, refusals, residences, progress))
    refusals.raise_if_any()
    repeated = subject_staging.fold_repeated()
    _refuse_shared_numbers(*subject_staging.numbers_twice(SHOWN))
    return repeated


def _apply(organisation: Organisation, repeated: int, *, by: Actor, dry_run: bool) -> ImportCounts:
    people = subject_staging.people()
    if not people:
        raise ImportRefused(_("The file has a header and no people."))
    _refuse_shared_numbers(*subject_staging.numbers_taken(organisation, SHOWN))
    if dry_run:
        added = subject_staging.count_new(organisation)
        changed = subject_staging.count_different(organisation)
    else:
        added = subject_staging.insert_new(organisation)
        changed = subject_staging.update_different(organisation) if added < people else 0
    counts = ImportCounts(added, changed, people - added - changed, repeated)
    if not dry_run:
        audit.record("subjects.imported", target=organisation, by=by, data=asdict(counts))
    return counts


def _refuse_shared_numbers(lines: list[int], total: int) -> None:
    reason = _("The external_id belongs to another person too.")
    Refusals([(line, reason) for line in lines], total).raise_if_any()


def _blocks(
    file: BinaryIO,
    refusals: Refusals,
    residences: dict[str, int | None],
    progress: Callable[[int], None],
) -> Iterator[list[Row]]:
    """Checked rows in blocks. After the first refused line the rest is only checked."""
    block: list[Row] = []
    done = 0
    for line, values in read_rows(file, columns=COLUMNS, needed="email", refusals=refusals):
        try:
            block.append(_clean(line, values, residences))
        except InputRefused as error:
            refusals.add(line, str(error))
        if len(block) == BLOCK:
            done += BLOCK
            progress(done)
            if not refusals.total:
                yield block
            block = []
    if block and not refusals.total:
        yield block


def _residences() -> dict[str, int | None]:
    known: dict[str, int | None] = {"": None}
    known.update((code.upper(), pk) for pk, code in Jurisdiction.objects.values_list("pk", "code"))
    return known


def _clean(line: int, values: list[str], residences: dict[str, int | None]) -> Row:
    typed, name, language, residence, external_id = values
    email = plain_email(typed)
    if len(name) > _MAX_NAME:
        raise InputRefused(_too_long("name", _MAX_NAME))
    if len(external_id) > _MAX_NUMBER:
        raise InputRefused(_too_long("external_id", _MAX_NUMBER))
    language = language.lower()
    if language not in _LANGUAGES:
        raise InputRefused(
            _("The language is one of: %(known)s.") % {"known": ", ".join(Language.values)}
        )
    try:
        place = residences[residence.upper()]
    except KeyError as error:
        raise InputRefused(
            _("The residence is not a code from the list of jurisdictions.")
        ) from error
    return line, email, email_key(email), name, language, place, external_id


def plain_email(typed: str) -> str:
    """The same as clean_email, quicker for plain addresses, and never too long to store."""
    match = _PLAIN.fullmatch(typed)
    if match and len(typed) <= _MAX_EMAIL:
        return f"{match[1]}@{match[2].lower()}"
    email = clean_email(typed)
    if len(email) > _MAX_EMAIL:  # a domain grows when it is written in ASCII
        raise InputRefused(_too_long("email", _MAX_EMAIL))
    return email


def _too_long(column: str, limit: int) -> str:
    return _("The %(column)s has more than %(limit)s characters.") % {
        "column": column,
        "limit": limit,
    }
