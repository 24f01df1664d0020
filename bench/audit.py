"""What does the chain over the audit trail cost the transactions that write it?

    python bench/audit.py [--seconds 4] [--writers 4]

Makes a scratch database on PostgreSQL (BENCH_DATABASE_URL). Each writer is a process that changes
a row of its own and records that, one transaction after the other. In turns: rows with the chain
(wake-ups on a Redis of the bench, a real Celery worker that seals), the same rows without anybody
sealing them, and no audit row at all. Prints the medians of the rounds.
"""

import argparse
import os
import statistics
import time

from ground import scratch

ROUNDS = 5
PLAIN, UNSEALED, CHAINED = "no audit row", "audit row, no chain", "audit row and chain"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4.0, help="of each kind in each round")
    parser.add_argument("--writers", type=int, default=4)
    options = parser.parse_args()
    with scratch.redis() as broker, scratch.portal("audit", BROKER_URL=broker):
        prepare(options.writers)
        with scratch.worker("-c", "1"):
            measure(1.0, options.writers, CHAINED)  # the worker is there and warm
            seal_the_rest()
            rounds = [one_round(options) for _n in range(ROUNDS)]
        count, lag = verify(), statistics.median(found["lag"] for found in rounds)
    print(
        f"{options.writers} writers, {ROUNDS} rounds of {options.seconds:g} s, "
        f"{os.cpu_count()} cores; medians of the rounds"
    )
    print(f"{'':24}{'transactions/s':>16}{'ratio':>8}")
    for kind in (UNSEALED, PLAIN, CHAINED):
        speed = statistics.median(found[kind] for found in rounds)
        ratio = statistics.median(found[kind] / found[UNSEALED] for found in rounds)
        print(f"{kind:24}{speed:16.0f}{ratio:8.2f}")
    print(f"{count} rows sealed without a gap; the last one after {1000 * lag:.0f} ms")


def prepare(writers):
    from consent.models import Organisation

    for number in range(writers):
        Organisation.objects.create(
            pk=number + 1, name=f"{number}", legal_name="-", address="-", email="a@example.com"
        )


def one_round(options):
    found = {}
    for kind in (PLAIN, UNSEALED, CHAINED):
        found[kind] = measure(options.seconds, options.writers, kind)
        if kind == CHAINED:
            found["lag"] = wait_for_the_seal()
        seal_the_rest()
    return found


def measure(seconds, writers, kind):
    """Transactions a second of all writers together."""
    from django.db import connection

    connection.close()  # a child must not share it
    start = time.monotonic() + 2  # all are ready by then
    pipes = [fork(number + 1, start, seconds, kind) for number in range(writers)]
    done = 0
    for pid, pipe in pipes:
        with os.fdopen(pipe) as told:
            done += int(told.read())
        os.waitpid(pid, 0)
    return done / seconds


def fork(number, start, seconds, kind):
    mine, theirs = os.pipe()
    pid = os.fork()
    if pid:
        os.close(theirs)
        return pid, mine
    try:
        os.write(theirs, str(write(number, start, seconds, kind)).encode())
    finally:
        os._exit(0)


def write(number, start, seconds, kind):
    from django.db import transaction

    from consent.models import Organisation
    from consent.services import audit, waker

    if kind == UNSEALED:
        waker.after_commit = lambda _task, **_delay: None
    if kind == CHAINED:
        waker.publish(audit.WAKE)  # a web process has its line to the broker open
    target, done = Organisation.objects.get(pk=number), 0
    time.sleep(max(0, start - time.monotonic()))
    while time.monotonic() < start + seconds:
        with transaction.atomic():
            target.phone = str(done)
            target.save(update_fields=["phone"])
            if kind != PLAIN:
                audit.record("bench.done", target=target, by=None, data={"n": done})
        done += 1
    time.sleep(0.3)  # else the last wake-up dies with this process
    return done


def wait_for_the_seal():
    """Until the worker has sealed all there is: seconds from the last row to its seal."""
    from consent.models import AuditEvent, AuditHead

    end = time.monotonic() + 60
    while AuditEvent.objects.filter(mac__isnull=True).exists():
        if time.monotonic() > end:
            raise SystemExit("The worker does not seal.")
        time.sleep(0.02)
    last = AuditEvent.objects.latest("id").happened_at
    return (AuditHead.objects.get().sealed_at - last).total_seconds()


def seal_the_rest():
    from consent.services import sealing

    sealing.seal_committed()


def verify():
    from consent.services import verifying

    return verifying.verify()


if __name__ == "__main__":
    main()
