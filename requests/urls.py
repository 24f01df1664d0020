"""The public doors, each below a language: /en/…, /sq/…"""

from django.urls import path

from requests.views import answer_date, confirming, filing, optout, start, status

app_name = "requests"

urlpatterns = [
    path("", start.start, name="start"),
    path("requests/", start.find, name="find"),
    path("requests/new/", start.choose, name="choose"),
    path("requests/new/<slug:code>/", filing.question, name="question"),
    path("requests/new/<slug:code>/check/", filing.check, name="check"),
    path("requests/new/<slug:code>/<slug:page>/", filing.question, name="question"),
    path("requests/<str:reference>/", status.status, name="status"),
    path("requests/<str:reference>/address/", status.address, name="address"),
    path("requests/<str:reference>/date.ics", answer_date.answer_date, name="answer_date"),
    path("requests/<str:reference>/withdraw/", status.withdraw, name="withdraw"),
    path("requests/<str:reference>/again/", status.again, name="again"),
    path("confirm/<str:token>/", confirming.confirm, name="confirm"),
    path("follow/<str:token>/", confirming.follow, name="follow"),
    path("mandate/<str:token>/", confirming.mandate, name="mandate"),
    path("do-not-sell/", optout.opt_out, name="do_not_sell"),
    path("opt-out/<slug:code>/", optout.opt_out, name="opt_out"),
]
