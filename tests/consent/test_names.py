"""What the search compares of a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.names import name_key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Kërkesë", "kerkese"),
        ("ÇELA", "cela"),
        ("C\u0327ela", "cela"),
        ("Tomás  Ó\tBriain ", "tomas o briain"),
        ("Đorđe Łukasz Øst", "dorde lukasz ost"),
        ("Groß", "gross"),
        ("ﬁn", "fin"),
        ("Αθηνά", "αθηνα"),
        ("", ""),
        ("  ", ""),
        ("\u0301", ""),
    ],
)
def test_case_and_marks_are_left_out(name, key):
    assert name_key(name) == key


def test_two_names_are_one_key():
    assert name_key("Zyra", "Leo Dëma") == "zyra leo dema"
    assert name_key("", "Leo") == "leo"


@given(st.text(max_size=120))
def test_a_key_is_its_own_key(name):
    key = name_key(name)
    assert name_key(key) == key
    assert key == " ".join(key.split())
