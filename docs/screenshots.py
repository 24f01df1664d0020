"""Takes the pictures of the README from a portal that it starts itself: `make screenshots`.

A scratch folder, the demo data, the system's Chromium; nothing of it stays. What the pictures
show is what the pages are, so a changed page is a changed picture.
"""

# ruff: noqa: T201 -- this program's output is its purpose
import email
import email.policy
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

BASE = Path(__file__).resolve().parent.parent
PICTURES = BASE / "docs/pictures"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking"]
SIZE = {"width": 1100, "height": 780}
PASSWORD = "four invented words for pictures"
# Whose request is shown in which language: one that is worked on, one that waits for the person.
PEOPLE = {"en": "sarah.miller@example.net", "sq": "mira.krasniqi@example.org"}


@contextmanager
def portal(folder):
    """The whole portal on a free port; gives its address and the link for the administrator."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    env |= {"DEBUG": "true", "SECRET_KEY": "pictures-" * 8, "VAR_DIR": f"{folder}/var"}
    env |= {"DATABASE_URL": f"sqlite:///{folder}/portal.sqlite3", "BROKER_URL": "", "EMAIL_URL": ""}
    log = folder / "log"
    command = [sys.executable, BASE / "manage.py", "portal", "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=BASE, env=env, stdout=out, stderr=out)
    try:
        pattern = r"http://\S+/first-admin/\S+"
        wait_for(lambda: process.poll() is not None or re.search(pattern, log.read_text()))
        link = re.search(pattern, log.read_text())[0]
        yield f"http://127.0.0.1:{port}", link
    except BaseException:
        print(log.read_text())
        raise
    finally:
        process.terminate()
        process.wait(20)


def wait_for(look, seconds=120):
    end = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > end:
            raise TimeoutError("The portal did not come that far.")
        time.sleep(0.2)
    return found


def newest_link(folder, language):
    """The link in the newest mail to the person, of the kind that opens the status page."""
    for path in sorted((folder / "var/mail").glob("*.eml"), reverse=True):
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        if mail["To"] == PEOPLE[language]:
            text = mail.get_body(("plain",)).get_content()
            found = re.search(rf"http://\S+/{language}/follow/\S+", text)
            if found:
                return found[0]
    return None


def save(page, name):
    page.screenshot(path=PICTURES / f"{name}.png")
    print(f"docs/pictures/{name}.png")


def public_pages(browser, site, folder, language):
    page = browser.new_page(viewport=SIZE, locale=language)
    page.goto(f"{site}/{language}/")
    save(page, f"start-{language}")
    page.goto(wait_for(lambda: newest_link(folder, language)))
    page.locator("main button").click()
    page.wait_for_load_state()
    save(page, f"status-{language}")
    page.close()


def make_administrator(browser, link):
    page = browser.new_page(viewport=SIZE)
    page.goto(link)
    page.locator("[name=username]").fill("admin")
    for field in page.locator("[type=password]").all():
        field.fill(PASSWORD)
    page.locator("main button").click()
    page.wait_for_load_state()
    page.close()


def office_pages(browser, site, language):
    context = browser.new_context(viewport=SIZE, locale=language)
    page = context.new_page()
    page.goto(f"{site}/admin/")
    page.locator("[name=login]").fill("admin")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url("**/admin/")
    page.wait_for_load_state()
    page.goto(f"{site}/admin/requests/ticket/")
    save(page, f"queue-{language}")
    page.goto(f"{site}/admin/requests/ticket/4/change/")
    save(page, f"ticket-{language}")
    context.close()


def main():
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="portal-pictures-") as name:
        folder = Path(name)
        with portal(folder) as (site, link), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            make_administrator(browser, link)
            for language in PEOPLE:
                public_pages(browser, site, folder, language)
                office_pages(browser, site, language)
            browser.close()


if __name__ == "__main__":
    main()
