from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Firing(models.Model):
    """That a timer's job was done for one due moment. The unique row is the once.

    ``job`` names what and for whom ("reminder:ticket:17:promise"), ``due`` the step or
    moment it was for. A timer that rings twice, or three days late, finds the row.
    ``untold``: the next daily mail to colleagues still has to speak of it.
    """

    job = models.CharField(_("job"), max_length=120)
    due = models.CharField(_("due"), max_length=40)
    fired_at = models.DateTimeField(_("fired at"), default=timezone.now)
    untold = models.BooleanField(_("not told yet"), default=False)

    class PersonalData:
        erase: dict[str, object] = {}
        keep = frozenset({"id", "job", "due", "fired_at", "untold"})

    class Meta:
        verbose_name = _("firing")
        verbose_name_plural = _("firings")
        constraints = [models.UniqueConstraint(fields=["job", "due"], name="firing_once")]
        indexes = [models.Index(fields=["job"], name="firing_untold", condition=Q(untold=True))]

    def __str__(self) -> str:
        return f"{self.job} {self.due}"
