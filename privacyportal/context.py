"""What every template may use."""

from typing import Any

from django.http import HttpRequest

from requests.services import places


def site(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001 -- the shape of a processor
    return {"organisation": places.organisation()}
