"""What all public views share: private answers, rate limits, pages with errors."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from consent.errors import PortalError
from consent.services import limits
from requests.forms import PlainForm

View = Callable[..., HttpResponse]


class SlowDown(PortalError):
    code = "slow_down"
    http_status = 429


def private(view: View) -> View:
    """Nobody on the way keeps the page, and its address goes to nobody else."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Http404:  # with the same headers, so that a wrong secret looks like any other
            response = render(request, "404.html", status=404)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return wrapped


def limited(name: str) -> Callable[[View], View]:
    """Count posts to this door per client; over the limit answer 429 in plain words."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                count(request, name)
            return view(request, *args, **kwargs)

        return wrapped

    return decorate


def count(request: HttpRequest, name: str) -> None:
    """Raise SlowDown where this client did ``name`` too often."""
    if not limits.allow(settings.PUBLIC_LIMITS[name], name, limits.client(request)):
        raise SlowDown(_("That was a lot in a short time. Wait a few minutes, then try again."))


def show(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    failed: PlainForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, here in both languages; with 422 where the form ``failed`` has mistakes."""
    values = {**context, "failed": failed, "here": request.get_full_path()}
    if failed is not None and status == 200:
        status = 422
    return render(request, f"public/{template}.html", values, status=status)
