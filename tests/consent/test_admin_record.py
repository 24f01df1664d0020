"""The record in the admin: the trail is read, mails are sent again, settings are noted."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent import crypto
from consent.enums import MailKind, MailState, Role
from consent.models import AuditEvent, OutboundEmail, Site
from consent.services import audit, outbox, verifying
from tests import factories, situations

pytestmark = pytest.mark.django_db

TRAIL = "/admin/consent/auditevent/"
MAILS = "/admin/consent/outboundemail/"
PERSONAL = ("Ana Hoxha", "ana@example.org", "everything since 2024", "We looked everywhere")


def browser(role, name=None):
    client = Client()
    client.force_login(factories.staff(role, name or f"the-{role}"))
    return client


def waiting(state=MailState.DEAD, *, key="k", **fields):
    mail = outbox.enqueue(
        "received", key=key, to="ana@example.org", language="en", context={"secret": "0xCAFE"}
    )
    OutboundEmail.objects.filter(pk=mail.pk).update(state=state, error="550 no", **fields)
    return OutboundEmail.objects.get(pk=mail.pk)


# --- the trail ----------------------------------------------------------------------


def test_an_auditor_reads_the_trail_and_learns_no_name_from_it():
    besa = factories.officer()
    for name in ("closed", "withdrawn", "review"):
        situations.at(name, besa)
    auditor = browser(Role.AUDITOR)
    pages = [auditor.get(TRAIL).content.decode()]
    for event in AuditEvent.objects.all():
        page = auditor.get(f"{TRAIL}{event.pk}/change/")
        assert page.status_code == 200
        pages.append(page.content.decode())
    assert len(pages) >= 20
    assert "ticket.moved" in pages[0]
    for page in pages:
        assert [word for word in PERSONAL if word in page] == []


def test_the_trail_offers_nothing_to_change():
    made = situations.at("triage")
    event = AuditEvent.objects.first()
    for role in (Role.AUDITOR, Role.PRIVACY_LEAD_DPO):
        client = browser(role)
        page = client.get(f"{TRAIL}{event.pk}/change/").content.decode()
        field = r'<(?:input|textarea|select)[^>]*name="(?!csrf|language|next)'
        assert re.findall(field, page) == []
        for path in (f"{event.pk}/change/", f"{event.pk}/delete/", "add/"):
            answer = client.post(TRAIL + path, {"action": "ticket.closed", "data": "{}"})
            assert answer.status_code in {403, 404}, (path, role)
        client.post(TRAIL, {"action": "delete_selected", "_selected_action": event.pk})
    assert AuditEvent.objects.filter(target_id=str(made.pk), action="ticket.closed").count() == 0
    assert verifying.verify() == AuditEvent.objects.exclude(mac=None).count()
    assert AuditEvent.objects.get(pk=event.pk).action == event.action


def test_the_trail_is_searched_by_what_happened_or_by_the_whole_id():
    made = situations.at("in_progress")
    client = browser(Role.AUDITOR)

    def rows(words):
        page = client.get(TRAIL, {"q": words}).content.decode()
        return re.findall(r'<code class="quiet">([\w.]+)</code>', page)

    assert set(rows("ticket.moved")) == {"ticket.moved"}
    assert len(rows(str(made.pk))) == AuditEvent.objects.filter(target_id=str(made.pk)).count() > 2
    assert rows("ana@example.org") == []


def test_a_list_answers_only_to_the_filters_on_its_page():
    """No question about a field that is not shown, of any model, by any kind of comparison."""
    made = situations.at("triage")
    User.objects.update(is_superuser=True)
    client = Client()
    client.force_login(User.objects.first())
    open_doors = {}
    for model in admin.site._registry:
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert client.get(path).status_code == 200
        for field in model._meta.get_fields():
            for kind in ("", "__exact", "__startswith", "__gt", "__isnull", "__pk", "__in"):
                if client.get(path, {field.name + kind: "1"}).status_code != 400:
                    open_doors.setdefault(model._meta.model_name, set()).add(field.name)
        for far in ("handler__password__startswith", "groups__permissions__codename", "pk", "id"):
            assert client.get(path, {far: "1"}).status_code == 400, (path, far)
    assert open_doors == {
        "outboundemail": {"state"}, "user": {"is_active"}, "holiday": {"calendar"},
    }  # fmt: skip
    assert client.get(f"{MAILS}?state__exact=queued").status_code == 200
    assert made.reference in client.get("/admin/requests/ticket/?show=open").content.decode()


# --- mails ----------------------------------------------------------------------------


def test_the_content_of_a_mail_is_never_shown():
    mail = waiting()
    client = browser(Role.CASE_HANDLER)
    for path in (MAILS, f"{MAILS}{mail.pk}/change/", f"{MAILS}?q=ana@example.org"):
        page = client.get(path).content.decode()
        assert "ana@example.org" in page
        assert "0xCAFE" not in page
        assert "sealed" not in page
        assert "lease_token" not in page


@pytest.mark.parametrize("state", [MailState.DEAD, MailState.BOUNCED, MailState.HELD])
def test_a_mail_that_waits_for_a_person_is_sent_again(state):
    mail = waiting(state, attempts=8, unknowns=1, handed_over=True)
    client = browser(Role.CASE_HANDLER)
    chosen = {"action": "send_again", "_selected_action": mail.pk}
    page = client.post(MAILS, chosen, follow=True).content.decode()
    assert "1 mail is sent again." in page
    after = OutboundEmail.objects.get(pk=mail.pk)
    assert (after.state, after.attempts, after.error) == (MailState.QUEUED, 0, "")
    assert after.message_id == mail.message_id
    event = AuditEvent.objects.get(action="mail.retried")
    assert (event.target_id, event.data) == (str(mail.pk), {"from": state})


def test_of_several_mails_each_that_cannot_be_sent_says_why():
    good = waiting(key="a")
    sent = waiting(MailState.SENT, key="b", sent_at=timezone.now())
    queued = waiting(MailState.QUEUED, key="c")
    gone = waiting(key="d", sealed=b"")
    chosen = [one.pk for one in (good, sent, queued, gone)]
    client = browser(Role.CASE_HANDLER)
    page = client.post(
        MAILS, {"action": "send_again", "_selected_action": chosen}, follow=True
    ).content.decode()
    assert "1 mail is sent again." in page
    assert page.count("This mail is not waiting for a decision.") == 2
    assert "The text of this mail has been removed. Write a new one." in page
    states = dict(OutboundEmail.objects.values_list("key", "state"))
    assert states == {"a": "queued", "b": "sent", "c": "queued", "d": "dead"}


@pytest.mark.parametrize("row", ["", "x", "-1", "1.0", "١", "9" * 30, str(2**63), "1\x00"])
def test_a_chosen_row_without_a_number_is_refused(row):
    mail = waiting()
    chosen = {"action": "send_again", "_selected_action": [mail.pk, row]}
    assert browser(Role.CASE_HANDLER).post(MAILS, chosen).status_code == 400
    assert OutboundEmail.objects.get(pk=mail.pk).state == MailState.DEAD


def test_where_no_mail_can_be_sent_again_none_is_said_to_be():
    mail = waiting(MailState.QUEUED)
    chosen = {"action": "send_again", "_selected_action": mail.pk}
    answer = browser(Role.CASE_HANDLER).post(MAILS, chosen, follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]
    assert not AuditEvent.objects.filter(action="mail.retried").exists()


def test_a_package_whose_outcome_is_unknown_is_sent_again_only_by_a_person():
    mail = waiting(MailState.HELD, kind=MailKind.PACKAGE)
    for role in (Role.AUDITOR, Role.REVIEWER_LEGAL, Role.REGISTRY_EDITOR):
        chosen = {"action": "send_again", "_selected_action": mail.pk}
        assert browser(role).post(MAILS, chosen).status_code == 403
    assert OutboundEmail.objects.get(pk=mail.pk).state == MailState.HELD


# --- settings ---------------------------------------------------------------------------


def test_the_lead_changes_the_organisation_and_the_trail_says_which_fields():
    organisation = factories.OrganisationFactory()
    client = browser(Role.PRIVACY_LEAD_DPO)
    path = f"/admin/consent/organisation/{organisation.pk}/change/"
    page = client.get(path)
    fields = {
        name: page.context["adminform"].form[name].value() or ""
        for name in page.context["adminform"].form.fields
    }
    assert client.post(path, {**fields, "name": "Shembull"}).status_code == 302
    organisation.refresh_from_db()
    assert organisation.name == "Shembull"
    event = AuditEvent.objects.get(action="organisation.changed")
    assert event.data == {"fields": ["name"]}
    assert "Shembull" not in str(event.data)


def test_others_look_at_the_organisation_and_change_nothing():
    organisation = factories.OrganisationFactory()
    client = browser(Role.AUDITOR)
    path = f"/admin/consent/organisation/{organisation.pk}/change/"
    assert client.get(path).status_code == 200
    assert client.post(path, {"name": "Mine"}).status_code == 403
    organisation.refresh_from_db()
    assert organisation.name == "Example"


def test_a_site_gets_a_key_nobody_can_guess_and_only_the_lead_sees_it():
    organisation = factories.OrganisationFactory()
    lead = browser(Role.PRIVACY_LEAD_DPO)
    fields = {"organisation": organisation.pk, "name": "Shop", "origin": "shop.example"}
    assert lead.post("/admin/consent/site/add/", fields).status_code == 302
    site = Site.objects.get()
    assert site.origin == "https://shop.example"  # typed without a scheme
    assert len(site.key) >= 22
    path = f"/admin/consent/site/{site.pk}/change/"
    assert site.key in lead.get(path).content.decode()
    assert site.key not in browser(Role.AUDITOR).get(path).content.decode()
    forged = {**fields, "origin": "https://shop.example", "key": "guess", "name": "Store"}
    lead.post(path, forged)
    after = Site.objects.get()
    assert (after.name, after.key) == ("Store", site.key)
    assert [event.action for event in AuditEvent.objects.order_by("id")] == [
        "site.added", "site.changed",
    ]  # fmt: skip


def test_the_trail_holds_a_seal_that_the_page_shows():
    audit.record("test.sealed", target=factories.OrganisationFactory(), by=None)
    page = browser(Role.AUDITOR).get(TRAIL).content.decode()
    sealed = AuditEvent.objects.filter(mac__isnull=False).count()
    assert page.count('data-label="Sealed">yes<') == sealed
    assert crypto.audit_key().hex() not in page
