"""Coming back with the number alone: the mailbox is shown again, by a code."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from consent.errors import PortalError
from requests import browser
from requests.forms import AddressForm, CodeForm
from requests.services import identity
from requests.views.pages import count, show


def come_back(request: HttpRequest, reference: str) -> HttpResponse:
    """For a browser we do not know. The page is the same whether there is such a request."""
    if request.method != "POST":
        if request.GET.get("step") == "code":
            return _code_page(request, reference, CodeForm())
        return _email_page(request, reference, AddressForm())
    count(request, "codes")
    if request.POST.get("do") == "code":
        return _code(request, reference)
    return _email(request, reference)


def _email(request: HttpRequest, reference: str) -> HttpResponse:
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _email_page(request, reference, form)
    token = browser.of_or_new(request)
    if not form.is_trap():
        identity.ask_return_code(reference, form.cleaned_data["email"], browser=token)
    there = HttpResponseRedirect(f"{_status(reference)}?step=code")
    there.status_code = 303
    return browser.keep(there, token)


def _code(request: HttpRequest, reference: str) -> HttpResponse:
    form = CodeForm(request.POST)
    if not form.is_valid() or form.is_trap():
        return _code_page(request, reference, form)
    token = browser.of_or_new(request)
    try:
        identity.come_back(reference, form.cleaned_data["code"], browser=token)
    except PortalError as error:
        form.add_error("code", str(error))
        return _code_page(request, reference, form)
    there = HttpResponseRedirect(_status(reference))
    there.status_code = 303
    return browser.keep(there, token)


def _email_page(request: HttpRequest, reference: str, form: AddressForm) -> HttpResponse:
    context = {"reference": reference, "form": form}
    return show(request, "return", context, failed=form if form.is_bound else None)


def _code_page(request: HttpRequest, reference: str, form: CodeForm) -> HttpResponse:
    context = {"reference": reference, "form": form}
    return show(request, "return_code", context, failed=form if form.is_bound else None)


def _status(reference: str) -> str:
    return reverse("requests:status", args=[reference])
