"""What every template may use."""

from typing import Any

from django.http import HttpRequest

from consent.models import Organisation


def site(request: HttpRequest) -> dict[str, Any]:
    return {"organisation": Organisation.objects.filter(is_default=True).first()}
