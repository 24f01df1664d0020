"""The gate in front of every view: is there a door of this name, and may this account open it?"""

import time
from collections.abc import Callable
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from privacyportal.accounts import roles_of
from privacyportal.permissions import ANYONE, CLOSED, STAFF, action_for, action_to_write

# Seconds without a click, and seconds in all, after which staff sign in again.
IDLE = 30 * 60
LONGEST = 12 * 60 * 60
# The session's clock is written at most this often.
STEP = 60
READING = frozenset({"GET", "HEAD", "OPTIONS"})
# What an account without a second factor still reaches when one is required.
SETS_UP_FACTOR = frozenset(
    {"mfa_activate_totp", "mfa_generate_recovery_codes", "mfa_view_recovery_codes"}
    | {"account_reauthenticate", "account_logout", "set_language"}
)


class StaffGateMiddleware:
    """Deny by default. Public pages pass without a look at the session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        action = action_for(name)
        if action == ANYONE:
            return None
        if action == CLOSED:
            raise Http404
        user = request.user
        if not (isinstance(user, User) and user.is_active and user.is_staff):
            return redirect_to_login(request.get_full_path())
        if session_ended(request, user):
            # Only this browser is signed out: another of the same person may be at work.
            request.session.flush()
            request.user = AnonymousUser()
            messages.info(request, _("You were signed out. Sign in again to go on."))
            return redirect_to_login(request.get_full_path())
        if lacks_second_factor(user) and name not in SETS_UP_FACTOR:
            return redirect("mfa_activate_totp")
        needed = action if request.method in READING else action_to_write(name)
        if needed == CLOSED or (needed != STAFF and not user.has_perm(needed)):
            raise PermissionDenied
        return None


def session_ended(request: HttpRequest, user: User) -> bool:
    """Whether the session is too old, idle for too long, or of other rights than now."""
    now, session = int(time.time()), request.session
    rights = _rights(user)
    started = session.setdefault("staff_since", now)
    seen = session.get("staff_seen", now)
    if now - started > LONGEST or now - seen > IDLE:
        return True
    if session.setdefault("staff_rights", rights) != rights:
        return True
    if "staff_seen" not in session or now - seen >= STEP:
        session["staff_seen"] = now
    return False


def _rights(user: User) -> str:
    return " ".join([*sorted(roles_of(user)), *(["superuser"] if user.is_superuser else [])])


def lacks_second_factor(user: User) -> bool:
    return bool(settings.REQUIRE_SECOND_FACTOR) and not is_mfa_enabled(user)
