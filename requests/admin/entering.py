"""Enter a request: what came by phone, post, email or a visitor, typed in by an officer."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent import crypto
from consent.enums import Language
from consent.errors import PortalError
from requests.admin.clock_forms import NOT_KNOWN, Moment, place_choices
from requests.enums import Channel, Filer
from requests.forms import Email, Text
from requests.models import RightRule
from requests.services import manual, places, reasons
from requests.services.intake import Filing


class EnterForm(forms.Form):
    use_required_attribute = False
    nonce = forms.CharField(widget=forms.HiddenInput, max_length=64)
    channel = forms.ChoiceField(
        label=gettext_lazy("How did it come in?"),
        choices=[("", gettext_lazy("Choose")), *((c, c.label) for c in manual.CHANNELS)],
        error_messages={"required": gettext_lazy("Choose how the request came in.")},
    )
    taken_by = Text(
        label=gettext_lazy("Who took it?"),
        max_length=120,
        error_messages={"required": gettext_lazy("Say who took the request.")},
    )
    received_at = Moment(
        label=gettext_lazy("When did it reach the company?"),
        help_text=gettext_lazy(
            "The moment of the call, the stamp of the letter. The law counts from then."
        ),
    )
    right = forms.ChoiceField(
        label=gettext_lazy("What is asked?"),
        error_messages={"required": gettext_lazy("Choose what is asked.")},
    )
    filer = forms.ChoiceField(
        label=gettext_lazy("Who asks?"),
        widget=forms.RadioSelect,
        choices=[
            (Filer.PERSON, gettext_lazy("The person")),
            (Filer.AGENT, gettext_lazy("Somebody who acts for the person")),
        ],
        initial=Filer.PERSON,
        error_messages={"required": gettext_lazy("Say who asks.")},
    )
    name = Text(label=gettext_lazy("Name of who asks"), max_length=120, required=False)
    email = Email(label=gettext_lazy("Email of who asks (optional)"), required=False)
    person_name = Text(
        label=gettext_lazy("For an agent: name of the person"), max_length=120, required=False
    )
    person_email = Email(
        label=gettext_lazy("For an agent: email of the person (optional)"), required=False
    )
    customer_number = Text(
        label=gettext_lazy("Customer number or phone"), max_length=64, required=False
    )
    residence = forms.ChoiceField(
        label=gettext_lazy("Where does the person live?"),
        error_messages={"required": gettext_lazy("Choose where the person lives.")},
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the person"), choices=Language.choices
    )
    details = Text(
        lines=True,
        label=gettext_lazy("In their words"),
        max_length=4000,
        required=False,
    )
    told = forms.BooleanField(
        label=gettext_lazy("I told the person that we have the request"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rights = [(right.code, right.label) for right in RightRule.objects.order_by("code")]
        rights.sort(key=lambda pair: pair[1])
        choices: dict[str, list[tuple[str, Any]]] = {
            "right": [("", gettext_lazy("Choose")), *rights],
            "residence": place_choices(),
        }
        for name, values in choices.items():
            self.fields[name].choices = values  # type: ignore[attr-defined]  # a ChoiceField

    def clean_right(self) -> RightRule:
        return RightRule.objects.get(code=self.cleaned_data["right"])

    def filing(self) -> Filing:
        typed = self.cleaned_data
        place = typed["residence"]
        agent = typed["filer"] == Filer.AGENT
        return Filing(
            right=typed["right"],
            organisation=places.the_organisation(),
            language=typed["language"],
            received_at=typed["received_at"],
            residence=None if place == NOT_KNOWN else places.residences()[place],
            filer=Filer(typed["filer"]),
            name=typed["name"],
            email=typed["email"],
            person_name=typed["person_name"] if agent else "",
            person_email=typed["person_email"] if agent else "",
            details=typed["details"],
            customer_number=typed["customer_number"],
            channel=Channel(typed["channel"]),
            taken_by=typed["taken_by"],
        )


def enter(request: HttpRequest) -> HttpResponse:
    """GET shows the form. POST shows the date it would get, goes back, or enters it."""
    user: User = request.user  # type: ignore[assignment]  # the gate lets only accounts in
    if request.method != "POST":
        initial = {
            "nonce": crypto.new_token(),
            "taken_by": user.get_full_name() or user.get_username(),
            "language": places.the_organisation().language,
        }
        return _show(request, EnterForm(initial=initial))
    form = EnterForm(request.POST)
    step = request.POST.get("step")
    if not form.is_valid():
        return _show(request, form, status=422)
    try:
        if step == "change":
            return _show(request, form)
        if step != "send":
            return _check(request, form)
        ticket, is_new = manual.enter(
            form.filing(), by=user, nonce=form.cleaned_data["nonce"], told=form.cleaned_data["told"]
        )
    except PortalError as error:
        form.add_error(None, str(error))
        return _show(request, form, status=error.http_status)
    if is_new:
        messages.success(request, _("The request is entered. Its clock runs since it came in."))
    return redirect("admin:requests_ticket_change", ticket.pk)


def _check(request: HttpRequest, form: EnterForm) -> HttpResponse:
    filing = form.filing()
    found = manual.outlook(filing)
    context = {
        **site.each_context(request),
        "title": _("Check what you entered"),
        "form": form,
        "filing": filing,
        "found": found,
        "late_by": -found.days_left,
        "reasons": reasons.of_steps(found.explanation.trace),
        "asks_mailbox": bool(filing.right.needs_mailbox and filing.email),
        "asks_officer": bool(filing.right.needs_mailbox and not filing.email),
    }
    return TemplateResponse(request, "admin/requests/ticket/enter_check.html", context)


def _show(request: HttpRequest, form: EnterForm, *, status: int = 200) -> HttpResponse:
    context = {**site.each_context(request), "title": _("Enter a request"), "form": form}
    return TemplateResponse(request, "admin/requests/ticket/enter.html", context, status=status)
