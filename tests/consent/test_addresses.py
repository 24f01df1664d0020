"""What is taken as an email address, and when two are one mailbox."""

import pytest

from consent.addresses import clean_email, email_key
from consent.errors import InputRefused


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ana@example.org", "ana@example.org"),
        ("  ana@example.org\t", "ana@example.org"),
        ("\u00a0ana@example.org", "ana@example.org"),
        ("ana\u200b@example.org", "ana@example.org"),
        ("Ana.Hoxha@Example.ORG", "Ana.Hoxha@example.org"),
        ("ana+news@example.org", "ana+news@example.org"),
        ("a'b@example.org", "a'b@example.org"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@a-b.example.org", "ana@a-b.example.org"),
        (f"{'a' * 64}@example.org", f"{'a' * 64}@example.org"),
    ],
)
def test_an_address_is_stored_as_mail_systems_write_it(typed, kept):
    assert clean_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ana",
        "@example.org",
        "ana@",
        "ana@example",
        "ana@127.0.0.1",
        "ana@[127.0.0.1]",
        '"ana hoxha"@example.org',
        "-ana@example.org",
        ".ana@example.org",
        "ana.@example.org",
        "an..a@example.org",
        "ana@-example.org",
        "ana@example-.org",
        "ana@exam ple.org",
        "ana@example..org",
        "ana@example.org.",
        "ana hoxha@example.org",
        "ana@example.org\nBcc: eve@example.net",
        "ana@example.org, eve@example.net",
        "ana<eve@example.net>",
        "ëna@example.org",
        "ana@exampl\u212a.org",
        "ana\x00@example.org",
        "ana`id`@example.org",
        f"{'a' * 65}@example.org",
        f"ana@{'a' * 64}.org",
        f"ana@{'a.' * 130}org",
    ],
)
def test_what_a_mail_system_should_not_be_handed_is_refused(typed):
    with pytest.raises(InputRefused, match=r"name@example\.com"):
        clean_email(typed)


def test_case_does_not_make_another_mailbox_but_dots_and_plus_do():
    assert email_key("Ana@example.org") == email_key("ana@EXAMPLE.org")
    assert email_key("a.na@example.org") != email_key("ana@example.org")
    assert email_key("ana+x@example.org") != email_key("ana@example.org")
