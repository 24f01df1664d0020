"""The outbox while its world falls apart: nothing is lost, and only the documented window is open.

A mail may arrive twice only where the process that sent it died, froze or lost its database
between the server's acceptance and our mark: one mail for each process and fault at most, and
never more than two copies of it (consent.services.outbox).
"""

import os
import signal
import time

from consent.enums import MailState
from tests import running
from tests.faults.outbox_scene import (
    account,
    clock_that_rings_each_second,
    fill,
    start,
    states,
    wait_until_empty,
)


def test_killed_workers_lose_nothing(world, size, chance, figures):
    mails, wanted, kills = fill(size(600, 20_000)), size(10, 200), 0
    workers = start(world)
    begin = time.monotonic()
    with clock_that_rings_each_second(world):
        while kills < wanted:
            due = len(mails) * kills // (wanted + 2)
            world.wait_until(
                lambda due=due: world.taken_count() > due, seconds=120, what=f"mail {due}"
            )
            time.sleep(chance.uniform(0, 0.1))
            place = chance.randrange(len(workers))
            victims = running.children(workers[place])  # the processes that send
            if not victims:
                continue  # it is starting
            if chance.random() < 0.1:  # all of it, as a machine that goes down
                running.kill_group(workers[place])
                workers[place] = world.start_worker()
                kills += len(victims)
            else:
                os.kill(chance.choice(victims), signal.SIGKILL)
                kills += 1
        last = time.monotonic()
        wait_until_empty(world)
    lost, duplicates, copies, held = account(world, mails)
    figures(
        mails=len(mails),
        kills=kills,
        lost=lost,
        duplicates=duplicates,
        most_copies=copies,
        held_for_a_person=held,
        seconds=round(time.monotonic() - begin),
        seconds_after_the_last_kill=round(time.monotonic() - last),
    )
    assert lost == 0
    assert duplicates <= kills
    assert copies <= 2


def test_a_broker_that_forgets_everything_loses_nothing(world, size, chance, figures):
    mails, times = fill(size(500, 5_000)), size(3, 20)
    start(world)
    with clock_that_rings_each_second(world):
        for flush in range(times):
            due = len(mails) * flush // times
            world.wait_until(
                lambda due=due: world.taken_count() >= due, seconds=120, what=f"mail {due}"
            )
            time.sleep(chance.uniform(0, 0.3))
            with world.redis() as client:
                client.flushall()
        wait_until_empty(world)
    lost, duplicates, _copies, held = account(world, mails)
    figures(mails=len(mails), flushes=times, lost=lost, duplicates=duplicates)
    assert (lost, duplicates, held) == (0, 0, 0)


def test_a_frozen_worker_repeats_one_mail_at_most(world, size, chance, figures):
    rounds = size(1, 25)
    mails = fill(size(800, 30_000))
    workers = start(world)
    freezes = 0
    with clock_that_rings_each_second(world):
        world.wait_until(lambda: world.taken_count() > 20, seconds=60, what="the first mails")
        for _round in range(rounds):
            frozen = [chance.choice(running.children(worker)) for worker in workers]
            for pid in frozen:
                time.sleep(chance.uniform(0, 0.1))
                os.kill(pid, signal.SIGSTOP)
            time.sleep(running.LEASE * 1.5)
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
            freezes += len(frozen)
            time.sleep(chance.uniform(0.2, 1))
        left = states().get(MailState.QUEUED, 0)
        wait_until_empty(world)
    lost, duplicates, copies, held = account(world, mails)
    figures(
        mails=len(mails),
        freezes=freezes,
        lost=lost,
        duplicates=duplicates,
        most_copies=copies,
        held_for_a_person=held,
        queued_when_the_last_woke=left,
    )
    assert lost == 0
    assert duplicates <= freezes
    assert copies <= 2


def test_a_worker_that_is_told_to_stop_repeats_nothing(world, size, chance, figures):
    stops, longest = size(3, 100), 0.0
    mails = fill(size(600, 20_000))
    workers = start(world)
    with clock_that_rings_each_second(world):
        world.wait_until(lambda: world.taken_count() > 20, seconds=60, what="the first mails")
        for stop in range(stops):
            time.sleep(chance.uniform(0, 0.5))
            worker = workers.pop(0)
            begin = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0
            longest = max(longest, time.monotonic() - begin)
            workers.append(world.start_worker())
            if stop % 2:  # else two are starting, and nobody works
                newest = workers[-1]
                world.wait_until(
                    lambda newest=newest: running.children(newest), seconds=60, what="a worker"
                )
        wait_until_empty(world)
    lost, duplicates, _copies, held = account(world, mails)
    figures(
        mails=len(mails),
        stops=stops,
        lost=lost,
        duplicates=duplicates,
        longest_stop_in_seconds=round(longest, 1),
    )
    assert (lost, duplicates, held) == (0, 0, 0)
