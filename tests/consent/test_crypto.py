"""Seals open only with our key and at their place; codes are slow to guess."""

import re

import pytest

from consent import crypto

VALUE = {"code": "12345678", "url": "https://portal.test/ë"}


def test_what_was_sealed_opens_at_its_place():
    assert crypto.unseal(crypto.seal(VALUE, place="a"), place="a") == VALUE


def test_nothing_of_the_value_can_be_read_and_no_two_seals_are_alike():
    one, two = (crypto.seal(VALUE, place="a") for _n in range(2))
    assert one != two
    assert b"12345678" not in one


def test_it_does_not_open_elsewhere():
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(crypto.seal(VALUE, place="a"), place="b")


@pytest.mark.parametrize("position", [1, 12, 13, -1])
def test_one_changed_byte_breaks_the_seal(position):
    sealed = bytearray(crypto.seal(VALUE, place="a"))
    sealed[position] ^= 1
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(bytes(sealed), place="a")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" * 12, b"plain text, not sealed at all"])
def test_what_was_never_sealed_does_not_open(sealed):
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(sealed, place="a")


def test_another_key_does_not_open(settings):
    sealed = crypto.seal(VALUE, place="a")
    settings.SEAL_KEY = "another key of sufficient length, not ours"
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(sealed, place="a")


def test_each_use_has_a_key_of_its_own(settings):
    settings.AUDIT_KEY = settings.SEAL_KEY = ""
    assert crypto.audit_key() != crypto._derive(settings.SECRET_KEY, "seal")


def test_tokens_are_long_and_only_their_hash_is_kept():
    one, two = crypto.new_token(), crypto.new_token()
    assert one != two
    assert len(one) == 43
    assert re.fullmatch("[0-9a-f]{64}", crypto.token_hash(one))
    assert crypto.token_hash(one) != crypto.token_hash(two)


@pytest.mark.parametrize("typed", ["", "\ud800", "\x00", "ë" * 10_000])
def test_any_text_has_a_hash(typed):
    assert len(crypto.token_hash(typed)) == 64


def test_a_code_is_eight_digits_with_its_leading_zeros(monkeypatch):
    assert re.fullmatch("[0-9]{8}", crypto.new_code())
    monkeypatch.setattr("secrets.randbelow", lambda _limit: 42)
    assert crypto.new_code() == "00000042"


def test_the_hash_of_a_code_depends_on_its_salt():
    one, two = crypto.new_salt(), crypto.new_salt()
    assert crypto.code_hash("12345678", salt=one) == crypto.code_hash("12345678", salt=one)
    assert crypto.code_hash("12345678", salt=one) != crypto.code_hash("12345678", salt=two)
    assert crypto.code_hash("12345678", salt=one) != crypto.code_hash("12345679", salt=one)


def test_same_compares_texts():
    assert crypto.same("ë", "ë")
    assert not crypto.same("a", "b")
