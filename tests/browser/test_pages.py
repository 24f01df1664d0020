"""Every page in the modes we promise: WCAG 2.2 AA, nothing sideways, nothing foreign."""

from datetime import timedelta

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group
from django.utils import timezone

from consent import crypto
from consent.enums import Role
from consent.models import Organisation
from privacyportal import first_admin
from requests.enums import Filer, Purpose
from requests.models import Verification
from requests.services import demo, links
from tests import factories
from tests.browser import ux
from tests.browser.people import Officer, Person, press

BROWSER = "b" * 43
# The pages most people see are judged in every mode, the others on a phone and in the dark.
MANY = {"start", "about_error", "check", "unconfirmed", "answered", "opt_out", "confirm"}
REFUSED = {"missing": 404, "find_error": 422, "link_ended": 410, "link_closed": 410}
MANY_OF_STAFF = {"index", "queue", "triage", "answer_error", "preview", "login"}


@pytest.fixture(params=["en", "sq"])
def language(request):
    return request.param


@pytest.fixture
def tickets(portal):
    """One request at each stage, open to the browser of the test."""
    made = dict(zip(demo.STAGES, demo.seed(tickets=len(demo.STAGES), stage=None), strict=True))
    for ticket in made.values():
        links.let_browser_in(ticket, BROWSER)
    return made


@pytest.fixture
def person(portal, open_page, language):
    page = open_page(viewport=ux.PHONE)
    page.context.add_cookies([{"name": "portal", "value": BROWSER, "url": portal}])
    return Person(page, portal, language)


def token_path(ticket, name, language, *, ended=False):
    row, token = links.issue(ticket, Purpose(name))
    if ended:
        Verification.objects.filter(pk=row.pk).update(
            expires_at=timezone.now() - timedelta(hours=1)
        )
    return links.path(name, token, language=language)


def visit(page, portal, paths, many, *, trouble):
    """Open each page, and judge it; return every fault with the page's name before it."""
    found = []
    for name, path in paths.items():
        status = page.goto(f"{portal}{path}").status
        if status != REFUSED.get(name, 200):
            found.append(f"{name}: answers {status}")
        found += judge(page, name, many)
    return found + trouble


def judge(page, name, many):
    return [f"{name}: {line}" for line in ux.faults(page, ux.MODES if name in many else ux.FEW)]


def test_the_pages_of_a_request_have_no_fault(person, portal, tickets):
    trouble = ux.watch(person.page, portal)
    lang = person.language
    at = f"/{lang}/requests/"
    agent = factories.ticket(
        filer=Filer.AGENT, person_name="Leo Dema", person_email="leo@example.org", language=lang
    )
    paths = {
        "unconfirmed": f"{at}{tickets['new'].reference}/",
        "triage": f"{at}{tickets['triage'].reference}/",
        "waiting": f"{at}{tickets['waiting'].reference}/",
        "answered": f"{at}{tickets['answered'].reference}/",
        "closed": f"{at}{tickets['closed'].reference}/",
        "withdrawn": f"{at}{tickets['withdrawn'].reference}/",
        "overdue": f"{at}{tickets['overdue'].reference}/",
        "address": f"{at}{tickets['new'].reference}/address/",
        "withdraw": f"{at}{tickets['triage'].reference}/withdraw/",
        "again": f"{at}{tickets['answered'].reference}/again/",
        "confirm": token_path(tickets["new"], "confirm", lang),
        "follow": token_path(tickets["triage"], "follow", lang),
        "mandate": token_path(agent, "mandate", lang),
        "link_ended": token_path(tickets["new"], "confirm", lang, ended=True),
        "link_closed": token_path(tickets["withdrawn"], "confirm", lang),
        "return": f"{at}{agent.reference}/",
        "return_code": f"{at}{agent.reference}/?step=code",
    }
    assert visit(person.page, portal, paths, MANY, trouble=trouble) == []


def test_the_pages_of_a_form_have_no_fault(person, portal):
    trouble = ux.watch(person.page, portal)
    page, lang = person.page, person.language
    new = f"/{lang}/requests/new/"
    paths = {
        "start": f"/{lang}/",
        "choose": new,
        "find": f"/{lang}/requests/",
        "find_error": f"/{lang}/requests/?number=x",
        "missing": f"/{lang}/nothing/",
        "opt_out": f"/{lang}/do-not-sell/",
        "about": f"{new}erase/",
        "first_admin": first_admin.new_link().removeprefix(portal),
    }
    found = visit(page, portal, paths, MANY, trouble=trouble)
    person.answer_questions(code="erase")
    found += judge(page, "check", MANY)
    for name in ("about", "details"):
        page.goto(f"{portal}{new}erase/{'' if name == 'about' else 'details/'}")
        found += judge(page, name, MANY)
    page.goto(f"{portal}{new}access/")
    person.press("Continue")
    found += judge(page, "about_error", MANY)
    page.check("#filer_1")
    page.fill("#name", "Ilir Dema")
    page.fill("#email", "ilir@example.org")
    page.select_option("#residence", "AL")
    person.press("Continue")
    found += judge(page, "person", MANY)
    page.goto(f"{portal}/{lang}/do-not-sell/")
    press(page, page.locator("main form button"))
    found += judge(page, "opted_out", MANY)
    assert found + trouble == []


@pytest.fixture
def officer(portal, open_page, language):
    """With every role at once, signed in."""
    user = factories.officer("besa")
    user.groups.set([Group.objects.get_or_create(name=role)[0] for role in Role])
    officer = Officer(open_page(), portal, language)
    officer.sign_in()
    return officer


def test_the_pages_of_the_work_have_no_fault(officer, portal, tickets):
    page = officer.page
    trouble = ux.watch(page, portal)
    at = "/admin/requests/ticket/"
    paths = {
        "index": "/admin/",
        "queue": at,
        "unconfirmed": f"{at}?show=unconfirmed",
        "found_nothing": f"{at}?q=nobody",
        **{stage: f"{at}{tickets[stage].pk}/change/" for stage in demo.STAGES},
        "review": f"{at}{tickets['review'].pk}/review/",
        "close": f"{at}{tickets['answered'].pk}/close/",
        "ask": f"{at}{tickets['triage'].pk}/ask/",
        "note": f"{at}{tickets['triage'].pk}/note/",
        "extend": f"{at}{tickets['in_progress'].pk}/extend/",
        "residence": f"{at}{tickets['in_progress'].pk}/residence/",
        "calculation": f"{at}{tickets['in_progress'].pk}/calculation/",
        "enter": f"{at}enter/",
        "calendar": f"{at}calendar/",
    }
    found = visit(page, portal, paths, MANY_OF_STAFF, trouble=trouble)
    page.goto(f"{portal}{at}{tickets['in_progress'].pk}/answer/")
    officer.press("Preview")
    found += judge(page, "answer_error", MANY_OF_STAFF)
    officer.answer(tickets["triage"].reference)
    found += judge(page, "preview", MANY_OF_STAFF)
    officer.send()
    found += judge(page, "undo", MANY_OF_STAFF)
    assert found + trouble == []


def test_the_other_rooms_of_the_admin_have_no_fault(officer, portal, tickets):
    trouble = ux.watch(officer.page, portal)
    rooms = {
        name: f"/admin/{name}/"
        for name in (
            *("consent/auditevent", "consent/outboundemail", "consent/datasubject"),
            *("consent/jurisdiction", "consent/holiday", "consent/organisation", "consent/site"),
            *("requests/deadlinerule", "requests/rightrule", "auth/user"),
        )
    }
    found = visit(officer.page, portal, rooms, set(), trouble=trouble)
    for name in (
        *("consent/auditevent", "consent/outboundemail", "auth/user"),
        *("requests/rightrule", "requests/deadlinerule"),
    ):
        officer.page.goto(f"{portal}/admin/{name}/")
        press(officer.page, officer.page.locator("#result_list tbody th a").first)
        found += judge(officer.page, f"{name} one", set())
    found += visit(
        officer.page,
        portal,
        {
            "organisation": f"/admin/consent/organisation/{Organisation.objects.get().pk}/change/",
            "new_user": "/admin/auth/user/add/",
        },
        set(),
        trouble=[],
    )
    assert found + trouble == []


def test_the_pages_of_signing_in_have_no_fault(officer, portal, open_page):
    page = officer.page
    trouble = ux.watch(page, portal)
    user = factories.User.objects.get(username="besa")
    found = visit(
        page,
        portal,
        {
            "account": "/account/2fa/",
            "totp": "/account/2fa/totp/activate/",
            "password": "/account/password/change/",
        },
        set(),
        trouble=[],
    )
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    paths = {
        "recovery_codes": "/account/2fa/recovery-codes/",
        "remove_totp": "/account/2fa/totp/deactivate/",
        "sign_out": "/account/logout/",
    }
    found += visit(page, portal, paths, set(), trouble=[])

    stranger = Officer(open_page(locale=officer.language), portal, officer.language)
    trouble += ux.watch(stranger.page, portal)
    paths = {"login": "/admin/", "reset": "/account/password/reset/"}
    found += visit(stranger.page, portal, paths, MANY_OF_STAFF, trouble=[])
    stranger.page.goto(f"{portal}/account/login/")
    stranger.press("Sign in")
    found += judge(stranger.page, "login_error", MANY_OF_STAFF)
    stranger.page.fill("#id_login", "besa")
    stranger.page.fill("#id_password", "a long phrase for tests")
    stranger.press("Sign in")
    assert "2fa/authenticate" in stranger.page.url
    found += judge(stranger.page, "second_step", MANY_OF_STAFF)
    assert found + trouble == []


def test_a_token_nobody_gave_looks_like_a_page_that_is_not_there(person, portal):
    page = person.page
    answer = page.goto(f"{portal}/{person.language}/confirm/{crypto.new_token()}/")
    wrong = page.inner_text("main")
    assert answer.status == 404
    assert page.goto(f"{portal}/{person.language}/nothing/").status == 404
    assert page.inner_text("main") == wrong
