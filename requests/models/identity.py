from django.db import models
from django.utils.translation import gettext_lazy as _

from requests.enums import Purpose
from requests.models.ticket import Ticket


class Verification(models.Model):
    """One secret, or rather its hash, and what it is good for.

    ``token_hash`` is the SHA-256 of 256 random bits (a link or a browser's cookie);
    ``code_hash`` a salted scrypt hash, written by the mail worker just before the code leaves,
    so ten minutes begin when a person can have it. ``browser_hash`` names the browser that
    asked: only there does the code work. ``tries`` is counted before a code is looked at.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="verifications")
    purpose = models.CharField(_("purpose"), max_length=8, choices=Purpose.choices)
    token_hash = models.CharField(max_length=64, null=True, blank=True)
    code_salt = models.CharField(max_length=32, blank=True)
    code_hash = models.CharField(max_length=128, blank=True)
    code_until = models.DateTimeField(null=True, blank=True)
    browser_hash = models.CharField(max_length=64, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class PersonalData:
        erase = {
            "token_hash": None,
            "code_salt": "",
            "code_hash": "",
            "browser_hash": "",
        }
        keep = frozenset({"id", "ticket", "purpose", "code_until", "tries", "created_at"}) | {
            "expires_at",
            "used_at",
            "revoked_at",
        }

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        constraints = [
            models.UniqueConstraint(fields=["token_hash"], name="verification_token_once")
        ]
        indexes = [models.Index(fields=["browser_hash"], name="verification_by_browser")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.ticket_id}"
