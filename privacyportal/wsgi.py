"""The WSGI application that granian or gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacyportal.settings")

application = get_wsgi_application()

from privacyportal.checks import refuse_unsafe  # noqa: E402 -- settings are ready only now

refuse_unsafe()
