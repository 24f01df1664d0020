"""What a person types. Plain words; the legal names are ours to know.

Every form is strict about signs and lenient about everything a person may mean: no control
signs, no unreadable bytes; blanks, invisible signs and capital letters do not matter.
"""

import unicodedata
from email.utils import parseaddr
from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.addresses import clean_email, email_key
from consent.errors import InputRefused
from requests.enums import Filer
from requests.references import parse_reference

# Cc control, Cs surrogate, Co private use, Cn unassigned; U+FFFD stands for bytes that were
# not text.
_REFUSED = {"Cc", "Cs", "Co", "Cn"}
# Direction overrides can make a text read as another one (Trojan Source).
_OVERRIDES = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = set("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_BLANKS = " \t\u00a0\u3000"


class Text(forms.CharField):
    """Text of a person, composed (NFC) before its length counts. ``lines`` allows line breaks."""

    def __init__(self, *, lines: bool = False, **kwargs: Any) -> None:
        self.lines = lines
        if lines:
            kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 6}))
        super().__init__(strip=False, **kwargs)  # Python's strip() would hide line separators

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:  # noqa: ARG002 -- Django's
        """No maxlength: a browser would cut a pasted text without a word."""
        return {}

    def to_python(self, value: Any) -> str:
        text = self._composed(super().to_python(value) or "")
        if self.lines:
            text = text.replace("\r\n", "\n").strip(_BLANKS + "\n")
        else:
            text = text.strip(_BLANKS)
        for sign in text:
            self._judge(sign)
        return text

    def _composed(self, text: str) -> str:
        return unicodedata.normalize("NFC", text)

    def _judge(self, sign: str) -> None:
        if sign == "\t" or (sign == "\n" and self.lines):
            return
        if sign in _BREAKS and not self.lines:
            raise forms.ValidationError(_("Write this on one line"))
        if unicodedata.category(sign) in _REFUSED or sign == "\ufffd" or sign in _OVERRIDES:
            raise forms.ValidationError(
                _("The text has a sign in it that cannot be read. Delete it")
            )


class Email(Text):
    """One mailbox, by the rule of consent.addresses; never our own sender (a mail loop)."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("error_messages", {"required": gettext_lazy("Enter your email address")})
        kwargs.setdefault(
            "widget",
            forms.EmailInput(
                attrs={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"}
            ),
        )
        super().__init__(max_length=320, **kwargs)

    def _composed(self, text: str) -> str:
        """As typed: composing turns a Kelvin sign into a K, and so one mailbox into another."""
        return text

    def clean(self, value: Any) -> str:
        typed = super().clean(value)
        if not typed:
            return ""
        try:
            address = clean_email(typed)
        except InputRefused as error:
            raise forms.ValidationError(str(error)) from error
        if email_key(address) == email_key(parseaddr(settings.DEFAULT_FROM_EMAIL)[1]):
            raise forms.ValidationError(_("This is our own address. Enter yours"))
        return address


class PlainForm(forms.Form):
    """Base of all public forms: the browser shows no bubbles, and machines find a trap."""

    use_required_attribute = False
    # People do not see it; who fills it is a machine.
    website = forms.CharField(required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "%s")
        super().__init__(*args, **kwargs)

    def is_trap(self) -> bool:
        return bool(self.data.get("website"))

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields a person sees."""
        return [self[name] for name in self.fields if name not in _UNSEEN]


_UNSEEN = {"website", "began", "nonce"}
NOT_SAID = "-"


class AboutForm(PlainForm):
    """Question 1: who asks, and where we can write to."""

    filer = forms.ChoiceField(
        label=gettext_lazy("Who is this request for?"),
        choices=Filer.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose who the request is for"),
            "invalid_choice": gettext_lazy("Choose who the request is for"),
        },
    )
    name = Text(
        label=gettext_lazy("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={
            "required": gettext_lazy("Enter your name"),
            "max_length": gettext_lazy("Your name must be 120 characters or fewer"),
        },
    )
    email = Email(
        label=gettext_lazy("Your email address"),
        help_text=gettext_lazy("We use it only to answer this request"),
    )
    residence = forms.ChoiceField(
        label=gettext_lazy("Where do you live?"),
        help_text=gettext_lazy("It decides which law applies and how fast we must answer"),
        error_messages={
            "required": gettext_lazy("Choose where you live"),
            "invalid_choice": gettext_lazy("Choose where you live"),
        },
    )
    # When the first page was opened, signed by us.
    began = forms.CharField(required=False, widget=forms.HiddenInput, max_length=200)

    def __init__(
        self, *args: Any, residences: list[tuple[str, str]], agents: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("Choose a country")), *residences, (NOT_SAID, _("I prefer not to say"))]
        cast("forms.ChoiceField", self.fields["residence"]).choices = choices
        if not agents:
            del self.fields["filer"]


class PersonForm(PlainForm):
    """For an agent: whose data it is about."""

    person_name = Text(
        label=gettext_lazy("Name of the person"),
        max_length=120,
        error_messages={
            "required": gettext_lazy("Enter the name of the person"),
            "max_length": gettext_lazy("The name must be 120 characters or fewer"),
        },
    )
    person_email = Email(
        label=gettext_lazy("Email address of the person"),
        help_text=gettext_lazy("We ask them whether you may act for them"),
        error_messages={"required": gettext_lazy("Enter the email address of the person")},
    )


class DetailsForm(PlainForm):
    """The last question; optional, except where the words are the request."""

    customer_number = Text(
        label=gettext_lazy("Customer number or phone (optional)"),
        help_text=gettext_lazy("It helps us to find you"),
        max_length=64,
        required=False,
        error_messages={
            "max_length": gettext_lazy("The number must be 64 characters or fewer"),
        },
    )
    details = Text(
        lines=True,
        label=gettext_lazy("Anything we should know? (optional)"),
        help_text=gettext_lazy("4,000 characters or fewer. Leave out passwords and ID numbers"),
        max_length=4000,
        required=False,
        error_messages={
            "max_length": gettext_lazy("The description must be 4,000 characters or fewer"),
            "required": gettext_lazy("Write what it is about"),
        },
    )

    def __init__(self, *args: Any, needs_words: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if needs_words:
            self.fields["details"].required = True
            self.fields["details"].label = _("What is it about?")


class SendForm(PlainForm):
    """Check answers: nothing to type, one button."""


class CodeForm(PlainForm):
    code = Text(
        label=gettext_lazy("Code from our email"),
        help_text=gettext_lazy("8 digits"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={
            "required": gettext_lazy("Enter the code from our email"),
            "max_length": gettext_lazy("Enter the 8 digits of the code"),
        },
    )


class AddressForm(PlainForm):
    email = Email(label=gettext_lazy("Your email address"))


class MessageForm(PlainForm):
    body = Text(
        lines=True,
        label=gettext_lazy("Your message"),
        help_text=gettext_lazy("4,000 characters or fewer. Leave out passwords and ID numbers"),
        max_length=4000,
        error_messages={
            "required": gettext_lazy("Write your message"),
            "max_length": gettext_lazy("The message must be 4,000 characters or fewer"),
        },
    )
    nonce = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


class AgainForm(MessageForm):
    """Asking to look again: the same words of the person, for another purpose."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body"].label = _("What should we look at again?")


class FindForm(PlainForm):
    number = Text(
        label=gettext_lazy("Number of your request"),
        help_text=gettext_lazy("For example PR-7K4M-29Q6"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": gettext_lazy("Enter the number of your request"),
            "max_length": gettext_lazy("Enter a number like PR-7K4M-29Q6"),
        },
    )

    def clean_number(self) -> str:
        reference = parse_reference(self.cleaned_data["number"])
        if reference is None:
            raise forms.ValidationError(
                _("Check the number: it has 8 letters and digits, like PR-7K4M-29Q6")
            )
        return reference
