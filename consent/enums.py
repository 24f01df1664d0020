"""Closed lists of the record floor."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Language(models.TextChoices):
    """Languages a person can be written to in. Both catalogues are complete."""

    ENGLISH = "en", _("English")
    ALBANIAN = "sq", _("Albanian")


class MailState(models.TextChoices):
    QUEUED = "queued", pgettext_lazy("mail state", "Waiting to be sent")
    LEASED = "leased", pgettext_lazy("mail state", "Being sent")
    SENT = "sent", pgettext_lazy("mail state", "Sent")
    BOUNCED = "bounced", pgettext_lazy("mail state", "The address does not accept mail")
    HELD = "held", pgettext_lazy("mail state", "Waits for a person: the outcome is unknown")
    CANCELLED = "cancelled", pgettext_lazy("mail state", "Taken back before it left")
    DEAD = "dead", pgettext_lazy("mail state", "Given up")


class MailKind(models.TextChoices):
    """What a crash between the server's "accepted" and our mark means for this mail."""

    NOTICE = "notice", pgettext_lazy("mail kind", "Notice: sent again with the same Message-ID")
    PACKAGE = "package", pgettext_lazy("mail kind", "Package: a person decides")


class Role(models.TextChoices):
    """Staff roles: groups fixed in code. What each may do is in privacyportal/permissions.py."""

    INTAKE_CLERK = "intake_clerk", pgettext_lazy("role", "Intake clerk")
    CASE_HANDLER = "case_handler", pgettext_lazy("role", "Case handler")
    REVIEWER_LEGAL = "reviewer_legal", pgettext_lazy("role", "Legal reviewer")
    PRIVACY_LEAD_DPO = "privacy_lead_dpo", pgettext_lazy("role", "Privacy lead (DPO)")
    REGISTRY_EDITOR = "registry_editor", pgettext_lazy("role", "Registry editor")
    POLICY_AUTHOR = "policy_author", pgettext_lazy("role", "Policy author")
    POLICY_APPROVER = "policy_approver", pgettext_lazy("role", "Policy approver")
    CONSENT_ADMIN = "consent_admin", pgettext_lazy("role", "Consent administrator")
    SECURITY_OFFICER = "security_officer", pgettext_lazy("role", "Security officer")
    AUDITOR = "auditor", pgettext_lazy("role", "Auditor")
    SYSTEM_ADMIN = "system_admin", pgettext_lazy("role", "System administrator")
