"""The one cookie of the public pages: it names a browser, nothing else.

It is set when a person first sends something, lives for a day, and opens what this browser
typed or has shown a mailbox for. Only its hash is ever stored.
"""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from consent import crypto

LIFETIME = 24 * 60 * 60
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def of(request: HttpRequest) -> str | None:
    """The browser's token, if it has one that could be ours."""
    token = request.COOKIES.get(settings.PORTAL_COOKIE_NAME, "")
    return token if _TOKEN.fullmatch(token) else None


def of_or_new(request: HttpRequest) -> str:
    return of(request) or crypto.new_token()


def keep(response: HttpResponse, token: str) -> HttpResponse:
    """Let the browser keep its token for another day."""
    response.set_cookie(
        settings.PORTAL_COOKIE_NAME,
        token,
        max_age=LIFETIME,
        httponly=True,
        secure=settings.SECURE,
        samesite="Lax",
    )
    return response
