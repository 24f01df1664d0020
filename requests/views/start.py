"""Where people arrive: what they want to do, in their own words."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from requests.forms import FindForm
from requests.models import RightRule
from requests.services import places
from requests.views.pages import private, show


def public_rights() -> list[RightRule]:
    """The rights on the start page, in their order."""
    return sorted(
        (right for right in places.rights().values() if right.is_public),
        key=lambda right: right.sort_order,
    )


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    return show(request, "start", {"rights": public_rights(), "form": FindForm()})


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    return show(request, "choose", {"rights": public_rights()})


@private
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """From a typed number to its page. Whether such a request exists is not told."""
    form = FindForm(request.GET if "number" in request.GET else None)
    if form.is_valid():
        return HttpResponseRedirect(reverse("requests:status", args=[form.cleaned_data["number"]]))
    return show(request, "find", {"form": form}, failed=form if form.is_bound else None)
