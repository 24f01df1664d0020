"""The second floor of bench/intake.py: Django as startproject makes it, and one ORM create().

Its middleware, its CSRF check, no template; the row goes into the same table as in bare.py.
"""

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import models
from django.http import HttpResponseRedirect
from django.urls import path

from privacyportal.settings import DATABASES

settings.configure(
    SECRET_KEY="plain " * 10,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES=DATABASES,
    USE_TZ=True,
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
)
django.setup()


class Row(models.Model):
    name = models.TextField()
    email = models.TextField()
    details = models.TextField()

    class Meta:
        app_label = "floor"
        db_table = "bench_floor"

    def __str__(self):
        return self.name


def insert(request):
    fields = {name: request.POST[name] for name in ("name", "email", "details")}
    Row.objects.create(**fields)
    answer = HttpResponseRedirect("/done/")
    answer.status_code = 303
    return answer


urlpatterns = [path("insert/", insert)]
application = get_wsgi_application()
