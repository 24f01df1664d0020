import itertools

import pytest

from requests.forms import FindForm
from requests.references import ALPHABET, new_reference, parse_reference


def test_a_reference_survives_how_people_type_it():
    reference = new_reference()
    body = reference.removeprefix("PR-")
    spellings = [reference, reference.lower(), f" {body[:4]} {body[5:]} ", body.replace("-", "")]
    assert {parse_reference(typed) for typed in spellings} == {reference}


def test_the_number_shown_as_an_example_is_one_that_could_exist():
    hint = str(FindForm.base_fields["number"].help_text)
    assert parse_reference(hint.rpartition(" ")[2]) == "PR-7K4M-29Q6"


def test_letter_o_is_read_as_zero():
    reference = next(r for r in iter(new_reference, None) if "0" in r)
    assert parse_reference(reference.replace("0", "o")) == reference


def test_one_mistyped_sign_is_always_noticed():
    reference = new_reference()
    signs = list(reference.removeprefix("PR-").replace("-", ""))
    for place, sign in itertools.product(range(8), ALPHABET):
        if sign != signs[place]:
            wrong = [*signs[:place], sign, *signs[place + 1 :]]
            assert parse_reference("".join(wrong)) is None


def test_two_swapped_signs_are_always_noticed():
    for _many in range(200):
        signs = list(new_reference().removeprefix("PR-").replace("-", ""))
        for place in range(7):
            if signs[place] != signs[place + 1]:
                swapped = signs.copy()
                swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
                assert parse_reference("".join(swapped)) is None


@pytest.mark.parametrize("typed", ["", "PR-", "PR-1111-1111", "x" * 5000, "\x00", "PR-7K4M-29Q"])
def test_what_is_no_reference_is_none(typed):
    assert parse_reference(typed) is None
