"""Who may do what: one table of roles, one table of doors. What is in neither is refused.

``ROLES`` says which actions a role holds (DOMAIN 7). ``DOORS`` says for every URL of the portal
which action opens it; privacyportal.gate asks it before any view runs, and
``user.has_perm("ticket.read")`` is answered from ``ROLES`` (privacyportal.accounts.RoleBackend).
A test walks every URL, admin view and admin action with every role and compares.
"""

from collections.abc import Iterable
from typing import Any

from rest_framework.permissions import BasePermission

from consent.enums import Role

ROLES: dict[Role, frozenset[str]] = {
    Role.INTAKE_CLERK: frozenset({"ticket.read", "ticket.work"}),
    Role.CASE_HANDLER: frozenset(
        {"ticket.read", "ticket.work", "ticket.identity_evidence", "registry.read", "consent.read"}
    ),
    Role.REVIEWER_LEGAL: frozenset(
        {"ticket.read", "ticket.approve", "ticket.appeal", "registry.read", "consent.read"}
        | {"breach.edit"}
    ),
    Role.PRIVACY_LEAD_DPO: frozenset(
        {"ticket.read", "ticket.work", "ticket.identity_evidence", "ticket.approve"}
        | {"ticket.appeal", "registry.read", "registry.edit", "cookie.edit", "consent.read"}
        | {"consent.export", "policy.draft", "policy.approve", "notice.send", "breach.edit"}
        | {"legal_hold", "audit.read", "settings.rules"}
    ),
    Role.REGISTRY_EDITOR: frozenset({"registry.read", "registry.edit", "cookie.edit"}),
    Role.POLICY_AUTHOR: frozenset({"policy.draft", "registry.read"}),
    Role.POLICY_APPROVER: frozenset({"policy.approve", "notice.send", "registry.read"}),
    Role.CONSENT_ADMIN: frozenset({"consent.read", "consent.export", "cookie.edit"}),
    Role.SECURITY_OFFICER: frozenset({"breach.edit", "registry.read", "audit.read"}),
    Role.AUDITOR: frozenset({"registry.read", "audit.read"}),
    # Looks after accounts and sees no request (separation of duties).
    Role.SYSTEM_ADMIN: frozenset({"user.admin"}),
}

ANYONE = "anyone"
STAFF = "signed in"
# A library's page that we do not use. 404 for everybody, the superuser included.
CLOSED = "closed"


def _model(name: str, *, see: str, add: str = CLOSED) -> dict[str, str]:
    """The stock doors of one admin class. Nothing is ever deleted there."""
    return {
        f"admin:{name}_changelist": see,
        f"admin:{name}_change": see,
        f"admin:{name}_add": add,
        f"admin:{name}_delete": CLOSED,
        f"admin:{name}_history": CLOSED,
    }


def _ticket(action: str, *names: str) -> dict[str, str]:
    return {f"admin:requests_ticket_{name}": action for name in names}


PUBLIC = (
    *("start", "find", "choose", "question", "check", "status", "address", "withdraw", "again"),
    "answer_date",
    *("confirm", "follow", "mandate", "do_not_sell", "opt_out"),
)

DOORS: dict[str, str] = {
    # The admin's own pages. Sign-in, sign-out and passwords are allauth's.
    "admin:index": STAFF,
    "admin:login": ANYONE,
    "admin:logout": CLOSED,
    "admin:password_change": CLOSED,
    "admin:password_change_done": CLOSED,
    "admin:autocomplete": CLOSED,
    "admin:jsi18n": CLOSED,
    "admin:view_on_site": CLOSED,
    "admin:app_list": CLOSED,
    # Requests.
    **_ticket("ticket.read", "changelist", "change", "next", "calendar", "feed"),
    **_ticket("ticket.read", "undo"),  # whoever may see it may stop it
    **_ticket("ticket.work", "take", "start", "read", "ask", "message", "note"),
    **_ticket("ticket.work", "answer", "aside", "close", "enter", "acknowledge", "identity"),
    **_ticket("ticket.work", "extend", "arrived", "residence", "recount", "reopen", "appeal"),
    **_ticket("ticket.work", "silence"),
    **_ticket("ticket.read", "calculation"),
    **_ticket("ticket.appeal", "decide"),
    **_ticket("ticket.approve", "review", "approve", "return"),
    **_model("requests_rightrule", see="registry.read"),
    **_model("requests_deadlinerule", see="registry.read"),
    "admin:requests_deadlinerule_revise": "settings.rules",
    # The record.
    **_model("consent_auditevent", see="audit.read"),
    **_model("consent_outboundemail", see="ticket.work"),
    **_model("consent_datasubject", see="consent.read"),
    **_model("consent_jurisdiction", see="registry.read"),
    **_model("consent_holiday", see="registry.read"),
    **_model("consent_organisation", see="registry.read"),
    **_model("consent_site", see="registry.read", add="settings.rules"),
    # Accounts.
    **_model("auth_user", see="user.admin", add="user.admin"),
    # Sign-in of staff.
    "account_login": ANYONE,
    "account_logout": ANYONE,
    "account_inactive": ANYONE,
    "account_reauthenticate": STAFF,
    "account_change_password": STAFF,
    "account_reset_password": ANYONE,
    "account_reset_password_done": ANYONE,
    "account_reset_password_from_key": ANYONE,
    "account_reset_password_from_key_done": ANYONE,
    "account_signup": CLOSED,
    "account_email": CLOSED,
    "account_email_verification_sent": CLOSED,
    "account_confirm_email": CLOSED,
    "account_set_password": CLOSED,
    "account_confirm_login_code": CLOSED,
    "mfa_index": STAFF,
    "mfa_authenticate": ANYONE,
    "mfa_reauthenticate": STAFF,
    "mfa_activate_totp": STAFF,
    "mfa_deactivate_totp": STAFF,
    "mfa_view_recovery_codes": STAFF,
    "mfa_generate_recovery_codes": STAFF,
    "mfa_download_recovery_codes": STAFF,
    "set_language": ANYONE,
    # Public pages: what a browser sees there is decided by its secrets (requests.services.links).
    **dict.fromkeys((f"requests:{name}" for name in PUBLIC), ANYONE),
    # What belongs to no app, and what machines ask.
    "root": ANYONE,
    "healthz": ANYONE,
    "readyz": ANYONE,
    "security_txt": ANYONE,
    "first_admin": ANYONE,  # behind a secret
    "calendar_feed": ANYONE,  # behind a secret
    "dev_mail": ANYONE,  # in development only
    "dev_mail_message": ANYONE,
    "dev_mail_html": ANYONE,
}

# What it takes to change something behind a door that others may look through. The gate asks
# here first for every method but GET, HEAD and OPTIONS; what is not here asks what looking asks.
WRITES: dict[str, str] = {
    **dict.fromkeys(
        (
            f"admin:{name}_change"
            for name in (
                *("requests_ticket", "requests_rightrule", "requests_deadlinerule"),
                *("consent_auditevent", "consent_outboundemail", "consent_datasubject"),
                *("consent_jurisdiction", "consent_holiday"),
            )
        ),
        CLOSED,
    ),
    "admin:consent_organisation_change": "settings.rules",
    "admin:consent_site_change": "settings.rules",
}

# Admin actions on several rows, by model and name. Stock "delete selected" is off everywhere.
ROW_ACTIONS: dict[str, str] = {
    "consent.outboundemail:send_again": "ticket.work",
    "auth.user:send_password_link": "user.admin",
    "auth.user:remove_second_factor": "user.admin",
}


def actions_of(roles: Iterable[str]) -> frozenset[str]:
    """Every action that one of ``roles`` holds; a group that is no role of ours holds none."""
    known = [Role(name) for name in roles if name in Role.values]
    return frozenset().union(*(ROLES[role] for role in known))


def action_for(view_name: str) -> str:
    """The action that opens the door of this name; a door nobody wrote down is closed."""
    return DOORS.get(view_name, CLOSED)


def action_to_write(view_name: str) -> str:
    """The action that lets somebody change what is behind the door of this name."""
    return WRITES.get(view_name, action_for(view_name))


class Nobody(BasePermission):
    """The default of the API: each of its views names its own permission."""

    def has_permission(self, request: Any, view: Any) -> bool:  # noqa: ARG002 -- DRF's signature
        return False
