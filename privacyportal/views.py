"""Pages that belong to no floor: the way in, the security contact, the first administrator."""

from datetime import timedelta

from django import forms
from django.conf import settings
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language_from_request
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from consent.models import Organisation
from privacyportal import first_admin as first
from privacyportal.pages import csrf_failure

__all__ = ["csrf_failure", "first_admin", "root", "security_txt"]

CONTACT_VALID = timedelta(days=180)


@require_safe
def root(request: HttpRequest) -> HttpResponse:
    """To the start page in the language the browser asks for, or English."""
    response = HttpResponseRedirect(f"/{get_language_from_request(request)}/")
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Where to report a hole (RFC 9116)."""
    organisation = Organisation.objects.filter(is_default=True).first()
    if organisation is None:
        raise Http404
    expires = (timezone.now() + CONTACT_VALID).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: mailto:{organisation.email}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {', '.join(code for code, _name in settings.LANGUAGES)}",
        f"Canonical: {settings.SITE_URL}{request.path}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


class FirstAdminForm(BaseUserCreationForm):
    """A name and a password typed twice; Django's own validators judge both."""

    class Meta:
        model = User
        fields = ("username",)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for name in ("password1", "password2"):
            self.fields[name].widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def first_admin(request: HttpRequest, token: str) -> HttpResponse:
    """The link changes nothing; the form behind it makes one administrator, once."""
    if not first.is_known(token):
        raise Http404
    form = FirstAdminForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data
        if first.create(username=words["username"], password=words["password1"]) is None:
            raise Http404
        return redirect("admin:index")
    status = 422 if form.is_bound else 200
    return render(request, "public/first_admin.html", {"form": form}, status=status)
