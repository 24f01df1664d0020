"""Fixtures every test may use. Keep this file short."""

import pytest
import rest_framework.compat
from django.utils import translation

# Our app is called `requests`, so DRF's optional "import requests" finds it and takes it for the
# HTTP library. Say it is not there, before rest_framework.test loads.
rest_framework.compat.requests = None


@pytest.fixture(autouse=True)
def _in_english():
    """A page in Albanian leaves the thread in it; a server's next request undoes that."""
    translation.activate("en")
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _own_mailbox(settings, tmp_path):
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")


@pytest.fixture(autouse=True)
def _fresh_reference_rows():
    """What the public pages keep for a minute belongs to one test only."""
    from requests.services import places

    places.forget()


@pytest.fixture(scope="session", autouse=True)
def _flush_may_empty_the_audit_trail():
    """Tests with real transactions are cleaned up by a flush, which the audit trigger refuses.

    So the flush, and nothing else, takes the trigger away and puts it back.
    """
    from django.db import connection

    table = "consent_auditevent"
    operations = type(connection.ops)  # of every connection, also those that come later
    plain = operations.sql_flush

    def sql_flush(self, style, tables, **options):
        flush = plain(self, style, tables, **options)
        if table not in tables:
            return flush
        if self.connection.vendor == "postgresql":
            switch = f'ALTER TABLE "{table}" {{}} TRIGGER USER'
            return [switch.format("DISABLE"), *flush, switch.format("ENABLE")]
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
                [table],
            )
            found = cursor.fetchall()
        dropped = [f'DROP TRIGGER "{name}"' for name, _sql in found]
        return [*dropped, *flush, *(sql for _name, sql in found)]

    operations.sql_flush = sql_flush
    yield
    operations.sql_flush = plain
