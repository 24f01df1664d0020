"""Every door of the portal against the written table, with every role."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.messages.storage.fallback import FallbackStorage
from django.test import Client, RequestFactory
from rest_framework.views import APIView

from consent.enums import MailState, Role
from consent.models import AuditEvent, Holiday, OutboundEmail, Site
from consent.services import outbox
from privacyportal.permissions import (
    ANYONE,
    CLOSED,
    DOORS,
    ROLES,
    ROW_ACTIONS,
    STAFF,
    WRITES,
    Nobody,
    action_for,
    actions_of,
)
from requests.models import Ticket
from requests.models.ticket import TicketQuerySet
from tests import factories
from tests.doors import all_doors

# DOMAIN 7, copied by hand: a change of the table must be made twice to pass.
WRITTEN = {
    "intake_clerk": "ticket.read, ticket.work",
    "case_handler": "ticket.read, ticket.work, ticket.identity_evidence, registry.read,"
    " consent.read",
    "reviewer_legal": "ticket.read, ticket.approve, ticket.appeal, registry.read, consent.read,"
    " breach.edit",
    "privacy_lead_dpo": "ticket.read, ticket.work, ticket.identity_evidence, ticket.approve,"
    " ticket.appeal, registry.read, registry.edit, cookie.edit, consent.read, consent.export,"
    " policy.draft, policy.approve, notice.send, breach.edit, legal_hold, audit.read,"
    " settings.rules",
    "registry_editor": "registry.read, registry.edit, cookie.edit",
    "policy_author": "policy.draft, registry.read",
    "policy_approver": "policy.approve, notice.send, registry.read",
    "consent_admin": "consent.read, consent.export, cookie.edit",
    "security_officer": "breach.edit, registry.read, audit.read",
    "auditor": "registry.read, audit.read",
    "system_admin": "user.admin",
}
SIGN_IN = ("account_", "mfa_", "admin:login")
# These keep nobody out because of who they are; many ask for a secret and know none of ours.
STRANGERS = ("anonymous", "no member of staff", "without a role", "gone")
UNUSUAL = ("anonymous", "superuser", Role.CASE_HANDLER, Role.SYSTEM_ADMIN)
PERSONAS = (*Role, "superuser", *STRANGERS)


def test_the_roles_are_those_of_the_written_table():
    assert {str(role): actions for role, actions in ROLES.items()} == {
        role: frozenset(text.replace(",", " ").split()) for role, text in WRITTEN.items()
    }


def test_a_group_that_is_no_role_holds_nothing():
    assert actions_of(["friends", "superuser", ""]) == frozenset()


def test_each_action_of_a_door_is_held_by_somebody():
    known = frozenset().union(*ROLES.values()) | {ANYONE, STAFF, CLOSED}
    assert {*DOORS.values(), *WRITES.values(), *ROW_ACTIONS.values()} <= known


# --- the walk ---------------------------------------------------------------


@pytest.fixture
def rows():
    """One row of every model with an admin class; its key, by model."""
    made = factories.in_progress()
    factories.staff(Role.AUDITOR, "somebody")
    Holiday.objects.create(calendar="AL", day="2026-11-28")
    Site.objects.get_or_create(
        organisation=made.organisation, name="Shop", origin="https://shop.example"
    )

    def key(model):
        return 1 if model is None else model._default_manager.order_by("pk").first().pk

    return key


def account(persona):
    """With a password and a second factor, so that each page of the account has what it shows."""
    role = persona if persona in Role.values else Role.PRIVACY_LEAD_DPO
    user = factories.staff(role, str(persona))
    changes = {
        "superuser": {"is_superuser": True},
        "no member of staff": {"is_staff": False},
        "gone": {"is_active": False},
    }
    if persona in changes:
        User.objects.filter(pk=user.pk).update(**changes[persona])
    if persona in {"superuser", "without a role"}:
        user.groups.clear()
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(user)
    return User.objects.get(pk=user.pk)


def browser(persona):
    client = Client()
    if persona != "anonymous":
        client.force_login(account(persona))
    return client


def expected(persona, name, verb):
    """What the table says: "in", "out" (to the sign-in), "refused" or "unknown" (404)."""
    action = DOORS.get(name, CLOSED)
    if action == CLOSED:
        return "unknown"
    if persona in {"anonymous", "no member of staff", "gone"}:
        return "out"
    if verb != "get":
        action = WRITES.get(name, action)
    if action == STAFF or (persona == "superuser" and action != CLOSED):
        return "in"
    return "in" if action in actions_of([persona]) else "refused"


def found(answer):
    if answer.status_code == 302 and answer["Location"].startswith("/account/login/?next="):
        return "out"
    return {403: "refused", 404: "unknown"}.get(answer.status_code, "in")


@pytest.mark.django_db
def test_every_door_stands_in_the_table_and_every_entry_is_a_door(rows):
    names = {door.name for door in all_doors(rows)}
    assert names - {""} == set(DOORS)
    assert set(WRITES) <= set(DOORS)


@pytest.mark.django_db
def test_a_door_that_nobody_wrote_down_is_closed(rows):
    assert action_for("requests:brand_new") == CLOSED
    unnamed = [door for door in all_doors(rows) if not door.name]
    client = browser("superuser")
    assert unnamed
    assert {client.get(door.path).status_code for door in unnamed} == {404}


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("verb", "persona"),
    [
        *((verb, persona) for verb in ("get", "post") for persona in PERSONAS),
        *((verb, persona) for verb in ("put", "patch", "delete") for persona in UNUSUAL),
    ],
)
def test_every_door_with_every_role(rows, persona, verb):
    """Doors for anyone are left out here: what they show hangs on a secret, not on a role."""
    client, wrong = browser(persona), []
    for door in all_doors(rows):
        if action_for(door.name) == ANYONE:
            continue
        answer = getattr(client, verb)(door.path)
        wanted = expected(persona, door.name, verb)
        if answer.status_code >= 500 or found(answer) != wanted:
            wrong.append((verb, door.path, wanted, answer.status_code))
    assert wrong == []


@pytest.mark.django_db
@pytest.mark.parametrize("persona", ["anonymous", "gone", Role.AUDITOR, "superuser"])
def test_a_public_door_sends_nobody_to_the_sign_in(rows, persona):
    """None of these pages asks who is there; a wrong secret is 404 for each. A number is no
    secret: its page is the same whether there is such a request."""
    client, answers = browser(persona), {}
    for door in all_doors(rows):
        if action_for(door.name) == ANYONE and not door.name.startswith(SIGN_IN):
            answer = client.get(door.path)
            answers[door.name] = answer.status_code
            assert found(answer) in {"in", "unknown"}, door
            assert answer.status_code < 500 or door.name == "readyz", door
    assert answers["requests:start"] == answers["healthz"] == answers["requests:status"] == 200
    assert answers["requests:answer_date"] == answers["first_admin"] == 404


@pytest.mark.django_db
def test_looking_through_every_door_changes_nothing(rows):
    def state():
        tickets = list(Ticket.objects.order_by("pk").values())
        return tickets, AuditEvent.objects.count(), OutboundEmail.objects.count()

    client, before = browser("superuser"), state()
    for door in all_doors(rows):
        client.get(door.path)
        client.head(door.path)
    assert state() == before


@pytest.mark.django_db
@pytest.mark.parametrize("persona", [Role.INTAKE_CLERK, Role.PRIVACY_LEAD_DPO, "superuser"])
def test_a_request_that_is_not_there_is_404_at_every_door(rows, persona):
    client = browser(persona)
    for door in all_doors(lambda model: 987654321 if model is Ticket else rows(model)):
        if "/987654321/" in door.path:
            allowed = expected(persona, door.name, "get") == "in"
            assert client.get(door.path).status_code in ({404, 405} if allowed else {403}), door
            assert client.post(door.path).status_code in {403, 404}, door
    for wild in ("0", "-1", "9" * 30, "x", "1%00", "١"):
        assert client.get(f"/admin/requests/ticket/{wild}/change/").status_code in {400, 404}


@pytest.mark.django_db
def test_an_invisible_request_is_404_and_not_refused(rows, monkeypatch):
    """Where handlers see only some requests, the others are not there: no word on their number."""
    pk = rows(Ticket)
    client = browser(Role.CASE_HANDLER)
    assert client.get(f"/admin/requests/ticket/{pk}/change/").status_code == 200
    monkeypatch.setattr(TicketQuerySet, "visible_to", lambda self, _user: self.exclude(pk=pk))
    shown = {
        (door.name, verb): getattr(client, verb)(door.path).status_code
        for door in all_doors(rows)
        if door.name.startswith("admin:requests_ticket_") and f"/{pk}/" in door.path
        for verb in ("get", "post")
    }
    assert len(shown) > 20
    assert set(shown.values()) <= {403, 404, 405}
    # 403 stands for the role's own limits, 405 for the verb; neither speaks of the request.
    assert {shown[f"admin:requests_ticket_{name}", "post"] for name in ("take", "note")} == {404}
    assert shown["admin:requests_ticket_change", "get"] == 404


# --- the second line: the admin classes answer alike without the gate ---------


def request_of(user):
    request = RequestFactory().get("/")
    request.user, request.session = user, {}
    request._messages = FallbackStorage(request)
    return request


def user_of(persona):
    return AnonymousUser() if persona == "anonymous" else account(persona)


@pytest.mark.django_db
@pytest.mark.parametrize("persona", PERSONAS)
def test_the_admin_classes_say_the_same_as_the_table(persona):
    user = user_of(persona)
    request = request_of(user)
    for model, view in admin.site._registry.items():
        door = f"admin:{model._meta.app_label}_{model._meta.model_name}"

        def may(verb, name, door=door):
            return expected(persona, f"{door}_{name}", verb) == "in"

        assert view.has_view_permission(request) == may("get", "changelist"), model
        assert view.has_module_permission(request) == may("get", "changelist"), model
        assert view.has_change_permission(request) == may("post", "change"), model
        assert view.has_add_permission(request) == may("post", "add"), model
        assert view.has_delete_permission(request) is False, model


@pytest.mark.django_db
@pytest.mark.parametrize("persona", PERSONAS)
def test_actions_on_rows_are_offered_to_whom_the_table_says(persona):
    user = user_of(persona)
    offered = {
        f"{model._meta.label_lower}:{name}"
        for model, view in admin.site._registry.items()
        if view.has_view_permission(request_of(user))
        for name in view.get_actions(request_of(user))
    }
    held = set(ROW_ACTIONS.values()) if persona == "superuser" else actions_of([persona])
    lost = persona in STRANGERS
    assert offered == {name for name, action in ROW_ACTIONS.items() if action in held and not lost}


def test_every_action_on_rows_stands_in_the_table():
    written = {
        f"{model._meta.label_lower}:{name}"
        for model, view in admin.site._registry.items()
        for _action, name, _text in view._get_base_actions()
    }
    assert written == set(ROW_ACTIONS)


@pytest.mark.django_db
def test_an_action_that_is_not_offered_does_nothing():
    """The registry editor may look at neither mails nor accounts, also by a forged form."""
    mail = outbox.enqueue("received", key="k", to="a@example.org", language="en", context={})
    OutboundEmail.objects.filter(pk=mail.pk).update(state=MailState.DEAD)
    other = factories.staff(Role.AUDITOR, "somebody")
    TOTP.activate(other, "JBSWY3DPEHPK3PXP")
    for persona in (Role.REGISTRY_EDITOR, Role.PRIVACY_LEAD_DPO):
        client = browser(persona)
        forged = {"action": "remove_second_factor", "_selected_action": other.pk}
        assert client.post("/admin/auth/user/", forged).status_code == 403
    client.force_login(User.objects.get(username=Role.REGISTRY_EDITOR))
    forged = {"action": "send_again", "_selected_action": mail.pk}
    assert client.post("/admin/consent/outboundemail/", forged).status_code == 403
    mail.refresh_from_db()
    assert mail.state == MailState.DEAD
    assert Authenticator.objects.filter(user=other).exists()


# --- the API ------------------------------------------------------------------


def test_an_api_view_without_an_own_permission_is_closed(settings):
    assert settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] == [
        "privacyportal.permissions.Nobody"
    ]
    view = APIView.as_view()
    for verb in ("get", "post", "put", "patch", "delete", "options"):
        request = getattr(RequestFactory(), verb)("/")
        request.user = User(username="root", is_superuser=True, is_staff=True)
        assert view(request).status_code in {401, 403}


@pytest.mark.django_db
def test_every_api_view_names_its_permission(rows):
    views = [getattr(door.view, "cls", None) for door in all_doors(rows)]
    api = [view for view in views if view is not None and issubclass(view, APIView)]
    assert [view for view in api if Nobody in view.permission_classes] == []
