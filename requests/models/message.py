from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from requests.enums import Direction
from requests.models.ticket import Ticket


class Message(models.Model):
    """One thing said: by the person, to the person, or a note among colleagues. Never changed."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="messages")
    direction = models.CharField(_("direction"), max_length=4, choices=Direction.choices)
    body = models.TextField(_("text"), max_length=20_000)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    nonce = models.CharField(max_length=64, null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)

    class PersonalData:
        erase = {"body": "", "nonce": None}
        keep = frozenset({"id", "ticket", "direction", "author", "created_at", "read_at"})

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["nonce"], name="message_one_per_form")]
        indexes = [
            models.Index(
                fields=["ticket"],
                name="message_unread",
                condition=models.Q(direction=Direction.FROM_PERSON, read_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.created_at:%Y-%m-%d %H:%M}"
