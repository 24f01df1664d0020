"""Runs one command and lets nothing of it outlive the supervisor.

Started as a file of its own (`python -I guard.py command…`): it must be small and quick, and it
must not load the portal. It leads a process group; what it starts stays in that group. Its
standard input is a pipe that only the supervisor holds: when the pipe ends, because the supervisor
closed it or because the kernel did after a SIGKILL, the command is asked to stop and, a few
seconds later, the whole group is killed.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time

# Seconds between asking (SIGTERM) and killing; the portal promises to be gone in ten.
GRACE = 6.0
PR_SET_PDEATHSIG = 1


def _stop_with_parent() -> None:
    """On Linux the kernel also asks the command to stop if this guard itself is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _wake_on_child() -> int:
    """A descriptor that becomes readable when the command ends."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writable)
    return readable


def _wait(child: subprocess.Popen[bytes], woken: int) -> None:
    """Until the command ended or the supervisor is gone."""
    while child.poll() is None:
        ready, _, _ = select.select([0, woken], [], [], 5)
        if woken in ready:
            os.read(woken, 64)
        if 0 in ready and not os.read(0, 64):
            return


def main(command: list[str]) -> None:
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    woken = _wake_on_child()
    for quiet in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(quiet, lambda *_: None)  # the pipe decides, nobody else
    child = subprocess.Popen(  # noqa: S603 -- the supervisor's own command
        command,
        stdin=subprocess.DEVNULL,
        preexec_fn=_stop_with_parent,  # noqa: PLW1509 -- this process has one thread
    )
    _wait(child, woken)
    if child.poll() is None:
        child.terminate()
        end = time.monotonic() + GRACE
        while child.poll() is None and time.monotonic() < end:
            select.select([woken], [], [], 0.2)
    # Grandchildren that the command left behind belong to the group; so does this guard.
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
