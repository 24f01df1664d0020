"""Signing in to an account: how often somebody may try, what the trail keeps, what ends a session.

Guesses are counted per account and per address, in the store that all web processes share. A
stranger who uses up an account's tries keeps nobody out for good, and not even for a minute a
browser in which the owner has signed in before: that one carries a cookie and is counted apart.
"""

from typing import Any

from allauth.account import signals as account
from allauth.account.adapter import get_adapter
from allauth.mfa import signals as factor
from allauth.mfa.base.forms import AuthenticateForm
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.models import Session
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent import crypto
from consent.services import audit, limits, words

# A fixed window lets two of them touch, so any minute holds at most ten guesses at one account.
PER_ACCOUNT = "5/minute"
PER_ADDRESS = "30/minute"
# Somebody who comes this far has the password; a code has few digits.
SECOND_STEPS = "5/5minute"
# Mails with a password link that one address may get, however often they are asked for.
LINKS = ("3/hour", "10/day")

KNOWN_FOR = 180 * 24 * 60 * 60
_SALT = "portal.known-browser"


def may_try(request: HttpRequest, username: str) -> bool:
    """Count one try at an account and say whether its password may be looked at."""
    name = crypto.token_hash(username.strip().lower())  # no names in the store
    browser = _known_browser(request, name)
    if browser:
        return limits.allow(PER_ACCOUNT, "sign-in", name, browser)
    if not limits.allow(PER_ADDRESS, "sign-in", limits.client(request)):
        return False
    return limits.allow(PER_ACCOUNT, "sign-in", name)


def may_send_link(email: str) -> bool:
    address = crypto.token_hash(email.strip().lower())
    return all(limits.allow(rate, "password-link", address) for rate in LINKS)


def remember_browser(response: HttpResponse, user: User) -> None:
    """Mark a browser in which ``user`` signed in. The mark opens nothing; it only counts apart."""
    name = crypto.token_hash(user.get_username().strip().lower())
    response.set_cookie(
        settings.KNOWN_COOKIE_NAME,
        signing.dumps({"name": name, "browser": crypto.new_token()}, salt=_SALT),
        max_age=KNOWN_FOR,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known_browser(request: HttpRequest, name: str) -> str:
    """The mark of this browser if its last sign-in was to this account, else empty."""
    cookie = request.COOKIES.get(settings.KNOWN_COOKIE_NAME, "")
    try:
        kept = signing.loads(cookie, salt=_SALT, max_age=KNOWN_FOR)
    except signing.BadSignature:
        return ""
    return str(kept["browser"]) if crypto.same(kept["name"], name) else ""


class SecondStepForm(AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """The code of the second step, counted where all web processes count."""

    def clean_code(self) -> str:
        if not limits.allow(SECOND_STEPS, "second-step", str(self.user.pk)):
            raise get_adapter().validation_error("too_many_login_attempts")
        return str(super().clean_code())


def end_sessions(user: User) -> int:
    """Sign ``user`` out of every browser; return how many that were.

    Only staff have sessions, so these are few rows; expired ones are gone (``forget_sessions``).
    """
    open_now = Session.objects.filter(expire_date__gt=timezone.now()).iterator()
    keys = [row.pk for row in open_now if row.get_decoded().get(SESSION_KEY) == str(user.pk)]
    return Session.objects.filter(pk__in=keys).delete()[0]


def forget_sessions() -> int:
    """Remove the rows of sessions that have ended by themselves."""
    return Session.objects.filter(expire_date__lte=timezone.now()).delete()[0]


def _note(action: str) -> Any:
    @transaction.atomic
    def receiver(user: User, **_more: Any) -> None:
        audit.record(action, target=user, by=user)

    return receiver


@transaction.atomic
def _signed_out(user: User | None, **_more: Any) -> None:
    """Whoever signs out has left every browser: also the one forgotten on another desk."""
    if user is not None:
        end_sessions(user)
        audit.record("user.signed_out", target=user, by=user)


NOTED = {
    "user.signed_in": account.user_logged_in,
    "user.password_changed": account.password_changed,
    "user.password_set": account.password_reset,
    "user.second_factor_added": factor.authenticator_added,
    "user.second_factor_dropped": factor.authenticator_removed,
    "user.recovery_codes_renewed": factor.authenticator_reset,
}


# What the trail's page says for these and for the other codes about accounts.
WORDS = {
    "user.signed_in": _("Signed in"),
    "user.signed_out": _("Signed out"),
    "user.password_changed": _("Password changed"),
    "user.password_set": _("Password set by a link"),
    "user.second_factor_added": _("Second step added"),
    "user.second_factor_dropped": _("Second step given up"),
    "user.second_factor_removed": _("Second step removed by a colleague"),
    "user.recovery_codes_renewed": _("Recovery codes renewed"),
    "user.added": _("Account added"),
    "user.changed": _("Account changed"),
    "user.invited": _("Link to set a password sent"),
    "first_admin.created": _("First account made"),
}
MAILS = {"staff_password": _("carries a link to set a password")}


def connect() -> None:
    """Hear what the sign-in library does, so that the trail has it."""
    for action, signal in NOTED.items():
        signal.connect(_note(action), weak=False, dispatch_uid=action)
    user_logged_out.connect(_signed_out, dispatch_uid="user.signed_out")
    words.ACTIONS |= WORDS
    words.MAILS |= MAILS
