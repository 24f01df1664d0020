from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from requests.enums import Direction, State
from requests.models.ticket import ClockEvent, Ticket


class MessageQuerySet(models.QuerySet["Message"]):
    def for_person(self, *, now: datetime) -> "MessageQuerySet":
        """What the person may read: no note, and nothing that has not left or never will."""
        said = self.exclude(direction=Direction.NOTE).filter(taken_back_at__isnull=True)
        return said.filter(Q(leaves_at__isnull=True) | Q(leaves_at__lte=now))


class Message(models.Model):
    """One thing said: by the person, to the person, or a note among colleagues.

    The text is never changed. What an officer writes to the person can be taken back until it
    leaves; it stays in the file, and the person never sees it.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="messages")
    direction = models.CharField(_("direction"), max_length=4, choices=Direction.choices)
    body = models.TextField(_("text"), max_length=20_000)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    nonce = models.CharField(max_length=64, null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    # When its mail may go. Empty where no mail tells of it: there is nothing to hold back.
    leaves_at = models.DateTimeField(_("leaves at"), null=True, blank=True)
    taken_back_at = models.DateTimeField(_("taken back"), null=True, blank=True)
    # What was done in the same step and goes back with it: a fact of the clock, a move.
    event = models.ForeignKey(
        ClockEvent, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    state_before = models.CharField(
        max_length=20, choices=State.choices, blank=True, editable=False
    )

    objects = MessageQuerySet.as_manager()

    class PersonalData:
        erase = {"body": "", "nonce": None}
        keep = frozenset(
            {"id", "ticket", "direction", "author", "created_at", "read_at"}
            | {"leaves_at", "taken_back_at", "event", "state_before"}
        )

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["nonce"], name="message_one_per_form"),
            models.CheckConstraint(
                condition=Q(taken_back_at__isnull=True)
                | Q(leaves_at__isnull=False, leaves_at__gt=models.F("taken_back_at")),
                name="message_taken_back_before_it_left",
            ),
        ]
        indexes = [
            models.Index(
                fields=["ticket"],
                name="message_unread",
                condition=models.Q(direction=Direction.FROM_PERSON, read_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.created_at:%Y-%m-%d %H:%M}"
