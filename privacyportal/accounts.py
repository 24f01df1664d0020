"""Accounts of staff: no sign-up, rights by role only, secrets sealed, mail through the outbox."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser, Group, User
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from consent import crypto
from consent.enums import Role
from consent.services import limits, outbox
from privacyportal import signin
from privacyportal.permissions import actions_of

# Of all the mails allauth could send, the one we use.
PASSWORD_LINK = "account/email/password_reset_key"  # noqa: S105 -- a template's name

_CACHE = "_portal_roles"


def roles_of(user: User | AnonymousUser) -> frozenset[str]:
    """The names of the user's groups, read once per request."""
    known: frozenset[str] | None = vars(user).get(_CACHE)
    if known is None:
        known = frozenset(user.groups.values_list("name", flat=True) if user.pk else [])
        setattr(user, _CACHE, known)
    return known


class RoleBackend(ModelBackend):
    """Rights come from the table in privacyportal.permissions, never from stored permissions.

    Only active staff can sign in; taking ``is_staff`` away ends the sessions of the account too.
    """

    def user_can_authenticate(self, user: Any) -> bool:
        return bool(super().user_can_authenticate(user) and user.is_staff)

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:  # noqa: ARG002 -- Django's signature
        return set()

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if obj is not None or not (user_obj.is_active and user_obj.is_staff):
            return set()
        return set(actions_of(roles_of(user_obj)))


class StaffAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth as we use it: sign in, sign out, change or set a password."""

    # An error says what to do, in the words of the rest of the portal.
    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account is switched off."),
        "enter_current_password": _("That is not your current password. Type it again."),
        "incorrect_password": _("That password is not right. Type it again."),
        "incorrect_code": _("That code is not right. Type the one that your app shows now."),
        "invalid_password_reset": _("This link has ended or was used."),
        "invalid_or_expired_key": _("This link has ended or was used."),
        "same_as_current": _("The new password must differ from the old one."),
        "username_password_mismatch": _("The user name or the password is not right. Check both."),
        "too_many_login_attempts": _("Too many tries. Wait a few minutes, then try again."),
        "rate_limited": _("That was a lot in a short time. Wait a few minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 -- allauth's signature
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Limits count the client behind our own proxies, not what a header claims."""
        return limits.client(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Instead of the library's own count, with which a stranger locks the owner out."""
        if not signin.may_try(request, str(credentials.get("username", ""))):
            raise self.validation_error("too_many_login_attempts")

    def post_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **options)
        signin.remember_browser(response, user)
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue the password link; nobody waits for the mail server, so no timing tells."""
        for_staff = template_prefix == PASSWORD_LINK and context["user"].is_staff
        if for_staff and signin.may_send_link(email):
            send_password_link(email, url=context["password_reset_url"])

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Nothing else is mailed."""


class StaffMfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Keys of second factors are sealed: a copy of the database signs nobody in."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("That code is not right. Type the one that your app shows now."),
    }

    def encrypt(self, text: str) -> str:
        return base64.b64encode(crypto.seal({"text": text}, place="mfa")).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return str(crypto.unseal(base64.b64decode(encrypted_text), place="mfa")["text"])


def send_password_link(email: str, *, url: str) -> None:
    """Mail a link that sets a password: once, within PASSWORD_RESET_TIMEOUT."""
    outbox.enqueue(
        "staff_password",
        key=f"staff_password:{crypto.new_token()}",
        to=email,
        language=get_language() or "en",
        context={"url": url},
    )


def create_role_groups(**_kwargs: Any) -> None:
    """After each migration: one group per role, so that roles are there without a fixture."""
    for role in Role:
        Group.objects.get_or_create(name=role)
