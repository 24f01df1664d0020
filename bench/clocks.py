"""How fast is a date explained, and how fast does the queue open, against their floors?

    python bench/clocks.py [--tickets 1000000] [--open 200000] [--explanations 5000]

(a) Explanations with their trace, one after the other on one core; the floor turns the same
instant into the same two dates and adds 30 days. (b), the minute sweep, is bench/sweep.py.
(c) The first page of the officers' list on PostgreSQL (BENCH_DATABASE_URL, a scratch database);
the floor is the same rows ordered by a plain indexed column. Rounds in turns, medians.
"""

import argparse
import io
import json
import statistics
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ground import scratch

ROUNDS = 5
READS = 40
PAGE = 50
RECEIVED = datetime(2026, 6, 9, 10, 0, tzinfo=UTC)
# What happened to a request: kind of event and days after the receipt.
QUESTION = [("clarification_requested", 3), ("clarification_received", 9)]
CASES = [
    ("GDPR and promise", "EU-GDPR PROMISE-30", []),
    ("GDPR, a question and more time", "EU-GDPR PROMISE-30", [*QUESTION, ("extension", 20)]),
    ("United Kingdom, a question", "UK-GDPR PROMISE-30", QUESTION),
    ("California", "US-CA-CCPA PROMISE-30", []),
    ("four laws and the promise", "EU-GDPR UK-GDPR US-CA-CCPA BR-LGPD PROMISE-30", []),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--open", type=int, default=200_000, help="how many of them are open")
    parser.add_argument("--explanations", type=int, default=5_000, help="of each kind and round")
    options = parser.parse_args()
    with scratch.portal("clocks"):
        speeds = explanations(options.explanations)
        fill(options)
        pages = queue()
    report(speeds, pages, options)


# --- (a) ------------------------------------------------------------------------------------


def explanations(count):
    """Explanations a second: of the floor, of each case, and of all cases in turns."""
    from consent.services.reference import calendars
    from requests import deadlines
    from requests.services.reference import deadline_rules

    def events(happened):
        kinds = {"extension": "extension_notice_sent"}
        later = [
            deadlines.Event(kinds.get(kind, kind), RECEIVED + timedelta(days=days))
            for kind, days in happened
        ]
        return [deadlines.Event("received", RECEIVED), *later]

    def explain(rules, facts):
        found = deadlines.compute(rules, facts, calendars=calendars())
        assert found.trace[-1].until == found.due_on

    cases = [
        ([deadline_rules()[code] for code in codes.split()], events(happened))
        for _name, codes, happened in CASES
    ]
    runs = [floor, *[lambda case=case: explain(*case) for case in cases]]
    runs.append(lambda: [explain(*case) for case in cases])
    rounds = [[speed(run, count) for run in runs] for _round in range(ROUNDS)]
    found = [statistics.median(speeds) for speeds in zip(*rounds, strict=True)]
    return [*found[:-1], found[-1] * len(cases)]


def floor():
    """The least a promise of 30 days costs: the instant in two zones, and a sum."""
    here, there = ZoneInfo("America/New_York"), ZoneInfo("Europe/Brussels")
    day = min(RECEIVED.astimezone(here).date(), RECEIVED.astimezone(there).date())
    return (day + timedelta(days=30)).isoformat()


def speed(run, count):
    """Runs a second of one core: processor time, so that a busy machine does not count."""
    run()
    started = time.process_time()
    for _ in range(count):
        run()
    return count / (time.process_time() - started)


# --- (c) ------------------------------------------------------------------------------------


def fill(options):
    """Tickets by bulk SQL. Every fifth open one waits for the person: its clock stands still."""
    from django.core.management import call_command
    from django.db import connection

    from consent.models import Organisation
    from requests.models import RightRule, Ticket

    call_command("load_reference_data", verbosity=0, stdout=io.StringIO())
    clock, stopped = json.dumps(clock_of()), json.dumps(clock_of(("id_requested", 3)))
    is_open, waits = f"n <= {options.open}", f"(n <= {options.open} AND n %% 5 = 0)"
    values = {
        "organisation_id": str(Organisation.objects.get().pk),
        "right_id": str(RightRule.objects.get(code="access").pk),
        "reference": "'B' || lpad(n::text, 11, '0')",
        "state": f"CASE WHEN {waits} THEN 'awaiting_requester'"
        f" WHEN {is_open} THEN 'in_progress' ELSE 'closed' END",
        "waiting_for": f"CASE WHEN {waits} THEN 'identity' ELSE '' END",
        "outcome": f"CASE WHEN {is_open} THEN '' ELSE 'fulfilled' END",
        "closed_at": f"CASE WHEN {is_open} THEN NULL ELSE now() END",
        "confirmed_at": "now()",
        "received_at": "now()",
        "email": "'person' || n || '@example.com'",
        "email_key": "'person' || n || '@example.com'",
        "due_on": "current_date - 100 + (n * 149 %% 400)::int",
        "clock": f"CASE WHEN {waits} THEN %s::jsonb WHEN {is_open} THEN %s::jsonb"
        " ELSE '{}'::jsonb END",
    }
    columns = {
        field.column: values.get(field.column) or empty(field)
        for field in Ticket._meta.concrete_fields
        if not field.primary_key and not field.generated
    }
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(
            f"INSERT INTO {Ticket._meta.db_table} ({', '.join(columns)})"
            f" SELECT {', '.join(columns.values())}"
            f" FROM generate_series(1, {options.tickets}) AS n",
            [stopped, clock],
        )
        # As autovacuum leaves a table: the numbers are read from the index alone.
        cursor.execute(f"VACUUM ANALYZE {Ticket._meta.db_table}")
        cursor.execute("RESET statement_timeout")


def empty(field):
    """The SQL of a column nobody looks at here."""
    from django.db import models

    if field.null:
        return "NULL"
    if isinstance(field, models.JSONField):
        return "'[]'::jsonb"
    if isinstance(field, models.BooleanField):
        return "false"
    if isinstance(field, models.DateTimeField):
        return "now()"
    return "0" if isinstance(field, models.IntegerField) else "''"


def clock_of(*happened):
    from consent.services.reference import calendars
    from requests import deadlines
    from requests.services.reference import deadline_rules

    facts = [deadlines.Event("received", RECEIVED)]
    facts += [deadlines.Event(kind, RECEIVED + timedelta(days=days)) for kind, days in happened]
    rules = [deadline_rules()["EU-GDPR"], deadline_rules()["PROMISE-30"]]
    return deadlines.compute(rules, facts, calendars=calendars()).as_json()


def queue():
    """Milliseconds of a first page by name, the floor first."""
    from django.contrib.auth.models import User

    from requests.models import Ticket
    from requests.services.queue import Show, by_deadline, counts, office_today, page, shown

    officer, today = User(is_superuser=True, is_active=True), office_today()
    seen = Ticket.objects.visible_to(officer).select_related("right", "handler")
    parts = {part: shown(seen, part, today=today) for part in Show}
    reads = {
        "open, by an indexed column (floor)": lambda: seen.open().order_by("due_on", "id")[:PAGE],
        "open, by the leading deadline": lambda: page(parts[Show.OPEN], 0, PAGE),
        "open, the page after 950 others": lambda: page(parts[Show.OPEN], 950, 950 + PAGE),
        "late": lambda: page(parts[Show.LATE], 0, PAGE),
        "due soon": lambda: page(parts[Show.SOON], 0, PAGE),
        "the numbers above the list": lambda: counts(officer, today=today).items(),
        "open, one sort over everything": lambda: parts[Show.OPEN].order_by(*by_deadline())[:PAGE],
    }
    check(reads, parts[Show.OPEN])
    return {name: statistics.median(found) for name, found in timed(reads).items()}


def check(reads, listed):
    """The page of the list is the one that a sort over everything gives."""
    sorted_all, halves = (
        [ticket.pk for ticket in reads[name]()]
        for name in ("open, one sort over everything", "open, by the leading deadline")
    )
    assert sorted_all == halves
    assert len(halves) == PAGE
    assert listed.filter(clock_stopped=True).exists()


def timed(reads):
    times = {name: [] for name in reads}
    for reading in range(READS):
        for name, read in reads.items():
            if reading >= ROUNDS and ("everything" in name or "numbers" in name):
                continue
            started = time.perf_counter()
            list(read())
            times[name].append((time.perf_counter() - started) * 1000)
    return times


def report(speeds, pages, options):
    least, *cases, mixed = speeds
    print(f"{'(a) explanations with trace, one core':44}{'per second':>12}{'ratio':>10}")
    line("two zones and a sum (floor)", least, least)
    for (name, _codes, _happened), found in zip(CASES, cases, strict=True):
        line(name, found, least)
    line("all of these in turns", mixed, least)
    print()
    title = f"(c) first page of {options.open} open among {options.tickets}"
    print(f"{title:44}{'ms':>12}{'ratio':>10}")
    least = next(iter(pages.values()))
    for name, found in pages.items():
        print(f"{name:44}{found:12.2f}{found / least:10.2f}")


def line(name, found, least):
    print(f"{name:44}{found:12.0f}{found / least:10.3f}")


if __name__ == "__main__":
    main()
