"""The minute's pass: everything once, one failure hurts nobody else."""

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from consent.models import AuditEvent, Firing
from consent.services import sweep
from consent.tasks import deliver_mail, seal_audit
from consent.tasks import sweep as sweep_task

pytestmark = pytest.mark.django_db


@pytest.fixture
def jobs(monkeypatch):
    """No jobs but those of the test."""
    monkeypatch.setattr(sweep, "_jobs", {})
    monkeypatch.setattr(sweep, "_last_jobs", {})


def broken():
    raise OperationalError("gone")


def test_every_job_runs_once_and_reports_how_much_it_did(jobs):
    sweep.register("a", lambda: 3)
    sweep.register("b", lambda: 0)
    assert sweep.run() == {"a": 3, "b": 0}


def test_a_job_that_fails_does_not_keep_the_others_from_running(jobs, caplog):
    sweep.register("bad", broken)
    sweep.register("good", lambda: 1)
    assert sweep.run() == {"bad": None, "good": 1}
    assert "Sweep job bad failed" in caplog.text


def test_what_the_jobs_wrote_leaves_in_the_same_pass(jobs):
    order = []
    sweep.register("mail", lambda: order.append("mail") or 0, last=True)
    sweep.register("reminders", lambda: order.append("reminders") or 0)
    sweep.run()
    assert order == ["reminders", "mail"]


@pytest.mark.parametrize("last", [False, True])
def test_a_name_is_given_once(jobs, last):
    sweep.register("a", lambda: 0)
    with pytest.raises(ValueError, match="'a'"):
        sweep.register("a", lambda: 1, last=last)


def test_that_it_ran_is_noted_once(jobs):
    sweep.run()
    first = Firing.objects.get(job="sweep", due="last").fired_at
    sweep.run()
    assert Firing.objects.get(job="sweep", due="last").fired_at > first


def test_the_portal_does_its_own_jobs():
    assert {"mail", "seal", "head", "unsent"} <= set(sweep._last_jobs) | set(sweep._jobs)
    assert {"answers", "reminders", "drafts"} <= set(sweep._jobs)


def test_the_command_says_what_was_done(jobs, capsys):
    sweep.register("a", lambda: 3)
    call_command("sweep")
    assert capsys.readouterr().out == "a: 3\n"


def test_the_command_fails_where_a_job_failed_after_doing_the_others(jobs, capsys):
    sweep.register("bad", broken)
    sweep.register("good", lambda: 1)
    with pytest.raises(CommandError, match="bad"):
        call_command("sweep")
    assert capsys.readouterr().out == "bad: failed\ngood: 1\n"


def test_twice_in_a_row_nothing_is_done_twice(settings, tmp_path):
    settings.AUDIT_HEAD_FILE = str(tmp_path / "head.log")
    assert sweep.run()["head"] == 1
    assert sweep.run()["head"] == 0
    assert len((tmp_path / "head.log").read_text().splitlines()) == 1


def test_the_tasks_call_their_services(jobs, settings, tmp_path):
    sweep.register("a", lambda: 1)
    sweep_task()
    assert Firing.objects.filter(job="sweep").exists()
    AuditEvent.objects.create(action="a", target_label="b", target_id="c")
    seal_audit()
    assert AuditEvent.objects.get().sequence == 1
    assert deliver_mail() is None
