"""What every template may use."""

from typing import Any

from django.http import HttpRequest

from requests.services import places


def site(request: HttpRequest) -> dict[str, Any]:
    return {"organisation": places.organisation()}
