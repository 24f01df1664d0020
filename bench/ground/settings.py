"""The portal's own settings but for the rate limits, which one machine alone would run into."""

from privacyportal.settings import *  # noqa: F403
from privacyportal.settings import STORAGES as _STORAGES

PUBLIC_LIMITS = dict.fromkeys(("questions", "filing", "codes", "messages"), "100000000/hour")
STORAGES = {
    **_STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
