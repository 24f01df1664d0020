"""Sending against a real mail server: what arrives, how often, and what becomes of the rows."""

import socket
import threading
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from consent.enums import MailKind, MailState
from consent.models import OutboundEmail
from consent.services import leases, outbox, sending, smtp
from tests.consent.conftest import point_at
from tests.factories import OrganisationFactory
from tests.mail_sink import Handler, Sink

pytestmark = pytest.mark.django_db


def queue(key="one", *, to="ana@example.org", text="Hello", **fields):
    context = {"subject": "Hello", "text": text, "html": f"<p>{text}</p>"}
    return outbox.enqueue("", key=key, to=to, language="en", context=context, **fields)


def column(name, **where):
    return dict(OutboundEmail.objects.filter(**where).values_list("key", name))


def states():
    return column("state")


def change(row, **fields):
    OutboundEmail.objects.filter(pk=row.pk).update(**fields)


def make_due():
    OutboundEmail.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def let_leases_run_out():
    OutboundEmail.objects.filter(state=MailState.LEASED).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


def test_what_is_due_arrives_once_and_its_content_is_forgotten(sink):
    rows = [queue(str(n)) for n in range(5)]
    assert sending.deliver_due() == 5
    assert sending.deliver_due() == 0
    assert sink.taken == {str(row.message_id): 1 for row in rows}
    assert sink.connections == 1
    for row in OutboundEmail.objects.all():
        assert (row.state, bytes(row.sealed), row.lease_token) == (MailState.SENT, b"", None)
        assert row.sent_at is not None
        assert (row.unknowns, row.attempts) == (0, 0)


def test_the_mail_that_arrives_is_whole(sink):
    text = ".starts with a dot\n..two\nËshtë këtu\n."
    row = queue(text=text, to="ana@example.org")
    sending.deliver_due()
    address, raw = sink.mails[0]
    mail = message_from_bytes(raw, policy=default)
    assert address == "ana@example.org"
    assert mail["Message-ID"] == f"<{row.message_id}@portal.test>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["To"] == "ana@example.org"
    assert mail.get_body("plain").get_content().replace("\r\n", "\n").rstrip("\n") == text


def test_a_template_is_rendered_in_the_readers_language_when_it_leaves(sink):
    OrganisationFactory(name="Shembull")
    outbox.enqueue(
        "staff_password",
        key="t",
        to="besa@example.org",
        language="sq",
        context={"url": "https://portal.test/x"},
    )
    assert sending.deliver_due() == 1
    mail = message_from_bytes(sink.mails[0][1], policy=default)
    assert "https://portal.test/x" in mail.get_body("plain").get_content()
    assert "https://portal.test/x" in mail.get_body("html").get_content()


def test_a_hook_may_change_the_content_just_before(sink, monkeypatch):
    monkeypatch.setitem(
        outbox.before_sending, "staff_password", lambda values: values.update(url="changed-url")
    )
    outbox.enqueue(
        "staff_password", key="t", to="b@example.org", language="en", context={"url": "first-url"}
    )
    sending.deliver_due()
    assert b"changed-url" in sink.mails[0][1]
    assert b"first-url" not in sink.mails[0][1]


def test_what_is_not_due_or_taken_back_stays_here(sink):
    queue("later", delay=60)
    queue("back", delay=0)
    outbox.cancel("back")
    assert sending.deliver_due() == 0
    assert sink.taken == {}
    assert states() == {"later": MailState.QUEUED, "back": MailState.CANCELLED}


@pytest.mark.parametrize("pipelining", [True, False])
def test_what_the_server_refuses_does_not_hold_up_the_others(settings, pipelining):
    with Sink(Handler(pipelining=pipelining)) as server:
        point_at(settings, server.port)
        for name in ("gone-1", "a", "later-1", "b", "full-1", "c", "bad-1", "d"):
            queue(name, to=f"{name}@example.org")
        assert sending.deliver_due() == 4
        assert len(server.handler.mails) == 4
        assert server.handler.connections == 1
    assert states() == {
        **dict.fromkeys("abcd", MailState.SENT),
        **dict.fromkeys(("gone-1", "bad-1"), MailState.BOUNCED),
        **dict.fromkeys(("later-1", "full-1"), MailState.QUEUED),
    }
    errors = column("error")
    assert (errors["gone-1"], errors["later-1"]) == ("SMTP 550", "SMTP 451")
    assert (errors["full-1"], errors["bad-1"]) == ("SMTP 452", "SMTP 554")
    assert set(column("unknowns").values()) == {0}


def test_a_mail_put_off_is_tried_again_with_growing_gaps_and_given_up_after_three_days(sink):
    row = queue(to="later-x@example.org")
    gaps = []
    for _try in range(6):
        before = timezone.now()
        sending.deliver_due()
        row.refresh_from_db()
        gaps.append(round((row.due_at - before).total_seconds()))
        assert row.state == MailState.QUEUED
        make_due()
    assert gaps == [15, 60, 240, 960, 3600, 3600]
    change(row, created_at=timezone.now() - timedelta(days=3, minutes=1))
    sending.deliver_due()
    row.refresh_from_db()
    assert (row.state, row.error) == (MailState.DEAD, "SMTP 451")
    assert sink.taken == {}


def test_a_server_that_refuses_us_is_not_held_against_the_recipient(sink):
    sink.refuse_sender = "530 5.7.0 sign in first"
    queue("one")
    queue("two")
    assert sending.deliver_due() == 0
    assert states() == {"one": MailState.QUEUED, "two": MailState.QUEUED}
    assert column("error") == {"one": "SMTP 530", "two": ""}


def test_a_server_that_says_goodbye_stops_the_pass_but_loses_nothing(sink):
    for name in ("a", "bye-1", "b"):
        queue(name, to=f"{name}@example.org")
    assert sending.deliver_due() == 1
    assert states() == {"a": MailState.SENT, "bye-1": MailState.QUEUED, "b": MailState.QUEUED}
    assert sending.deliver_due() == 1
    assert len(sink.taken) == 2


def test_a_server_that_is_down_is_tried_once_a_pass(settings):
    point_at(settings, free_port())
    for n in range(3):
        queue(str(n))
    assert sending.deliver_due() == 0
    assert column("attempts") == {"0": 1, "1": 0, "2": 0}
    assert set(states().values()) == {MailState.QUEUED}
    assert set(column("lease_token").values()) == {None}
    assert set(column("handed_over").values()) == {False}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_server_that_hangs_holds_nobody_longer_than_its_time(settings):
    settings.EMAIL_TIMEOUT = 0.2
    with socket.create_server(("127.0.0.1", 0)) as silent:
        point_at(settings, silent.getsockname()[1])
        settings.EMAIL_TIMEOUT = 0.2
        queue()
        started = timezone.now()
        assert sending.deliver_due() == 0
        assert timezone.now() - started < timedelta(seconds=2)
    assert states() == {"one": MailState.QUEUED}


def test_a_line_cut_after_the_body_repeats_the_same_message_id_once(sink):
    row = queue(to="drop-1@example.org")
    queue("next")
    assert sending.deliver_due() == 0
    row.refresh_from_db()
    assert (row.state, row.unknowns, row.handed_over) == (MailState.QUEUED, 1, False)
    assert "after handing over" in row.error
    make_due()
    assert sending.deliver_due() == 2
    assert sink.taken[str(row.message_id)] == 2
    assert set(states().values()) == {MailState.SENT}


def test_a_second_unknown_outcome_waits_for_a_person(sink):
    row = queue(to="drop-always-1@example.org")
    for _try in range(4):
        sending.deliver_due()
        make_due()
    row.refresh_from_db()
    assert (row.state, row.unknowns, row.lease_token) == (MailState.HELD, 2, None)
    assert sink.taken == {str(row.message_id): 2}


def test_a_package_of_unknown_outcome_is_not_sent_again(sink):
    row = queue(to="drop-1@example.org", kind=MailKind.PACKAGE)
    for _try in range(3):
        sending.deliver_due()
        make_due()
    row.refresh_from_db()
    assert (row.state, row.unknowns) == (MailState.HELD, 1)
    assert bytes(row.sealed)
    assert sink.taken == {str(row.message_id): 1}
    outbox.retry(row.pk, by=None)
    assert sending.deliver_due() == 1
    assert sink.taken == {str(row.message_id): 2}


@pytest.mark.parametrize(
    ("kind", "unknowns", "state", "copies"),
    [
        (MailKind.NOTICE, 0, MailState.SENT, 1),
        (MailKind.NOTICE, 1, MailState.HELD, 0),
        (MailKind.PACKAGE, 0, MailState.HELD, 0),
    ],
)
def test_what_a_dead_worker_had_in_hand(sink, kind, unknowns, state, copies):
    row = queue(kind=kind)
    change(row, unknowns=unknowns)
    lease = leases.claim()
    assert leases.intend(row, lease) is True
    let_leases_run_out()
    assert sending.deliver_due() == copies
    row.refresh_from_db()
    assert (row.state, row.unknowns) == (state, unknowns + 1)
    assert sink.taken.total() == copies


def test_what_a_dead_worker_had_not_begun_is_sent_as_if_nothing_had_been(sink):
    row = queue(kind=MailKind.PACKAGE)
    leases.claim()
    assert sending.deliver_due() == 0, "another worker owns it"
    let_leases_run_out()
    assert sending.deliver_due() == 1
    row.refresh_from_db()
    assert (row.state, row.unknowns) == (MailState.SENT, 0)


def test_a_worker_that_slept_longer_than_its_lease_sends_nothing(sink, monkeypatch):
    row = queue()
    offer = smtp.SmtpLine.offer

    def slow_offer(self, post):
        offer(self, post)
        let_leases_run_out()  # as if this worker had been frozen here
        if not woken:
            woken.append(leases.claim())  # and another one took over

    woken = []
    monkeypatch.setattr(smtp.SmtpLine, "offer", slow_offer)
    assert sending.deliver_due() == 0
    assert sink.taken == {}
    row.refresh_from_db()
    assert (row.state, row.lease_token) == (MailState.LEASED, woken[0].token)


def test_a_lease_that_ran_out_forbids_sending_even_if_nobody_took_over():
    row = queue()
    lease = leases.claim()
    let_leases_run_out()
    assert leases.intend(row, lease) is False


def test_one_update_marks_the_last_mail_and_the_next(django_assert_num_queries):
    first, second = queue("1"), queue("2")
    lease = leases.claim()
    assert leases.intend(first, lease) is True
    lease.unmarked = first.pk
    with django_assert_num_queries(1):
        assert leases.intend(second, lease) is True
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, bytes(first.sealed), first.lease_until) == (MailState.SENT, b"", None)
    assert first.sent_at is not None
    assert (second.state, second.handed_over) == (MailState.LEASED, True)
    assert (second.sent_at, bool(second.sealed)) == (None, True)


def test_intending_renews_the_lease(settings):
    row = queue()
    lease = leases.claim()
    change(row, lease_until=timezone.now() + timedelta(seconds=5))
    assert leases.intend(row, lease) is True
    row.refresh_from_db()
    left = (row.lease_until - timezone.now()).total_seconds()
    assert settings.OUTBOX_LEASE_SECONDS - 10 < left <= settings.OUTBOX_LEASE_SECONDS + 1


def test_a_pass_ends_in_time_and_gives_back_what_it_did_not_try(sink):
    for n in range(3):
        queue(str(n))
    assert sending.deliver_due(seconds=0) == 0
    lease = leases.claim()
    assert sending._deliver(lease, smtp.line(timeout=1), end=0) is False
    assert set(states().values()) == {MailState.QUEUED}
    assert set(column("attempts").values()) == {0}
    assert sink.taken == {}


@pytest.mark.parametrize(
    ("to", "subject"),
    [
        ("a@example.org\nBcc: e@v.il", "Hello"),
        ("a@example.org, e@v.il", "Hello"),
        ("a\x0b@example.org", "Hello"),
        ("a\x00@example.org", "Hello"),
        ("ana@example.org", "two\nlines"),
    ],
    ids=["newline", "two addresses", "vertical tab", "NUL", "subject of two lines"],
)
def test_a_poisoned_row_dies_after_five_tries_and_the_others_go_on(sink, caplog, to, subject):
    if "\x00" in to and connection.vendor == "postgresql":
        pytest.skip("PostgreSQL does not store NUL")
    context = {"subject": subject, "text": "x", "html": "x"}
    outbox.enqueue("", key="bad", to=to, language="en", context=context)
    for n in range(5):
        queue(f"good-{n}")
        assert sending.deliver_due() == 1
        make_due()
    assert states() == {"bad": MailState.DEAD, **{f"good-{n}": MailState.SENT for n in range(5)}}
    assert column("attempts")["bad"] == 5
    assert column("error")["bad"] != ""
    assert to not in caplog.text.replace("Traceback", "") or "\n" in to
    sending.deliver_due()
    assert column("attempts")["bad"] == 5
    assert {address for address, _mail in sink.mails} == {"ana@example.org"}


def test_sealed_content_of_another_row_does_not_open(sink):
    one, two = queue("one"), queue("two")
    change(two, sealed=OutboundEmail.objects.get(pk=one.pk).sealed)
    assert sending.deliver_due() == 1
    assert column("error")["two"] == "SealBroken"


def test_a_lost_database_is_not_blamed_on_the_row(sink, monkeypatch):
    def gone(_values):
        raise OperationalError("server closed the connection")

    monkeypatch.setitem(outbox.before_sending, "staff_password", gone)
    outbox.enqueue("staff_password", key="t", to="b@example.org", language="en", context={})
    with pytest.raises(OperationalError):
        sending.deliver_due()
    assert column("attempts") == {"t": 0}
    assert states() == {"t": MailState.QUEUED}


def test_an_error_nobody_foresaw_leaves_the_mail_in_hand_as_unknown(sink, monkeypatch):
    def broken(*_args):
        raise MemoryError

    queue("one")
    monkeypatch.setattr(smtp.SmtpLine, "give", broken)
    with pytest.raises(MemoryError):
        sending.deliver_due()
    monkeypatch.undo()
    assert column("handed_over") == {"one": True}
    assert outbox.cancel("one") is False
    assert sending.deliver_due() == 1
    assert column("unknowns") == {"one": 1}


def test_while_there_is_more_the_next_pass_is_asked_for(sink, monkeypatch):
    asked = []
    monkeypatch.setattr("consent.services.waker.publish", lambda task, **_more: asked.append(task))
    queue()
    assert sending.deliver_and_go_on() == 1
    assert asked == ["consent.tasks.deliver_mail"]
    assert sending.deliver_and_go_on() == 0
    assert asked == ["consent.tasks.deliver_mail"]


def test_in_development_a_mail_is_a_file(settings, tmp_path):
    settings.EMAIL_BACKEND = "consent.services.eml.EmlFileBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "new")
    queue()
    assert sending.deliver_due() == 1
    (file,) = (tmp_path / "new").iterdir()
    assert file.suffix == ".eml"
    assert b"\r\nHello\r\n" in file.read_bytes()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_claims_made_at_the_same_time_are_disjoint():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    for n in range(100):
        queue(str(n))
    barrier, claimed = threading.Barrier(4), []

    def work():
        barrier.wait()
        for _turn in range(5):
            claimed.extend(row.pk for row in leases.claim(limit=7).rows)
        connection.close()

    threads = [threading.Thread(target=work) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed))
    assert len(claimed) == 100


@pytest.mark.django_db
@pytest.mark.parametrize(("durable", "during"), [(False, "off"), (True, "on")])
def test_only_the_marks_of_a_pass_do_not_wait_for_the_disk(settings, durable, during):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    settings.OUTBOX_DURABLE_MARKS = durable

    def waits():
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            return cursor.fetchone()[0]

    before = waits()
    with leases.marks():
        assert waits() == during
    assert waits() == before == "on"


def test_one_thread_of_a_process_sends_and_the_others_leave_it_their_wake_up(monkeypatch):
    begun, go_on, published = threading.Event(), threading.Event(), []

    def slow_pass():
        begun.set()
        go_on.wait(10)
        return 0

    monkeypatch.setattr(sending, "deliver_due", slow_pass)
    monkeypatch.setattr(sending.waker, "publish", published.append)
    first = threading.Thread(target=sending.deliver_and_go_on)
    first.start()
    assert begun.wait(10)
    assert sending.deliver_and_go_on() == 0  # at once: it neither waits nor sends
    assert published == []
    go_on.set()
    first.join(10)
    assert published == [outbox.WAKE]


def test_a_pass_that_fails_gives_its_turn_back(monkeypatch):
    def broken():
        raise OperationalError

    monkeypatch.setattr(sending, "deliver_due", broken)
    for _again in range(2):
        with pytest.raises(OperationalError):
            sending.deliver_and_go_on()
