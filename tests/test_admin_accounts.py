"""Nobody rises: accounts, roles and passwords through every form of the admin (T-45)."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from consent.enums import Role
from consent.models import AuditEvent, OutboundEmail
from privacyportal import user_admin
from tests import factories, public

pytestmark = pytest.mark.django_db

LIST = "/admin/auth/user/"
ADD = f"{LIST}add/"
PHRASE = "a long phrase for tests"
NOT_LOOKING_AFTER_ACCOUNTS = [role for role in Role if role != Role.SYSTEM_ADMIN]
# Everything that could lift an account, and the ways a forged form might name it.
LIFTING = {
    "is_superuser": "on",
    "is_staff": "on",
    "user_permissions": ["1", "2"],
    "permissions": ["1"],
    "password": "pbkdf2_sha256$1$x$y",
    "password1": "karkalec-13-mali-i-bardhe",
    "password2": "karkalec-13-mali-i-bardhe",
    "usable_password": "true",
    "id": "1",
    "pk": "1",
    "last_login_0": "2030-01-01",
    "date_joined_0": "2001-01-01",
}


@pytest.fixture
def keeper():
    """The system administrator."""
    return factories.staff(Role.SYSTEM_ADMIN, "keeper")


@pytest.fixture
def root():
    return User.objects.create_superuser("root", "root@office.example", PHRASE)


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def group(role):
    return str(Group.objects.get_or_create(name=role)[0].pk)


def form(user=None, *roles, **more):
    base = {
        "username": user.username if user else "fresh",
        "first_name": "",
        "last_name": "",
        "email": user.email if user else "fresh@office.example",
        "is_active": "on",
        "groups": [group(role) for role in roles],
    }
    return {**base, **more}


def rights(user):
    user = User.objects.get(pk=user.pk)
    return (
        user.username,
        user.email,
        user.password,
        user.is_active,
        user.is_staff,
        user.is_superuser,
        sorted(user.groups.values_list("name", flat=True)),
        user.user_permissions.count(),
    )


# --- who may come in at all -----------------------------------------------------


@pytest.mark.parametrize("role", NOT_LOOKING_AFTER_ACCOUNTS)
def test_no_other_role_reaches_an_account(role, keeper, root):
    user = factories.staff(role)
    client, before = browser(user), [rights(one) for one in (user, keeper, root)]
    for path in (LIST, ADD, *(f"{LIST}{one.pk}/change/" for one in (user, keeper, root))):
        assert client.get(path).status_code == 403
        assert client.post(path, form(user, *Role, **LIFTING)).status_code == 403
    for action in ("send_password_link", "remove_second_factor", "delete_selected"):
        forged = {"action": action, "_selected_action": [root.pk, keeper.pk]}
        assert client.post(LIST, forged).status_code == 403
    assert [rights(one) for one in (user, keeper, root)] == before
    assert User.objects.count() == 3
    assert not OutboundEmail.objects.exists()


def test_groups_permissions_and_library_models_have_no_page(root):
    client = browser(root)
    registered = {model._meta.label for model in admin.site._registry}
    assert registered & {
        "auth.Group", "auth.Permission", "mfa.Authenticator", "account.EmailAddress",
        "sessions.Session", "contenttypes.ContentType",
    } == set()  # fmt: skip
    for path in ("auth/group/", "auth/permission/", "mfa/authenticator/", "account/emailaddress/"):
        assert client.get(f"/admin/{path}").status_code == 404
        assert client.post(f"/admin/{path}add/", {"name": "x"}).status_code == 404
    user = factories.officer()
    for path in ("password/", "delete/", "history/"):
        fields = {"password1": LIFTING["password1"], "password2": LIFTING["password1"]}
        assert client.post(f"{LIST}{user.pk}/{path}", fields).status_code == 404
    assert User.objects.get(pk=user.pk).check_password(PHRASE)


def test_nobody_is_deleted(root, keeper):
    user = factories.officer()
    for actor in (root, keeper):
        client = browser(actor)
        assert client.post(f"{LIST}{user.pk}/delete/", {"post": "yes"}).status_code == 404
        forged = {"action": "delete_selected", "_selected_action": user.pk, "post": "yes"}
        assert client.post(LIST, forged).status_code in {200, 302}
    assert User.objects.filter(pk=user.pk).exists()


# --- one's own account ------------------------------------------------------------


@pytest.mark.parametrize("who", ["keeper", "root"])
def test_nobody_changes_their_own_rights(who, request):
    user = request.getfixturevalue(who)
    client, before = browser(user), rights(user)
    fields = form(user, *Role, **{**LIFTING, "is_superuser": "on"})
    fields["first_name"] = "Kept"
    del fields["is_active"]
    answer = client.post(f"{LIST}{user.pk}/change/", fields)
    assert answer.status_code == 302
    assert rights(user) == before
    assert User.objects.get(pk=user.pk).first_name == "Kept"


@pytest.mark.parametrize("who", ["keeper", "root"])
def test_ones_own_page_offers_no_rights(who, request):
    user = request.getfixturevalue(who)
    page = browser(user).get(f"{LIST}{user.pk}/change/").content.decode()
    names = set(re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', page))
    assert names & {"groups", "is_active", "is_superuser", "is_staff", "password"} == set()


def test_a_system_administrator_keeps_name_and_address_and_their_own_factor(keeper):
    TOTP.activate(keeper, "JBSWY3DPEHPK3PXP")
    fields = form(keeper, username="root2", email="elsewhere@example.org")
    browser(keeper).post(f"{LIST}{keeper.pk}/change/", fields)
    forged = {"action": "remove_second_factor", "_selected_action": keeper.pk}
    browser(keeper).post(LIST, forged)
    after = User.objects.get(pk=keeper.pk)
    assert (after.username, after.email) == ("keeper", "keeper@office.example")
    assert Authenticator.objects.filter(user=keeper).count() == 1


# --- accounts above ---------------------------------------------------------------


def test_a_system_administrator_cannot_touch_those_above(keeper, root):
    second = factories.staff(Role.SYSTEM_ADMIN, "second")
    for other in (root, second):
        TOTP.activate(other, "JBSWY3DPEHPK3PXP")
        before = rights(other)
        page = browser(keeper).get(f"{LIST}{other.pk}/change/")
        assert 'name="_save"' not in page.content.decode()
        fields = form(other, Role.AUDITOR, **LIFTING, email="mine@example.org")
        assert browser(keeper).post(f"{LIST}{other.pk}/change/", fields).status_code == 403
        for action in ("send_password_link", "remove_second_factor"):
            forged = {"action": action, "_selected_action": other.pk}
            browser(keeper).post(LIST, forged)
        assert rights(other) == before
    assert Authenticator.objects.count() == 2
    assert not OutboundEmail.objects.exists()


def test_a_system_administrator_gives_no_rank_like_their_own(keeper):
    client, officer = browser(keeper), factories.officer()
    before = rights(officer)
    for role in (Role.SYSTEM_ADMIN, "strangers"):
        answer = client.post(f"{LIST}{officer.pk}/change/", form(officer, role))
        assert answer.status_code == 200
        assert set(answer.context["adminform"].form.errors) == {"groups"}
        answer = client.post(ADD, form(None, role))
        assert set(answer.context["adminform"].form.errors) == {"groups"}
    assert rights(officer) == before
    client.post(f"{LIST}{officer.pk}/change/", form(officer, Role.AUDITOR, **LIFTING))
    after = rights(officer)
    assert after == (*before[:6], [str(Role.AUDITOR)], 0)


def test_a_new_account_has_the_roles_given_and_no_flag_beyond(keeper):
    answer = browser(keeper).post(ADD, form(None, Role.INTAKE_CLERK, **LIFTING))
    assert answer.status_code == 302
    made = User.objects.get(username="fresh")
    assert (made.is_staff, made.is_superuser, made.is_active) == (True, False, True)
    assert made.has_usable_password() is False
    assert [g.name for g in made.groups.all()] == [Role.INTAKE_CLERK]
    assert made.get_all_permissions() == {"ticket.read", "ticket.work"}
    assert made.user_permissions.count() == 0


@pytest.mark.parametrize("missing", ["email", "username"])
def test_an_account_needs_a_name_and_an_address(keeper, missing):
    answer = browser(keeper).post(ADD, form(None, Role.AUDITOR, **{missing: ""}))
    assert set(answer.context["adminform"].form.errors) == {missing}
    assert User.objects.count() == 1


def test_only_a_superuser_makes_a_superuser_or_a_system_administrator(root):
    officer = factories.officer()
    fields = form(officer, Role.SYSTEM_ADMIN, is_superuser="on")
    assert browser(root).post(f"{LIST}{officer.pk}/change/", fields).status_code == 302
    after = User.objects.get(pk=officer.pk)
    assert after.is_superuser
    assert [g.name for g in after.groups.all()] == [Role.SYSTEM_ADMIN]
    event = AuditEvent.objects.get(action="user.changed")
    assert event.actor_id == root.pk
    assert event.data == {
        "roles": ["system_admin"],
        "active": True,
        "superuser": True,
        "fields": ["groups", "is_superuser"],
    }


# --- stored permissions mean nothing ----------------------------------------------


def test_a_stored_permission_opens_nothing(keeper):
    clerk = factories.staff(Role.INTAKE_CLERK)
    clerk.user_permissions.set(Permission.objects.all())
    Group.objects.get(name=Role.INTAKE_CLERK).permissions.set(Permission.objects.all())
    friends = Group.objects.create(name="friends")
    friends.permissions.set(Permission.objects.all())
    clerk.groups.add(friends)
    assert User.objects.get(pk=clerk.pk).get_all_permissions() == {"ticket.read", "ticket.work"}
    assert browser(clerk).get(LIST).status_code == 403


# --- no way up, searched -------------------------------------------------------------


def test_no_chain_of_forms_leads_up():
    """Who can give which role to whom, and what those can give: nothing new is ever reached."""
    gives = {role: set(user_admin.roles_to_give(factories.staff(role))) for role in Role}
    managing = {role for role in Role if "user.admin" in user_admin_actions(role)}
    reached, todo = set(), {Role.SYSTEM_ADMIN}
    while todo:
        role = todo.pop()
        reached.add(role)
        if role in managing:
            todo |= {Role(name) for name in gives[role]} - reached
    assert managing == {Role.SYSTEM_ADMIN}
    assert reached == set(Role)  # it hands out every role below
    assert Role.SYSTEM_ADMIN not in gives[Role.SYSTEM_ADMIN]


def user_admin_actions(role):
    from privacyportal.permissions import ROLES

    return ROLES[role]


# --- separation of duties --------------------------------------------------------------


def test_a_system_administrator_sees_no_request(keeper):
    """Not by a page, not on the first page, not by a count, not in the search of accounts."""
    made = factories.in_progress()
    client = browser(keeper)
    for path in (
        "", f"{made.pk}/change/", "next/", "calendar/", f"{made.pk}/note/", f"{made.pk}/answer/",
    ):  # fmt: skip
        assert client.get(f"/admin/requests/ticket/{path}").status_code == 403
    for path in ("consent/outboundemail/", "consent/auditevent/", "consent/datasubject/"):
        assert client.get(f"/admin/{path}").status_code == 403
    home = client.get("/admin/")
    assert "counts" not in home.context
    page = home.content.decode()
    assert made.reference not in page
    assert made.email not in page
    assert re.findall(r'<li><a href="(/admin/[^"]+)"', page) == [LIST]


# --- invitations --------------------------------------------------------------------------


def test_a_new_account_is_invited_and_sets_its_own_password(keeper):
    factories.OrganisationFactory()
    browser(keeper).post(ADD, form(None, Role.AUDITOR))
    mail = public.mails("staff_password")
    assert [(one["to"]) for one in mail] == ["fresh@office.example"]
    guest = Client()
    place = guest.get(public.link("staff_password"), follow=True).request["PATH_INFO"]
    words = {"password1": LIFTING["password1"], "password2": LIFTING["password1"]}
    assert guest.post(place, words).status_code == 302
    assert User.objects.get(username="fresh").check_password(LIFTING["password1"])
    cache.clear()
    signing_in = {"login": "fresh", "password": LIFTING["password1"]}
    assert guest.post("/account/login/", signing_in).status_code == 302
    assert guest.get("/admin/consent/auditevent/").status_code == 200
    assert [event.action for event in AuditEvent.objects.order_by("id")] == [
        "user.added", "user.password_set", "user.signed_in",
    ]  # fmt: skip


def test_a_link_can_be_sent_again_and_the_message_counts(keeper, root):
    officer = factories.officer()
    without = factories.staff(Role.AUDITOR, "without")
    User.objects.filter(pk=without.pk).update(email="")
    forged = {"action": "send_password_link", "_selected_action": [officer.pk, without.pk, root.pk]}
    page = browser(keeper).post(LIST, forged, follow=True)
    assert "1 link is on its way." in page.content.decode()
    assert [row.to for row in OutboundEmail.objects.all()] == [officer.email]
    assert AuditEvent.objects.get(action="user.invited").target_id == str(officer.pk)


def test_removing_a_factor_signs_the_lost_device_out(keeper):
    officer = factories.officer()
    TOTP.activate(officer, "JBSWY3DPEHPK3PXP")
    lost, other = browser(officer), browser(keeper)
    assert lost.get("/admin/").status_code == 200
    forged = {"action": "remove_second_factor", "_selected_action": officer.pk}
    assert "1 account changed." in other.post(LIST, forged, follow=True).content.decode()
    assert not Authenticator.objects.exists()
    assert lost.get("/admin/").status_code == 302
    assert other.get("/admin/").status_code == 200
    assert Session.objects.filter(expire_date__gt=timezone.now() - timedelta(days=1)).count() == 1
    assert AuditEvent.objects.get(action="user.second_factor_removed").actor_id == keeper.pk


def test_the_list_of_accounts_names_roles_in_words(keeper):
    factories.staff(Role.PRIVACY_LEAD_DPO, "drita")
    page = browser(keeper).get(LIST).content.decode()
    assert "Privacy lead (DPO)" in page
    assert "System administrator" in page
    assert browser(keeper).get(LIST, {"q": "drita"}).content.decode().count("field-username") == 1
