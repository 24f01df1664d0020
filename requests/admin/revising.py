"""The form for the next version of a rule, and what it would change, on days that show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests.admin.clock_forms import NUMBERS, RuleForm
from requests.models import DeadlineRule
from requests.services import reasons, rule_versions


@dataclass(frozen=True, slots=True)
class Sample:
    """A day of receipt, and the day of the answer by one rule or by two."""

    received: date
    due: date | None
    then: date | None = None


WORDS: dict[str, Any] = {
    "pauses": gettext_lazy("stops the clock"),
    "moves_start": gettext_lazy("moves the start"),
    "clock_runs": gettext_lazy("does not stop the clock"),
    "none": gettext_lazy("not allowed"),
}


def facts(body: Mapping[str, Any]) -> list[tuple[Any, str]]:
    """What a rule says, for people: its numbers with their units, and how it counts."""
    found = []
    for name, value in rule_versions.numbers_of(body).items():
        part, _key = rule_versions.NUMBERS[name]
        unit = body[part].get("unit", "calendar_day")
        found.append((NUMBERS[name], reasons.length_of(value, unit)))
    roll = body.get("roll")
    found.append(
        (
            _("An end on a day off"),
            _("moves to the next working day (%(calendar)s)") % {"calendar": roll["calendar"]}
            if roll
            else _("stays"),
        )
    )
    pause = body.get("pause")
    found.append((_("A question"), _("stops the clock") if pause else _("does not stop the clock")))
    identity = str(WORDS.get(body.get("verification", ""), body.get("verification", "")))
    found.append((_("Asking who it is"), identity))
    found.append((_("Zone"), str(body["time_zone"])))
    return found


def samples(body: Mapping[str, Any], new: Mapping[str, Any] | None = None) -> list[Sample]:
    found = []
    for day in rule_versions.SAMPLES:
        due = rule_versions.sample(body, day).due_on
        then = rule_versions.sample(new, day).due_on if new is not None else None
        found.append(Sample(day, due, then))
    return found


def form_for(rule: DeadlineRule, data: QueryDict | None) -> RuleForm:
    newest = DeadlineRule.objects.filter(code=rule.code).order_by("-version")[0]
    initial = {
        "seen": newest.version,
        "law": rule.law,
        "status": rule.status,
        "effective_from": rule.effective_from,
        "effective_to": rule.effective_to,
    }
    return RuleForm(data, body=rule.body, initial=initial)


def body_of(form: RuleForm) -> dict[str, Any]:
    typed = form.cleaned_data
    return rule_versions.changed(
        form.body,
        numbers=form.numbers,
        law=typed["law"],
        status=typed["status"],
        effective_from=typed["effective_from"],
        effective_to=typed["effective_to"],
    )


def show(
    request: HttpRequest,
    rule: DeadlineRule,
    form: RuleForm,
    *,
    new: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        **site.each_context(request),
        "title": _("Write the next version"),
        "rule": rule,
        "form": form,
        "checks": new is not None,
        "confirms": new is not None and form.confirms,
        "samples": samples(rule.body, new) if new is not None else [],
    }
    return TemplateResponse(
        request, "admin/requests/deadlinerule/revise.html", context, status=status
    )
