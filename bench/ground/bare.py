"""The first floor of bench/intake.py: the least Django can do and still have written one row.

No middleware, no template, no session: one parameterised INSERT in autocommit.
"""

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpResponse
from django.urls import path

from privacyportal.settings import DATABASES

settings.configure(
    SECRET_KEY="bare " * 10,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES=DATABASES,
    USE_TZ=True,
)
django.setup()


def insert(request):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_floor (name, email, details) VALUES (%s, %s, %s)",
            [request.POST["name"], request.POST["email"], request.POST["details"]],
        )
    response = HttpResponse(status=303, headers={"Content-Length": "0"})
    response["Location"] = "/done/"
    return response


urlpatterns = [path("insert/", insert)]
application = get_wsgi_application()
