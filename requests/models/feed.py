from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class CalendarFeed(models.Model):
    """A private address under which an officer's calendar program reads their deadlines.

    ``token_hash`` is the SHA-256 of the address's 256 random bits. An officer has at most one
    that works; a new one ends the old one.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("made at"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class PersonalData:
        erase: dict[str, object] = {}
        keep = frozenset({"id", "owner", "token_hash", "created_at", "revoked_at"})

    class Meta:
        verbose_name = _("calendar address")
        verbose_name_plural = _("calendar addresses")
        constraints = [
            models.UniqueConstraint(
                fields=["owner"], condition=Q(revoked_at__isnull=True), name="feed_one_per_officer"
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner_id}"
