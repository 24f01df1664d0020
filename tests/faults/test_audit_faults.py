"""T-93: sixteen writers at once, and the sealer killed in between. The chain has no gap."""

import os
import signal
import time

from consent.models import AuditEvent, AuditHead
from consent.services import heads, sealing, verifying
from tests import running


def test_writers_at_once_and_killed_sealers_leave_no_gap(world, size, chance, figures):
    rows, wanted, kills = size(60, 10_000), size(8, 50), 0
    sealers = world.python("-m", "tests.faults.writers", "--sealers", "2")
    world.wait_until(lambda: running.children(sealers), seconds=60, what="a sealer")
    begin = time.monotonic()
    writers = world.python("-m", "tests.faults.writers", "--writers", "16", "--rows", str(rows))
    while kills < wanted or writers.poll() is None:
        time.sleep(chance.uniform(0, 0.2) if kills < wanted else 0.1)
        if kills < wanted and (victims := running.children(sealers)):
            os.kill(chance.choice(victims), signal.SIGKILL)
            kills += 1
    written = time.monotonic() - begin
    assert writers.wait() == 0
    running.kill_group(sealers)  # as sudden as the rest

    sealing.seal_committed()

    total = 16 * rows
    assert AuditEvent.objects.count() == total, "each that was committed, none that was not"
    assert not AuditEvent.objects.filter(action="test.undone").exists()
    sequences = AuditEvent.objects.order_by("sequence").values_list("sequence", flat=True)
    assert list(sequences) == list(range(1, total + 1))
    assert AuditHead.objects.get().sequence == total
    assert verifying.verify(outside=[heads.line()]) == total
    figures(
        writers=16, rows=total, sealer_kills=kills, gaps=0, rows_a_second=round(total / written)
    )
