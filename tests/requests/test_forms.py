"""What a person may type, and what is said where it does not fit."""

import pytest
from django.utils import translation
from django.utils.datastructures import MultiValueDict

from requests.forms import AboutForm, CodeForm, DetailsForm, FindForm, MessageForm, PersonForm
from tests.test_house_rules import BANNED

GOOD = {"filer": "person", "name": "Ana", "email": "ana@example.org", "residence": "AL"}


def about(**typed):
    return AboutForm({**GOOD, **typed}, residences=[("AL", "Albania")], agents=True)


def said(form, field):
    form.is_valid()
    return [str(error) for error in form.errors.get(field, [])]


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("filer", "", "Choose who the request is for"),
        ("filer", "__proto__", "Choose who the request is for"),
        ("name", "", "Enter your name"),
        ("name", " \t\u00a0\u3000", "Enter your name"),
        ("name", "a" * 121, "Your name must be 120 characters or fewer"),
        ("name", "Jane\nBcc: eve@evil.test", "Write this on one line"),
        ("name", "Jane\u2028Doe", "Write this on one line"),
        ("email", "", "Enter your email address"),
        ("email", "ana", "Enter an email address like name@example.com"),
        ("email", "privacy@portal.test", "This is our own address. Enter yours"),
        ("email", "Privacy@PORTAL.test", "This is our own address. Enter yours"),
        ("residence", "", "Choose where you live"),
        ("residence", "ZZ", "Choose where you live"),
    ],
)
def test_an_error_says_what_to_do(field, typed, sentence):
    assert said(about(**{field: typed}), field) == [sentence]


@pytest.mark.parametrize("sign", ["\x01", "\x1b", "\x7f", "\ufffd", "\ue000", "\u202e", "\u2066"])
@pytest.mark.parametrize("field", ["name", "details"])
def test_signs_that_cannot_be_read_are_refused(field, sign):
    form = about(name=f"a{sign}b") if field == "name" else DetailsForm({"details": f"a{sign}b"})
    assert said(form, field) == ["The text has a sign in it that cannot be read. Delete it"]


def test_a_nul_is_refused():
    assert said(about(name="Jane\x00Doe"), "name")
    assert said(DetailsForm({"details": "\x00"}), "details")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ana Hoxha ", "Ana Hoxha"),
        ("E\u0308njëll C\u0327ela", "Ënjëll Çela"),
        ("李小龙", "李小龙"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("O'Neill-Đỗ", "O'Neill-Đỗ"),
    ],
)
def test_names_of_all_kinds_are_kept(typed, kept):
    form = about(name=typed)
    assert form.is_valid()
    assert form.cleaned_data["name"] == kept


def test_the_composed_length_counts():
    assert about(name="e\u0301" * 120).is_valid()
    assert not about(name="e\u0301" * 121).is_valid()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ana@Example.AL ", "Ana@example.al"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana\u200b@example.org", "ana@example.org"),
    ],
)
def test_an_address_is_read_leniently(typed, kept):
    form = about(email=typed)
    assert form.is_valid()
    assert form.cleaned_data["email"] == kept


@pytest.mark.parametrize("typed", ["ana@example.org\n", "ana@example.org\u2028", "a@b.al,c@d.al"])
def test_an_address_is_one_line_and_one_mailbox(typed):
    assert said(about(email=typed), "email")


def test_text_keeps_its_lines():
    form = DetailsForm({"details": "  one\r\ntwo\n\n\tthree \n"})
    assert form.is_valid()
    assert form.cleaned_data["details"] == "one\ntwo\n\n\tthree"


@pytest.mark.parametrize(("length", "fits"), [(4000, True), (4001, False)])
def test_free_text_has_a_limit(length, fits):
    for form in (DetailsForm({"details": "x" * length}), MessageForm({"body": "x" * length})):
        assert form.is_valid() == fits


def test_the_details_are_optional_unless_they_are_the_request():
    assert DetailsForm({}).is_valid()
    assert said(DetailsForm({}, needs_words=True), "details") == ["Write what it is about"]


def test_a_right_nobody_else_may_ask_for_has_no_question_who():
    form = AboutForm({**GOOD, "filer": "agent"}, residences=[("AL", "Albania")], agents=False)
    assert form.is_valid()
    assert "filer" not in form.cleaned_data


def test_one_value_too_many_is_one_value():
    form = AboutForm(
        MultiValueDict({**{k: [v] for k, v in GOOD.items()}, "name": ["Ana", "Eve"]}),
        residences=[("AL", "Albania")],
        agents=True,
    )
    assert form.is_valid()
    assert form.cleaned_data["name"] == "Eve"


@pytest.mark.parametrize("typed", ["PR-0000-0001", "x" * 41, "", "pr 12"])
def test_a_number_that_is_none(typed):
    assert said(FindForm({"number": typed}), "number")


def test_the_trap():
    assert CodeForm({"code": "1", "website": "x"}).is_trap()
    assert not CodeForm({"code": "1", "website": ""}).is_trap()
    assert not CodeForm({"code": "1"}).is_trap()


FORMS = [
    about(**dict.fromkeys(GOOD, "")),
    about(**dict.fromkeys(GOOD, "x\n" * 5000)),
    PersonForm({}),
    DetailsForm({}, needs_words=True),
    DetailsForm({"details": "x" * 5000, "customer_number": "x" * 70}),
    CodeForm({}),
    MessageForm({}),
    FindForm({}),
    FindForm({"number": "x"}),
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: type(form).__name__)
def test_errors_do_not_beg_or_blame(form):
    with translation.override("en"):
        errors = [str(error) for found in form.errors.values() for error in found]
    assert errors
    assert [text for text in errors if BANNED.search(text) or "required" in text.lower()] == []
