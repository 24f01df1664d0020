"""The officer's timeline speaks of mails in words."""

from django.conf import settings

from requests.admin import timeline
from requests.services import letters
from tests import factories

# To colleagues, about many requests or none.
NOT_ABOUT_ONE_REQUEST = {"digest", "late_today", "reminders_stopped", "staff_password"}


def test_every_mail_about_a_request_has_words():
    folder = settings.BASE_DIR / "templates" / "email"
    names = {path.name for path in folder.iterdir() if path.is_dir()}
    assert set(timeline.MAILS) == names - NOT_ABOUT_ONE_REQUEST


def test_no_template_name_is_shown(db):
    ticket = factories.ticket()
    titles = [entry.title for entry in timeline.of(ticket)]
    assert "Mail: asks to confirm the address (Waiting to be sent)" in titles
    assert letters.target_of(ticket) not in titles
