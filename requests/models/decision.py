from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from requests.enums import NEEDS_REASON, DenialCode, Outcome, Step
from requests.models.ticket import Ticket


class Decision(models.Model):
    """One answer on its way: prepared, checked where the rule wants it, sent.

    From ``sending`` to ``sent`` lie the seconds in which it can be taken back. A request has
    at most one answer under way; a returned or sent one stays as evidence.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="decisions")
    step = models.CharField(_("step"), max_length=10, choices=Step.choices, default=Step.DRAFT)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices)
    denial_code = models.CharField(
        _("reason"), max_length=24, choices=DenialCode.choices, blank=True
    )
    body = models.TextField(_("answer"), max_length=20_000)
    checked = models.JSONField(_("ticked off"), default=list)
    comment = models.TextField(_("comment of the checker"), max_length=2000, blank=True)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    release_at = models.DateTimeField(_("leaves at"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    created_at = models.DateTimeField(_("prepared at"), auto_now_add=True)

    class PersonalData:
        erase = {"body": "", "comment": ""}
        keep = frozenset(
            {"id", "ticket", "step", "outcome", "denial_code", "checked", "prepared_by"}
            | {"approved_by", "release_at", "sent_at", "created_at"}
        )

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"],
                condition=Q(step__in=[Step.DRAFT, Step.IN_REVIEW, Step.SENDING]),
                name="decision_one_under_way",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=NEEDS_REASON) | Q(denial_code__gt=""),
                name="decision_no_needs_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("prepared_by")),
                name="decision_approver_is_not_preparer",
            ),
        ]
        indexes = [
            models.Index(
                fields=["release_at"], name="decision_to_release", condition=Q(step=Step.SENDING)
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} ({self.get_step_display()})"
