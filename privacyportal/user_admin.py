"""Accounts of staff in the admin. Nobody edits their own rights or those of somebody above.

Only a superuser makes superusers and system administrators. A system administrator hands out the
other roles, never sees or sets a password (a link by mail does), and cannot change the address of
an account that exists: the link would go there.
"""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from consent.admin.guarded import GuardedAdmin
from consent.enums import Role
from consent.services import audit
from privacyportal.accounts import roles_of, send_password_link
from privacyportal.signin import end_sessions

RIGHTS = ["is_active", "groups"]


def may_touch(actor: Any, other: User | None) -> bool:
    """Whether ``actor`` may change this account at all."""
    if actor.is_superuser or other is None:
        return True
    above = other.is_superuser or Role.SYSTEM_ADMIN in roles_of(other)
    return not above or other.pk == actor.pk


def roles_to_give(actor: Any) -> list[str]:
    return [role for role in Role if actor.is_superuser or role != Role.SYSTEM_ADMIN]


def invite(user: User) -> None:
    """Mail the account a link with which its owner sets a password, once."""
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    uidb36, _dash, token = key.partition("-")
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": uidb36, "key": token})
    send_password_link(user.email, url=settings.SITE_URL + path)


class RoleChoice(forms.ModelMultipleChoiceField):
    def label_from_instance(self, group: Group) -> str:
        return str(Role(group.name).label)


class StaffAdmin(GuardedAdmin):
    see = write = "user.admin"
    may_add = True
    list_display = ["username", "full_name", "email", "is_active", "role_names", "last_login"]
    list_filter = ["is_active"]
    search_fields = ["username", "email", "last_name"]
    ordering = ["username"]
    actions = ["send_password_link", "remove_second_factor"]
    actions_on_top = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("name"), ordering="last_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @admin.display(description=_("roles"))
    def role_names(self, user: User) -> str:
        names = {group.name for group in user.groups.all()}
        return ", ".join(str(role.label) for role in Role if role in names)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and may_touch(request.user, obj)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002 -- Django's signature
        fields = ["username", "first_name", "last_name", "email", *RIGHTS]
        return [*fields, "is_superuser"] if request.user.is_superuser else fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return ["is_active"]
        fixed = [] if request.user.is_superuser else ["username", "email"]
        own = obj.pk == request.user.pk
        return [*fixed, *RIGHTS, "is_superuser"] if own else fixed

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if "email" in form.base_fields:
            form.base_fields["email"].required = True  # the password link goes there
        return form

    def formfield_for_manytomany(self, db_field: Any, request: Any, **_kwargs: Any) -> Any:
        return (
            RoleChoice(
                queryset=Group.objects.filter(name__in=roles_to_give(request.user)),
                widget=forms.CheckboxSelectMultiple,
                required=False,
                label=_("Roles"),
            )
            if db_field.name == "groups"
            else None
        )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.is_staff = True
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        """The trail keeps which roles an account has from now on; a new one is invited."""
        super().save_related(request, form, formsets, change)
        user = form.instance
        roles = sorted(user.groups.values_list("name", flat=True))
        audit.record(
            "user.changed" if change else "user.added",
            target=user,
            by=request.user,
            data={
                "roles": roles,
                "active": user.is_active,
                "superuser": user.is_superuser,
                "fields": sorted(form.changed_data),
            },
        )
        if not change:
            invite(user)

    @admin.action(description=_("Send a link to set the password"), permissions=["admin"])
    @transaction.atomic
    def send_password_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        done = 0
        for user in self._touchable(request, queryset.exclude(email="")):
            invite(user)
            audit.record("user.invited", target=user, by=request.user)  # type: ignore[arg-type]  # signed in
            done += 1
        self._tell(
            request, ngettext("%d link is on its way.", "%d links are on their way.", done), done
        )

    @admin.action(description=_("Remove the second factor (lost device)"), permissions=["admin"])
    @transaction.atomic
    def remove_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        done = 0
        for user in self._touchable(request, queryset.exclude(pk=request.user.pk or 0)):
            Authenticator.objects.filter(user=user).delete()
            end_sessions(user)  # the lost device may still be signed in
            audit.record("user.second_factor_removed", target=user, by=request.user)  # type: ignore[arg-type]  # signed in
            done += 1
        self._tell(request, ngettext("%d account changed.", "%d accounts changed.", done), done)

    def has_admin_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.write)

    def _touchable(self, request: HttpRequest, users: QuerySet[User]) -> list[User]:
        return [user for user in users if may_touch(request.user, user)]

    def _tell(self, request: HttpRequest, text: str, done: int) -> None:
        self.message_user(request, text % done, messages.SUCCESS if done else messages.WARNING)


admin.site.register(User, StaffAdmin)
