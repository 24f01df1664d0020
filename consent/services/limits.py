"""Rate limits: counted in the shared store, by the trusted client address, never by a body field.

If the store is down the limit is counted in this process: slower to bite, but the form stays open.
"""

import ipaddress
import logging
from functools import lru_cache
from typing import cast

from django.conf import settings
from django.http import HttpRequest
from limits import parse
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def _shared() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(_storage(settings.RATE_LIMIT_STORE))


@lru_cache(maxsize=1)
def _local() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(MemoryStorage())


def _storage(uri: str) -> Storage:
    if uri.startswith("memory"):
        return MemoryStorage()
    storage = storage_from_string(uri, socket_timeout=0.5, socket_connect_timeout=0.5)
    return cast("Storage", storage)  # the asynchronous kind comes only with an async+ address


def allow(rate: str, *key: str) -> bool:
    """Count one hit for ``key`` and say whether it is within ``rate`` ("20/hour")."""
    item = parse(rate)
    try:
        return _shared().hit(item, *key)
    except Exception:  # noqa: BLE001 -- each store has its own errors; a limit must not close the form
        logger.warning("The rate-limit store does not answer; counting in this process")
        return _local().hit(item, *key)


def client(request: HttpRequest) -> str:
    """The address a limit counts: the last hop we trust; an IPv6 address by its /64.

    With n trusted proxies the n-th entry from the right of X-Forwarded-For is the client;
    everything left of it was typed by the client and means nothing.
    """
    address = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    if settings.TRUSTED_PROXIES and len(hops) >= settings.TRUSTED_PROXIES and hops[0]:
        address = hops[-settings.TRUSTED_PROXIES]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)
