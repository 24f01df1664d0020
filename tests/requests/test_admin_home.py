"""The office's first page: what needs somebody, and what stands still that nobody would see."""

import pytest
from django.urls import reverse
from django.utils import timezone

from requests.models import Ticket
from requests.services import stuck
from tests import factories

HOME = reverse("admin:index")


@pytest.fixture
def officer(db):
    factories.OrganisationFactory()
    return factories.officer()


def test_work_that_stands_still_is_named(client, officer):
    made = factories.confirmed(received_at=timezone.now())
    Ticket.objects.filter(pk=made.pk).update(
        confirmed_at=timezone.now() - stuck.TAKE - stuck.HOUR,
        received_at=timezone.now() - stuck.TAKE - stuck.HOUR,
    )
    [kind] = stuck.found(now=timezone.now())
    client.force_login(officer)
    page = client.get(HOME).content.decode()
    assert "Stands still for too long" in page
    assert kind.sentence in page


def test_without_any_there_is_no_such_list(client, officer):
    client.force_login(officer)
    assert "Stands still for too long" not in client.get(HOME).content.decode()


def test_who_may_not_see_requests_is_told_nothing(client, officer):
    made = factories.confirmed(received_at=timezone.now())
    Ticket.objects.filter(pk=made.pk).update(received_at=timezone.now() - 2 * stuck.TAKE)
    client.force_login(factories.staff("system_admin"))
    assert "Stands still for too long" not in client.get(HOME).content.decode()
