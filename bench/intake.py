"""How fast is the press on "Send my request", against a Django view that does one INSERT?

    python bench/intake.py [--requests 1000] [--at-once 8]

Makes a scratch database on PostgreSQL (BENCH_DATABASE_URL), loads the reference data, prepares
one draft with its own browser for each request, so that only the last press is measured, and
serves portal and floors by the same server with one process each. There are two floors: a view
without any middleware and one INSERT in SQL, and Django as startproject makes it with one create().
Runs all in turns and prints the medians. Wake-ups and limits go to a Redis of the bench; no worker
runs meanwhile.
"""

import argparse
import io
import os
import queue
import socket
import statistics
import threading
import time

from ground import scratch

ROUNDS = 5
WARM = 50
SECRET = "s" * 32
BARE, PLAIN, PRESS = "bare view, one INSERT", "startproject, create()", "“Send my request”"
PATH = "/en/requests/new/access/check/"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=1000, help="of each kind in each round")
    parser.add_argument("--at-once", type=int, default=8)
    options = parser.parse_args()
    with (
        scratch.redis() as broker,
        scratch.portal("intake", BROKER_URL=broker, RATE_LIMIT_STORE=broker),
    ):
        statements = prepare()
        with (
            scratch.granian("bench.ground.bare:application") as bare,
            scratch.granian("bench.ground.plain:application") as plain,
            scratch.granian("privacyportal.wsgi:application") as portal,
        ):
            ports = {BARE: bare, PLAIN: plain, PRESS: portal}
            rounds = [one_round(number, ports, options) for number in range(ROUNDS)]
        check(options.requests)
    report(rounds, statements, options)


def prepare():
    """The rows the pages need, and how many statements one press costs once they are known."""
    from django.core.management import call_command
    from django.db import connection

    call_command("load_reference_data", verbosity=0, stdout=io.StringIO())
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_floor (id bigserial PRIMARY KEY, name text NOT NULL,"
            " email text NOT NULL, details text NOT NULL, at timestamptz DEFAULT now())"
        )
    return count_statements()


def count_statements():
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    def send(token):
        client = Client(enforce_csrf_checks=True)
        client.cookies["__Host-portal"], client.cookies["__Host-csrf"] = token, SECRET
        where = {"secure": True, "headers": {"host": scratch.HOST, "origin": scratch.SITE}}
        answer = client.post(PATH, {"csrfmiddlewaretoken": SECRET}, **where)
        assert answer.status_code == 303, answer.status_code

    send(draft("warm"))  # reads the reference rows
    token = draft("counted")
    with CaptureQueriesContext(connection) as captured:
        send(token)
    return [query["sql"] for query in captured.captured_queries]


def draft(name):
    """Everything a person answered before the last page; returns their browser's token."""
    from datetime import timedelta

    from django.utils import timezone

    from consent import crypto
    from requests.services import drafts
    from requests.views import answers

    began = int((timezone.now() - timedelta(minutes=2)).timestamp())
    token = crypto.new_token()
    about = {
        "filer": "person",
        "name": f"Person {name}",
        "email": f"person.{name}@example.org",
        "residence": "IE",
        "began": answers._CLOCK.sign(str(began)),
    }
    details = {"customer_number": "", "details": "All that you hold about me. " * 5}
    drafts.save(token, "access", {"about": about, "details": details})
    return token


def one_round(number, ports, options):
    count = options.requests + WARM
    inserts = [insert(n) for n in range(count)]
    posts = {
        BARE: inserts,
        PLAIN: inserts,
        PRESS: [press(draft(f"{number}.{n}")) for n in range(count)],
    }
    for kind, port in ports.items():  # opens the connections of each thread
        run(port, posts[kind][:WARM], options.at_once)
    return {kind: run(port, posts[kind][WARM:], options.at_once) for kind, port in ports.items()}


def press(token):
    cookies = f"Cookie: __Host-portal={token}; __Host-csrf={SECRET}\r\n"
    return post(PATH, f"csrfmiddlewaretoken={SECRET}&website=", cookies)


def insert(number):
    words = "All+that+you+hold+about+me.+" * 5
    body = f"name=Person+{number}&email=person.{number}%40example.org&details={words}"
    return post("/insert/", body, f"Cookie: csrftoken={SECRET}\r\nX-CSRFToken: {SECRET}\r\n")


def post(path, body, headers):
    return (
        f"POST {path} HTTP/1.1\r\nHost: {scratch.HOST}\r\nOrigin: {scratch.SITE}\r\n{headers}"
        "X-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.7\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def run(port, posts, at_once):
    """Send the posts over ``at_once`` open connections; seconds in all and of each."""
    work, times, wrong = queue.SimpleQueue(), [], []
    for one in posts:
        work.put(one)

    def client():
        with socket.create_connection(("127.0.0.1", port)) as line, line.makefile("rb") as answers:
            while True:
                try:
                    one = work.get_nowait()
                except queue.Empty:
                    return
                started = time.perf_counter()
                line.sendall(one)
                status = read(answers)
                times.append(time.perf_counter() - started)
                if status != 303:
                    wrong.append(status)

    threads = [threading.Thread(target=client) for _n in range(at_once)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - started
    if wrong or len(times) != len(posts):
        raise SystemExit(f"{len(times)} of {len(posts)} answers, wrong ones: {set(wrong)}")
    return taken, sorted(times)


def read(answers):
    status, length = int(answers.readline().split()[1]), 0
    while (line := answers.readline()) not in {b"\r\n", b""}:
        name, _colon, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    answers.read(length)
    return status


def check(count):
    from consent.models import AuditEvent, OutboundEmail
    from requests.models import Ticket

    expected = ROUNDS * (count + WARM) + 2
    opened = AuditEvent.objects.filter(action="ticket.opened")
    for rows in (Ticket.objects, OutboundEmail.objects, opened):
        if rows.count() != expected:
            raise SystemExit(f"{rows.count()} rows of {rows.model.__name__}, not {expected}")


def report(rounds, statements, options):
    print(
        f"{options.requests} requests x {ROUNDS} rounds, {options.at_once} at once, "
        f"{os.cpu_count()} cores, one server process; medians of the rounds"
    )
    print(f"{'':26}{'requests/s':>11}{'p50 ms':>9}{'p99 ms':>9}{'/ bare':>9}{'/ plain':>9}")
    for kind in (BARE, PLAIN, PRESS):
        runs = [found[kind] for found in rounds]
        speed = statistics.median(options.requests / taken for taken, _times in runs)
        p50, p99 = (
            1000 * statistics.median(times[int(len(times) * part)] for _taken, times in runs)
            for part in (0.5, 0.99)
        )
        ratios = [
            statistics.median(found[floor][0] / found[kind][0] for found in rounds)
            for floor in (BARE, PLAIN)
        ]
        print(f"{kind:26}{speed:11.0f}{p50:9.1f}{p99:9.1f}{ratios[0]:9.2f}{ratios[1]:9.2f}")
    work = [sql for sql in statements if sql not in {"BEGIN", "COMMIT"}]
    print(f"statements of one press: {len(statements)} with BEGIN and COMMIT, {len(work)} without")


if __name__ == "__main__":
    main()
