from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Jurisdiction(models.Model):
    """A place of residence: which rules apply there and which authority takes complaints.

    ``regimes`` lists deadline-rule codes (see requests.models.rule); empty means that
    only the company's promise and the fallback rules apply.
    """

    code = models.CharField(_("code"), max_length=12, unique=True)
    name_en = models.CharField(_("name in English"), max_length=80)
    name_sq = models.CharField(_("name in Albanian"), max_length=80)
    regimes = models.JSONField(_("regimes"), default=list, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64)
    calendar = models.CharField(_("holiday calendar"), max_length=20, default="NONE")
    authority_en = models.CharField(_("authority in English"), max_length=160, blank=True)
    authority_sq = models.CharField(_("authority in Albanian"), max_length=160, blank=True)
    authority_url = models.URLField(_("web site of the authority"), blank=True)
    sort_order = models.PositiveSmallIntegerField(_("order in lists"), default=100)

    class PersonalData:
        erase: dict[str, object] = {}
        keep = frozenset({"id", "code", "name_en", "name_sq", "regimes", "time_zone"}) | {
            "calendar",
            "authority_en",
            "authority_sq",
            "authority_url",
            "sort_order",
        }

    class Meta:
        verbose_name = _("jurisdiction")
        verbose_name_plural = _("jurisdictions")
        ordering = ["sort_order", "name_en"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_sq if get_language() == "sq" else self.name_en

    @property
    def authority(self) -> str:
        return self.authority_sq if get_language() == "sq" else self.authority_en


class Holiday(models.Model):
    """One day off in one calendar. Shipped as data, never computed at run time."""

    calendar = models.CharField(_("calendar"), max_length=20)
    day = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=80)

    class PersonalData:
        erase: dict[str, object] = {}
        keep = frozenset({"id", "calendar", "day", "name"})

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["calendar", "day"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "day"], name="holiday_once_per_calendar")
        ]

    def __str__(self) -> str:
        return f"{self.calendar} {self.day:%Y-%m-%d}"
