"""Every door of the portal as a concrete address, for tests that walk them all."""

import re
from dataclasses import dataclass

from django.contrib import admin
from django.urls import URLResolver, get_resolver
from django.urls.resolvers import LocalePrefixPattern, RoutePattern

# A value for each argument of an address. A door with a new kind of argument needs one here.
VALUES = {
    "token": "A" * 43,
    "name": "20260609-100000-000000-0123abcd.eml",
    "app_label": "requests",
    "content_type_id": "1",
    "uidb36": "1",
    "key": "abc-123",
    "url": "x",
    "code": "access",
    "page": "person",
    "reference": "PR-7K4M-29Q6",
}


@dataclass(frozen=True)
class Door:
    """``name`` is what the permission table calls it: empty for an address without a name."""

    name: str
    path: str
    view: object


def all_doors(rows):
    """Every address of the portal. ``rows`` gives a primary key per model label for the admin."""
    return list(_walk(get_resolver().url_patterns, "/", [], rows))


def _walk(patterns, prefix, spaces, rows):
    for pattern in patterns:
        path = prefix + _text(pattern.pattern, rows, pattern)
        if isinstance(pattern, URLResolver):
            inner = [*spaces, pattern.namespace] if pattern.namespace else spaces
            yield from _walk(pattern.url_patterns, path, inner, rows)
        else:
            name = ":".join([*spaces, pattern.name]) if pattern.name else ""
            yield Door(name, path, pattern.callback)


def _text(pattern, rows, owner):
    if isinstance(pattern, LocalePrefixPattern):
        return pattern.language_prefix
    if isinstance(pattern, RoutePattern):
        return re.sub(
            r"<(?:\w+:)?(\w+)>", lambda found: _value(found[1], rows, owner), pattern._route
        )
    text = pattern.regex.pattern.removeprefix("^").removesuffix("$").removesuffix(r"\Z")
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda found: _value(found[1], rows, owner), text)


def _value(argument, rows, owner):
    if argument in {"pk", "object_id"}:
        return str(rows(_model(getattr(owner, "name", "") or "")))
    return VALUES[argument]


def _model(name):
    """The model whose admin class has a door of this name ("requests_ticket_change")."""
    for model in admin.site._registry:
        if name.startswith(f"{model._meta.app_label}_{model._meta.model_name}_"):
            return model
    return None
