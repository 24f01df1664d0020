"""The real thing: processes are started, killed and looked for in the process table."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings

from privacyportal.supervisor import Part, Supervisor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc (Linux)"),
]


def parents():
    """Who started whom, without the dead that nobody has collected yet."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                yield int(folder.name), int(parent)


def tree_of(root):
    alive, found = dict(parents()), {root}
    while more := {pid for pid, parent in alive.items() if parent in found} - found:
        found |= more
    return found & set(alive)


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def alive(pids):
    return pids & {pid for pid, _parent in parents()}


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


class Portal:
    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = folder / "log"
        names = ("PATH", "HOME", "LANG", "SYSTEMROOT")
        env = {name: os.environ[name] for name in names if name in os.environ}
        env |= {
            "DEBUG": "true",
            "SECRET_KEY": "x" * 60,
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": f"sqlite:///{folder}/portal.sqlite3",
            "BROKER_URL": "",
            "EMAIL_URL": "",
        }
        command = [sys.executable, settings.BASE_DIR / "manage.py", "portal", "--no-demo"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port)],
                cwd=folder,
                env=env,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=2) as page:
                return page.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def wait(self, seconds=60):
        assert wait_until(lambda: self.get("/healthz") == 200, seconds), self.log.read_text()
        # guard, program and one more for the web's worker: all three parts are there
        assert wait_until(lambda: len(tree_of(self.process.pid)) == 8, 20), self.log.read_text()
        return tree_of(self.process.pid)

    def pid_of(self, word):
        pids = tree_of(self.process.pid)
        return next(p for p in pids if word in command_of(p) and "guard.py" not in command_of(p))


@pytest.fixture
def portal(tmp_path):
    portal = Portal(tmp_path)
    yield portal
    family = tree_of(portal.process.pid)
    portal.process.terminate()
    try:
        portal.process.wait(15)
    finally:
        for pid in alive(family):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_the_portal_ends(portal, number):
    family = portal.wait()
    portal.process.send_signal(number)
    assert wait_until(lambda: not alive(family), 10), [command_of(p) for p in alive(family)]
    assert portal.process.wait(1) == (-9 if number == signal.SIGKILL else 0)
    assert portal.get("/healthz") is None


def test_a_deleted_folder_for_wake_ups_comes_back(portal, tmp_path):
    portal.wait()
    shutil.rmtree(tmp_path / "var" / "wake")
    assert wait_until((tmp_path / "var" / "wake").is_dir, 20), portal.log.read_text()
    portal.wait()


def test_nothing_is_left_when_portal_and_guards_are_killed_at_once(portal):
    family = portal.wait()
    guards = {pid for pid in family if "guard.py" in command_of(pid)}
    assert len(guards) == 3
    for pid in [portal.process.pid, *guards]:
        os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not alive(family), 10), [command_of(p) for p in alive(family)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_make_alone_gets_the_signal(tmp_path, number):
    """On a terminal the portal gets Ctrl-C together with its parent, make; elsewhere it may not."""
    (tmp_path / "program.py").write_text(f"""
import os, sys
sys.path.insert(0, {str(settings.BASE_DIR)!r})
from privacyportal.supervisor import Part, Supervisor
part = Part("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"])
say = lambda: print(os.getpid(), part.process.pid, flush=True)
Supervisor(parts=[part], env=os.environ, say=print, parent=int(sys.argv[1])).run(when_started=say)
""")
    (tmp_path / "Makefile").write_text(f"run:\n\t@exec {sys.executable} program.py $$PPID\n")
    alone = {name: text for name, text in os.environ.items() if not name.startswith("MAKE")}
    with subprocess.Popen(
        ["make", "--no-print-directory"],
        cwd=tmp_path,
        env=alone,  # these tests may themselves be started by a make
        stdout=subprocess.PIPE,
        text=True,
    ) as make:
        pids = {int(pid) for pid in make.stdout.readline().split()}
        assert len(alive(pids)) == 2
        time.sleep(0.5)
        assert len(alive(pids)) == 2  # it stays while make does
        make.send_signal(number)
        assert wait_until(lambda: not alive(pids), 10)
        assert make.wait(10) != 0


@pytest.mark.parametrize("word", ["granian", "worker", "beat"])
def test_a_part_that_is_killed_comes_back(portal, word):
    before = portal.wait()
    os.kill(portal.pid_of(word), signal.SIGKILL)
    assert wait_until(lambda: len(alive(before)) < 8, 5)
    assert len(portal.wait()) == 8
    assert portal.process.poll() is None


def test_the_start_prints_where_to_go_and_the_link_works_once(portal):
    portal.wait()
    assert wait_until(lambda: "Ctrl-C" in portal.log.read_text(), 10)
    text = portal.log.read_text()
    assert f"http://127.0.0.1:{portal.port}/admin/" in text
    assert re.search(rf"http://127\.0\.0\.1:{portal.port}/first-admin/[\w-]{{43}}/", text)
    folder = portal.log.parent / "var"
    kept = (folder / "first-admin").read_text()
    token = re.search(r"first-admin/([\w-]{43})/", text).group(1)
    assert token not in kept
    private = [folder, *(path for path in folder.rglob("*") if "part" not in path.suffix)]
    assert [path for path in private if path.exists() and path.stat().st_mode & 0o077] == []


def test_the_first_sweep_does_not_wait_for_the_clock(portal):
    portal.wait()
    assert wait_until(lambda: portal.get("/readyz") == 200, 20)


def test_a_taken_port_is_said_before_anything_is_touched(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, settings.BASE_DIR / "manage.py", "portal", "--port", port],
            env={"PATH": os.environ["PATH"], "DEBUG": "true", "SECRET_KEY": "x" * 60}
            | {"VAR_DIR": str(tmp_path / "var"), "SITE_URL": "http://127.0.0.1:8000"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "Choose another port" in done.stderr
    assert not (tmp_path / "var").exists()


def test_a_part_that_cannot_run_is_tried_again_ever_later(tmp_path):
    marks = tmp_path / "marks"
    program = f"open({str(marks)!r}, 'a').write('x')"
    part = Part("short", [sys.executable, "-c", program])
    said = []
    prepared = []
    keeper = Supervisor(
        parts=[part], env=os.environ, say=said.append, before_restart=lambda: prepared.append(1)
    )

    def say(text):
        said.append(text)
        keeper.stopping = len(said) == 2

    keeper.say = say
    keeper.run(when_started=lambda: None)
    assert marks.read_text() == "xx"
    assert prepared == [1]
    assert said == [
        "short ended; starting it again in 1 s.",
        "short ended; starting it again in 2 s.",
    ]
