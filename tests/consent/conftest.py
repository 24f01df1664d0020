import pytest

from tests.mail_sink import Sink


@pytest.fixture
def sink(settings):
    """A real mail server, and the portal set to send there."""
    with Sink() as server:
        point_at(settings, server.port)
        yield server.handler


def point_at(settings, port):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = port
    settings.EMAIL_TIMEOUT = 5
