"""Closed lists of the record floor."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Language(models.TextChoices):
    """Languages a person can be written to in. Both catalogues are complete."""

    ENGLISH = "en", _("English")
    ALBANIAN = "sq", _("Albanian")


class MailState(models.TextChoices):
    QUEUED = "queued", pgettext_lazy("mail state", "Waiting to be sent")
    LEASED = "leased", pgettext_lazy("mail state", "Being sent")
    SENT = "sent", pgettext_lazy("mail state", "Sent")
    BOUNCED = "bounced", pgettext_lazy("mail state", "The address does not accept mail")
    HELD = "held", pgettext_lazy("mail state", "Waits for a person: the outcome is unknown")
    CANCELLED = "cancelled", pgettext_lazy("mail state", "Taken back before it left")
    DEAD = "dead", pgettext_lazy("mail state", "Given up")


class MailKind(models.TextChoices):
    """What a crash between the server's "accepted" and our mark means for this mail."""

    NOTICE = "notice", pgettext_lazy("mail kind", "Notice: sent again with the same Message-ID")
    PACKAGE = "package", pgettext_lazy("mail kind", "Package: a person decides")
