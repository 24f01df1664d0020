"""What an officer types. Shape only; what it means is the services' business."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from consent.errors import PortalError
from requests.enums import ANSWERS, DENIAL_LAW, DenialCode, Outcome, Waiting
from requests.models import Ticket
from requests.services import decisions
from requests.services.messages import moves_for_a_fee

LONGEST = 20_000


class TicketForm(forms.Form):
    """Base: remembers which state of the ticket the officer had before their eyes."""

    use_required_attribute = False
    seen = forms.IntegerField(widget=forms.HiddenInput)
    opened = forms.DateTimeField(widget=forms.HiddenInput, input_formats=["%Y-%m-%dT%H:%M:%S.%f%z"])

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        self.ticket = ticket
        now = timezone.now().strftime("%Y-%m-%dT%H:%M:%S.%f%z")
        fresh = {"seen": ticket.version, "opened": now}
        kwargs["initial"] = {**fresh, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)

    def renewed(self) -> "TicketForm":
        """The same typed text on the ticket as it is now: for "send anyway"."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
        data["seen"] = str(self.ticket.version)
        data["opened"] = timezone.now().strftime("%Y-%m-%dT%H:%M:%S.%f%z")
        return type(self)(data, ticket=self.ticket)


def long_text(
    label: Any, *, empty: Any, rows: int = 10, longest: int = LONGEST, **kwargs: Any
) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=longest,
        error_messages={"required": empty},
        widget=forms.Textarea(attrs={"rows": rows}),
        **kwargs,
    )


class MessageForm(TicketForm):
    body = long_text(_("Your message"), empty=_("Write the message."))


class NoteForm(TicketForm):
    body = long_text(_("Note"), empty=_("Write the note."), rows=5, longest=4000)


class AskForm(TicketForm):
    about = forms.ChoiceField(
        label=_("What do you need?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you need from the person.")},
    )
    doubt = forms.CharField(
        label=_("For proof of identity: why do you doubt who asks?"),
        help_text=_("It stays in the file. The person does not read it."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    body = long_text(
        _("What exactly, and why"), empty=_("Write what you need and why."), longest=1000
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = askable(self.ticket)
        self.fields["about"].choices = [(kind, kind.label) for kind in kinds]  # type: ignore[attr-defined]  # a ChoiceField
        if Waiting.IDENTITY not in kinds:
            del self.fields["doubt"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned.setdefault("doubt", "")
        if cleaned.get("about") == Waiting.IDENTITY and not cleaned["doubt"].strip():
            self.add_error(
                "doubt",
                _("Write why you doubt who asks. The law allows the question only then."),
            )
        return cleaned


def askable(ticket: Ticket) -> list[Waiting]:
    """What may be asked for in this request: the law forbids some questions (INV-05)."""
    kinds = [Waiting.CLARIFICATION]
    if ticket.right.needs_mailbox:
        kinds.insert(0, Waiting.IDENTITY)
    if any(moves_for_a_fee(body) for body in ticket.rules):
        kinds.append(Waiting.FEE)
    return kinds


class AsideForm(TicketForm):
    outcome = forms.ChoiceField(
        label=_("Why is it set aside?"),
        choices=[
            (value, value.label)
            for value in (Outcome.FORWARDED, Outcome.DUPLICATE, Outcome.NOT_A_REQUEST)
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why this request is set aside.")},
    )
    body = long_text(_("What the person is told"), empty=_("Write what the person is told."))
    number = forms.CharField(
        label=_("Type the number of the request to confirm"),
        max_length=20,
        error_messages={"required": _("Type the number of the request.")},
        help_text=_("Setting aside closes the request."),
    )

    def clean_number(self) -> str:
        typed = str(self.cleaned_data["number"])
        if typed.strip().upper() != self.ticket.reference:
            raise forms.ValidationError(
                _("Type %(number)s, as it stands at the top of the page.")
                % {"number": self.ticket.reference}
            )
        return typed


class ReturnForm(TicketForm):
    body = long_text(_("What has to change"), empty=_("Write what has to change."), rows=4)


class AnswerForm(TicketForm):
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=[(value, value.label) for value in ANSWERS],
        error_messages={"required": _("Choose the outcome of this request.")},
    )
    denial_code = forms.ChoiceField(
        label=_("Legal reason"),
        help_text=_("For every “no”, whole or in part. The person is told this reason."),
        required=False,
    )
    body = long_text(_("Answer"), empty=_("Write the answer."), rows=16)
    checked = forms.MultipleChoiceField(
        label=_("The answer contains"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reasons = [(code, f"{code.label} ({DENIAL_LAW[code]})") for code in DenialCode]
        self.fields["denial_code"].choices = [("", _("None")), *reasons]  # type: ignore[attr-defined]
        points = [(point["code"], answer_point(point)) for point in self.ticket.right.answer_must]
        self.fields["checked"].choices = points  # type: ignore[attr-defined]
        if not points:
            del self.fields["checked"]

    def clean(self) -> dict[str, Any]:
        """Name what is missing before the preview; the service asks again when it is sent."""
        cleaned = super().clean() or {}
        cleaned.setdefault("checked", [])
        if not self.errors:
            try:
                decisions.refuse_incomplete(
                    self.ticket,
                    Outcome(cleaned["outcome"]),
                    cleaned["body"],
                    cleaned["denial_code"],
                    cleaned["checked"],
                )
            except PortalError as error:
                self.add_error(None, str(error))
        return cleaned


def answer_point(point: dict[str, str]) -> str:
    """What an answer must contain, as a colleague reads it, with the law that wants it."""
    text = point.get("sq" if get_language() == "sq" else "en") or point["code"]
    return f"{text} ({point['law']})" if point.get("law") else text
