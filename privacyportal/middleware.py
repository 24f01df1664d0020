"""What every request passes before a view sees it, and what becomes of expected failures."""

import codecs
import logging
import unicodedata
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, UnreadablePostError
from django.utils.translation import gettext as _

from consent.errors import PortalError
from privacyportal import pages

logger = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], HttpResponse]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
QUERY_SIGNS = 4096
# Control, format (also right-to-left overrides), surrogate, private, unassigned, separators.
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


class PlainPathMiddleware:
    """Refuses early what no honest browser sends, so that no view has to think of it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        if not has_plain_path(request):
            make_unknown(request)
        if not has_plain_query(request):
            return pages.bad_request(request)
        charset = (request.content_params or {}).get("charset")
        if charset and not is_utf8(charset):
            text = _("This content is in an encoding we do not read. Send it in UTF-8.")
            return HttpResponse(text, status=415, content_type="text/plain; charset=utf-8")
        return self.get_response(request)


def has_plain_path(request: HttpRequest) -> bool:
    """Whether the path is UTF-8 and free of control, direction and other invisible signs."""
    raw: str = request.META.get("PATH_INFO", "")
    try:
        path = raw.encode("latin-1").decode("utf-8")  # how a WSGI server hands bytes over
    except UnicodeError:
        return False
    return all(unicodedata.category(sign) not in INVISIBLE for sign in path)


def has_plain_query(request: HttpRequest) -> bool:
    """Whether the query is no longer than any of ours, and free of NUL."""
    query: str = request.META.get("QUERY_STRING", "")
    too_many = query.count("&") >= (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS or 0)
    return len(query) <= QUERY_SIGNS and not too_many and "%00" not in query


def make_unknown(request: HttpRequest) -> None:
    """Put a sign that no address has in place of the odd ones: then there is no such page, with
    the same answer as for any other address that leads nowhere.
    """
    plain = (
        "\ufffd" if unicodedata.category(sign) in INVISIBLE else sign for sign in request.path_info
    )
    request.path_info = request.path = "".join(plain)


def is_utf8(charset: str) -> bool:
    """Python also knows "encodings" such as zip and rot13, which would break a view."""
    try:
        return codecs.lookup(charset).name in {"utf-8", "ascii"}
    except (LookupError, ValueError):
        return False


class PortalErrorMiddleware:
    """Expected failures become a page that says what happened and what to do."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, PortalError):
            return pages.portal_error(request, error)
        if isinstance(error, OperationalError | InterfaceError):
            logger.error("The database does not answer", exc_info=error)
            return pages.busy(request)
        if isinstance(error, UnreadablePostError):  # the browser went away while it was sending
            return pages.bad_request(request)
        return None
