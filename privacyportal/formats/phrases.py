"""Phrases of Django and allauth that our pages show and that lack good Albanian of their own.

Nothing imports this: it only makes ``makemessages`` collect them into our catalogue, which
comes before theirs. Months are here because Albanian writes them small.
"""

from django.utils.translation import gettext_lazy, ngettext_lazy, pgettext_lazy

MONTHS = [
    gettext_lazy("January"),
    gettext_lazy("February"),
    gettext_lazy("March"),
    gettext_lazy("April"),
    gettext_lazy("May"),
    gettext_lazy("June"),
    gettext_lazy("July"),
    gettext_lazy("August"),
    gettext_lazy("September"),
    gettext_lazy("October"),
    gettext_lazy("November"),
    gettext_lazy("December"),
]
MONTHS_IN_DATES = [
    pgettext_lazy("alt. month", "January"),
    pgettext_lazy("alt. month", "February"),
    pgettext_lazy("alt. month", "March"),
    pgettext_lazy("alt. month", "April"),
    pgettext_lazy("alt. month", "May"),
    pgettext_lazy("alt. month", "June"),
    pgettext_lazy("alt. month", "July"),
    pgettext_lazy("alt. month", "August"),
    pgettext_lazy("alt. month", "September"),
    pgettext_lazy("alt. month", "October"),
    pgettext_lazy("alt. month", "November"),
    pgettext_lazy("alt. month", "December"),
]
DJANGO_ADMIN = [
    gettext_lazy("Breadcrumbs"),
    gettext_lazy("Model name"),
    gettext_lazy("Add link"),
    gettext_lazy("Change or view list link"),
    gettext_lazy("After you’ve created a user, you’ll be able to edit more user options."),
    gettext_lazy("Forgotten your login credentials?"),
    gettext_lazy("In case you’ve forgotten, you are:"),
    gettext_lazy("work factor"),
    gettext_lazy("checksum"),
    ngettext_lazy(
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    ),
]
ALLAUTH = [
    gettext_lazy("Username"),
    gettext_lazy("Password"),
    gettext_lazy("Current Password"),
    gettext_lazy("New Password"),
    gettext_lazy("New Password (again)"),
    gettext_lazy("Email"),
    gettext_lazy("Email address"),
    gettext_lazy("Code"),
    gettext_lazy("Authenticator code"),
    gettext_lazy("Use your password"),
    gettext_lazy("Forgot your password?"),
    gettext_lazy("Use authenticator app or code"),
    gettext_lazy("You must type the same password each time."),
    gettext_lazy("You cannot deactivate two-factor authentication."),
    gettext_lazy(
        "You cannot generate recovery codes without having two-factor authentication enabled."
    ),
    gettext_lazy("Successfully signed in as %(name)s."),
    gettext_lazy("You have signed out."),
    gettext_lazy("Password successfully changed."),
    gettext_lazy("Password successfully set."),
    gettext_lazy("A new set of recovery codes has been generated."),
    gettext_lazy("Authenticator app activated."),
    gettext_lazy("Authenticator app deactivated."),
]
