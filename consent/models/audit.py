from typing import Any, NoReturn

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AppendOnlyQuerySet(models.QuerySet["AuditEvent"]):
    """Stops mistakes in Python; a trigger stops SQL (PostgreSQL)."""

    def update(self, **kwargs: Any) -> NoReturn:  # noqa: ARG002 -- Django's signature
        raise TypeError("Audit events are never changed; record a new one.")

    def delete(self) -> NoReturn:
        raise TypeError("Audit events are never deleted.")


class AuditEvent(models.Model):
    """One thing that happened, who did it and to what.

    The target is a label and a key, not a foreign key: the event must outlive the row it
    speaks of, and this app must not know the apps above it. ``data`` holds ids, codes and
    dates, never personal data. ``sequence`` and ``mac`` are null until the row is sealed
    (consent.services.sealing), shortly after its transaction was committed.
    """

    action = models.CharField(_("what happened"), max_length=80)
    target_label = models.CharField(_("kind of object"), max_length=80)
    target_id = models.CharField(_("object"), max_length=64)
    actor_id = models.BigIntegerField(_("by"), null=True, blank=True)
    data = models.JSONField(_("details"), default=dict)
    happened_at = models.DateTimeField(_("when"), default=timezone.now)
    sequence = models.BigIntegerField(_("number"), null=True, blank=True, unique=True)
    mac = models.BinaryField(_("seal"), null=True, blank=True, max_length=32, editable=False)

    objects = AppendOnlyQuerySet.as_manager()

    class PersonalData:
        erase: dict[str, object] = {}
        keep = frozenset({"id", "action", "target_label", "target_id", "actor_id", "data"}) | {
            "happened_at",
            "sequence",
            "mac",
        }

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit trail")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sequence__isnull=True, mac__isnull=True)
                | Q(sequence__isnull=False, mac__isnull=False),
                name="audit_sealed_whole_or_not_at_all",
            )
        ]
        indexes = [
            models.Index(fields=["target_label", "target_id"], name="audit_by_target"),
            # The sealer asks for exactly these rows. "id > last" would lose one: a smaller
            # id can be committed after a larger one.
            models.Index(fields=["id"], name="audit_unsealed", condition=Q(mac__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_label}:{self.target_id}"


class AuditHead(models.Model):
    """The last link of the chain, one row. Its copy outside the database proves the length."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(default=0)
    mac = models.BinaryField(default=bytes, max_length=32)
    sealed_at = models.DateTimeField(null=True, blank=True)

    class PersonalData:
        erase: dict[str, object] = {}
        keep = frozenset({"id", "sequence", "mac", "sealed_at"})

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="audit_one_head")]

    def __str__(self) -> str:
        return str(self.sequence)
