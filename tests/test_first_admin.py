"""One link, one administrator, one hour."""

import json
import re
import threading
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from consent.models import AuditEvent
from privacyportal import first_admin

GOOD = {"username": "drita", "password1": "karkalec-13-mali", "password2": "karkalec-13-mali"}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def path():
    return first_admin.new_link(base="")


@pytest.mark.django_db
def test_the_link_shows_a_form_and_changes_nothing(client, path):
    for _ in range(3):
        page = client.get(path)
        assert page.status_code == 200
        assert b'name="password2"' in page.content
        assert "no-store" in page["Cache-Control"]
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_form_makes_the_administrator_once(client, path, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(path, GOOD)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    user = User.objects.get()
    assert (user.username, user.is_superuser, user.is_staff) == ("drita", True, True)
    assert user.check_password(GOOD["password1"])
    assert AuditEvent.objects.get().action == "first_admin.created"
    again = client.post(path, {**GOOD, "username": "other"})
    assert again.status_code == 404
    assert client.get(path).status_code == 404
    assert User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"password2": "another-13-mali"}, "password2"),
        ({"password1": "short", "password2": "short"}, "password2"),
        ({"password1": "123456789012", "password2": "123456789012"}, "password2"),
        ({"username": ""}, "username"),
        ({"username": "a b\x00"}, "username"),
    ],
)
def test_a_wrong_answer_keeps_the_link_and_the_name(client, path, change, part):
    page = client.post(path, {**GOOD, **change})
    assert page.status_code == 422
    assert set(page.context["form"].errors) == {part}
    if "username" not in change:
        assert b'value="drita"' in page.content
    assert GOOD["password1"].encode() not in page.content
    assert not User.objects.exists()
    assert client.get(path).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["x", "A" * 43, "%F0%9F%98%80", "..%2F..%2Fetc"])
def test_another_token_is_not_known(client, path, token):
    assert client.get(f"/first-admin/{token}/").status_code == 404


@pytest.mark.django_db
def test_after_an_hour_the_link_says_how_to_get_another(client, path, folder):
    kept = json.loads((folder / "first-admin").read_text())
    (folder / "first-admin").write_text(json.dumps({**kept, "until": timezone.now().timestamp()}))
    page = client.get(path)
    assert page.status_code == 410
    assert "first_admin_link" in page.content.decode()
    assert client.post(path, GOOD).status_code == 410
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_new_link_ends_the_one_before(client, path):
    later = first_admin.new_link(base="")
    assert client.get(path).status_code == 404
    assert client.get(later).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("content", ["", "[]", "{", '{"sha256": 1}', "\udcff"])
def test_a_damaged_file_opens_nothing(client, path, folder, content):
    (folder / "first-admin").write_bytes(content.encode("utf-8", "surrogateescape"))
    assert client.get(path).status_code == 404


def test_only_a_hash_is_kept_and_only_the_owner_reads_it(path, folder):
    token = path.strip("/").rpartition("/")[2]
    assert re.fullmatch(r"[\w-]{43}", token)
    file = folder / "first-admin"
    assert token not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in Path(folder).iterdir()] == ["first-admin"]


@pytest.mark.django_db
def test_the_command_prints_a_link_until_there_is_an_administrator(capsys, settings):
    call_command("first_admin_link")
    assert capsys.readouterr().out.startswith(f"{settings.SITE_URL}/first-admin/")
    User.objects.create_superuser("drita")
    with pytest.raises(CommandError, match="changepassword"):
        call_command("first_admin_link")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_eight_at_once_make_one():
    made = []

    def make(number):
        try:
            made.append(first_admin.create(username=f"u{number}", password="karkalec-13-mali"))
        finally:
            if connection.vendor == "postgresql":
                connection.close()

    if connection.vendor == "sqlite":
        for number in range(8):  # threads share one connection there and take turns anyway
            make(number)
    else:
        threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len([user for user in made if user]) == 1
    assert User.objects.filter(is_superuser=True).count() == 1
