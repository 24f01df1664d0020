import secrets
import zoneinfo

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.enums import Language


def new_site_key() -> str:
    return secrets.token_urlsafe(24)


def validate_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("Enter a time zone name such as Europe/Tirane."))


class Organisation(models.Model):
    """The company that keeps the promises: who answers, and how to reach a person there."""

    name = models.CharField(_("name"), max_length=120)
    legal_name = models.CharField(_("legal name"), max_length=200)
    address = models.TextField(_("postal address"))
    dpo_name = models.CharField(_("data protection officer"), max_length=120, blank=True)
    email = models.EmailField(_("email"), help_text=_("People reach a person here, not a robot."))
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="Europe/Tirane", validators=[validate_time_zone]
    )
    language = models.CharField(
        _("language of the office"),
        max_length=2,
        choices=Language.choices,
        default=Language.ENGLISH,
    )
    is_default = models.BooleanField(_("default organisation"), default=False)

    class PersonalData:
        erase: dict[str, object] = {}
        keep = frozenset({"id", "name", "legal_name", "address", "dpo_name", "email", "phone"}) | {
            "time_zone",
            "language",
            "is_default",
        }

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True),
                name="organisation_one_default",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def envelope(self) -> str:
        """Name and postal address; the name once, also where the address begins with it."""
        name = self.legal_name or self.name
        return self.address if name in self.address else f"{name}\n{self.address}"


class Site(models.Model):
    """A web site of the organisation. Its key is unguessable: it names the site to our API."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="sites", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=120)
    origin = models.URLField(_("origin"), unique=True)
    key = models.CharField(_("key"), max_length=64, unique=True, default=new_site_key)

    class PersonalData:
        erase: dict[str, object] = {}
        keep = frozenset({"id", "organisation", "name", "origin", "key"})

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")

    def __str__(self) -> str:
        return self.name
