"""Fixtures every test may use. Keep this file short."""

import pytest
import rest_framework.compat

# Our app is called `requests`, so DRF's optional "import requests" finds it and takes it for the
# HTTP library. Say it is not there, before rest_framework.test loads.
rest_framework.compat.requests = None


@pytest.fixture(autouse=True)
def _own_mailbox(settings, tmp_path):
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
