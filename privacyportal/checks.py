"""Start-up checks: an unsafe production setting stops the portal, with one sentence each.

The same list is Django's `manage.py check --deploy` and the gate that web, worker and clock pass
when they start. With DEBUG on only one thing is unsafe: to be reachable by the public.
"""

from collections.abc import Callable, Iterator
from email.utils import parseaddr
from typing import Any, NamedTuple

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

_MAIL_THAT_LEAVES_NOTHING = ("console", "filebased", "dummy", "locmem", "eml")
_LOOPBACK = {"", "localhost", "127.0.0.1", "::1"}
_SHORTEST_KEY = 50


class Refusal(NamedTuple):
    """One unsafe setting: its number, when it holds, and what to do about it."""

    number: int
    is_unsafe: Callable[[], bool]
    sentence: str
    hint: str


def _is_https() -> bool:
    return str(settings.SITE_URL).startswith("https://")


def _is_weak(key: str) -> bool:
    common = ("django-insecure", "changeme", "change-me", "secret")
    return len(key) < _SHORTEST_KEY or len(set(key)) < 12 or key.lower().startswith(common)


def _is_embedded() -> bool:
    return str(settings.DATABASES["default"]["ENGINE"]).endswith("sqlite3")


def _keeps_mail_here() -> bool:
    backend = settings.EMAIL_BACKEND
    return not settings.EMAIL_URL or any(word in backend for word in _MAIL_THAT_LEAVES_NOTHING)


def _sends_password_in_clear() -> bool:
    encrypted = getattr(settings, "EMAIL_USE_TLS", False) or getattr(
        settings, "EMAIL_USE_SSL", False
    )
    return bool(
        settings.EMAIL_HOST_PASSWORD and not encrypted and settings.EMAIL_HOST not in _LOOPBACK
    )


def _writes_from_nowhere() -> bool:
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower()
    return host in _LOOPBACK or host.endswith((".localhost", ".example", ".invalid", ".test"))


def _logs_everything() -> bool:
    logging: dict[str, Any] = settings.LOGGING
    return bool(logging["root"]["level"] == "DEBUG")


ALWAYS = (
    Refusal(
        1,
        lambda: settings.DEBUG and _is_https(),
        "DEBUG is on although SITE_URL is public.",
        "Set DEBUG=false.",
    ),
)

IN_PRODUCTION = (
    Refusal(
        2,
        lambda: _is_weak(settings.SECRET_KEY),
        "SECRET_KEY is short or easy to guess.",
        'Make one: python -c "import secrets; print(secrets.token_urlsafe(48))"',
    ),
    Refusal(
        3,
        lambda: not _is_https(),
        "SITE_URL is missing or not https.",
        "Set SITE_URL=https://privacy.example.com, the address people see.",
    ),
    Refusal(
        4,
        lambda: not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS,
        "ALLOWED_HOSTS lets every host name in.",
        "Leave it out (the host of SITE_URL is used) or list the names.",
    ),
    Refusal(
        5,
        lambda: _is_embedded() and not settings.ALLOW_EMBEDDED,
        "DATABASE_URL is missing or SQLite, which takes about 20 writes a second.",
        "Set DATABASE_URL=postgres://…, or ALLOW_EMBEDDED=true for one small machine.",
    ),
    Refusal(
        6,
        lambda: not settings.BROKER_URL and not settings.ALLOW_EMBEDDED,
        "BROKER_URL is missing.",
        "Set BROKER_URL=redis://…, or ALLOW_EMBEDDED=true for one small machine.",
    ),
    Refusal(
        7,
        _keeps_mail_here,
        "EMAIL_URL is missing or does not send: nobody would get a mail.",
        "Set EMAIL_URL=smtp+tls://user:password@mail.example.com:587.",
    ),
    Refusal(
        8,
        lambda: not settings.EMAIL_TIMEOUT,
        "EMAIL_TIMEOUT is not set: a dead mail server would stop a worker for ever.",
        "Leave EMAIL_TIMEOUT out (30 seconds) or give it a number.",
    ),
    Refusal(
        9,
        lambda: _is_https() and settings.TRUSTED_PROXIES < 1,
        "TRUSTED_PROXIES is 0 although a proxy must end https in front of the portal.",
        "Set TRUSTED_PROXIES to the number of proxies, mostly 1.",
    ),
    Refusal(
        10,
        lambda: not (settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE),
        "Cookies would travel without encryption.",
        "Set SITE_URL to an https address; the cookies follow it.",
    ),
    Refusal(
        11,
        lambda: not settings.REQUIRE_SECOND_FACTOR,
        "REQUIRE_SECOND_FACTOR is off: one stolen password would open every request.",
        "Leave REQUIRE_SECOND_FACTOR out.",
    ),
    Refusal(
        12,
        _writes_from_nowhere,
        "DEFAULT_FROM_EMAIL is not an address that people can answer.",
        "Set DEFAULT_FROM_EMAIL=Privacy office <privacy@example.com>.",
    ),
    Refusal(
        13,
        lambda: any(key and _is_weak(key) for key in (settings.AUDIT_KEY, settings.SEAL_KEY)),
        "AUDIT_KEY or SEAL_KEY is short or easy to guess.",
        "Make each as you made SECRET_KEY, or leave it out.",
    ),
    Refusal(
        14,
        lambda: settings.SECURE_HSTS_SECONDS < 31_536_000,
        "Browsers are not told to keep to https (HSTS).",
        "Set SITE_URL to an https address; the header follows it.",
    ),
    Refusal(
        15,
        _sends_password_in_clear,
        "EMAIL_URL sends its password without encryption.",
        "Write smtp+tls:// (port 587) or smtp+ssl:// (port 465) instead of smtp://.",
    ),
    Refusal(
        16,
        lambda: bool(settings.HEALTH_TOKEN) and len(settings.HEALTH_TOKEN) < 32,
        "HEALTH_TOKEN is short.",
        'Make one: python -c "import secrets; print(secrets.token_urlsafe(32))"',
    ),
    Refusal(
        17,
        _logs_everything,
        "LOG_LEVEL=DEBUG writes more into the log than may stand there.",
        "Set LOG_LEVEL=INFO.",
    ),
)


def refusals() -> Iterator[Refusal]:
    """What is unsafe now."""
    rules = ALWAYS if settings.DEBUG else (*ALWAYS, *IN_PRODUCTION)
    return (rule for rule in rules if rule.is_unsafe())


def refuse_unsafe() -> None:
    """Stop this process if anything is unsafe."""
    found = [f"  {rule.sentence} {rule.hint}" for rule in refusals()]
    if found:
        raise SystemExit("The portal does not start like this:\n" + "\n".join(found))


@register(Tags.security, deploy=True)
def check_settings(**_options: Any) -> list[CheckMessage]:
    return [
        Error(rule.sentence, hint=rule.hint, id=f"privacyportal.E{rule.number:03}")
        for rule in refusals()
    ]
