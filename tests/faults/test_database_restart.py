"""The database dies and comes back while mails are sent.

Runs where FAULTS_RESTART is a command that restarts the server of TEST_DATABASE_URL, for example
"pg_ctl -D … -m immediate -w restart" of a server made for this (see docs/operators/figures.md).
"""

import os
import shlex
import subprocess
import time

from django.db import connection

from tests.faults.outbox_scene import (
    account,
    clock_that_rings_each_second,
    fill,
    start,
    wait_until_empty,
)


def test_a_database_that_restarts_loses_nothing(world, size, chance, figures):
    mails, restarts = fill(size(1_000, 6_000)), size(3, 20)
    start(world)
    with clock_that_rings_each_second(world):
        for restart in range(restarts):
            due = len(mails) * restart // (restarts + 1)
            world.wait_until(
                lambda due=due: world.taken_count() > due, seconds=120, what=f"mail {due}"
            )
            time.sleep(chance.uniform(0, 0.3))
            command = shlex.split(os.environ["FAULTS_RESTART"])
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        connection.close()
        wait_until_empty(world)
    lost, duplicates, copies, held = account(world, mails)
    figures(
        mails=len(mails),
        restarts=restarts,
        lost=lost,
        duplicates=duplicates,
        most_copies=copies,
        held_for_a_person=held,
    )
    assert lost == 0
    assert duplicates <= 4 * restarts  # four processes lose their database at once
    assert copies <= 2
