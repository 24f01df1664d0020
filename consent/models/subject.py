from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.enums import Language
from consent.models.jurisdiction import Jurisdiction
from consent.models.organisation import Organisation


class DataSubject(models.Model):
    """A person the organisation knows by an email address whose mailbox was shown to be theirs.

    ``email`` is as the person writes it; ``email_key`` is what addresses are compared by
    (see consent.addresses.email_key).
    """

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="subjects", verbose_name=_("organisation")
    )
    email = models.EmailField(_("email"), max_length=254)
    email_key = models.CharField(_("email key"), max_length=254, editable=False)
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(
        _("language"), max_length=2, choices=Language.choices, default=Language.ENGLISH
    )
    residence = models.ForeignKey(
        Jurisdiction,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("residence"),
        related_name="+",
    )
    external_id = models.CharField(_("customer number"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class PersonalData:
        erase = {"email": "", "email_key": "erased:{pk}", "name": "", "external_id": ""}
        keep = frozenset({"id", "organisation", "language", "residence", "created_at"})

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "email_key"], name="subject_one_per_address"
            ),
            models.UniqueConstraint(
                fields=["organisation", "external_id"],
                condition=~Q(external_id=""),
                name="subject_external_id_unique_where_given",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email
