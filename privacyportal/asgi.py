"""The ASGI application, for hosts that offer nothing else; WSGI is faster here."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacyportal.settings")

application = get_asgi_application()
