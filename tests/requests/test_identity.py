"""Showing that a mailbox is yours, at the level of the services."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, connections
from django.utils import timezone

from consent import crypto
from consent.models import DataSubject, OutboundEmail
from requests.enums import Outcome, Purpose, State
from requests.errors import (
    CodeRefused,
    CodeUsedUp,
    GateClosed,
    LinkEnded,
    TooManyMails,
    WrongCode,
)
from requests.models import Ticket, Verification
from requests.services import identity, links
from tests import factories
from tests.public import newest_code

pytestmark = pytest.mark.django_db


def wrong(code):
    return "1111 1111" if code != "1111 1111" else "2222 2222"


def test_a_code_is_stored_slow_and_salted_and_only_once_it_leaves():
    ticket = factories.ticket(browser="b")
    row = Verification.objects.get()
    assert (row.code_hash, row.code_until) == ("", None)
    with pytest.raises(CodeUsedUp):
        identity.confirm_by_code(ticket, "00000000", browser="b")

    code = newest_code()
    row.refresh_from_db()
    assert row.tries == 0
    assert row.code_until - timezone.now() < timedelta(minutes=10)
    assert row.code_hash == crypto.code_hash(code.replace(" ", ""), salt=row.code_salt)
    assert code.replace(" ", "") not in str(Verification.objects.values().get())


def test_a_right_code_confirms_once():
    ticket = factories.ticket(browser="b")
    code = newest_code()
    identity.confirm_by_code(ticket, code, browser="b")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.subject.email) == (State.TRIAGE, "ana@example.org")
    with pytest.raises(CodeUsedUp):
        identity.confirm_by_code(ticket, code, browser="b")


def test_five_tries_and_the_right_code_comes_too_late():
    ticket = factories.ticket(browser="b")
    code = newest_code()
    left = []
    for _try in range(4):
        with pytest.raises(WrongCode) as caught:
            identity.confirm_by_code(ticket, wrong(code), browser="b")
        left.append(caught.value.tries_left)
    assert left == [4, 3, 2, 1]
    for typed in (wrong(code), code):
        with pytest.raises(CodeUsedUp):
            identity.confirm_by_code(ticket, typed, browser="b")
    assert Verification.objects.get().tries == 5


def test_a_code_of_another_browser_is_refused_and_costs_no_try():
    ticket = factories.ticket(browser="b")
    code = newest_code()
    with pytest.raises(CodeUsedUp):
        identity.confirm_by_code(ticket, code, browser="other")
    assert Verification.objects.get().tries == 0


def test_a_new_mail_brings_new_tries_and_ends_the_old_code():
    ticket = factories.ticket(browser="b")
    old = newest_code()
    identity.resend(ticket.pk, browser="b")
    new = newest_code()
    if old != new:
        with pytest.raises(WrongCode):
            identity.confirm_by_code(ticket, old, browser="b")
    identity.confirm_by_code(ticket, new, browser="b")


def test_what_is_confirmed_is_not_sent_again():
    ticket = factories.confirmed()
    with pytest.raises(GateClosed):
        identity.resend(ticket.pk, browser="b")
    with pytest.raises(GateClosed):
        identity.change_address(ticket.pk, "eve@example.org", browser="b")


def test_a_refused_resend_leaves_the_old_link_alive():
    ticket = factories.ticket(browser="b")
    for _mail in range(2):
        identity.resend(ticket.pk, browser="b")
    with pytest.raises(TooManyMails):
        identity.resend(ticket.pk, browser="b")
    assert Verification.objects.filter(revoked_at__isnull=True).count() == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        identity.resend(ticket.pk, browser="b")


def test_a_change_of_address_voids_what_the_old_mailbox_got():
    ticket = factories.ticket(browser="b")
    old = Verification.objects.get()
    identity.change_address(ticket.pk, "ana@new.example", browser="b")
    with pytest.raises(LinkEnded):
        identity.confirm(Verification.objects.get(pk=old.pk), browser="thief")
    ticket.refresh_from_db()
    assert ticket.confirmed_at is None


def test_an_old_link_of_a_confirmed_request_lets_nobody_in():
    ticket = factories.ticket(browser="b")
    identity.confirm_by_code(ticket, newest_code(), browser="b")
    row = Verification.objects.get(purpose=Purpose.CONFIRM)
    Verification.objects.filter(pk=row.pk).update(
        used_at=None, expires_at=timezone.now() - timedelta(days=1)
    )
    row.refresh_from_db()
    with pytest.raises(LinkEnded):
        identity.confirm(row, browser="thief")
    assert links.access(ticket.reference, "thief", now=timezone.now()) is None


def test_what_we_know_of_a_person_is_kept():
    factories.SubjectFactory(email="Ana@example.org", email_key="ana@example.org", name="Ana H.")
    ticket = factories.confirmed()
    assert DataSubject.objects.count() == 1
    assert ticket.subject.name == "Ana H."


def test_not_me_ends_every_secret_of_the_request():
    ticket = factories.ticket(browser="b")
    identity.not_me(Verification.objects.get())
    ticket.refresh_from_db()
    assert (ticket.state, ticket.outcome) == (State.CLOSED, Outcome.NOT_A_REQUEST)
    assert not Verification.objects.filter(revoked_at__isnull=True).exists()
    identity.ask_return_code(ticket.reference, "ana@example.org", browser="b")


def test_three_codes_an_hour_to_come_back():
    ticket = factories.confirmed()
    for _ask in range(5):
        identity.ask_return_code(ticket.reference, "ANA@example.org", browser="x")
    asked = Verification.objects.filter(purpose=Purpose.CODE)
    assert asked.count() <= 3
    assert OutboundEmail.objects.filter(template="return_code").count() <= 3


def test_coming_back_costs_one_slow_hash_whatever_is_typed(monkeypatch):
    """So that the time tells nothing about number and address either."""
    ticket = factories.confirmed()
    identity.ask_return_code(ticket.reference, "ana@example.org", browser="x")
    code = newest_code()
    hashes = []
    real = crypto.code_hash
    monkeypatch.setattr(crypto, "code_hash", lambda *a, **k: hashes.append(1) or real(*a, **k))
    counts = []
    cases = [(ticket.reference, "x")] * 6 + [(ticket.reference, "y"), ("PR-0000-0000", "x")]
    for number, browser in cases:
        hashes.clear()
        with pytest.raises(CodeRefused):
            identity.come_back(number, wrong(code), browser=browser)
        counts.append(len(hashes))
    assert counts == [1] * 8


def test_coming_back_with_the_right_code():
    ticket = factories.confirmed()
    identity.ask_return_code(ticket.reference, "ana@example.org", browser="x")
    identity.come_back(ticket.reference, newest_code(), browser="x")
    assert links.access(ticket.reference, "x", now=timezone.now()) == (ticket, True)


def test_a_code_has_eight_digits_and_may_begin_with_zero():
    codes = [crypto.new_code() for _draw in range(3000)]
    assert {len(code) for code in codes} == {8}
    assert any(code.startswith("0") for code in codes)
    spread = Counter(code[3] for code in codes)
    assert set(spread) == set("0123456789")


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_hundred_guesses_at_once_are_five_tries():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer, so nothing runs in parallel there")
    ticket = factories.ticket(browser="b")
    code = newest_code()
    outcomes = Counter()

    def guess():
        for _try in range(10):
            try:
                identity.confirm_by_code(ticket, wrong(code), browser="b")
            except (WrongCode, CodeUsedUp) as error:
                outcomes[type(error).__name__] += 1
        connections.close_all()

    threads = [threading.Thread(target=guess) for _thread in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Verification.objects.get().tries == 5
    assert outcomes["WrongCode"] <= 4
    assert sum(outcomes.values()) == 200
    with pytest.raises(CodeUsedUp):
        identity.confirm_by_code(ticket, code, browser="b")
    assert Ticket.objects.get().confirmed_at is None
