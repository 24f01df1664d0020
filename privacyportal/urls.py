"""All doors of the portal. Which of them opens for whom is in privacyportal/permissions.py."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language

from privacyportal import dev_mail, health, views
from requests.views import feed

handler400 = "privacyportal.pages.bad_request"
handler403 = "privacyportal.pages.forbidden"
handler404 = "privacyportal.pages.not_found"
handler429 = "privacyportal.pages.too_many"  # asked for by the sign-in library
handler500 = "privacyportal.pages.server_error"

urlpatterns = [
    path("", views.root, name="root"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path("first-admin/<str:token>/", views.first_admin, name="first_admin"),
    path("calendar/<str:token>.ics", feed.calendar, name="calendar_feed"),
    path("admin/", admin.site.urls),
    path("account/", include("allauth.urls")),
    path("language/", set_language, name="set_language"),
    path("dev/mail/", dev_mail.mail_list, name="dev_mail"),
    path("dev/mail/<str:name>/", dev_mail.mail_page, name="dev_mail_message"),
    path("dev/mail/<str:name>/html/", dev_mail.mail_html, name="dev_mail_html"),
]
urlpatterns += i18n_patterns(path("", include("requests.urls")))
