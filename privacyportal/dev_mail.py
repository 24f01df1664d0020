"""The mails that were written instead of sent, readable in the browser. Development only."""

import email
import email.policy
import re
from collections.abc import Callable
from email.message import EmailMessage
from functools import wraps
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

NEWEST = 200
_NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{6}-[0-9a-f]{8}\.eml")

View = Callable[..., HttpResponseBase]


def in_development(view: View) -> View:
    """404 wherever mails really leave, or DEBUG is off."""

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not settings.DEBUG or settings.EMAIL_URL:
            raise Http404
        return view(request, **kwargs)

    return require_safe(guarded)


@in_development
def mail_list(request: HttpRequest) -> HttpResponse:
    folder = Path(settings.EMAIL_FILE_PATH)
    names = sorted((path.name for path in folder.glob("*.eml")), reverse=True)[:NEWEST]
    mails = [(name, headers(read(name))) for name in names if _NAME.fullmatch(name)]
    return render(request, "public/dev_mail_list.html", {"mails": mails, "folder": folder})


@in_development
def mail_page(request: HttpRequest, *, name: str) -> HttpResponse:
    mail = read(name)
    context = {"mail": headers(mail), "name": name, "text": part(mail, "plain")}
    return render(request, "public/dev_mail.html", context)


@in_development
def mail_html(_request: HttpRequest, *, name: str) -> HttpResponse:
    """As a mail program would show it; the sandbox takes scripts, forms and our cookies away."""
    response = HttpResponse(part(read(name), "html"))
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
    )
    return response


def read(name: str) -> EmailMessage:
    """One mail by its file name, which must be one that the backend itself makes."""
    path = Path(settings.EMAIL_FILE_PATH) / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise Http404
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body(preferencelist=(kind,))
    return str(found.get_content()) if found else ""


def headers(mail: EmailMessage) -> dict[str, str]:
    return {name: str(mail[name] or "") for name in ("subject", "from", "to", "date")}
