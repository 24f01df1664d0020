"""A real Chromium against a live server. Skipped, with a reason, where Chromium is missing."""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connections
from playwright.sync_api import sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.browser import ux

# Playwright keeps an event loop in the thread of the test, which Django's guard takes for
# asynchronous code. The tests are synchronous.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed"))


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium):
    """A page in a browser context of its own; options as for Playwright's ``new_context``."""
    contexts = []

    def open_one(**options):
        options.setdefault("reduced_motion", "reduce")
        options.setdefault("viewport", ux.DESK)
        context = chromium.new_context(**options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def _database(chromium, django_db_setup, django_db_blocker, tmp_path_factory):
    """On SQLite a file instead of memory: the server's threads get connections of their own.

    While Playwright's loop runs, Django keeps this thread's connections apart from those of
    other tests; the one made here ends with the module.
    """
    settings = connections.settings["default"]
    name = settings["NAME"]
    if settings["ENGINE"].endswith("sqlite3") and "mode=memory" in name:
        copy = str(tmp_path_factory.mktemp("browser") / "portal.sqlite3")
        with closing(sqlite3.connect(name, uri=True)) as memory:
            memory.execute("VACUUM INTO ?", [copy])
        settings["NAME"] = copy
    yield
    with django_db_blocker.unblock():
        connections["default"].close()
        del connections["default"]
    settings["NAME"] = name


@pytest.fixture(scope="module")
def _server(_database, django_db_blocker):
    with django_db_blocker.unblock():
        server = LiveServer("127.0.0.1")
    yield server
    server.stop()


@pytest.fixture
def portal(_server, transactional_db, settings, monkeypatch):
    """The address of the running portal, with reference data; mails are files."""
    from consent.services import limits
    from requests.services import places, reference
    from requests.views import filing

    cache.clear()  # sign-ins of other tests, counted by the library and by us
    for counter in (limits._shared, limits._local):
        counter.cache_clear()
    monkeypatch.setattr(filing, "MINIMUM", timedelta(0))  # a browser types faster than a person
    settings.SITE_URL = _server.url
    settings.EMAIL_BACKEND = "consent.services.eml.EmlFileBackend"
    reference.load()
    places.forget()
    return _server.url
