"""Processes that write to the audit trail, and one that seals it, for test_audit_faults.py.

    python -m tests.faults.writers --writers 16 --rows 1000     end when all is written
    python -m tests.faults.writers --sealers 2                  seal until killed; a sealer that is
                                                                killed is replaced

All are forked from one process, which has loaded the portal but not touched the database.
"""

import argparse
import contextlib
import os
import time

import django


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--writers", type=int, default=0)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--sealers", type=int, default=0)
    options = parser.parse_args()
    django.setup()
    if options.sealers:
        keep_sealing(options.sealers)
    children = [fork(write, number, options.rows) for number in range(options.writers)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    raise SystemExit(max(codes))


def fork(work, *arguments):
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work(*arguments)
        code = 0
    finally:
        os._exit(code)


def write(number, rows):
    """One event a transaction, some of them rolled back, some left open a while."""
    from django.db import transaction

    from consent.models import Organisation
    from consent.services import audit

    target = Organisation(pk=number)
    for row in range(rows):
        with transaction.atomic():
            audit.record("test.done", target=target, by=None, data={"row": row})
            if row % 10 == 3:
                time.sleep(0.01)  # a smaller id that is committed later
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            if row % 10 == 7:
                audit.record("test.undone", target=target, by=None)
                raise ZeroDivisionError


def keep_sealing(count):
    for _n in range(count):
        fork(seal)
    while True:
        os.wait()
        fork(seal)


def seal():
    from consent.services import sealing

    while True:
        sealing.seal_committed()
        time.sleep(0.002)


if __name__ == "__main__":
    main()
