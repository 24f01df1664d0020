"""Writing the audit trail. Sealing and checking it is consent.services.sealing."""

from typing import Any

from django.contrib.auth.models import User
from django.db import connection, models

from consent.models import AuditEvent
from consent.services import sealing, waker

WAKE = "consent.tasks.seal_audit"
Actor = User | None  # None is the system itself: a timer, a web form, an import


def record(
    action: str, *, target: models.Model, by: Actor, data: dict[str, Any] | None = None
) -> AuditEvent:
    """Note that ``by`` did ``action`` to ``target``. ``data``: ids, codes and dates only.

    Call it inside the transaction that makes the change, so that neither can be committed
    without the other. On SQLite, where writers take turns anyway, the row is sealed at once;
    on PostgreSQL the sealer does it shortly after commit, so that writers never queue.
    """
    event = AuditEvent.objects.create(
        action=action,
        target_label=target._meta.label_lower,
        target_id=str(target.pk),
        actor_id=by.pk if by else None,
        data=data or {},
    )
    if connection.vendor == "sqlite":
        sealing.seal_inline()
    else:
        waker.after_commit(WAKE)
    return event
