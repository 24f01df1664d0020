"""The folders under VAR_DIR. They hold people's data: nobody but the portal's user reads them."""

import os

from django.conf import settings

NAMES = ("wake", "wake-control", "mail", "files", "static")


def make() -> None:
    """Create what is missing, with mode 700, and keep every later file from other users too."""
    os.umask(0o077)
    for folder in (settings.VAR_DIR, *(settings.VAR_DIR / name for name in NAMES)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
