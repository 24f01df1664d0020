"""The page of a step opens only while the ticket page offers the step."""

import pytest

from consent.models import AuditEvent, OutboundEmail
from requests.admin import answering, clock_pages, pages, steps
from requests.models import Message, Ticket
from tests import factories, situations

pytestmark = pytest.mark.django_db

BASE = "/admin/requests/ticket/"
STEPS = [*pages.PAGES, *clock_pages.PAGES, "answer", "close"]
# What the deadline panel offers while a request is open.
PANEL = {"residence", "recount"}


@pytest.fixture
def besa():
    return factories.lead("besa")


def offered(ticket, user):
    now = steps.offer(ticket, answering.latest(ticket), user)
    found = {action.name for action in (now.main, *now.others) if action} | {"note"}
    if ticket.is_open:
        found |= PANEL
    return found


@pytest.mark.parametrize("name", situations.SITUATIONS)
def test_a_page_opens_where_it_is_offered_and_else_leads_back(client, besa, name):
    made = situations.at(name)
    client.force_login(besa)
    here = f"{BASE}{made.pk}/change/"
    allowed = offered(made, besa)
    if f"{made.pk}/extend/" in client.get(here).content.decode():
        allowed.add("extend")
    before = Ticket.objects.filter(pk=made.pk).values().get()
    written = [model.objects.count() for model in (AuditEvent, Message, OutboundEmail)]
    for step in STEPS:
        path = f"{BASE}{made.pk}/{step}/"
        if step in allowed:
            assert client.get(path).status_code == 200, step
            continue
        typed = {"seen": made.version, "step": "send"}
        for answer in (client.get(path, follow=True), client.post(path, typed, follow=True)):
            assert answer.redirect_chain == [(here, 302)], step
            assert answer.content.decode().count("This step is not possible now.") == 1
    assert Ticket.objects.filter(pk=made.pk).values().get() == before
    assert [model.objects.count() for model in (AuditEvent, Message, OutboundEmail)] == written


def test_a_new_request_has_no_page_that_says_its_answer_has_left(client, besa):
    made = situations.at("new")
    client.force_login(besa)
    for step in ("close", "decide", "reopen", "arrived", "answer"):
        page = client.get(f"{BASE}{made.pk}/{step}/", follow=True).content.decode()
        assert "The answer has left" not in page
        assert client.post(f"{BASE}{made.pk}/{step}/").status_code == 302
    assert Ticket.objects.get(pk=made.pk).state == "new"
