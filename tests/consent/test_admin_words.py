"""The lists of the trail and of the mails speak in sentences, not in codes."""

import re

import pytest
from django.test import Client

from consent.enums import Role
from consent.models import AuditEvent, OutboundEmail
from consent.services import audit, outbox, words
from privacyportal import signin
from tests import factories, situations

pytestmark = pytest.mark.django_db

TRAIL = "/admin/consent/auditevent/"
MAILS = "/admin/consent/outboundemail/"


def browser(role):
    client = Client()
    client.force_login(factories.staff(role, f"the-{role}"))
    return client


def test_the_trail_names_what_happened_the_request_and_the_colleague():
    besa = factories.officer("besa")
    made = situations.at("closed", besa)
    page = browser(Role.PRIVACY_LEAD_DPO).get(TRAIL).content.decode()
    assert "Answer prepared</a>" in page
    assert '<code class="quiet">answer.prepared</code>' in page
    link = f'<a class="number" href="/admin/requests/ticket/{made.pk}/change/">{made.reference}</a>'
    assert page.count(link) == AuditEvent.objects.filter(target_id=str(made.pk)).count()
    who = re.findall(r'data-label="By">([^<]+)<', page)
    assert set(who) == {"besa", "the system"}


def test_who_may_not_see_requests_gets_no_reference():
    made = situations.at("triage")
    page = browser(Role.AUDITOR).get(TRAIL).content.decode()
    assert f"requests.ticket {made.pk}" in page
    assert made.reference not in page
    assert "/admin/requests/ticket/" not in page


def test_a_code_without_a_sentence_is_shown_as_it_is():
    audit.record("test.<b>", target=factories.OrganisationFactory(), by=None)
    page = browser(Role.AUDITOR).get(TRAIL).content.decode()
    assert ">test.&lt;b&gt;</a>" in page
    assert "<code" not in page


def test_the_list_of_mails_says_what_each_does_and_for_which_request():
    made = situations.at("triage")
    outbox.enqueue("unheard_of", key="k", to="x@example.org", language="en", context={})
    page = browser(Role.CASE_HANDLER).get(MAILS).content.decode()
    assert "Asks to confirm the address</a>" in page
    assert '<code class="quiet">confirm</code>' in page
    assert ">unheard_of</a>" in page
    mails = OutboundEmail.objects.filter(target=f"requests.ticket:{made.pk}").count()
    assert page.count(f'/{made.pk}/change/">{made.reference}</a>') == mails > 0


def test_every_code_the_services_write_has_a_sentence(settings):
    """Read from the code itself, so that a new code without a sentence is noticed."""
    written = set(signin.NOTED)
    for app in ("consent", "requests", "privacyportal"):
        for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
            written |= set(re.findall(r'audit\.record\(\s*"([a-z_.]+)"', path.read_text()))
    assert len(written) > 30
    assert written - set(words.ACTIONS) == set()
    names = {path.name for path in (settings.BASE_DIR / "templates" / "email").iterdir()}
    assert names - set(words.MAILS) == set()
