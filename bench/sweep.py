"""How long does the minute's pass of the reminders take, with a million requests?

    python bench/sweep.py [--tickets 1000000] [--open 200000] [--due 40000] [--keep]

Makes a scratch database on PostgreSQL (BENCH_DATABASE_URL), fills it with requests whose dates
the calculator has computed, and runs passes in a process of their own: when nothing is due, when
a step of many requests is reached at eight in the morning (with the morning mails), when they
all become late at midnight, and the daily look at a seventh of what is open. The floors are bare
statements on the same rows, in the same run. Prints one table and drops the database again.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

BASE = Path(__file__).resolve().parent.parent
URL = os.environ.get("BENCH_DATABASE_URL", "postgres://root@127.0.0.1:5432/portal_bench_sweep")
OFFICERS, LEADS = 50, 2
TODAY = date(2026, 6, 15)
NIGHT = datetime(2026, 6, 15, 0, 30, tzinfo=UTC)
MORNING = datetime(2026, 6, 15, 8, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 6, 16, 0, 0, tzinfo=UTC)
# Days until the answer is due: of those that reach a step this morning, and of the others.
REACHED, QUIET = (0, 2, 5, 10), (3, 4, 6, 8, 9, 11, 12, 13, 14, 16, 18, 20, 22, 25, 28)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--open", type=int, default=200_000)
    parser.add_argument("--due", type=int, default=40_000)
    parser.add_argument("--keep", action="store_true", help="leave the database for a look")
    parser.add_argument("--passes", help=argparse.SUPPRESS)
    size = parser.parse_args()
    if size.passes:
        print(json.dumps(one_pass(datetime.fromisoformat(size.passes))))
        return
    with tempfile.TemporaryDirectory() as folder:
        drop_database()
        admin(f'CREATE DATABASE "{name()}"')
        try:
            started = time.perf_counter()
            child(folder, "-c", SET_UP)
            with psycopg.connect(URL, autocommit=True) as db:
                fill(db, size)
                setup = time.perf_counter() - started
                report(db, size, folder, setup)
        finally:
            if not size.keep:
                drop_database()


def report(db, size, folder, setup):
    print(f"{size.tickets} requests, {size.open} open, {os.cpu_count()} cores, ", end="")
    print(f"set up in {setup:.0f} s")
    heads = f"{'seconds':>9}{'its CPU':>9}{'done':>8}{'queries':>9}{'peak MiB':>10}{'x floor':>9}"
    print(f"{'':44}{heads}")
    measure(folder, NIGHT - timedelta(minutes=1))  # warm, and the day's first pass
    nothing_floor = floor_nothing(db)
    line("one indexed look, nothing due (floor)", nothing_floor)
    nothing = measure(folder, NIGHT)
    line("nothing due", nothing["seconds"], nothing, nothing_floor)
    due_floor = floor_due(db)
    line("one UPDATE and one INSERT of as many (floor)", due_floor)
    line_of("a step of each at eight, and morning mails", folder, MORNING, due_floor)
    late(db, size.due - size.due // len(REACHED))  # the others are due today already
    line_of("each is late at midnight", folder, MIDNIGHT, due_floor)
    part(db)
    line_of("a seventh of all open ones looked at anew", folder, MIDNIGHT + timedelta(hours=1))


def line_of(words, folder, moment, floor=None):
    found = measure(folder, moment)
    line(words, found["seconds"], found, floor)


def line(words, seconds, found=None, floor=None):
    done = f"{'':36}"
    if found:
        done = f"{found['cpu']:9.3f}{found['done']:8}{found['queries']:9}{found['peak']:10.0f}"
    ratio = f"{seconds / floor:9.1f}" if floor else ""
    print(f"{words:44}{seconds:9.3f}{done}{ratio}")


def measure(folder, moment):
    return json.loads(child(folder, __file__, "--passes", moment.isoformat()))


def one_pass(moment):
    """One pass in this process: seconds, what it did, statements, largest memory."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacyportal.settings")
    sys.path.insert(0, str(BASE))
    import django

    django.setup()
    from django.db import connection

    from consent.services import waker
    from requests.models import Ticket
    from requests.services import reminders

    waker.publish = lambda *_args, **_fields: None  # no broker here
    Ticket.objects.first()  # connected
    queries = [0]

    def count(execute, *args):
        queries[0] += 1
        return execute(*args)

    started, busy = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(count):
        done = reminders.remind_due(now=moment)
    return {
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - busy,
        "done": done,
        "queries": queries[0],
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


SET_UP = """
import os, sys, json
sys.path.insert(0, os.getcwd())
os.environ["DJANGO_SETTINGS_MODULE"] = "privacyportal.settings"
import django; django.setup()
from datetime import datetime, timedelta, UTC
from django.contrib.auth.models import Group, User
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("load_reference_data", verbosity=0, stdout=open(os.devnull, "w"))
from django.db import connection
from consent.models import Jurisdiction, Organisation
from requests.models import RightRule
from requests.services import alarms, clocks, rules
office, _new = Organisation.objects.get_or_create(is_default=True, defaults={
    "name": "Bench", "legal_name": "Bench", "address": "-", "email": "bench@example.com"})
office.time_zone = "UTC"; office.save()
for number in range(int(os.environ["OFFICERS"])):
    User.objects.create(username=f"o{number}", email=f"o{number}@example.com", is_staff=True)
lead, _new = Group.objects.get_or_create(name="privacy_lead_dpo")
for number in range(int(os.environ["LEADS"])):
    User.objects.create(username=f"l{number}", email=f"l{number}@example.com").groups.add(lead)
right, place = RightRule.objects.get(code="access"), Jurisdiction.objects.get(code="IE")
with connection.cursor() as db:
    db.execute("CREATE TABLE shape (ago int, rules jsonb, clock jsonb, due_on date, at timestamptz,"
               " organisation_id bigint, right_id bigint, residence_id bigint)")
    for ago in range(60):
        at = datetime(2026, 6, 15, 7, tzinfo=UTC) - timedelta(days=ago)
        kept = rules.snapshots_for(right, place, at)
        dates = clocks.foresee(right, place, at, office)
        db.execute("INSERT INTO shape VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", [
            ago, json.dumps(kept), json.dumps({**dates.as_json(), alarms.PART: alarms.part_of(
                dates, asked_at=None, is_acknowledged=True)}), dates.due_on, at,
            office.pk, right.pk, place.pk])
"""


def fill(db, size):
    """Closed requests, quiet open ones, and those that reach a step this morning."""
    db.execute("SET synchronous_commit = off")
    columns = {**others(db), **COLUMNS}
    names = ", ".join(columns)
    values = ", ".join(value or name for name, value in columns.items())
    quiet = size.open - size.due
    parts = [
        (size.tickets - size.open, 0, "'closed'", CLOSED, "n % 60"),
        (quiet, size.tickets, "'in_progress'", OPEN, f"30 - {pick(QUIET)}"),
        (size.due, 2 * size.tickets, "'in_progress'", OPEN, f"30 - {pick(REACHED)}"),
    ]
    for count, base, state, ends, ago in parts:
        db.execute(
            f"INSERT INTO requests_ticket ({names}, state, outcome, closed_at)"
            f" SELECT {values}, {state}, {ends}"
            f" FROM (SELECT g, {base} + g AS n FROM generate_series(1, {count}) g) s"
            f" JOIN shape ON shape.ago = {ago}"
        )
    db.execute(
        "INSERT INTO requests_clockevent (ticket_id, kind, at, recorded_at, reason)"
        " SELECT id, 'received', received_at, received_at, '' FROM requests_ticket"
        " WHERE state <> 'closed'"
    )
    db.execute(
        "INSERT INTO consent_firing (job, due, fired_at, untold)"
        " SELECT 'reminder:' || organisation_id || ':' || id || ':new:0', '', received_at, false"
        " FROM requests_ticket WHERE state <> 'closed' UNION ALL"
        " SELECT 'reminder:' || organisation_id || ':' || id || ':extension:7',"
        " clock -> 'reminders' ->> 'decide_by', received_at, false"
        " FROM requests_ticket WHERE state <> 'closed' AND due_on <= date '2026-06-22'"
    )
    for job, due, at in (
        ("reminders:check", TODAY.isoformat(), NIGHT),
        ("reminders", "last", NIGHT),
    ):
        db.execute("INSERT INTO consent_firing VALUES (DEFAULT, %s, %s, %s, false)", [job, due, at])
    db.execute("VACUUM ANALYZE")
    db.execute("CHECKPOINT")


def others(db):
    """An empty value for each column that must have one and plays no part here."""
    rows = db.execute(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_name = 'requests_ticket' AND is_nullable = 'NO' AND is_identity = 'NO'"
    )
    given = {"state", "outcome", "closed_at"}
    return {name: EMPTY[kind] for name, kind in rows if name not in given}


EMPTY = {
    **dict.fromkeys(("character varying", "text"), "''"),
    **dict.fromkeys(("smallint", "integer", "bigint"), "0"),
    **dict.fromkeys(("timestamp with time zone", "date"), "now()"),
    "boolean": "false",
    "jsonb": "'{}'",
}


def pick(days):
    return f"(ARRAY[{', '.join(map(str, days))}])[1 + n % {len(days)}]"


CLOSED, OPEN = "'fulfilled', now()", "'', NULL"
COLUMNS = {
    **dict.fromkeys(("organisation_id", "right_id", "residence_id", "rules", "clock", "due_on")),
    **dict.fromkeys(("received_at", "confirmed_at"), "at"),
    **dict.fromkeys(("denial_code", "waiting_for", "person_name", "person_email"), "''"),
    **dict.fromkeys(("customer_number", "identity_level"), "''"),
    **dict.fromkeys(("email", "email_key"), "'p' || n || '@example.org'"),
    "reference": "'B' || lpad(to_hex(n), 10, '0')",
    "handler_id": f"(SELECT min(id) FROM auth_user) + n % {OFFICERS}",
    "version": "1",
    "filer": "'person'",
    "channel": "'web_form'",
    "language": "'en'",
    "name": "'Ana Hoxha'",
    "details": "'my data'",
    # Every step before this morning was told; each request waits for its next one.
    "next_alarm_at": (
        "(SELECT coalesce(min(due_on - d + time '08:00'), '9999-12-31') AT TIME ZONE 'UTC'"
        f" FROM unnest(ARRAY[10, 7, 5, 2, 0]) d WHERE due_on - d >= date '{TODAY}')"
    ),
}


def floor_nothing(db):
    """Seconds for the one question whether anything is due, best of five."""
    query = (
        "SELECT id FROM requests_ticket WHERE next_alarm_at <= %s AND state IN ('new', 'triage',"
        " 'awaiting_requester', 'in_progress', 'review', 'appeal') LIMIT 1"
    )
    return min(seconds(lambda: db.execute(query, [NIGHT]).fetchall()) for _n in range(5))


def floor_due(db):
    """Seconds for the writes of the morning, in two bare statements that are rolled back."""

    def write():
        with db.transaction(force_rollback=True):
            db.execute(
                "INSERT INTO consent_firing (job, due, fired_at, untold)"
                " SELECT 'reminder:1:' || id || ':answer:5', due_on, now(), true"
                " FROM requests_ticket WHERE next_alarm_at <= %s AND state = 'in_progress'",
                [MORNING],
            )
            db.execute(
                "UPDATE requests_ticket SET next_alarm_at = next_alarm_at + interval '3 days'"
                " WHERE next_alarm_at <= %s AND state = 'in_progress'",
                [MORNING],
            )

    return seconds(write)


def late(db, count):
    """Make as many requests due today, all told of it, so that each is late at midnight."""
    db.execute(
        "UPDATE requests_ticket SET due_on = %s, next_alarm_at = %s WHERE id IN (SELECT id FROM"
        " requests_ticket WHERE state = 'in_progress' AND due_on > %s ORDER BY id LIMIT %s)",
        [TODAY, MIDNIGHT, TODAY, count],
    )
    db.execute(
        "UPDATE requests_ticket SET next_alarm_at = '9999-12-31' WHERE next_alarm_at < %s",
        [MIDNIGHT],
    )
    db.execute(
        "INSERT INTO consent_firing VALUES (DEFAULT, 'reminders:check', %s, now(), false)",
        [MIDNIGHT.date().isoformat()],
    )
    db.execute("VACUUM ANALYZE requests_ticket")
    db.execute("CHECKPOINT")


def part(db):
    db.execute("DELETE FROM consent_firing WHERE job = 'reminders:check'")
    db.execute("CHECKPOINT")


def seconds(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def child(folder, *command):
    environment = {
        **os.environ,
        "DATABASE_URL": URL,
        "VAR_DIR": folder,
        "SECRET_KEY": "bench " * 10,
        "DEBUG": "false",
        "ALLOW_EMBEDDED": "true",
        "LOG_LEVEL": "ERROR",
        "OFFICERS": str(OFFICERS),
        "LEADS": str(LEADS),
    }
    done = subprocess.run(
        [sys.executable, *command], cwd=BASE, env=environment, check=True, stdout=subprocess.PIPE
    )
    return done.stdout


def name():
    return urlsplit(URL).path[1:]


def drop_database():
    admin(f'DROP DATABASE IF EXISTS "{name()}" WITH (FORCE)')


def admin(statement):
    with psycopg.connect(urlsplit(URL)._replace(path="/postgres").geturl(), autocommit=True) as db:
        db.execute(statement)


if __name__ == "__main__":
    main()
