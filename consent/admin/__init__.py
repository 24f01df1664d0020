from consent.admin import audit, jurisdiction, organisation, outbox, subject

__all__ = ["audit", "jurisdiction", "organisation", "outbox", "subject"]
