"""Wiring only: settings, URLs, Celery, the admin site. No models live here."""

from privacyportal.celery import app as celery_app

__all__ = ["celery_app"]
