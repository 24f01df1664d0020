"""An officer's deadlines for their calendar program, behind a private address."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from consent.services import limits
from requests.services import feeds, places
from requests.views.pages import private

# Calendar programs look every few minutes; somebody who tries addresses looks more often.
RATE = "600/hour"
_TOKEN_SIGNS = 43


@private
@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The feed. An ended, foreign or malformed address is a page that does not exist."""
    if not limits.allow(RATE, "feed", limits.client(request)):
        return HttpResponse(status=429)
    owner = feeds.owner_of(token) if len(token) == _TOKEN_SIGNS else None
    if owner is None:
        raise Http404
    text = feeds.of(owner, language=places.the_organisation().language, now=timezone.now())
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="deadlines.ics"'
    return response
