"""The Albanian catalogue as data, read without gettext tools."""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "locale/sq/LC_MESSAGES"
PHRASES = "privacyportal/formats/phrases.py"  # texts of Django and allauth
LINE = re.compile(r'(?:(msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?) )?(".*")$')


@dataclass
class Entry:
    parts: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    fuzzy: bool = False

    @property
    def key(self):
        """What gettext looks it up by."""
        context = self.parts.get("msgctxt")
        return f"{context}\x04{self.english[0]}" if context else self.english[0]

    @property
    def english(self):
        return [self.parts[name] for name in ("msgid", "msgid_plural") if name in self.parts]

    @property
    def albanian(self):
        return [text for name, text in self.parts.items() if name.startswith("msgstr")]

    @property
    def is_ours(self):
        """Whether the English is our own, not that of a library."""
        return self.files != [PHRASES]


def read(path=FOLDER / "django.po"):
    """All entries but the header."""
    blocks = re.split(r"\n{2,}", path.read_text(encoding="utf-8").strip())
    entries = [_entry(block) for block in blocks]
    return [entry for entry in entries if entry.parts.get("msgid")]


def _entry(block):
    entry, name = Entry(), ""
    for line in block.splitlines():
        if line.startswith("#:"):
            entry.files += line[2:].split()
        elif line.startswith("#,"):
            entry.fuzzy = "fuzzy" in line
        elif found := LINE.match(line):
            name = found[1] or name
            entry.parts[name] = entry.parts.get(name, "") + ast.literal_eval(found[2])
    return entry
