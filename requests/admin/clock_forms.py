"""What an officer types about the clock: moments, reasons, places, proof. Shape only."""

from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models import Jurisdiction
from requests.admin.forms import TicketForm, long_text
from requests.enums import CONFIRMED, Level, RuleStatus
from requests.services import extensions, places, rule_versions

NOT_KNOWN = "-"


class Moment(forms.DateTimeField):
    """A day and a time of the office's clock, whatever the server's zone is."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M"]
        errors = {
            "required": _("Enter the day and the time."),
            "invalid": _("Enter a day and a time like 2026-06-09 10:30."),
        }
        super().__init__(
            widget=widget,
            input_formats=formats,
            error_messages=errors,
            initial=timezone.now,
            **kwargs,
        )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(places.the_organisation().time_zone)

    def to_python(self, value: Any) -> datetime | None:
        naive = super().to_python(value)
        if naive is None:
            return None
        # Django read it in the server's zone; the officer meant the office's.
        try:
            moment = naive.replace(tzinfo=self.zone)
            moment.timestamp()
        except (OverflowError, ValueError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        return moment

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(self.zone).replace(tzinfo=None)
        return value


def _reason(label: Any, empty: Any, **kwargs: Any) -> forms.CharField:
    return long_text(label, empty=empty, rows=4, longest=1000, **kwargs)


class ExtendForm(TicketForm):
    reason = forms.ChoiceField(
        label=_("Why does it take longer?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why the answer takes longer.")},
    )
    body = forms.CharField(
        label=_("The reason in your own words (optional)"),
        help_text=_("It replaces the ready sentence and stands in the mail. Name no data in it."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    declared_on = forms.DateField(
        label=_("You will answer by"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Name the day by which the person will have the answer.")},
    )
    told = forms.BooleanField(
        label=_("I tell the person today by post or phone"),
        error_messages={"required": _("The person must be told. Tick that you do it.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(reason, reason.label) for reason in extensions.reasons_for(self.ticket)]
        cast("forms.ChoiceField", self.fields["reason"]).choices = choices
        if not extensions.names_a_date(self.ticket):
            del self.fields["declared_on"]
        if self.ticket.is_reachable:
            del self.fields["told"]


class ArrivedForm(TicketForm):
    at = Moment(label=_("When did it reach us?"))
    body = _reason(_("What came, and how"), _("Write what came, and how."))


class ResidenceForm(TicketForm):
    residence = forms.ChoiceField(
        label=_("Where does the person live?"),
        error_messages={"required": _("Choose where the person lives.")},
    )
    reason = _reason(_("How do we know?"), _("Write how we know where the person lives."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["residence"]).choices = place_choices()

    def clean_residence(self) -> Jurisdiction | None:
        code = self.cleaned_data["residence"]
        return None if code == NOT_KNOWN else places.residences()[code]


def place_choices() -> list[tuple[str, Any]]:
    known = [(code, place.name) for code, place in places.residences().items()]
    return [("", _("Choose a country")), *known, (NOT_KNOWN, _("Not known"))]


class RecountForm(TicketForm):
    reason = _reason(
        _("Why are the dates counted anew?"), _("Write why the dates are counted anew.")
    )


class IdentityForm(TicketForm):
    level = forms.ChoiceField(
        label=_("How sure are we now?"),
        widget=forms.RadioSelect,
        choices=[(level, level.label) for level in Level if level != Level.NONE],
        error_messages={"required": _("Choose how sure we are now.")},
    )
    body = _reason(
        _("How did the person show who they are?"),
        _("Write how the person showed who they are."),
        help_text=_("What you saw, where and when. Do not copy a document or its number."),
    )


class ReopenForm(TicketForm):
    at = Moment(label=_("When did what is new reach us?"))
    reason = _reason(
        _("What is new, or who ordered it?"),
        _("Write what is new, or who ordered to open the request again."),
    )
    body = forms.CharField(
        label=_("What the person is told (optional)"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class SilenceForm(TicketForm):
    body = long_text(
        _("What the person is told"),
        empty=_("Write what the person is told."),
        help_text=_("Why we cannot go on, how they can go on, and where they can complain."),
    )


class AppealForm(TicketForm):
    at = Moment(label=_("When did the person ask?"))
    body = long_text(
        _("In their words"), empty=_("Write what we should look at again."), rows=5, longest=4000
    )


class SecondLookForm(TicketForm):
    verdict = forms.ChoiceField(
        label=_("What did you find?"),
        widget=forms.RadioSelect,
        choices=[
            ("uphold", _("The answer stays as it is. The request is closed.")),
            ("overturn", _("The answer was wrong. The request is worked on again.")),
        ],
        error_messages={"required": _("Choose what you found.")},
    )
    body = long_text(
        _("The decision, with its reasons"),
        empty=_("Write the decision with its reasons."),
        rows=12,
    )


class RuleForm(forms.Form):
    """The next version of a deadline rule. Which numbers there are depends on the rule."""

    use_required_attribute = False
    seen = forms.IntegerField(widget=forms.HiddenInput)
    law = forms.CharField(
        label=_("Text of law"),
        max_length=200,
        error_messages={"required": _("Name the text of law.")},
    )
    status = forms.ChoiceField(
        label=_("Is it confirmed?"),
        choices=RuleStatus.choices,
        widget=forms.RadioSelect,
        help_text=_("Confirmed means: a person has read this text of law and says so by name."),
    )
    effective_from = forms.DateField(
        label=_("For requests received from"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Name the first day.")},
    )
    effective_to = forms.DateField(
        label=_("To (optional)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reason = _reason(_("Why does the rule change?"), _("Write why the rule changes."))

    def __init__(self, *args: Any, body: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.body = body
        for name, value in rule_versions.numbers_of(body).items():
            least, most = rule_versions.bounds(body, name)
            between = _("Enter a number between %(least)d and %(most)d.")
            self.fields[f"n_{name}"] = forms.IntegerField(
                label=NUMBERS[name],
                min_value=least,
                max_value=most,
                initial=value,
                help_text=UNITS.get(_unit(body, name), ""),
                error_messages={
                    "required": _("Enter a number."),
                    "invalid": _("Enter a number."),
                    "min_value": between % {"least": least, "most": most},
                    "max_value": between % {"least": least, "most": most},
                },
            )
        self.order_fields([*(f"n_{name}" for name in NUMBERS), "law", "status"])

    @property
    def numbers(self) -> dict[str, int]:
        return {
            name: self.cleaned_data[f"n_{name}"] for name in NUMBERS if f"n_{name}" in self.fields
        }

    @property
    def confirms(self) -> bool:
        """Whether this version clears the mark "to be confirmed"."""
        was = self.body["status"] == CONFIRMED
        return not was and self.cleaned_data.get("status") == CONFIRMED


NUMBERS: dict[str, Any] = {
    "ack": _("Confirm receipt within"),
    "respond": _("Answer within"),
    "other_channel": _("Answer within, if it came to an address we did not name"),
    "extension": _("More time"),
    "appeal": _("Second look within"),
    "appeal_extension": _("More time for the second look"),
}
UNITS: dict[str, Any] = {
    "month": _("months"),
    "calendar_day": _("days"),
    "business_day": _("working days"),
    "hour": _("hours"),
}


def _unit(body: dict[str, Any], name: str) -> str:
    part, _key = rule_versions.NUMBERS[name]
    unit: str = body[part].get("unit", "calendar_day")
    return unit
