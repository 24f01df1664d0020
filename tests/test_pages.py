"""The way in, the pages for what went wrong, and the mails one reads in development."""

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMultiAlternatives
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.urls import path

from consent.errors import InputRefused
from consent.models import Organisation
from consent.services.eml import EmlFileBackend
from privacyportal import permissions, urls

BIDI = "%E2%80%AE"  # right-to-left override


def fails(error):
    def view(_request):
        raise error

    return view


def reads(request):
    return HttpResponse(f"{sorted(request.POST.items())} {request.GET.get('q', '')}")


class DatabaseGone(OperationalError):
    """As when the server restarts."""


urlpatterns = [
    path("fails/refused/", fails(InputRefused("Enter the date as 3 11 2026.")), name="t_refused"),
    path("fails/forbidden/", fails(PermissionDenied()), name="t_forbidden"),
    path("fails/gone/", fails(DatabaseGone("secret-host:5432")), name="t_gone"),
    path("fails/bug/", fails(ZeroDivisionError("secret")), name="t_bug"),
    path("reads/", reads, name="t_reads"),
    *urls.urlpatterns,  # include() takes no language prefixes
]
handler400 = "privacyportal.pages.bad_request"
handler403 = "privacyportal.pages.forbidden"
handler404 = "privacyportal.pages.not_found"
handler500 = "privacyportal.pages.server_error"


@pytest.fixture(autouse=True)
def _urls(settings, monkeypatch, client):
    settings.ROOT_URLCONF = __name__
    for name in ("t_refused", "t_forbidden", "t_gone", "t_bug", "t_reads"):
        monkeypatch.setitem(permissions.DOORS, name, permissions.ANYONE)
    client.raise_request_exception = False


@pytest.mark.parametrize(
    ("accepts", "target"),
    [
        ("sq", "/sq/"),
        ("sq-XK,en;q=0.5", "/sq/"),
        ("en-GB", "/en/"),
        ("de", "/en/"),
        ("", "/en/"),
        ("\x00,;q=,,*", "/en/"),
    ],
)
def test_the_root_leads_to_the_language_of_the_browser(client, accepts, target):
    answer = client.get("/", headers={"accept-language": accepts})
    assert (answer.status_code, answer["Location"]) == (302, target)
    assert "Accept-Language" in answer["Vary"]


@pytest.mark.django_db
def test_the_security_contact(client, settings):
    assert client.get("/.well-known/security.txt").status_code == 404
    Organisation.objects.create(name="Acme", email="privacy@acme.test", is_default=True)
    answer = client.get("/.well-known/security.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    lines = answer.content.decode().splitlines()
    assert lines[0] == "Contact: mailto:privacy@acme.test"
    assert re.fullmatch(r"Expires: \d{4}-\d\d-\d\dT00:00:00Z", lines[1])
    assert lines[2:] == [
        "Preferred-Languages: en, sq",
        f"Canonical: {settings.SITE_URL}/.well-known/security.txt",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    ["/nothing/", "/a%00b", "/a%0Ab", "/%FF", "/%C0%AF", f"/{BIDI}txt", "/%C2%85", "/%EF%BF%BE"],
)
def test_a_page_that_is_not_there(client, address):
    answer = client.get(address)
    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()


@pytest.mark.django_db
def test_letters_of_every_script_may_stand_in_an_address(client):
    assert client.get("/reads/", {"q": "çështje"}).content.decode().endswith("çështje")
    assert client.get("/kërkesa/").status_code == 404


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "FOO"])
def test_methods_nobody_needs(client, method):
    assert client.generic(method, "/reads/").status_code == 405


@pytest.mark.django_db
def test_a_nul_in_the_question_is_refused(client):
    assert client.get("/reads/?q=a%00b").status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("query", ["a=1&" * 200, "a=" + "9" * 4095])
def test_a_question_longer_than_any_of_ours_is_refused_at_once(client, settings, query, debug):
    settings.DEBUG = debug  # Django's own page for this mistake reads the question once more
    assert client.get(f"/reads/?{query}").status_code == 400
    assert client.get(f"/reads/?{query[:-4]}").status_code == 200


@pytest.mark.parametrize("charset", ["rot13", "zip", "latin-1", "utf-16", "none-such"])
def test_content_in_another_encoding_is_refused(client, charset):
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    answer = client.generic("POST", "/reads/", b"a=b", content_type=kind)
    assert answer.status_code == 415


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "us-ascii"])
def test_content_in_utf8_is_read(client, charset):
    if charset == "us-ascii":
        answer = client.get("/reads/", headers={"content-type": f"text/plain; charset={charset}"})
        assert answer.status_code == 200
    else:
        kind = f"multipart/form-data; boundary=x; charset={charset}"
        body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xc3\xab\r\n--x--\r\n'
        answer = client.generic("POST", "/reads/", body, content_type=kind)
        assert "ë" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"a": "x" * 1_100_000}, "application/x-www-form-urlencoded"),
        ({f"f{number}": "" for number in range(201)}, "application/x-www-form-urlencoded"),
        (b"--x\r\n", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary=" + "é" * 3),
    ],
)
def test_a_body_that_is_too_large_or_broken_is_the_senders_fault(client, body, kind):
    if isinstance(body, dict):
        body = "&".join(f"{name}={text}" for name, text in body.items()).encode()
    answer = client.generic("POST", "/reads/", body, content_type=kind)
    assert answer.status_code in {400, 413}


@pytest.mark.django_db
def test_an_expected_failure_shows_its_sentence(client):
    answer = client.get("/fails/refused/")
    assert answer.status_code == 422
    assert "Enter the date as 3 11 2026." in answer.content.decode()


@pytest.mark.django_db
def test_forbidden(client):
    answer = client.get("/fails/forbidden/")
    assert answer.status_code == 403
    assert "This page is not open to you" in answer.content.decode()


@pytest.mark.parametrize(("address", "status"), [("/fails/gone/", 503), ("/fails/bug/", 500)])
def test_when_it_is_our_fault_the_page_needs_no_database(client, monkeypatch, address, status):
    def no_database(*_args, **_kwargs):
        raise AssertionError("asked the database")

    monkeypatch.setattr(connection, "cursor", no_database)
    answer = client.get(address, headers={"accept-language": "en"})
    page = answer.content.decode()
    assert answer.status_code == status
    assert answer.get("Retry-After") == ("30" if status == 503 else None)
    assert "What you did was not saved." in page
    assert "secret" not in page


def test_a_page_in_the_frame_falls_back_when_the_database_is_gone(client, monkeypatch):
    def gone(*_args, **_kwargs):
        raise DatabaseGone

    monkeypatch.setattr(connection, "cursor", gone)
    monkeypatch.setattr(connection, "ensure_connection", gone)
    answer = client.get("/nothing/")
    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token_says_what_to_do(client):
    client.handler.enforce_csrf_checks = True
    answer = client.post("/reads/", {"a": "b"})
    assert answer.status_code == 403
    assert "open for too long" in answer.content.decode()


@pytest.mark.django_db
def test_nothing_private_is_served(client):
    """Database, mails, settings and code lie beside the portal, never under an address of it."""
    names = [".env", ".git/HEAD", "var/portal.sqlite3", "portal.sqlite3", "manage.py"]
    names += ["var/mail/", "files/", "media/", "requirements.txt", "var/first-admin"]
    names += [
        "static/../.env",
        "static/..%2f.env",
        "static/%2e%2e/.env",
        "backup.sql",
        "db.sqlite3",
    ]
    assert [name for name in names if client.get(f"/{name}").status_code != 404] == []


# --- mails in development ----------------------------------------------------


@pytest.fixture
def mailbox(settings, tmp_path):
    settings.DEBUG, settings.EMAIL_URL, settings.EMAIL_FILE_PATH = True, "", str(tmp_path)
    mail = EmailMultiAlternatives(
        "Konfirmoni <kërkesën>", "Hapni https://x.test/confirm/abc", "a@x.test", ["ana@x.test"]
    )
    mail.attach_alternative("<p onclick=x>Hapni<script>1</script></p>", "text/html")
    EmlFileBackend().send_messages([mail])
    return tmp_path


@pytest.mark.django_db
def test_mails_are_listed_and_readable(client, mailbox):
    name = next(mailbox.glob("*.eml")).name
    page = client.get("/dev/mail/").content.decode()
    assert f'href="/dev/mail/{name}/"' in page
    assert "Konfirmoni &lt;kërkesën&gt;" in page
    page = client.get(f"/dev/mail/{name}/").content.decode()
    assert 'href="https://x.test/confirm/abc"' in page
    assert "ana@x.test" in page
    raw = client.get(f"/dev/mail/{name}/html/")
    policy = raw["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
    assert "script-src" not in policy


@pytest.mark.django_db
@pytest.mark.usefixtures("mailbox")
@pytest.mark.parametrize("name", ["x.eml", "..%2F..%2F.env", "20261124-145954-000000-aaaaaaaa.eml"])
def test_only_files_the_backend_wrote_are_read(client, name):
    assert client.get(f"/dev/mail/{name}/").status_code == 404
    assert client.get(f"/dev/mail/{name}/html/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"DEBUG": False}, {"EMAIL_URL": "smtp://mail.acme.test"}])
def test_mails_are_not_shown_outside_development(client, settings, mailbox, change):
    name = next(mailbox.glob("*.eml")).name
    addresses = ["/dev/mail/", f"/dev/mail/{name}/", f"/dev/mail/{name}/html/"]
    assert [client.get(address).status_code for address in addresses] == [200] * 3
    for key, value in change.items():
        setattr(settings, key, value)
    assert [client.get(address).status_code for address in addresses] == [404] * 3
