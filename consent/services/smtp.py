"""Handing one mail to a server, in two steps, so that its outcome is known as far as SMTP allows.

``offer`` goes up to the server's "354 go ahead": until then nothing can have been taken. The caller
then writes its mark and calls ``give``, which sends the body at once. So only what breaks between
that mark and the server's answer is unknown. Connections are Django's, with its TLS and sign-in.
"""

import contextlib
import re
import secrets
import smtplib
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache
from typing import Protocol

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

_DOT_AT_LINE_START = re.compile(rb"^\.", re.MULTILINE)
_PLAIN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
_ENVELOPE_SAFE = re.compile(r"[!-;=?-~]+@[A-Za-z0-9.-]+")
_GO_AHEAD = 354


class Refused(Exception):
    """The server said no to this mail: it was certainly not taken."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"SMTP {code}")

    @property
    def is_final(self) -> bool:
        return self.code >= 500


class Unreachable(Exception):
    """No server, or one that will not talk to us now: certainly not taken, nor will the next."""


class Unknown(Exception):
    """The line broke after the body was on its way: the server may have taken the mail."""


@dataclass(frozen=True)
class Letter:
    """A mail as the bytes that travel. Making it finds whatever the mail library refuses."""

    mail: EmailMessage
    sender: str
    recipient: str
    body: bytes


def letter(mail: EmailMessage) -> Letter:
    built = mail.message()
    if built.is_multipart():  # else the library searches the whole text for one that is free
        built.set_boundary(secrets.token_hex(16))
    body = built.as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own message
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    return Letter(
        mail=mail,
        sender=_sender(mail.from_email),
        recipient=_address(mail.to[0]),
        body=_DOT_AT_LINE_START.sub(b"..", body) + b".\r\n",
    )


def _address(text: str) -> str:
    """The bare address for the envelope, where one stray sign would be a command of its own."""
    if _PLAIN.fullmatch(text):
        return text  # nearly all; the library takes longer than the rest of the envelope
    address = parseaddr(sanitize_address(text, "utf-8"))[1]
    if not _ENVELOPE_SAFE.fullmatch(address):
        raise ValueError("This address cannot stand in an envelope.")
    return address


_sender = lru_cache(maxsize=4)(_address)  # the same in each mail


class Line(Protocol):
    """A connection that is opened when needed and used for one mail after the other."""

    def offer(self, post: Letter) -> None: ...
    def give(self, post: Letter) -> None: ...
    def close(self, *, at_once: bool = False) -> None: ...


def line(*, timeout: float) -> Line:
    """A line to where the settings say mail goes. ``timeout`` is for each wait, in seconds."""
    server = get_connection(timeout=timeout)
    return SmtpLine(server) if isinstance(server, EmailBackend) else OtherLine(server)


class OtherLine:
    """Any other backend (files in development, memory in tests): it has only one step."""

    def __init__(self, server: BaseEmailBackend) -> None:
        self.server = server

    def offer(self, post: Letter) -> None:  # noqa: ARG002 -- the interface of a line
        try:
            self.server.open()
        except OSError as error:
            raise Unreachable(type(error).__name__) from error

    def give(self, post: Letter) -> None:
        try:
            self.server.send_messages([post.mail])
        except OSError as error:
            raise Unknown(type(error).__name__) from error

    def close(self, *, at_once: bool = False) -> None:  # noqa: ARG002 -- the interface of a line
        self.server.close()


class SmtpLine:
    def __init__(self, server: EmailBackend) -> None:
        self.server = server

    def offer(self, post: Letter) -> None:
        """MAIL, RCPT, DATA: in one packet where the server offers PIPELINING (RFC 2920)."""
        try:
            smtp = self._open()
            mail, rcpt, data = _envelope(smtp, post)
            if data != _GO_AHEAD:
                smtp.rset()
            elif not (_is_good(mail) and _is_good(rcpt)):
                _end_without_recipient(smtp)
        except (smtplib.SMTPException, OSError) as error:
            self.close(at_once=True)
            raise Unreachable(_reason(error)) from error
        if not _is_good(mail) or 421 in {mail, rcpt, data}:
            # It speaks of us or of the server, not of this recipient.
            self.close(at_once=True)
            raise Unreachable(f"SMTP {mail if not _is_good(mail) else 421}")
        if not _is_good(rcpt):
            raise Refused(rcpt)
        if data != _GO_AHEAD:
            raise Refused(data)

    def give(self, post: Letter) -> None:
        """The body and its final dot; returns once the server has taken the mail."""
        smtp = self.server.connection
        if smtp is None:
            raise Unreachable("closed")
        try:
            smtp.send(post.body)
            code, _text = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self.close(at_once=True)
            raise Unknown(_reason(error)) from error
        if 400 <= code <= 599:
            raise Refused(code)
        if not _is_good(code):
            self.close(at_once=True)
            raise Unknown(f"SMTP {code}")

    def close(self, *, at_once: bool = False) -> None:
        """Say goodbye. ``at_once``: hang up, which also makes the server forget an open DATA."""
        if at_once and self.server.connection is not None:
            self.server.connection.close()
            self.server.connection = None
        with contextlib.suppress(smtplib.SMTPException, OSError):
            self.server.close()

    def _open(self) -> smtplib.SMTP:
        self.server.open()
        if self.server.connection is None:
            raise smtplib.SMTPServerDisconnected("not open")
        self.server.connection.ehlo_or_helo_if_needed()
        return self.server.connection


def _envelope(smtp: smtplib.SMTP, post: Letter) -> tuple[int, int, int]:
    """The server's three answers. A command that was not worth sending counts as refused alike."""
    body = " BODY=8BITMIME" if smtp.has_extn("8bitmime") else ""
    commands = [
        f"MAIL FROM:<{post.sender}>{body}",
        f"RCPT TO:<{post.recipient}>",
        "DATA",
    ]
    if smtp.has_extn("pipelining"):
        smtp.send("".join(f"{command}\r\n" for command in commands))
        mail, rcpt, data = (smtp.getreply()[0] for _command in commands)
        return mail, rcpt, data
    code = 0
    codes: list[int] = []
    for command in commands:
        if not codes or _is_good(code):
            code, _text = smtp.docmd(command)
        codes.append(code)
    return codes[0], codes[1], codes[2]


def _end_without_recipient(smtp: smtplib.SMTP) -> None:
    """A server that says 354 although it refused the recipient gets an empty mail (RFC 2920)."""
    smtp.send(".\r\n")
    smtp.getreply()


def _is_good(code: int) -> bool:
    return 200 <= code <= 299


def _reason(error: Exception) -> str:
    """The server's code, never its text: that may repeat the address."""
    code = getattr(error, "smtp_code", None)
    return f"SMTP {code}" if code else type(error).__name__
