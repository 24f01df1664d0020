"""The pages for what went wrong. The fixed ones need neither database nor session."""

import logging
import sys

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation

from consent.errors import PortalError

logger = logging.getLogger(__name__)

RETRY_AFTER = "30"


def fixed_page(request: HttpRequest, template: str, *, status: int) -> HttpResponse:
    """A page made of its own words only, in the language the browser asks for."""
    language = translation.get_language_from_request(request)
    with translation.override(language):
        page = render_to_string(template, {"frame": "fixed.html", "language": language})
    return HttpResponse(page, status=status)


def busy(request: HttpRequest) -> HttpResponse:
    """503 when the database does not answer: the next try may well work."""
    response = fixed_page(request, "503.html", status=503)
    response["Retry-After"] = RETRY_AFTER
    return response


def portal_error(request: HttpRequest, error: PortalError) -> HttpResponse:
    """An expected failure: its sentence says what happened and what to do."""
    context = {"sentence": str(error), "code": error.code}
    return render(request, "public/error.html", context, status=error.http_status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 -- Django's
    return _page(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 -- Django's
    return _page(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 -- Django's
    return _page(request, "404.html", status=404)


def too_many(request: HttpRequest) -> HttpResponse:
    return _page(request, "429.html", status=429)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 -- Django's
    return _page(request, "403_csrf.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this while the exception is being handled, so it can still be looked at."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return busy(request)
    return fixed_page(request, "500.html", status=500)


def _page(request: HttpRequest, template: str, *, status: int) -> HttpResponse:
    """In the portal's frame where that can be made, else plain."""
    if hasattr(request, "LANGUAGE_CODE"):  # set by the middleware that knows session and language
        try:
            return render(request, template, status=status)
        except DatabaseError:
            logger.warning("The frame of the page needs the database, which does not answer")
    return fixed_page(request, template, status=status)
