"""Logs carry ids, not people: addresses and secrets are masked, and one event is one line."""

import logging
import re
from typing import Any

_EMAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
# Tokens of ours are 43 signs of base64url, alone or in a path.
_TOKEN = re.compile(r"(?<![\w-])[\w-]{43}(?![\w-])")


def mask(text: str) -> str:
    return _TOKEN.sub("[secret]", _EMAIL.sub("[email]", text))


class MaskingFilter(logging.Filter):
    """Masks the finished message, whatever its arguments were."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = mask(record.getMessage()), None
        return True


class OneLineFormatter(logging.Formatter):
    """No forged lines: control signs of a message are escaped. A traceback keeps its lines,
    but is masked too.
    """

    def format(self, record: logging.LogRecord) -> str:
        record.msg = "".join(
            sign if sign.isprintable() else sign.encode("unicode_escape").decode()
            for sign in str(record.msg)
        )
        return super().format(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 -- the name of the base class
        return mask(super().formatException(ei))
