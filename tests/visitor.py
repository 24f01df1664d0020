"""A person at a running web server, over real sockets: cookies, hidden fields, no JavaScript."""

import html
import re
import time
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.public import ABOUT, DETAILS
from tests.running import HOST, SITE

NEW = "/en/requests/new/access/"
CHECK = f"{NEW}check/"
# No person is quicker from the first page to the last (requests.views.filing).
SECONDS = 3.2


class Visitor:
    """What the proxy in front would hand on is said in the headers."""

    def __init__(self, port):
        self.port = port
        self.cookies = {}
        self.page = ""
        self.address = "203.0.113.1"

    def get(self, path):
        return self._ask("GET", path)

    def post(self, path, **fields):
        """Send the form of the page last seen."""
        hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', self.page)
        values = {name: html.unescape(value) for name, value in hidden}
        return self._ask("POST", path, {**values, **fields})

    def copy(self):
        twin = Visitor(self.port)
        twin.cookies, twin.page = dict(self.cookies), self.page
        return twin

    def answer_all(self, **about):
        """Everything up to the page with "Send my request", as slowly as a person."""
        self.get(NEW)
        began = time.monotonic()
        assert self.post(NEW, **ABOUT, **about)[0] == 302
        assert self.post(f"{NEW}details/", **DETAILS)[0] == 302
        assert self.get(CHECK)[0] == 200
        time.sleep(max(0, SECONDS - (time.monotonic() - began)))

    def _ask(self, method, path, fields=None):
        headers = {
            "Host": HOST,
            "Origin": SITE,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": self.address,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        body = None
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(fields)
        line = HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            content = answer.read().decode()
        finally:
            line.close()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                found = SimpleCookie(value)
                self.cookies.update({key: morsel.value for key, morsel in found.items()})
        if content:
            self.page = content
        return answer.status, answer.getheader("Location")
