"""Counting hits per client, with a store or without."""

import pytest
from django.test import RequestFactory
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from consent.services import limits


@pytest.fixture(autouse=True)
def _fresh_counters(monkeypatch):
    for name in ("_shared", "_local"):
        counters = FixedWindowRateLimiter(MemoryStorage())
        monkeypatch.setattr(limits, name, lambda counters=counters: counters)


def request(address="192.0.2.7", forwarded=None):
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    return RequestFactory().get("/", REMOTE_ADDR=address, **headers)


def test_hits_within_the_rate_are_allowed_and_the_next_is_not():
    assert [limits.allow("3/hour", "codes", "a") for _n in range(5)] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_each_client_and_each_purpose_is_counted_by_itself():
    assert limits.allow("1/hour", "codes", "a")
    assert limits.allow("1/hour", "codes", "b")
    assert limits.allow("1/hour", "filing", "a")
    assert not limits.allow("1/hour", "codes", "a")


def test_a_store_that_is_down_is_replaced_by_counting_here(monkeypatch, caplog):
    class Down(MemoryStorage):
        def incr(self, *_args, **_options):
            raise ConnectionError

    monkeypatch.setattr(limits, "_shared", lambda: FixedWindowRateLimiter(Down()))
    assert [limits.allow("2/hour", "codes", "a") for _n in range(3)] == [True, True, False]
    assert "store does not answer" in caplog.text


def test_the_store_is_the_one_the_settings_name(monkeypatch):
    named = []
    monkeypatch.setattr(limits, "storage_from_string", lambda uri, **_more: named.append(uri))
    limits._storage("redis://127.0.0.1:6379/3")
    assert named == ["redis://127.0.0.1:6379/3"]
    assert isinstance(limits._storage("memory://"), MemoryStorage)


def test_without_a_proxy_nobody_can_say_they_are_somebody_else(settings):
    settings.TRUSTED_PROXIES = 0
    assert limits.client(request(forwarded="203.0.113.9")) == "192.0.2.7"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "client"),
    [
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (2, "1.1.1.1, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.7"),
        (1, None, "192.0.2.7"),
        (1, "not an address", "unknown"),
    ],
)
def test_behind_proxies_the_last_hop_we_trust_counts(settings, proxies, forwarded, client):
    settings.TRUSTED_PROXIES = proxies
    assert limits.client(request(forwarded=forwarded)) == client


def test_an_ipv6_client_is_its_network():
    one = limits.client(request("2001:db8:1:2:3:4:5:6"))
    assert one == "2001:db8:1:2::"
    assert limits.client(request("2001:db8:1:2:ffff::1")) == one
    assert limits.client(request("2001:db8:1:3::1")) != one


def test_a_request_without_an_address_is_counted_with_the_other_unknown():
    assert limits.client(request("")) == "unknown"
