"""A person at the public pages, for tests."""

import html
import re
from datetime import timedelta

import time_machine
from django.core import mail
from django.utils import timezone

from consent import crypto
from consent.models import OutboundEmail
from consent.services import sending
from requests.models import Ticket
from requests.services import places
from tests import factories

ABOUT = {"filer": "person", "name": "Ana Hoxha", "email": "ana@example.org", "residence": "IE"}
PERSON = {"person_name": "Leo Dema", "person_email": "leo@example.org"}
DETAILS = {"customer_number": "", "details": ""}


def rows(**right):
    """What the pages need in the database."""
    factories.OrganisationFactory()
    factories.JurisdictionFactory()
    factories.load_rules()
    return factories.RightRuleFactory(**right)


def value(answer, name):
    """The value of a field as the page shows it."""
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.content.decode())
    return html.unescape(found[1]) if found else None


def begin(client, code="access", *, language="en", seconds=60):
    """Open the first page ``seconds`` ago; return its signed moment."""
    with time_machine.travel(timezone.now() - timedelta(seconds=seconds)):
        return value(client.get(f"/{language}/requests/new/{code}/"), "began")


def fill(client, code="access", *, language="en", seconds=60, details=None, **about):
    """Answer the questions up to the check page; return the last answer."""
    began = begin(client, code, language=language, seconds=seconds)
    start = f"/{language}/requests/new/{code}/"
    last = client.post(start, {**ABOUT, **about, "began": began})
    if about.get("filer") == "agent":
        last = client.post(f"{start}person/", PERSON)
    if last.status_code == 302:
        last = client.post(f"{start}details/", {**DETAILS, **(details or {})})
    return last


def send(client, code="access", *, language="en", **fields):
    """File a request; return the answer to the last press."""
    fill(client, code, language=language, **fields)
    return client.post(f"/{language}/requests/new/{code}/check/")


def filed(client, **fields):
    """File a request and return it."""
    send(client, **fields)
    return Ticket.objects.latest("pk")


def mails(template=None):
    """What waits in the outbox, opened: template, receiver and context."""
    found = OutboundEmail.objects.order_by("pk")
    if template:
        found = found.filter(template=template)
    return [
        {
            "template": row.template,
            "to": row.to,
            "language": row.language,
            **crypto.unseal(bytes(row.sealed), place=f"outbox:{row.key}"),
        }
        for row in found
    ]


def link(template):
    """The path of the newest link of this kind."""
    return mails(template)[-1]["url"].removeprefix("http://testserver")


def text(answer):
    """What a person reads of a page's content, blanks joined."""
    page = answer.content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def newest_code():
    """Let the mails leave and read the code in the newest."""
    OutboundEmail.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    sending.deliver_due()
    return re.search(r"\b(\d{4} \d{4})\b", mail.outbox[-1].body)[1]


def every_page(client, language="en"):
    """Every page a person can see, by name."""
    rows()
    factories.RightRuleFactory(
        code="opt_out_sale_share",
        goal_en="Do not sell or share my data",
        goal_sq="Mos i shitni e mos i ndani të dhënat e mia",
        level="V0",
        one_button=True,
        sort_order=2,
    )
    places.forget()
    base = f"/{language}/requests/new/access/"
    pages = {
        "start": client.get(f"/{language}/"),
        "choose": client.get(f"/{language}/requests/new/"),
        "find": client.get(f"/{language}/requests/"),
        "find_error": client.get(f"/{language}/requests/?number=x"),
        "about": client.get(base),
        "about_error": client.post(base, {}),
        "opt_out": client.get(f"/{language}/do-not-sell/"),
        "missing": client.get(f"/{language}/nothing/"),
    }
    fill(client, filer="agent", language=language)
    pages["person"] = client.get(f"{base}person/")
    pages["details"] = client.get(f"{base}details/")
    pages["check"] = client.get(f"{base}check/")
    there = client.post(f"{base}check/")["Location"]
    pages["status"] = client.get(there)
    pages["status_error"] = client.post(there, {"do": "code", "code": ""})
    pages["address"] = client.get(f"{there}address/")
    confirm = link("confirm")
    pages["confirm"] = client.get(confirm)
    client.post(confirm, {"press": "confirm"})
    pages["confirm_done"] = client.get(confirm)
    pages["full"] = client.get(there)
    pages["withdraw"] = client.get(f"{there}withdraw/")
    pages["follow"] = client.get(link("received"))
    pages["mandate"] = client.get(link("mandate"))
    pages["mandate_done"] = client.post(link("mandate"), {"press": "agree"})
    client.cookies.clear()
    pages["return"] = client.get(there)
    pages["return_code"] = client.get(f"{there}?step=code")
    return {name: answer.content.decode() for name, answer in pages.items()}


def lix(page):
    """Words per sentence plus the share of long words; each block is a sentence."""
    main = page[page.index("<main") : page.index("</main>")] if "<main" in page else page
    main = re.sub(r"</(p|h1|h2|h3|li|dt|dd|button|label|legend|option|a|div)>", ". ", main)
    text = re.sub(r"https?://\S+", "", html.unescape(re.sub(r"<[^>]+>", " ", main)))
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", text)
    sentences = [s for s in re.split(r"[.!?:]+(?=\s|$)|\n{2,}", text) if re.search(r"[^\W\d_]", s)]
    return len(words) / len(sentences) + 100 * sum(len(w) > 6 for w in words) / len(words)
