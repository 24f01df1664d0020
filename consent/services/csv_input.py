"""A CSV file from outside, line by line, in memory that does not grow with the file.

Every line stands alone: a value with a line break in it is refused. So a quotation mark that
was never closed spoils its own line and not the million after it, and line numbers are exact.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from django.utils.translation import gettext as _

from consent.errors import ImportRefused, InputRefused

SEPARATORS = ",;\t"
# Longer than any line that fits our columns, and short enough to hold in memory.
MAX_LINE = 32_768
# So many refused lines are shown; the rest is counted.
SHOWN = 20

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# How a zip (xlsx, ods) and an old Excel file begin.
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_BUT_TAB = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass
class Refusals:
    """The first refused lines with their reasons, and how many there are in all."""

    first: list[tuple[int, str]] = field(default_factory=list)
    total: int = 0

    def add(self, line: int, reason: str) -> None:
        self.total += 1
        if len(self.first) < SHOWN:
            self.first.append((line, reason))

    def raise_if_any(self) -> None:
        if self.total:
            raise ImportRefused(_("Nothing was imported."), lines=self.first, total=self.total)


def read_rows(
    file: BinaryIO, *, columns: Sequence[str], needed: str, refusals: Refusals
) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, values in the order of ``columns``) of each line that can be read.

    A column the file does not have gives "". Lines that cannot be read go to ``refusals``; a
    file whose first line is not a header of ``columns`` with ``needed`` raises ImportRefused.
    """
    lines = _lines(file)
    separator, header = _read_header(lines, columns, needed)
    order = [header.index(name) if name in header else len(header) for name in columns]
    width, blanks = len(header), separator + " \t\r\n"
    for number, raw in lines:
        try:
            text = _decode(raw, separator)
            if not text.strip(blanks):
                continue
            values = _split(text, separator, width)
        except InputRefused as error:
            refusals.add(number, str(error))
            continue
        values.append("")
        yield number, [values[place].strip() for place in order]


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while raw := file.readline(MAX_LINE + 1):
        number += 1
        if number == 1:
            if raw.startswith(_SPREADSHEETS):
                raise ImportRefused(
                    _("This is a spreadsheet file. Save it as “CSV UTF-8” and import that.")
                )
            raw = raw.removeprefix(_BYTE_ORDER_MARK)
        if len(raw) > MAX_LINE:
            reason = _("The line is longer than %(limit)s bytes.") % {"limit": MAX_LINE}
            raise _refused_at(number, reason)
        yield number, raw


def _read_header(
    lines: Iterator[tuple[int, bytes]], columns: Sequence[str], needed: str
) -> tuple[str, list[str]]:
    """The separator the first line uses, and the column names in it."""
    first = next(lines, None)
    if first is None:
        raise ImportRefused(_("The file is empty."))
    try:
        text = _decode(first[1], "\t")
        separator = max(SEPARATORS, key=text.count)
        header = [name.strip().lower() for name in _split(text, separator, None)]
        _check_header(header, columns, needed)
    except InputRefused as error:
        raise _refused_at(1, str(error)) from error
    return separator, header


def _check_header(header: list[str], columns: Sequence[str], needed: str) -> None:
    if "" in header:
        raise InputRefused(_("The header has a column without a name."))
    if len(set(header)) < len(header):
        raise InputRefused(_("A column name stands twice in the header."))
    unknown = [name for name in header if name not in columns]
    if unknown:
        raise InputRefused(
            _("The header has a column “%(name)s”. Columns are: %(known)s.")
            % {"name": unknown[0][:40], "known": ", ".join(columns)}
        )
    if needed not in header:
        raise InputRefused(_("The header has no column “%(name)s”.") % {"name": needed})


def _decode(raw: bytes, separator: str) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise InputRefused(
            _("The line is not UTF-8 text. Save the file as “CSV UTF-8” and import that.")
        ) from error
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.isprintable():
        pattern = _CONTROL_BUT_TAB if separator == "\t" else _CONTROL
        if pattern.search(text):
            raise InputRefused(_control())
    return text


def _split(text: str, separator: str, width: int | None) -> list[str]:
    values = text.split(separator) if '"' not in text else _split_quoted(text, separator)
    if width is not None and len(values) != width:
        raise InputRefused(
            _("The line has %(found)s values, the header has %(width)s columns.")
            % {"found": len(values), "width": width}
        )
    return values


def _split_quoted(text: str, separator: str) -> list[str]:
    try:
        [values] = csv.reader([text], delimiter=separator, strict=True)
    except csv.Error as error:
        raise InputRefused(_alone()) from error
    if text.count('"') % 2:
        raise InputRefused(_alone())
    if any("\t" in value for value in values):
        raise InputRefused(_control())
    return values


def _alone() -> str:
    return _(
        "A quotation mark has no partner. A value stands on one line; write a quotation mark "
        "inside a value twice."
    )


def _control() -> str:
    return _("The line has a control character (such as a tab or NUL) in it. Delete it.")


def _refused_at(line: int, reason: str) -> ImportRefused:
    return ImportRefused(_("Nothing was imported."), lines=[(line, reason)], total=1)
