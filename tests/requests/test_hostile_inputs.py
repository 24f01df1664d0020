"""The corpus of hostile inputs, for forms and links: each entry ends as it says, and never in 5xx.

An entry that is decided otherwise says why in DECIDED.
"""

import base64
import http.client
import json
import socket
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from requests.enums import State
from requests.models import Draft, Message, Ticket, Verification
from tests import public

CORPUS = Path(django_settings.BASE_DIR).parent / "shared/data/hostile_inputs.json"
NEW = "/en/requests/new/access/"
SECONDS = 2

DECIDED = {
    "form-097": "Text is composed before it is counted: 3,000 signs fit the free text of 4,000. "
    "In the name they are refused.",
    "form-110": "No form of ours asks for a date: an unknown field is ignored.",
    "form-112": "No form of ours asks for a date: an unknown field is ignored.",
    "form-114": "No form of ours asks for a date: an unknown field is ignored.",
    "form-116": "No form of ours asks for a number: an unknown field is ignored.",
    "form-117": "No form of ours asks for a number: an unknown field is ignored.",
    "form-123": "Cutting off a slow body is the proxy's and the server's work; here it must not "
    "hold up anybody else.",
    "form-137": "The trap answers with the start page, as if nothing were wrong.",
    "token-012": "A used link says that it was used, and opens nothing.",
    "token-021": "The page has no script and no form that sends itself: a visit is a visit.",
    "token-029": "There is no download yet; a range on a page is ignored.",
    "token-030": "There is no download yet; every page behind a secret sends no address on.",
}


def entries(surface):
    if not CORPUS.exists():
        skip = pytest.mark.skip(reason="the corpus of hostile inputs is not on this machine")
        return [pytest.param({}, marks=skip, id=f"{surface}-absent")]
    found = json.loads(CORPUS.read_text())["entries"]
    return [pytest.param(e, id=e["id"]) for e in found if e["surface"] == surface]


@contextmanager
def quick():
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SECONDS


@pytest.fixture(autouse=True)
def _rows(db, client):
    public.rows()
    client.raise_request_exception = False


def value_of(entry):
    if "b64" in entry:
        return base64.b64decode(entry["b64"]).decode("utf-8", "surrogateescape")
    return entry["value"]


def post(client, path, typed, **extra):
    """As a browser sends it, but also what no browser would: lone surrogates as they are."""
    body = urlencode({k: v.encode("utf-8", "surrogatepass") for k, v in typed.items()})
    with quick():
        return client.post(path, body, content_type="application/x-www-form-urlencoded", **extra)


def may_be(entry, answer):
    assert answer.status_code < 500
    allowed = entry["expect"].get("http")
    if allowed and entry["id"] not in DECIDED:
        assert answer.status_code in allowed


@pytest.mark.parametrize("entry", entries("form"))
def test_form(entry, client, request):
    recipe = entry.get("recipe")
    if recipe is None:
        FIELDS[entry["field"]](entry, client)
    elif recipe["kind"] == "slow":
        slow_body(request.getfixturevalue("live_server"))
    else:
        SHAPES[recipe["kind"]](entry, recipe, client)


def email(entry, client):
    if entry["id"] == "form-050":  # the corpus names the sender of another installation
        django_settings.DEFAULT_FROM_EMAIL = f"Privacy office <{value_of(entry)}>"
    outcome = entry["expect"]["outcome"]
    began = public.begin(client)
    answer = post(client, NEW, {**public.ABOUT, "email": value_of(entry), "began": began})
    if outcome == "reject":
        may_be(entry, answer)
        assert answer.status_code == 422
        assert Draft.objects.count() == 0
        return
    client.post(f"{NEW}details/", public.DETAILS)
    assert client.post(f"{NEW}check/").status_code == 303
    stored = {"form-033": "A.Victim@example.test"}.get(
        entry["id"], entry["expect"].get("stored", value_of(entry))
    )
    ticket = Ticket.objects.get()
    assert (ticket.email, ticket.email_key) == (stored, stored.lower())
    assert [mail["to"] for mail in public.mails()] == [stored]


def free_text(entry, client):
    typed = value_of(entry)
    if entry["expect"]["outcome"] == "reject":
        began = public.begin(client)
        answer = post(client, NEW, {**public.ABOUT, "name": typed, "began": began})
        may_be(entry, answer)
        assert answer.status_code == 422
        assert Draft.objects.count() == 0
        if entry["id"] == "form-097":
            return
        post(client, NEW, {**public.ABOUT, "began": began})
        refused = entry["category"] in {"unicode", "log-injection"} or "\x00" in typed
        answer = post(client, f"{NEW}details/", {"details": typed, "customer_number": ""})
        assert answer.status_code == (422 if refused else 302)
        return
    one_line = "\n" not in typed
    about = {"name": typed} if one_line else {}
    details = {"details": typed, "customer_number": typed[:64] if one_line else ""}
    answer = public.fill(client, details=details, **about)
    assert answer.status_code == 302
    with quick():
        there = client.post(f"{NEW}check/")["Location"]
    ticket, kept = Ticket.objects.get(), typed.strip(" \t\n\u00a0\u3000")
    assert ticket.details == kept
    if one_line:
        assert ticket.name == kept
    client.post(public.link("confirm"), {"press": "confirm"})
    post(client, there, {"do": "message", "body": typed})
    assert Message.objects.get().body == kept
    shown = client.get(there).content.decode()
    if "<" in kept:
        assert kept not in shown
        assert escape(kept.split("\n")[0]) in shown
    assert "{{" not in kept or kept in shown  # a template typed by a person is text
    for mail in public.mails():
        mail.pop("right")
        assert kept not in str(mail)


def choice(entry, client):
    for field in ("filer", "residence"):
        answer = post(client, NEW, {**public.ABOUT, field: value_of(entry)})
        may_be(entry, answer)
    answer = client.post("/en/requests/new/__proto__/")
    assert answer.status_code == 404


def unknown_field(entry, client):
    typed = {**public.ABOUT, "began": public.begin(client), "date_of_birth": value_of(entry)}
    assert post(client, NEW, typed).status_code == 302
    post(client, f"{NEW}details/", {**public.DETAILS, "amount": value_of(entry)})
    assert client.post(f"{NEW}check/").status_code == 303
    assert value_of(entry) not in str(Ticket.objects.values().get())


FIELDS = {
    "email": email,
    "free_text": free_text,
    "choice": choice,
    "date": unknown_field,
    "number": unknown_field,
}


def too_long(entry, recipe, client):
    answer = post(client, NEW, {**public.ABOUT, "name": recipe["unit"] * recipe["count"]})
    may_be(entry, answer)
    assert client.get(NEW).status_code == 200


def too_many_fields(entry, recipe, client):
    answer = post(client, NEW, {f"f{n}": "x" for n in range(recipe["count"])})
    may_be(entry, answer)


def guarded(entry, recipe, client):
    """No token, another browser's, or a foreign origin."""
    strict, other = Client(enforce_csrf_checks=True), Client()
    page = strict.get(NEW)
    token = public.value(other.get(NEW), "csrfmiddlewaretoken")
    extra = {}
    if recipe["kind"] == "origin":
        token = public.value(page, "csrfmiddlewaretoken")
        extra = {"headers": {"origin": recipe["value"]}}
    typed = {**public.ABOUT, "csrfmiddlewaretoken": "" if recipe["kind"] == "no_csrf" else token}
    answer = post(strict, NEW, typed, **extra)
    may_be(entry, answer)
    assert Draft.objects.count() == 0
    good = {**public.ABOUT, "csrfmiddlewaretoken": public.value(page, "csrfmiddlewaretoken")}
    here = {"headers": {"origin": "http://testserver"}}
    assert post(strict, NEW, good, **here).status_code == 302


def last_step_first(entry, recipe, client):
    may_be(entry, client.post(f"{NEW}check/"))
    assert Ticket.objects.count() == 0


def hidden_field(entry, recipe, client):
    extra = {recipe["name"]: recipe["value"], "confirmed_at": recipe["value"], "state": "answered"}
    public.fill(client, **extra)
    client.post(f"{NEW}check/", extra)
    ticket = Ticket.objects.get()
    assert (ticket.confirmed_at, ticket.state) == (None, State.NEW)


def trap(entry, recipe, client):
    answer = post(client, NEW, {**public.ABOUT, "website": "http://spam.test"})
    assert answer.status_code in entry["expect"]["http"]
    assert Draft.objects.count() == Ticket.objects.count() == 0


def charset(entry, recipe, client):
    kind = f"application/x-www-form-urlencoded; charset={recipe['value']}"
    may_be(entry, client.post(NEW, b"name=+ADw-", content_type=kind))


def host(entry, recipe, client):
    may_be(entry, client.get("/en/", headers={"host": recipe["value"]}))


def header(entry, recipe, client):
    named = {"headers": {recipe["name"]: recipe["value"]}}
    with quick():
        answer = client.get("/en/", **named)
    assert answer.status_code == 200
    assert "evil.test" not in answer.content.decode() + str(answer.headers)
    public.fill(client)
    client.post(f"{NEW}check/", **named)
    assert public.mails()[0]["url"].startswith("http://testserver/en/")


def method(entry, recipe, client):
    may_be(entry, client.generic(recipe["value"], NEW))


def path(entry, recipe, client):
    may_be(entry, client.get(recipe["value"]))


def onward(entry, recipe, client):
    for door in ("/language/", NEW):
        answer = client.post(door, {"next": recipe["value"], "language": "en"})
        assert answer.status_code in {*entry["expect"]["http"], 422}
        assert answer.get("Location", "/").startswith("/")
        assert not answer.get("Location", "/").startswith(("//", "/\\"))


SHAPES = {
    "repeat": too_long,
    "fields": too_many_fields,
    "no_csrf": guarded,
    "csrf_of_other_session": guarded,
    "origin": guarded,
    "skip_step": last_step_first,
    "hidden_field": hidden_field,
    "honeypot": trap,
    "charset": charset,
    "host": host,
    "header": header,
    "method": method,
    "path": path,
    "next": onward,
}


def slow_body(live_server):
    place = (live_server.thread.host, live_server.thread.port)
    with socket.create_connection(place, timeout=5) as slow:
        slow.sendall(
            b"POST /en/requests/new/access/ HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60\r\n\r\na"
        )
        with quick():
            other = http.client.HTTPConnection(*place, timeout=5)
            other.request("GET", "/healthz")
            assert other.getresponse().status == 200
            other.close()


@pytest.mark.parametrize("entry", entries("token"))
def test_token(entry, client):
    if "recipe" in entry:
        LINKS[entry["recipe"]["kind"]](entry, entry["recipe"], client)
        return
    raw = value_of(entry)
    token = raw if raw.startswith("%") else quote(raw)
    known = client.get("/en/follow/never-was-one/")
    for door in ("follow", "confirm", "mandate"):
        for press in (client.get, client.head, client.post):
            with quick():
                answer = press(f"/en/{door}/{token}/")
            may_be(entry, answer)
            assert answer.headers.items() == known.headers.items() or press == client.head
            assert answer.content == known.content or press == client.head
    assert client.get(f"/en/requests/{token}/").status_code == 404


def link_of(client):
    public.filed(client)
    return public.link("confirm")


def expired(entry, recipe, client):
    link = link_of(client)
    Verification.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.post(link, {"press": "confirm"}).status_code == 410
    assert Ticket.objects.get().confirmed_at is None


def used(entry, recipe, client):
    link = link_of(client)
    Client().post(link, {"press": "confirm"})
    thief = Client()
    assert "confirmed already" in public.text(thief.post(link, {"press": "confirm"}))
    page = thief.get(f"/en/requests/{Ticket.objects.get().reference}/")
    assert "Show that it is yours" in public.text(page)


def nowhere(entry, recipe, client):
    """The secret at another door, with another case, with something behind it."""
    link = link_of(client)
    token = link.split("/")[3]
    wrong = {
        "other_purpose": [f"/en/follow/{token}/", f"/en/mandate/{token}/"],
        "case_flip": [f"/en/confirm/{token.swapcase()}/"],
        "trailing": [f"/en/confirm/{token}{recipe.get('value', '')}/"],
    }[recipe["kind"]]
    for address in wrong:
        assert client.get(address).status_code == 404
        assert client.post(address, {"press": "confirm"}).status_code == 404
    assert Ticket.objects.get().confirmed_at is None


def only_looks(entry, recipe, client):
    link = link_of(client)
    before = list(Verification.objects.values())
    scanner = Client()
    for visit in (scanner.get, scanner.head):
        answer = visit(link, headers={"sec-purpose": "prefetch"})
        assert answer.status_code == 200
    assert b"<script" not in scanner.get(link).content
    assert list(Verification.objects.values()) == before
    assert Client().post(link, {"press": "confirm"}).status_code == 303


def guesses(entry, recipe, client):
    """One after the other; at once they are in test_identity."""
    link_of(client)
    there = f"/en/requests/{Ticket.objects.get().reference}/"
    right = public.newest_code()
    wrong = "1111 1111" if right != "1111 1111" else "2222 2222"
    codes = [
        client.post(there, {"do": "code", "code": wrong}).status_code
        for _try in range(recipe["tries"])
    ]
    assert codes[:4] == [422] * 4
    assert set(codes[4:]) == {429}
    assert client.post(there, {"do": "code", "code": right}).status_code == 429
    assert Ticket.objects.get().confirmed_at is None


def elsewhere(entry, recipe, client):
    link_of(client)
    there = f"/en/requests/{Ticket.objects.get().reference}/"
    answer = Client().post(there, {"do": "code", "code": public.newest_code()})
    assert answer.status_code == 422
    assert Ticket.objects.get().confirmed_at is None


def ranges(entry, recipe, client):
    with quick():
        answer = client.get(link_of(client), headers={"range": recipe["value"]})
    assert answer.status_code == 200


def no_referrer(entry, recipe, client):
    answer = client.get(link_of(client))
    assert answer["Referrer-Policy"] == "no-referrer"


LINKS = {
    "expired": expired,
    "used": used,
    "other_purpose": nowhere,
    "case_flip": nowhere,
    "trailing": nowhere,
    "head": only_looks,
    "headless_browser_get": only_looks,
    "prefetch": only_looks,
    "code_bruteforce_parallel": guesses,
    "code_from_other_session": elsewhere,
    "range": ranges,
    "referer_check": no_referrer,
}


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not on this machine")
def test_every_decision_is_about_an_entry():
    ids = {e["id"] for e in json.loads(CORPUS.read_text())["entries"]}
    assert set(DECIDED) <= ids
