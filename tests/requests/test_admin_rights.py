"""The page of a request type says in words what is stored as codes."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from consent.enums import Role
from requests.models import RightRule
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _auditor(client):
    call_command("load_reference_data", verbosity=0)
    client.force_login(factories.staff(Role.AUDITOR))


def page(client, code, language="en"):
    right = RightRule.objects.get(code=code)
    client.cookies["django_language"] = language
    address = reverse("admin:requests_rightrule_change", args=[right.pk])
    return right, client.get(address).content.decode()


@pytest.mark.parametrize("language", ["en", "sq"])
def test_every_list_is_read_in_the_language_of_the_office(client, language):
    right, text = page(client, "appeal", language)
    words = {"en": "For someone I act for", "sq": "Për dikë që përfaqësoj"}
    assert words[language] in text
    for point in right.answer_must:
        assert point[language] in text
        assert point[{"en": "sq", "sq": "en"}[language]] not in text
    assert "[{" not in text
    assert "[&quot;" not in text


def test_own_deadline_rules_are_named_and_none_is_a_dash(client):
    assert "US-CA-OPTOUT" in page(client, "opt_out_sale_share")[1]
    RightRule.objects.filter(code="complaint").update(answer_must=[], regimes=[])
    assert "US-CA-OPTOUT" not in page(client, "complaint")[1]
