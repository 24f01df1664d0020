import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.enums import Language, MailKind, MailState


class OutboundEmail(models.Model):
    """A mail that must leave: written in the transaction of the change that caused it.

    ``key`` makes asking twice harmless; ``message_id`` is fixed before the first try, so a
    repeat shows once in most mail programs. ``handed_over`` says that its bytes may have left
    and that nobody noted the outcome yet; ``unknowns`` counts how often that stayed so.
    ``sealed`` holds what the template needs, or
    the finished text, encrypted (it may carry a link or a code), and is emptied once sent.
    States and times are changed only by consent.services.outbox. ``target`` names the row
    the mail is about ("requests.ticket:17"): this app knows no class above it.
    """

    key = models.CharField(_("idempotency key"), max_length=120, unique=True)
    message_id = models.UUIDField(_("message id"), default=uuid.uuid4, unique=True)
    to = models.EmailField(_("to"), max_length=254)
    language = models.CharField(
        _("language"), max_length=2, choices=Language.choices, default=Language.ENGLISH
    )
    template = models.CharField(_("template"), max_length=60, blank=True)
    target = models.CharField(_("about"), max_length=80, blank=True)
    kind = models.CharField(
        _("kind"), max_length=8, choices=MailKind.choices, default=MailKind.NOTICE
    )
    sealed = models.BinaryField(_("content"), default=bytes, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=MailState.choices, default=MailState.QUEUED
    )
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    due_at = models.DateTimeField(_("not before"))
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    lease_token = models.UUIDField(_("lease token"), null=True, blank=True, editable=False)
    handed_over = models.BooleanField(_("handed over"), default=False)
    unknowns = models.PositiveSmallIntegerField(_("unknown outcomes"), default=0)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    error = models.CharField(_("last error"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class PersonalData:
        erase = {"to": "", "sealed": b"", "error": ""}
        keep = frozenset({"id", "key", "message_id", "language", "template", "target", "kind"}) | {
            "state",
            "attempts",
            "due_at",
            "lease_until",
            "lease_token",
            "handed_over",
            "unknowns",
            "sent_at",
            "created_at",
        }

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        indexes = [
            # One small index for everything a worker may ever claim.
            models.Index(
                fields=["due_at"],
                name="outbox_due",
                condition=Q(state__in=[MailState.QUEUED, MailState.LEASED]),
            ),
            # What waits for a person, oldest first; few rows, however many were sent.
            models.Index(
                fields=["created_at"],
                name="outbox_waiting",
                condition=Q(state__in=[MailState.HELD, MailState.BOUNCED, MailState.DEAD]),
            ),
            models.Index(fields=["target"], name="outbox_by_target"),
            models.Index(fields=["to", "created_at"], name="outbox_by_address"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=MailState.SENT, sent_at__isnull=False)
                | (~Q(state=MailState.SENT) & Q(sent_at__isnull=True)),
                name="outbox_sent_at_iff_sent",
            ),
            models.CheckConstraint(
                condition=Q(state=MailState.LEASED, lease_token__isnull=False)
                | (~Q(state=MailState.LEASED) & Q(lease_token__isnull=True)),
                name="outbox_lease_iff_leased",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template or 'mail'} {self.key}"
