"""In development each mail is a file one can read, instead of a mail that leaves."""

import os
import uuid
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone


class EmlFileBackend(BaseEmailBackend):
    """Writes ``EMAIL_FILE_PATH/<time>-<random>.eml``, whole or not at all."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for message in email_messages:
            name = f"{timezone.now():%Y%m%d-%H%M%S-%f}-{uuid.uuid4().hex[:8]}"
            part = folder / f".{name}.part"
            text = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's
            part.write_bytes(text)
            os.replace(part, folder / f"{name}.eml")
        return len(email_messages)
