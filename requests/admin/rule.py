"""The rules: what people can ask for, and how long an answer may take."""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin import site
from django.db.models import Field
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from consent.admin.guarded import GuardedAdmin
from consent.errors import PortalError
from requests.admin import revising
from requests.admin.forms import answer_point
from requests.enums import Channel, Filer
from requests.models import DeadlineRule, RightRule
from requests.services import reasons, rule_versions


def _named(field: str) -> Any:
    """What the model calls a field that is shown in words instead of as it is stored."""
    return cast("Field[Any, Any]", RightRule._meta.get_field(field)).verbose_name


def _lines(texts: Iterable[object]) -> str:
    return format_html_join("", "<div>{}</div>", ((text,) for text in texts)) or "-"


@admin.register(RightRule)
class RightRuleAdmin(GuardedAdmin):
    """What people can ask for. Shipped as data, read here."""

    see = "registry.read"
    list_display = ["label", "code", "law", "level", "second_person"]
    list_display_links = ["label"]
    search_fields = ["code", "label_en", "label_sq"]
    exclude = ["filers", "channels", "regimes", "answer_must"]
    readonly_fields = ["who_files", "comes_in", "own_rules", "must_contain"]

    @admin.display(description=_("request type"), ordering="label_en")
    def label(self, right: RightRule) -> str:
        return right.label

    @admin.display(description=_named("filers"))
    def who_files(self, right: RightRule) -> str:
        return _lines(Filer(code).label for code in right.filers)

    @admin.display(description=_named("channels"))
    def comes_in(self, right: RightRule) -> str:
        return _lines(Channel(code).label for code in right.channels)

    @admin.display(description=_named("regimes"))
    def own_rules(self, right: RightRule) -> str:
        return _lines(right.regimes)

    @admin.display(description=_named("answer_must"))
    def must_contain(self, right: RightRule) -> str:
        return _lines(answer_point(point) for point in right.answer_must)


@admin.register(DeadlineRule)
class DeadlineRuleAdmin(GuardedAdmin):
    """The versions of each deadline rule. A change is a new one."""

    see = "registry.read"
    list_display = ["code", "version", "text", "effective_from", "effective_to", "status", "origin"]
    search_fields = ["code", "law"]

    @admin.display(description=DeadlineRule._meta.get_field("law").verbose_name, ordering="law")
    def text(self, rule: DeadlineRule) -> str:
        return reasons.source_of(rule.law)

    def get_urls(self) -> list[Any]:
        revise = self.admin_site.admin_view(self.revise_view)
        own = path("<int:pk>/revise/", revise, name="requests_deadlinerule_revise")
        return [own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 -- Django's signature
        extra_context: Any = None,  # noqa: ARG002 -- Django's signature
    ) -> HttpResponse:
        """One version, what it says, and all versions of the same rule."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not (object_id.isascii() and object_id.isdigit()) or int(object_id) >= 2**63:
            raise Http404
        rule = get_object_or_404(DeadlineRule, pk=int(object_id))
        in_use = rule_versions.in_use(rule.code)
        context = {
            **site.each_context(request),
            "title": f"{rule.code} · {_('version')} {rule.version}",
            "rule": rule,
            "in_use": in_use,
            "offered": rule_versions.offered(rule.code),
            "facts": revising.facts(rule.body),
            "samples": revising.samples(rule.body),
            "versions": DeadlineRule.objects.filter(code=rule.code)
            .select_related("author")
            .order_by("-version"),
            "may_revise": request.user.has_perm("settings.rules"),
        }
        return TemplateResponse(request, "admin/requests/deadlinerule/rule.html", context)

    def revise_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET: the form, filled from this version. POST: what it would change, then the save."""
        rule = get_object_or_404(DeadlineRule, pk=pk)
        form = revising.form_for(rule, request.POST if request.method == "POST" else None)
        if not form.is_bound:
            return revising.show(request, rule, form)
        if not form.is_valid():
            return revising.show(request, rule, form, status=422)
        try:
            body = revising.body_of(form)
            if request.POST.get("step") != "save":
                keep = request.POST.get("step") == "change"
                return revising.show(request, rule, form, new=None if keep else body)
            stored = rule_versions.revise(
                rule.code,
                body=body,
                reason=form.cleaned_data["reason"],
                by=request.user,  # type: ignore[arg-type]  # the gate lets only accounts in
                seen=form.cleaned_data["seen"],
            )
        except PortalError as error:
            form.add_error(None, str(error))
            return revising.show(request, rule, form, status=error.http_status)
        messages.success(request, str(_("The new version counts for requests from now on.")))
        return redirect("admin:requests_deadlinerule_change", stored.pk)
