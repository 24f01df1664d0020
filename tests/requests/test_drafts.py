"""What was typed and not yet sent: kept once per browser and right, for a day."""

from datetime import timedelta

import pytest
from django.utils import timezone

from requests.models import Draft
from requests.services import drafts


@pytest.mark.django_db
def test_a_double_click_keeps_one_draft(monkeypatch):
    """Both presses looked before either had saved; the second finds what the first wrote."""
    first = drafts.save("b" * 43, "access", {"about": {"name": "Ana"}})
    looks = iter([None, drafts.load("b" * 43, "access")])
    monkeypatch.setattr(drafts, "load", lambda *_args: next(looks))
    monkeypatch.setattr(drafts, "discard", lambda *_args: None)
    second = drafts.save("b" * 43, "access", {"about": {"name": "Ana H."}})
    assert second.pk == first.pk
    assert Draft.objects.count() == 1
    monkeypatch.undo()
    assert drafts.load("b" * 43, "access")[1] == {"about": {"name": "Ana H."}}


@pytest.mark.django_db
def test_another_browser_finds_nothing():
    drafts.save("b" * 43, "access", {"about": {"name": "Ana"}})
    assert drafts.load("c" * 43, "access") is None
    assert drafts.load(None, "access") is None


@pytest.mark.django_db
def test_after_a_day_it_is_gone():
    draft = drafts.save("b" * 43, "access", {"about": {"name": "Ana"}})
    Draft.objects.filter(pk=draft.pk).update(created_at=timezone.now() - timedelta(hours=25))
    assert drafts.load("b" * 43, "access") is None
    assert drafts.purge() == 1


@pytest.mark.django_db
def test_nothing_typed_stands_in_clear_in_the_database():
    drafts.save("b" * 43, "access", {"about": {"name": "Ana Hoxha"}})
    [row] = Draft.objects.values()
    assert b"Hoxha" not in bytes(row["sealed"])
    assert "b" * 43 not in str(row)
