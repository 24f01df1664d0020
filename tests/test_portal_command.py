"""What `manage.py portal` prepares, starts and says; test_supervisor.py has the processes."""

import os
from io import StringIO
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError

from consent.models import Organisation
from privacyportal.management.commands import portal
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def started(monkeypatch, settings, tmp_path):
    """Whatever would have been started: supervisors, children and collected files."""
    found = SimpleNamespace(supervisors=[], children=[], collected=0, out=StringIO())

    class Supervisor:
        stopping = False

        def __init__(self, **options):
            self.__dict__.update(options)
            found.supervisors.append(self)

        def run(self, *, when_started):
            when_started()

    def call(name, **options):
        if name == "collectstatic":
            found.collected += 1
        else:
            call_command(name, **options)

    monkeypatch.setattr(portal, "Supervisor", Supervisor)
    monkeypatch.setattr(portal, "port_is_free", lambda *_address: True)
    monkeypatch.setattr(portal, "wait_for_port", lambda *_address, **_options: True)
    monkeypatch.setattr(portal, "connections", SimpleNamespace(close_all=lambda: None))
    monkeypatch.setattr(portal, "_run_as_child", lambda *command: found.children.append(command))
    monkeypatch.setattr(portal, "call_command", call)
    monkeypatch.setattr(portal.checks, "refuse_unsafe", lambda: None)
    monkeypatch.delenv("SITE_URL")
    settings.VAR_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "static"
    settings.DEBUG = True
    before = os.umask(0o077)
    yield found
    os.umask(before)


def start(found, *arguments):
    call_command("portal", *arguments, stdout=found.out)
    return found.out.getvalue()


def test_web_jobs_and_clock_start_and_know_the_address(started):
    start(started, "--port", "8011", "--parent", "42")
    [supervisor] = started.supervisors
    assert [part.name for part in supervisor.parts] == ["web", "jobs", "clock"]
    web, jobs, clock = (" ".join(part.command) for part in supervisor.parts)
    assert "granian" in web
    assert "--port 8011" in web
    assert "worker --pool threads" in jobs
    assert " -B" not in jobs  # its clock would outlive it
    assert "beat" in clock
    assert supervisor.env["SITE_URL"] == "http://127.0.0.1:8011"
    assert supervisor.parent == 42


def test_the_first_start_loads_reference_data_and_files_the_demo_once(started):
    start(started)
    assert Organisation.objects.filter(is_default=True).count() == 1
    assert started.children == [("seed_demo", "http://127.0.0.1:8000")]
    factories.ticket()
    start(started)
    assert len(started.children) == 1


@pytest.mark.parametrize(("debug", "arguments"), [(True, ["--no-demo"]), (False, [])])
def test_no_invented_data_where_nobody_wants_it(started, settings, debug, arguments):
    settings.DEBUG = debug
    start(started, *arguments)
    assert started.children == []


def test_prepare_only_starts_nothing(started):
    start(started, "--prepare-only")
    assert Organisation.objects.exists()
    assert started.supervisors == []


def test_the_link_is_shown_until_there_is_an_administrator(started):
    assert "http://127.0.0.1:8000/first-admin/" in start(started)
    started.out = StringIO()
    User.objects.create_superuser("admin", password="x")
    said = start(started)
    assert "first-admin" not in said
    assert "http://127.0.0.1:8000/admin/" in said
    assert said.endswith("Stopped.\n")


def test_the_page_of_mails_is_named_in_development_only(started, settings):
    assert "/dev/mail/" in start(started)
    started.out = StringIO()
    settings.DEBUG = False
    assert "/dev/mail/" not in start(started)


def test_production_collects_static_files_unless_an_image_brought_them(started, settings, tmp_path):
    settings.DEBUG = False
    start(started)
    assert started.collected == 1
    settings.STATIC_ROOT = tmp_path / "of the image, not ours to write"
    start(started)
    assert started.collected == 1


def test_a_taken_port_is_refused_before_anything_is_prepared(started, monkeypatch):
    monkeypatch.setattr(portal, "port_is_free", lambda *_address: False)
    with pytest.raises(CommandError, match=r"Choose another port: --port 8012"):
        start(started, "--port", "8011")
    assert not Organisation.objects.exists()
    assert started.supervisors == []


@pytest.mark.parametrize(
    ("host", "debug", "url"),
    [
        ("127.0.0.1", True, "http://127.0.0.1:8001"),
        ("0.0.0.0", True, "http://127.0.0.1:8001"),
        ("::1", True, "http://[::1]:8001"),
        ("127.0.0.1", False, "http://testserver"),
    ],
)
def test_links_lead_to_where_people_reach_it(started, settings, host, debug, url):
    settings.DEBUG = debug
    start(started, "--host", host, "--port", "8001")
    assert started.supervisors[0].env["SITE_URL"] == url
