"""T-60: a double click, a reload, a retry: one form is one request, whoever answers it."""

import sqlite3
import threading

from django.core.management import call_command

from consent.models import AuditEvent, OutboundEmail
from requests.models import ClockEvent, Ticket
from tests.running import running
from tests.visitor import CHECK, Visitor

TABLES = ("requests_ticket", "requests_clockevent", "consent_outboundemail")


def press_at_once(visitor, times):
    """Press "Send my request" ``times`` at the same moment; return all answers."""
    barrier, answers = threading.Barrier(times), []

    def press(number):
        one = visitor.copy()
        one.address = f"203.0.113.{number}"  # else it is the limit that stops them
        barrier.wait()
        answers.append(one.post(CHECK))

    threads = [threading.Thread(target=press, args=[n + 2]) for n in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def assert_one_page_for_all(answers, times):
    assert len(answers) == times
    assert {status for status, _location in answers} == {303}
    assert len({location for _status, location in answers}) == 1


def test_presses_at_once_make_one_request_on_postgresql(world):
    call_command("load_reference_data", verbosity=0)
    world.start_redis()
    port = world.start_web(processes=2)
    for number, times in enumerate([2, 50], start=1):
        visitor = Visitor(port)
        visitor.answer_all()
        assert_one_page_for_all(press_at_once(visitor, times), times)
        assert Ticket.objects.count() == ClockEvent.objects.count() == number
        assert OutboundEmail.objects.count() == number
        assert AuditEvent.objects.filter(action="ticket.opened").count() == number


def test_presses_at_once_make_one_request_on_sqlite(tmp_path):
    file = tmp_path / "portal.sqlite3"
    with running(tmp_path / "world", f"sqlite:///{file}") as world:
        world.env |= {"ALLOW_EMBEDDED": "true", "BROKER_URL": "", "RATE_LIMIT_STORE": "memory://"}
        world.manage("migrate", "--verbosity", "0")
        world.manage("load_reference_data", "--verbosity", "0")
        port = world.start_web(processes=2)
        for number, times in enumerate([2, 50], start=1):
            visitor = Visitor(port)
            visitor.answer_all()
            assert_one_page_for_all(press_at_once(visitor, times), times)
            with sqlite3.connect(file) as found:
                for table in TABLES:
                    assert found.execute(f"SELECT count(*) FROM {table}").fetchone() == (number,)
            found.close()
