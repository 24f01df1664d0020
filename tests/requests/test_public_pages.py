"""What all public pages have in common."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from tests import public

pytestmark = pytest.mark.django_db


@pytest.fixture
def walk(client):
    """Every page a person can see in English, by name."""
    return public.every_page(client)


def test_every_page_has_one_heading_a_language_and_no_script(walk):
    for name, page in walk.items():
        assert page.count("<h1") == 1, name
        assert '<html lang="en" dir="ltr">' in page, name
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", page), name


def test_every_title_names_the_page_and_says_when_something_is_wrong(walk):
    titles = {
        name: re.search("<title>(.*?)</title>", page, re.DOTALL)[1] for name, page in walk.items()
    }
    for name, title in titles.items():
        assert title.startswith("Error: ") == name.endswith("_error"), name
        assert title.endswith("– Example Privacy"), name


def test_the_contact_block_is_the_same_everywhere(walk):
    blocks = {page[page.index("<footer") : page.index("</footer>")] for page in walk.values()}
    assert len(blocks) == 1
    block = blocks.pop()
    for part in ("privacy@example.al", "+355 4 000 0000", "Rruga e Durrësit 1"):
        assert part in block


def test_nothing_comes_from_anybody_else(walk):
    foreign = re.compile(r'(?:src|href|action)="(?:https?:)?//(?!www\.dataprotection\.ie)')
    for name, page in walk.items():
        assert not foreign.search(page), name


def test_every_field_has_a_label_and_every_id_is_its_own(walk):
    for name, page in walk.items():
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), name
        for field in re.findall(r"<(?:input|select|textarea)\s[^>]*>", page):
            kind = re.search(r'type="(\w+)"', field)
            if (kind and kind[1] == "hidden") or 'name="website"' in field:
                continue
            own = re.search(r'\sid="([^"]+)"', field)[1]
            assert f'for="{own}"' in page, (name, own)


def test_forms_leave_judging_to_us(walk):
    for name, page in walk.items():
        for form in re.findall(r"<form[^>]*>", page):
            assert "novalidate" in form, name
        assert not re.search(r"\srequired[\s>=]", page), name


def test_the_language_link_keeps_the_page(client, walk):
    assert 'href="/sq/requests/" lang="sq" hreflang="sq">Shqip' in walk["find"]
    assert 'href="/sq/" lang="sq" hreflang="sq">Shqip' in walk["missing"]
    page = client.get("/sq/requests/?number=x").content.decode()
    assert 'href="/en/requests/?number=x" lang="en" hreflang="en">English' in page
    assert '<html lang="sq"' in page


def test_the_labels_of_rights_follow_the_language(client, walk):
    assert "Get a copy of my data" in walk["start"]
    page = client.get("/sq/").content.decode()
    assert "Merr një kopje të të dhënave të mia" in page
    assert "Get a copy of my data" not in page


def test_each_card_is_one_link_and_leads_to_its_form(walk):
    cards = re.findall(r"<li>\s*<h3><a href=\"([^\"]+)\">", walk["start"])
    assert cards == ["/en/requests/new/access/", "/en/opt-out/opt_out_sale_share/"]


def test_the_start_page_says_what_it_costs(walk):
    for words in ("free", "about 3 minutes", "no account", "call us", "letter"):
        assert words in walk["start"]


def test_the_style_is_small_and_of_this_house():
    css = Path(finders.find("portal.css")).read_text()
    assert len(css.encode()) <= 12_000
    assert "url(" not in css
    assert "@import" not in css
    assert not re.search(r"(margin|padding|border)-(left|right)|text-align: (left|right)", css)


@pytest.mark.parametrize("path", ["/en/", "/en/requests/new/", "/en/requests/", "/en/do-not-sell/"])
def test_reading_changes_nothing_and_sets_no_portal_cookie(client, path):
    public.rows(code="opt_out_sale_share", one_button=True, level="V0")
    for visit in (client.get, client.head):
        assert visit(path).status_code == 200
    assert "portal" not in client.cookies


@pytest.mark.parametrize("path", ["/en/", "/en/requests/new/", "/en/requests/"])
def test_pages_to_read_take_no_posts(client, path):
    public.rows()
    assert client.post(path).status_code == 405
