"""Keeps the parts of the portal running, and leaves no process behind when it ends.

Each part runs under a guard (guard.py) that holds one end of a pipe. Closing our end is the order
to stop; if this process is killed with SIGKILL, the kernel closes it for us.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

GUARD = Path(__file__).with_name("guard.py")
HOME = GUARD.parent.parent  # the parts are started here, so that they find the code
# A part that dies is started again after 1, 2, 4 … seconds, at most this many.
LONGEST_PAUSE = 30.0
# A part that ran this long is well again: its next pause is short.
WELL_AFTER = 60.0
# Seconds the guards get to end before their groups are killed; above guard.GRACE.
STOP_WITHIN = 8.0
_TICK = 0.2

Say = Callable[[str], None]


@dataclass
class Part:
    """One child: what it is called, how it is started, and how it fares."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 1.0
    start_at: float = 0.0

    def start(self, env: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(  # noqa: S603 -- a command of ours
            [sys.executable, "-I", "-S", str(GUARD), *self.command],
            stdin=subprocess.PIPE,
            process_group=0,
            cwd=HOME,
            env=dict(env),
        )
        self.started = time.monotonic()

    def has_died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def plan_restart(self) -> None:
        """Clear what is left of the group, then wait longer each time it dies early."""
        self.kill()
        now = time.monotonic()
        if now - self.started > WELL_AFTER:
            self.pause = 1.0
        self.start_at = now + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)

    def ask_to_stop(self) -> None:
        if self.process and self.process.stdin:
            self.process.stdin.close()

    def kill(self) -> None:
        """Everything of the part's group, the guard included."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.ask_to_stop()
        self.process = None


@dataclass
class Supervisor:
    parts: list[Part]
    env: Mapping[str, str]
    say: Say
    # Whoever started us; when that process is gone, even by SIGKILL, we end too. None: stay.
    parent: int | None = None
    # Puts back what a part may have died of.
    before_restart: Callable[[], None] = lambda: None
    stopping: bool = field(default=False, init=False)
    _parent_catches: bool = field(default=False, init=False)

    def run(self, *, when_started: Callable[[], None]) -> None:
        """Start all parts, keep them running until a signal says stop, then stop them all."""
        before = {
            number: signal.signal(number, self._stop)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        self._parent_catches = self.parent is not None and _catches(self.parent, signal.SIGINT)
        try:
            for part in self.parts:
                part.start(self.env)
            when_started()
            while not self.stopping and not self._is_orphan():
                self._tend()
                time.sleep(_TICK)
        finally:
            self._stop_all()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, _number: int, _frame: object) -> None:
        self.stopping = True

    def _is_orphan(self) -> bool:
        """Whether the process that we were told of is gone, or only waits for us to end."""
        if self.parent is None:
            return False
        return os.getppid() != self.parent or (
            self._parent_catches and not _catches(self.parent, signal.SIGINT)
        )

    def _tend(self) -> None:
        for part in self.parts:
            if part.has_died():
                part.plan_restart()
                wait = part.start_at - time.monotonic()
                self.say(f"{part.name} ended; starting it again in {max(wait, 0):.0f} s.")
            elif part.process is None and time.monotonic() >= part.start_at:
                self.before_restart()
                part.start(self.env)

    def _stop_all(self) -> None:
        for part in self.parts:
            part.ask_to_stop()
        end = time.monotonic() + STOP_WITHIN
        while time.monotonic() < end and not all(
            part.process is None or part.has_died() for part in self.parts
        ):
            time.sleep(0.05)
        for part in self.parts:
            part.kill()


def _catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal (Linux; elsewhere we cannot know: no).

    GNU make takes its handler away when it gets SIGINT, and then waits for its children. On a
    terminal they get the signal too; where somebody sent it to make alone, this is how we learn.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    mask = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(mask.split()[1], 16) >> (number - 1) & 1)


def port_is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def wait_for_port(host: str, port: int, *, seconds: float, give_up: Callable[[], bool]) -> bool:
    """Until something listens there; False when time is over or ``give_up`` says so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not give_up():
        try:
            with socket.create_connection((host, port), timeout=0.5):
                return True
        except OSError:
            time.sleep(0.05)
    return False
