"""Keys, seals and secrets. One place, so that nobody invents a second way.

Sub-keys are derived from one master key per use (HKDF-SHA256), so a leaked one opens one drawer.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class SealBroken(ValueError):
    """The bytes were not sealed with our key, or for another place."""


@lru_cache(maxsize=16)
def _derive(master: str, use: str) -> bytes:
    return HKDF(hashes.SHA256(), length=32, salt=None, info=use.encode()).derive(master.encode())


def audit_key() -> bytes:
    return _derive(settings.AUDIT_KEY or settings.SECRET_KEY, "audit-chain")


def seal(value: dict[str, Any], *, place: str) -> bytes:
    """Encrypt ``value`` so that it opens only with our key and only at ``place``.

    AES-256-GCM: one version byte, a 12-byte nonce, the ciphertext with its tag.
    """
    nonce = os.urandom(12)
    box = AESGCM(_derive(settings.SEAL_KEY or settings.SECRET_KEY, "seal"))
    return b"\x01" + nonce + box.encrypt(nonce, json.dumps(value).encode(), place.encode())


def unseal(sealed: bytes, *, place: str) -> dict[str, Any]:
    """Open what ``seal`` made. Raises SealBroken for anything else."""
    box = AESGCM(_derive(settings.SEAL_KEY or settings.SECRET_KEY, "seal"))
    try:
        plain = box.decrypt(bytes(sealed[1:13]), bytes(sealed[13:]), place.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken(place) from error
    value: dict[str, Any] = json.loads(plain)
    return value


def new_token() -> str:
    """256 random bits for a link or a cookie. Only its hash may be stored."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """The form in which a token is stored. Any text is fine, also a hostile one."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_code() -> str:
    """Eight digits a person can type, leading zeros included."""
    return f"{secrets.randbelow(10**8):08d}"


def new_salt() -> str:
    return secrets.token_hex(16)


def code_hash(code: str, *, salt: str) -> str:
    """A slow, salted hash: a code has few digits, so guessing must cost time (about 50 ms)."""
    raw = hashlib.scrypt(code.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=32)
    return base64.b64encode(raw).decode()


def same(one: str, other: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
