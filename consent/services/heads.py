"""The head of the audit chain, kept outside the database: the proof of how long it was.

A line is ``number seal time``. Put the file on another volume, or copy its lines elsewhere.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.errors import ChainBroken
from consent.models import AuditHead, Firing
from consent.services import schedule

JOB = "audit.head"
# The notes "done for this hour" are needed only while that hour can still come again.
KEEP_NOTES = timedelta(days=7)


def line() -> str:
    """The head now. An empty chain has the seal "-"."""
    head = AuditHead.objects.filter(id=1).first() or AuditHead()
    sealed_at = head.sealed_at or datetime.now(UTC)
    mac = bytes(head.mac).hex() or "-"
    return f"{head.sequence} {mac} {sealed_at.isoformat(timespec='seconds')}"


@transaction.atomic
def keep() -> int:
    """Once an hour: append the head to AUDIT_HEAD_FILE. A write that fails is tried again."""
    now = timezone.now()
    if not schedule.first_time(JOB, f"{now.astimezone(UTC):%Y-%m-%dT%H}"):
        return 0
    _append(Path(settings.AUDIT_HEAD_FILE), line())
    Firing.objects.filter(job=JOB, fired_at__lt=now - KEEP_NOTES).delete()
    return 1


def _append(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, f"{text}\n".encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def parse(lines: Iterable[str]) -> dict[int, bytes]:
    """Number and seal of each line. Two lines that contradict each other break the chain."""
    found: dict[int, bytes] = {}
    for text in lines:
        number, mac = _parse_one(text)
        if found.setdefault(number, mac) != mac:
            raise ChainBroken(
                _("The outside heads hold two different seals for number %(number)s.")
                % {"number": number},
                row=None,
            )
    return {number: mac for number, mac in found.items() if number}


def _parse_one(text: str) -> tuple[int, bytes]:
    try:
        number, mac, *_rest = text.split()
        return int(number), b"" if mac == "-" else bytes.fromhex(mac)
    except ValueError as error:
        raise ChainBroken(
            _("The outside head is not a line of the form “number seal time”."), row=None
        ) from error
