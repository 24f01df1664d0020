from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from consent.admin.guarded import GuardedAdmin
from consent.errors import PortalError
from consent.models import OutboundEmail
from consent.services import outbox, words


@admin.register(OutboundEmail)
class OutboundEmailAdmin(GuardedAdmin):
    """What leaves the house and what became of it. The content is sealed and never shown."""

    see = "ticket.work"
    list_display = ["created_at", "template", "target", "to", "state", "attempts", "error"]
    list_display_links = ["template"]
    list_filter = ["state"]
    search_fields = ["=to", "=target"]
    search_help_text = _("A whole email address")
    ordering = ["-id"]
    exclude = ["sealed", "lease_token"]
    actions = ["send_again"]
    actions_on_top = True

    @admin.action(description=_("Send the chosen mails again"), permissions=["work"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutboundEmail]) -> None:
        done = 0
        for pk in queryset.values_list("pk", flat=True):
            try:
                outbox.retry(pk, by=request.user)  # type: ignore[arg-type]  # a signed-in account
            except PortalError as error:
                self.message_user(request, f"{pk}: {error}", messages.ERROR)
            else:
                done += 1
        if done:
            text = ngettext("%d mail is sent again.", "%d mails are sent again.", done) % done
            self.message_user(request, text, messages.SUCCESS)

    def has_work_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("ticket.work")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data:
            _explain(response.context_data["cl"].result_list, request.user)
        return response


def _explain(mails: Any, reader: Any) -> None:
    """Give each mail of the page its sentence and the name of what it is about."""
    named = words.targets([_about(mail) for mail in mails], reader=reader)
    for mail in mails:
        mail.sentence = words.of_mail(mail.template)
        mail.about = named.get(_about(mail))


def _about(mail: OutboundEmail) -> tuple[str, str]:
    kind, _colon, pk = mail.target.partition(":")
    return kind, pk
