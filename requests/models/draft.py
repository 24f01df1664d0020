from django.db import models
from django.utils.translation import gettext_lazy as _


class Draft(models.Model):
    """Answers given so far on the question pages, one per browser and right, for 24 hours.

    ``browser_hash`` is the SHA-256 of the browser's cookie; ``sealed`` the encrypted answers.
    ``nonce`` goes into the ticket, so two clicks on "Send" make one request.
    """

    browser_hash = models.CharField(max_length=64)
    right_code = models.CharField(max_length=30)
    nonce = models.CharField(max_length=64, unique=True)
    sealed = models.BinaryField(default=bytes)
    created_at = models.DateTimeField(auto_now_add=True)

    class PersonalData:
        erase = {"sealed": b"", "browser_hash": ""}
        keep = frozenset({"id", "right_code", "nonce", "created_at"})

    class Meta:
        verbose_name = _("unsent form")
        verbose_name_plural = _("unsent forms")
        constraints = [
            models.UniqueConstraint(
                fields=["browser_hash", "right_code"], name="draft_one_per_browser_and_right"
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="draft_by_age")]

    def __str__(self) -> str:
        return self.right_code
