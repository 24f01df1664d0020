from consent.models.audit import AuditEvent, AuditHead
from consent.models.jurisdiction import Holiday, Jurisdiction
from consent.models.organisation import Organisation, Site
from consent.models.outbox import OutboundEmail
from consent.models.schedule import Firing
from consent.models.subject import DataSubject

__all__ = [
    "AuditEvent",
    "AuditHead",
    "DataSubject",
    "Firing",
    "Holiday",
    "Jurisdiction",
    "Organisation",
    "OutboundEmail",
    "Site",
]
