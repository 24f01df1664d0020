"""How fast does the outbox send, against bare SMTP with messages that are ready?

    python bench/outbox.py [--mails 3000]

Makes a scratch database on PostgreSQL (BENCH_DATABASE_URL), a Redis and a mail server of its own.
In turns: two processes that send prepared bytes with smtplib over one connection each; then two
processes of a real Celery worker that claim, open, build, mark and send the same number of mails
from the outbox, from the wake-up to the last mark; once with finished texts, once with one of the
portal's templates rendered for each mail. Prints the medians of the rounds.
"""

import argparse
import contextlib
import io
import os
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from ground import scratch

ROUNDS = 3
PROCESSES = 2
RAW, TEXTS, TEMPLATES = "smtplib, prepared bytes", "outbox, finished texts", "outbox, a template"
FINISHED = {
    "subject": "We have your request",
    "text": "We have your request and answer by 24 December 2026.\n" * 12,
    "html": "<p>We have your request and answer by 24 December 2026.</p>\n" * 12,
}
REQUEST = {
    "reference": "PR-7K4M-29QX",
    "right": {"en": "Get a copy of my data", "sq": "Të marr një kopje të të dhënave të mia"},
    "due_on": "2026-12-24",
    "url": f"{scratch.SITE}/en/follow/{'t' * 43}/",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mails", type=int, default=3000, help="of each kind in each round")
    mails = parser.parse_args().mails
    with (
        tempfile.TemporaryDirectory() as folder,
        mail_server(Path(folder) / "taken") as port,
        scratch.redis() as broker,
        scratch.portal("outbox", BROKER_URL=broker, EMAIL_URL=f"smtp://127.0.0.1:{port}"),
    ):
        prepare()
        with scratch.worker("-c", str(PROCESSES)):
            send(200, TEXTS)  # the worker is there and warm
            rounds = [one_round(mails, port) for _n in range(ROUNDS)]
        taken = len((Path(folder) / "taken").read_text().splitlines())
        expected = 200 + 3 * ROUNDS * mails
        if taken != expected:
            raise SystemExit(f"The server took {taken} mails, not {expected}.")
    report(mails, rounds)


def prepare():
    from django.core.management import call_command

    call_command("load_reference_data", verbosity=0, stdout=io.StringIO())


@contextlib.contextmanager
def mail_server(log):
    command = [sys.executable, "-m", "tests.mail_sink", "--log", str(log)]
    with scratch.child(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield int(process.stdout.readline())


def one_round(mails, port):
    return {
        RAW: raw(mails, port),
        TEXTS: send(mails, TEXTS),
        TEMPLATES: send(mails, TEMPLATES),
    }


def raw(mails, port):
    """Seconds for prepared messages over one connection in each process."""
    shares = [prepared(mails // PROCESSES, number) for number in range(PROCESSES)]
    begin = time.monotonic() + 0.2
    children = [fork(share, port, begin) for share in shares]
    for pid in children:
        if os.waitpid(pid, 0)[1]:
            raise SystemExit("A sender of prepared messages failed.")
    return time.monotonic() - begin


def prepared(count, number):
    from consent.services import email

    return [
        (
            f"person.{number}.{n}@example.org",
            email.message(
                to=f"person.{number}.{n}@example.org", message_id=str(uuid.uuid4()), **FINISHED
            )
            .message()
            .as_bytes(linesep="\r\n"),
        )
        for n in range(count)
    ]


def fork(share, port, begin):
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        time.sleep(max(0, begin - time.monotonic()))
        with smtplib.SMTP("127.0.0.1", port) as line:
            for to, message in share:
                line.sendmail(f"privacy@{scratch.HOST}", [to], message)
        code = 0
    finally:
        os._exit(code)


def send(mails, kind):
    """Seconds from the wake-up until the last mail is marked as sent."""
    from celery import current_app
    from django.db import transaction

    from consent.enums import MailState
    from consent.models import OutboundEmail
    from consent.services import outbox

    before = OutboundEmail.objects.count()
    template, context = ("received", REQUEST) if kind == TEMPLATES else ("", FINISHED)
    outbox.waker.after_commit = lambda _task, **_delay: None
    with transaction.atomic():
        for n in range(before, before + mails):
            to = f"person.{n}@example.org"
            outbox.enqueue(template, key=f"{n}", to=to, language="en", context=context)
    begin = time.monotonic()
    for _process in range(PROCESSES):
        current_app.send_task(outbox.WAKE, ignore_result=True)
    while OutboundEmail.objects.exclude(state=MailState.SENT).exists():
        if time.monotonic() > begin + 600:
            raise SystemExit("The mails are not sent.")
        time.sleep(0.02)
    return time.monotonic() - begin


def report(mails, rounds):
    print(
        f"{mails} mails x {ROUNDS} rounds, {PROCESSES} processes, {os.cpu_count()} cores; "
        "medians of the rounds"
    )
    print(f"{'':28}{'mails/s':>9}{'ratio':>8}")
    for kind in (RAW, TEXTS, TEMPLATES):
        speed = statistics.median(mails / found[kind] for found in rounds)
        ratio = statistics.median(found[RAW] / found[kind] for found in rounds)
        print(f"{kind:28}{speed:9.0f}{ratio:8.2f}")


if __name__ == "__main__":
    main()
