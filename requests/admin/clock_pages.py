"""The pages that move a clock: each shows the dates now and then before anything is done."""

from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from requests.admin.clock_forms import (
    AppealForm,
    ArrivedForm,
    ExtendForm,
    IdentityForm,
    RecountForm,
    ReopenForm,
    ResidenceForm,
    SecondLookForm,
    SilenceForm,
)
from requests.admin.pages import Page, Shown
from requests.models import Ticket
from requests.services import (
    appeals,
    effects,
    extensions,
    manual,
    recounting,
    reopening,
    silence,
)
from requests.services import messages as letters_and_notes


def _extend(ticket: Ticket, typed: dict[str, Any], by: User) -> object:
    return extensions.extend(
        ticket.pk,
        reason=typed["reason"],
        text=typed["body"],
        declared_on=typed.get("declared_on"),
        told_otherwise=bool(typed.get("told")),
        by=by,
        seen=typed["seen"],
    )


def _extended(ticket: Ticket, typed: dict[str, Any] | None) -> list[Shown]:
    declared = typed.get("declared_on") if typed else None
    found = extensions.outlook(ticket, declared_on=declared)
    asks_for_day = declared is None and extensions.names_a_date(ticket)
    warning = _("The promise of an answer is missed: the notice leaves after its day.")
    return [
        Shown(
            _("What moves"),
            found.effect,
            refused="" if asks_for_day and found.effect.lines else found.refused,
            warning=str(warning) if found.promise_missed else "",
        )
    ]


def _arrived(ticket: Ticket, typed: dict[str, Any], by: User) -> object:
    return letters_and_notes.arrived(
        ticket.pk, at=typed["at"], how=typed["body"], by=by, seen=typed["seen"]
    )


def _residence(ticket: Ticket, typed: dict[str, Any], by: User) -> object:
    return recounting.change_residence(
        ticket.pk,
        residence=typed["residence"],
        reason=typed["reason"],
        by=by,
        seen=typed["seen"],
    )


def _moved(ticket: Ticket, typed: dict[str, Any] | None) -> list[Shown]:
    if typed is None:
        return []
    return [Shown(_("What moves"), effects.of_residence(ticket, typed["residence"]))]


def _recount(ticket: Ticket, typed: dict[str, Any], by: User) -> object:
    return recounting.recount(ticket.pk, reason=typed["reason"], by=by, seen=typed["seen"])


def _recounted(ticket: Ticket, typed: dict[str, Any] | None) -> list[Shown]:  # noqa: ARG001 -- the same whatever is typed
    return [Shown(_("What moves"), effects.of_newer_rules(ticket))]


def _identity(ticket: Ticket, typed: dict[str, Any], by: User) -> object:
    return manual.note_identity(
        ticket.pk, level=typed["level"], how=typed["body"], by=by, seen=typed["seen"]
    )


def _reopen(ticket: Ticket, typed: dict[str, Any], by: User) -> object:
    return reopening.reopen(
        ticket.pk,
        reason=typed["reason"],
        at=typed["at"],
        told=typed["body"],
        by=by,
        seen=typed["seen"],
    )


def _silence(ticket: Ticket, typed: dict[str, Any], by: User) -> object:
    return silence.end(ticket.pk, body=typed["body"], by=by, seen=typed["seen"])


def _appeal(ticket: Ticket, typed: dict[str, Any], by: User) -> object:
    return appeals.ask_again(ticket.pk, typed["body"], at=typed["at"], by=by)


def _decide(ticket: Ticket, typed: dict[str, Any], by: User) -> object:
    decide = appeals.uphold if typed["verdict"] == "uphold" else appeals.overturn
    return decide(ticket.pk, body=typed["body"], by=by, seen=typed["seen"])


PAGES = {
    page.name: page
    for page in (
        Page(
            "extend", _("Take more time"), ExtendForm, _extend,
            _("The person is told. The new date stands."), _("Tell the person, take the time"),
            previews=False, effects=_extended,
        ),
        Page(
            "arrived", _("It has arrived"), ArrivedForm, _arrived,
            _("Noted. The clock goes on from then."), _("Note it"),
            previews=False, to_person=False,
        ),
        Page(
            "residence", _("Change where the person lives"), ResidenceForm, _residence,
            _("The residence is changed and the dates are counted anew."),
            _("Change the residence"), effects=_moved, to_person=False,
        ),
        Page(
            "recount", _("Count with the newest rules"), RecountForm, _recount,
            _("The dates are counted anew."), _("Count anew"),
            previews=False, effects=_recounted, to_person=False,
        ),
        Page(
            "identity", _("Note how the person showed who they are"), IdentityForm, _identity,
            _("Noted."), _("Note it"), previews=False, to_person=False,
        ),
        Page(
            "reopen", _("Open the request again"), ReopenForm, _reopen,
            _("The request is open again. A new clock runs."), _("Open it again"),
            previews=False, to_person=False,
        ),
        Page(
            "silence", _("No answer came"), SilenceForm, _silence,
            _("The request is answered. The person can still go on."), _("Send"),
        ),
        Page(
            "appeal", _("The person asks to look again"), AppealForm, _appeal,
            _("Noted. Somebody who had no part in the answer looks again."), _("Note it"),
            previews=False, to_person=False,
        ),
        Page(
            "decide", _("Decide about the answer"), SecondLookForm, _decide,
            _("The decision is sent."), _("Send"),
        ),
    )
}  # fmt: skip
