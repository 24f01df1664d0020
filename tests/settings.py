"""The portal's own settings, for tests: the same on each machine, whatever its .env says."""

import os
import tempfile
from pathlib import Path

os.environ.update(
    {
        "DEBUG": "false",
        "SECRET_KEY": "tests-only-0123456789-abcdefghijklmnopqrstuvwxyz",
        "AUDIT_KEY": "",
        "SEAL_KEY": "",
        "SITE_URL": "http://testserver",
        "EMAIL_URL": "",
        "BROKER_URL": "",
        "RATE_LIMIT_STORE": "memory://",
        "HEALTH_TOKEN": "",
        "ALLOW_EMBEDDED": "false",
        "REQUIRE_SECOND_FACTOR": "false",
        "DEFAULT_FROM_EMAIL": "Privacy office <privacy@portal.test>",
        "TRUSTED_PROXIES": "0",
        "UNDO_SECONDS": "15",
        "VAR_DIR": os.environ.get("TEST_VAR_DIR") or tempfile.mkdtemp(prefix="portal-tests-"),
    }
)
# Which server: TEST_DATABASE_URL or DATABASE_URL of the shell, else SQLite; never what .env says.
# The tests make and drop a database of their own there, named test_….
os.environ["DATABASE_URL"] = (
    os.environ.get("TEST_DATABASE_URL") or os.environ.get("DATABASE_URL") or "sqlite://:memory:"
)

# Whitenoise warns of a missing folder, and warnings are errors here.
(Path(os.environ["VAR_DIR"]) / "static").mkdir(parents=True, exist_ok=True)

from privacyportal.settings import *  # noqa: E402, F403 -- after the environment is fixed

ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PUBLIC_LIMITS = dict.fromkeys(("questions", "filing", "codes", "messages"), "100000/hour")
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
