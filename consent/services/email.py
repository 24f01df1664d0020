"""Building a mail: three templates per message, rendered in the reader's language."""

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from consent.models import Organisation


def default_organisation() -> Organisation | None:
    """Who signs the mails."""
    return Organisation.objects.filter(is_default=True).first()


def render(
    template: str,
    *,
    language: str,
    context: Mapping[str, Any],
    organisation: Organisation | None = None,
) -> dict[str, str]:
    """``subject``, ``text`` and ``html`` of ``templates/email/<template>/`` in ``language``.

    Whoever sends many looks up the ``organisation`` once and hands it in.
    """
    values = {
        **context,
        "language": language,
        "site_url": settings.SITE_URL,
        "organisation": organisation or default_organisation(),
    }
    with translation.override(language):
        subject = render_to_string(f"email/{template}/subject.txt", values)
        return {
            "subject": " ".join(subject.split()),  # a header is one line
            "text": render_to_string(f"email/{template}/body.txt", values),
            "html": render_to_string(f"email/{template}/body.html", values),
        }


def message(
    *, to: str, subject: str, text: str, html: str, message_id: str
) -> EmailMultiAlternatives:
    """A mail with a text twin. ``message_id`` is ours: a repeat shows once in mail programs."""
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2] or "localhost"
    mail = EmailMultiAlternatives(
        subject=subject,
        body=text,
        to=[to],
        headers={
            "Message-ID": f"<{message_id}@{host}>",
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    mail.attach_alternative(html, "text/html")
    return mail
