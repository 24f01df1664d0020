"""Signing in: password, second step, limits, and what ends a session."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from consent.enums import Role
from consent.models import AuditEvent, OutboundEmail
from consent.services import limits
from privacyportal import gate, signin
from tests import factories, public

PASSWORD = "a long phrase for tests"
NEW = "karkalec-13-mali-i-bardhe"
SECRET = "JBSWY3DPEHPK3PXP"
LOGIN = "/account/login/"
SET_UP = "/account/2fa/totp/activate/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_counters(monkeypatch):
    cache.clear()
    counters = FixedWindowRateLimiter(MemoryStorage())
    monkeypatch.setattr(limits, "_shared", lambda: counters)


@pytest.fixture
def besa():
    factories.OrganisationFactory()
    return factories.officer()


def sign_in(client, name="besa", password=PASSWORD, **extra):
    return client.post(LOGIN, {"login": name, "password": password}, **extra)


def signed_in(name="besa", password=PASSWORD):
    client = Client()
    assert sign_in(client, name, password).status_code == 302
    assert is_in(client)
    return client


def is_in(client):
    return client.get("/admin/").status_code == 200


def code(secret=SECRET, moment=None):
    seconds = int((moment or timezone.now()).timestamp())
    return format_hotp_value(hotp_value(secret, seconds // 30))


# --- the password -------------------------------------------------------------


def test_the_right_password_opens_the_office_and_the_trail_has_it(client, besa):
    answer = client.post(f"{LOGIN}?next=/admin/requests/ticket/", {
        "login": "besa", "password": PASSWORD, "next": "/admin/requests/ticket/",
    })  # fmt: skip
    assert (answer.status_code, answer["Location"]) == (302, "/admin/requests/ticket/")
    event = AuditEvent.objects.get(action="user.signed_in")
    assert (event.actor_id, event.target_id, event.data) == (besa.pk, str(besa.pk), {})


def test_the_sign_in_never_leads_away(client, besa):
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        answer = client.get("/admin/login/", {"next": target})
        assert answer["Location"] == "/account/login/?next=%2Fadmin%2F"
        fields = {"login": "besa", "password": PASSWORD, "next": target}
        assert Client().post(LOGIN, fields)["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("name", "password"),
    [("besa", "wrong"), ("nobody", PASSWORD), ("customer", PASSWORD), ("gone", PASSWORD)],
)
def test_every_failure_looks_the_same(client, besa, name, password):
    User.objects.create_user("customer", password=PASSWORD)
    User.objects.create_user("gone", password=PASSWORD, is_staff=True, is_active=False)
    answer = sign_in(client, name, password)
    assert answer.status_code == 200
    said = [str(error) for error in answer.context["form"].non_field_errors()]
    other = sign_in(Client(), "besa", "x").context["form"].non_field_errors()
    assert said == [str(error) for error in other] != []
    assert not is_in(client)
    assert not AuditEvent.objects.filter(action="user.signed_in").exists()


# --- guesses ------------------------------------------------------------------


def test_a_thousand_guesses_are_five_looks_a_minute(besa, monkeypatch):
    looked = []
    plain = User.check_password
    monkeypatch.setattr(
        User, "check_password", lambda user, raw: looked.append(user.pk) or plain(user, raw)
    )
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _second in range(72):
            clock.shift(timedelta(seconds=1))
            cache.clear()  # as if each were counted by another web process
            for guess in range(14):
                sign_in(Client(), password=f"guess {guess}", REMOTE_ADDR=f"192.0.2.{guess}")
    assert looked.count(besa.pk) == 10  # in two windows; a third would need another minute


def test_one_address_cannot_try_many_accounts(besa):
    for number in range(30):
        answer = sign_in(Client(), f"name{number}", "x")
        cache.clear()
        assert "Wait" not in str(answer.context["form"].errors)
    assert "Wait" in str(sign_in(Client()).context["form"].errors)
    elsewhere = Client()
    assert sign_in(elsewhere, REMOTE_ADDR="203.0.113.5").status_code == 302


def test_strangers_do_not_lock_the_owner_out(besa):
    """The owner's browser is known and counted apart; another one waits a minute."""
    known = signed_in()
    known.post("/account/logout/")
    assert not is_in(known)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False) as clock:
        cache.clear()
        for _guess in range(6):
            sign_in(Client(), password="guess", REMOTE_ADDR="203.0.113.5")
        stranger = Client()
        assert sign_in(stranger).status_code == 200
        assert not is_in(stranger)
        assert sign_in(known).status_code == 302
        assert is_in(known)
        clock.shift(timedelta(minutes=1))
        assert sign_in(stranger).status_code == 302


def test_a_known_browser_is_counted_too_and_is_known_for_one_account(besa):
    known = signed_in()
    known.post("/account/logout/")
    limits_hit = [sign_in(known, password="guess") for _n in range(6)][-1]
    assert "Wait" in str(limits_hit.context["form"].errors)
    factories.staff(Role.AUDITOR, "other")
    for _guess in range(5):
        sign_in(Client(), "other", "guess", REMOTE_ADDR="203.0.113.5")
    assert sign_in(known, "other").status_code == 200


@pytest.mark.parametrize("cookie", ["", "x", "eyJhIjoxfQ:1:2", "\x00", "é" * 500])
def test_a_forged_mark_of_a_browser_is_no_mark(besa, cookie):
    client = Client()
    client.cookies["known"] = cookie
    assert sign_in(client).status_code == 302


def test_the_mark_of_a_browser_names_nobody_and_opens_nothing(besa):
    client = signed_in()
    mark = client.cookies["known"]
    assert (mark["httponly"], mark["samesite"], mark["path"]) == (True, "Lax", "/")
    assert "besa" not in mark.value
    only = Client()
    only.cookies["known"] = mark.value
    assert not is_in(only)


def test_a_password_link_is_mailed_three_times_an_hour(besa):
    for minute in range(5):
        with time_machine.travel(timezone.now() + timedelta(minutes=2 * minute)):
            cache.clear()
            answer = Client().post("/account/password/reset/", {"email": besa.email})
            assert answer.status_code == 302
    assert OutboundEmail.objects.filter(template="staff_password").count() == 3


def test_asking_for_a_link_says_the_same_to_everybody(besa):
    User.objects.create_user("customer", email="customer@example.org", password=PASSWORD)
    pages = {
        Client().post("/account/password/reset/", {"email": email}, follow=True).content
        for email in (besa.email, "nobody@example.org", "customer@example.org")
    }
    assert len({re.sub(rb'value="[^"]*"', b"", page) for page in pages}) == 1
    assert [row.to for row in OutboundEmail.objects.all()] == [besa.email]


# --- the password rules at every door -------------------------------------------

WEAK = ["short", "12345678901234", "besa-officer-besa", "password1234"]


def link_for(user):
    Client().post("/account/password/reset/", {"email": user.email})
    return public.link("staff_password")


@pytest.mark.parametrize("weak", [*WEAK, ""])
def test_a_weak_password_is_refused_at_each_door(besa, weak):
    User.objects.filter(pk=besa.pk).update(username="besa-officer")
    client = signed_in("besa-officer")
    change = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
    assert client.post("/account/password/change/", change).status_code == 200
    link = link_for(besa)
    guest = Client()
    place = guest.get(link, follow=True).request["PATH_INFO"]
    answer = guest.post(place, {"password1": weak, "password2": weak})
    assert answer.status_code == 200
    assert answer.context["form"].errors
    besa.refresh_from_db()
    assert besa.check_password(PASSWORD)


def test_a_password_link_works_once_and_for_72_hours(besa):
    link = link_for(besa)
    guest = Client()
    place = guest.get(link, follow=True).request["PATH_INFO"]
    assert guest.get(link, follow=True).status_code == 200  # looking uses nothing up
    assert guest.post(place, {"password1": NEW, "password2": NEW}).status_code == 302
    besa.refresh_from_db()
    assert besa.check_password(NEW)
    assert not is_in(guest)  # the new password is typed at the sign-in, with the second step
    assert AuditEvent.objects.filter(action="user.password_set", actor_id=besa.pk).count() == 1
    for again in (guest, Client()):
        page = again.get(link, follow=True)
        assert page.context["token_fail"] is True
    late = link_for(besa)
    with time_machine.travel(timezone.now() + timedelta(hours=72, seconds=5)):
        assert Client().get(late, follow=True).context["token_fail"] is True


def test_a_link_for_an_account_that_was_switched_off_sets_nothing(besa):
    link = link_for(besa)
    User.objects.filter(pk=besa.pk).update(is_active=False)
    guest = Client()
    place = guest.get(link, follow=True).request["PATH_INFO"]
    guest.post(place, {"password1": NEW, "password2": NEW})
    assert sign_in(guest, password=NEW).status_code in {200, 302}
    assert not is_in(guest)


# --- the second step ------------------------------------------------------------


def test_with_a_second_factor_the_password_alone_opens_nothing(client, besa):
    TOTP.activate(besa, SECRET)
    answer = sign_in(client)
    assert answer["Location"].startswith("/account/2fa/authenticate/")
    assert not is_in(client)
    assert client.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert not is_in(client)
    assert client.post("/account/2fa/authenticate/", {"code": code()}).status_code == 302
    assert is_in(client)


def test_a_code_of_the_app_works_once(besa):
    TOTP.activate(besa, SECRET)
    now = code()
    results = []
    for _turn in range(2):
        client = Client()
        sign_in(client)
        client.post("/account/2fa/authenticate/", {"code": now})
        results.append(is_in(client))
    assert results == [True, False]


def test_a_recovery_code_works_once(besa):
    TOTP.activate(besa, SECRET)
    codes = RecoveryCodes.activate(besa).get_unused_codes()
    assert len(codes) >= 8
    results = []
    for _turn in range(2):
        client = Client()
        sign_in(client)
        client.post("/account/2fa/authenticate/", {"code": codes[0]})
        results.append(is_in(client))
    assert results == [True, False]


def test_codes_of_the_second_step_are_limited_in_the_shared_store(client, besa, monkeypatch):
    TOTP.activate(besa, SECRET)
    sign_in(client)
    for _guess in range(5):
        cache.clear()  # as if another web process counted anew
        client.post("/account/2fa/authenticate/", {"code": "000000"})
    cache.clear()
    answer = client.post("/account/2fa/authenticate/", {"code": code()})
    assert "Wait" in str(answer.context["form"].errors)
    assert not is_in(client)


def test_the_keys_of_second_factors_are_sealed(besa):
    TOTP.activate(besa, SECRET)
    RecoveryCodes.activate(besa)
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert SECRET not in kept
    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    assert all(found not in kept for found in codes)


# --- a second factor may be required ---------------------------------------------


def test_where_it_is_required_only_the_set_up_page_opens(
    settings, client, besa, django_capture_on_commit_callbacks
):
    settings.REQUIRE_SECOND_FACTOR = True
    sign_in(client)
    for path in ("/admin/", "/admin/requests/ticket/", "/account/2fa/",
                 "/account/password/change/", "/admin/consent/auditevent/"):  # fmt: skip
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (302, SET_UP), path
    set_up = client.get(SET_UP, follow=True)
    assert [place.partition("?")[0] for place, _status in set_up.redirect_chain] == [
        "/account/reauthenticate/"
    ]
    client.post(set_up.redirect_chain[0][0], {"password": PASSWORD, "next": SET_UP})
    page = client.get(SET_UP)
    assert page.status_code == 200
    secret = page.context["form"].secret
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(SET_UP, {"code": code(secret)}).status_code == 302
    assert is_in(client)
    assert AuditEvent.objects.filter(action="user.second_factor_added").count() == 2
    assert Authenticator.objects.filter(user=besa, type="recovery_codes").exists()


def test_where_it_is_required_the_only_factor_comes_back_at_once(settings, client, besa):
    """Removing it leaves an account that reaches the set-up page and nothing else."""
    TOTP.activate(besa, SECRET)
    settings.REQUIRE_SECOND_FACTOR = True
    sign_in(client)
    client.post("/account/2fa/authenticate/", {"code": code()})
    assert is_in(client)
    Authenticator.objects.all().delete()
    assert client.get("/admin/")["Location"] == SET_UP


def test_where_it_is_not_required_the_office_opens_without(settings, client, besa):
    settings.REQUIRE_SECOND_FACTOR = False
    sign_in(client)
    assert is_in(client)


# --- sessions -------------------------------------------------------------------


def test_a_session_gets_a_new_id_at_the_sign_in(client, besa):
    session = client.session
    session["planted"] = "by an attacker"
    session.save()
    before = client.session.session_key
    sign_in(client)
    assert client.session.session_key != before
    stale = Client()
    stale.cookies["session"] = before
    assert not is_in(stale)


def test_signing_out_ends_the_session_its_copies_and_those_of_other_browsers(besa):
    here, there = signed_in(), signed_in()
    factories.staff(Role.AUDITOR, "other")
    colleague = signed_in("other")
    copy = Client()
    copy.cookies["session"] = here.cookies["session"].value
    assert is_in(copy)
    assert here.get("/account/logout/").status_code == 200  # a page with a button
    assert is_in(here)
    here.post("/account/logout/")
    assert [is_in(client) for client in (here, copy, there, colleague)] == [
        False, False, False, True,
    ]  # fmt: skip


def test_a_new_password_ends_the_sessions_in_other_browsers(besa):
    here, there = signed_in(), signed_in()
    fields = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert here.post("/account/password/change/", fields).status_code == 302
    assert [is_in(here), is_in(there)] == [True, False]
    assert AuditEvent.objects.filter(action="user.password_changed").count() == 1


def test_the_old_password_is_asked_for(besa):
    client = signed_in()
    fields = {"oldpassword": "guess", "password1": NEW, "password2": NEW}
    assert client.post("/account/password/change/", fields).status_code == 200
    besa.refresh_from_db()
    assert besa.check_password(PASSWORD)


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_an_account_that_is_switched_off_is_out_at_once(besa, change):
    here, there = signed_in(), signed_in()
    User.objects.filter(pk=besa.pk).update(**change)
    assert [is_in(here), is_in(there)] == [False, False]


def test_other_rights_end_the_session(besa):
    client = signed_in()
    besa.groups.add(Group.objects.get(name=Role.AUDITOR))
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[0][0].startswith(LOGIN)
    assert "You were signed out." in answer.content.decode()
    client = signed_in()
    besa.groups.clear()
    assert not is_in(client)
    client = signed_in()
    User.objects.filter(pk=besa.pk).update(is_superuser=True)
    assert not is_in(client)


def test_a_session_ends_after_half_an_hour_without_a_click(besa):
    now = timezone.now()
    client = signed_in()
    with time_machine.travel(now + timedelta(minutes=29), tick=False):
        assert is_in(client)
    with time_machine.travel(now + timedelta(minutes=58), tick=False):
        assert is_in(client)
    with time_machine.travel(now + timedelta(minutes=58 + 31), tick=False):
        assert not is_in(client)


def test_a_session_ends_after_twelve_hours_however_busy(besa):
    now = timezone.now()
    client = signed_in()
    for step in range(1, 36):
        with time_machine.travel(now + timedelta(minutes=20 * step), tick=False):
            assert is_in(client), step
    with time_machine.travel(now + timedelta(hours=12, minutes=1), tick=False):
        assert not is_in(client)


def test_an_idle_browser_does_not_sign_the_busy_one_out(besa):
    now = timezone.now()
    idle, busy = signed_in(), signed_in()
    with time_machine.travel(now + timedelta(minutes=20), tick=False):
        assert is_in(busy)
    with time_machine.travel(now + timedelta(minutes=35), tick=False):
        assert [is_in(idle), is_in(busy)] == [False, True]


def test_the_rows_of_ended_sessions_are_removed(besa):
    client = signed_in()
    signed_in()
    Session.objects.filter(pk=client.session.session_key).update(
        expire_date=timezone.now() - timedelta(seconds=1)
    )
    assert signin.forget_sessions() == 1
    assert signin.forget_sessions() == 0
    assert Session.objects.count() == 1


def test_cookies_of_a_secure_site_are_bound_to_it():
    from importlib import reload

    from privacyportal import settings as plain

    assert gate.IDLE == 30 * 60
    assert gate.LONGEST == 12 * 60 * 60 == plain.SESSION_COOKIE_AGE
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SITE_URL", "https://privacy.example")
        secure = reload(plain)
        names = (secure.SESSION_COOKIE_NAME, secure.CSRF_COOKIE_NAME, secure.KNOWN_COOKIE_NAME)
        assert all(name.startswith("__Host-") for name in names)
        assert secure.SESSION_COOKIE_SECURE is True
        assert secure.CSRF_COOKIE_SECURE is True
    reload(plain)


def test_the_library_has_no_other_way_in(client, besa):
    for path in ("signup/", "email/", "password/set/", "confirm-email/", "login/code/confirm/"):
        assert client.get(f"/account/{path}").status_code == 404
        assert client.post(f"/account/{path}").status_code == 404


def test_too_many_calls_get_a_page_of_ours(besa):
    for number in range(30):
        sign_in(Client(), f"name{number}", "x")
    answer = sign_in(Client(), "name30", "x")
    assert answer.status_code == 429
    assert "Wait a few minutes" in answer.content.decode()


def test_signing_out_without_being_signed_in_ends_nobodys_session(besa):
    here = signed_in()
    assert Client().post("/account/logout/").status_code == 302
    assert is_in(here)
    assert not AuditEvent.objects.filter(action="user.signed_out").exists()
