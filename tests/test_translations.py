"""The Albanian catalogue: complete, compiled, current, and in the words the house has chosen."""

import gettext
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.utils import translation

from requests.models import Ticket
from tests import catalogue

BASE = Path(settings.BASE_DIR)
ENTRIES = catalogue.read()
# A placeholder or a tag; both must arrive in Albanian as they left.
MARKS = re.compile(r"%\(\w+\)[sd]|%[sd%]|</?\w+[^>]*>")
# What may be put into a sentence that a person reads: names, numbers, dates, addresses.
# Anything else would need its endings changed by the words around it (UX 5.4).
INSERTED = {
    "name",
    "email",
    "reference",
    "count",
    "number",
    "days",
    "limit",
    "late",
    "due",
    "new",
} | {"date", "day", "from", "to", "last", "now", "old"}
PUBLIC = (
    *("templates/public/", "templates/email/", "templates/mail_", "requests/views/"),
    *("requests/forms.py", "requests/services/reasons.py", "requests/services/identity.py"),
)
# The page of a ticket shows no form made from its fields.
PAGES_OF_THEIR_OWN = {Ticket}
REFERENCE = (
    *("requests/reference/rights.json", "requests/reference/deadline_rules.json"),
    "consent/reference/jurisdictions.json",
)
# Words that beg, blame or cheer (UX 5.1).
BANNED = {
    "en": r"please|sorry|invalid|required|unfortunately|oops|kindly|simply|just|successfully",
    "sq": r"ju lutem\w*|lutemi|vjen keq|fatkeqësisht|\w*pavlefsh\w*|detyrueshm\w*|thjesht|ups|"
    r"me sukses",
}
# Words that a keyboard without ë and ç would make of ours.
BARE = (
    r"eshte|per|nje|te dhenat?|kerkes\w*|pergjigj\w*|cfare|sherbim\w*|gjendj?e ne|"
    r"\w*kerko\w*|derg\w*|perdor\w*|politikes|ligjerisht|vazhdo[jn]e"
)
FAMILIAR = r"ti|ty|tënd|tënde|jote|yti"


def albanian():
    """Every Albanian text that we ship: (where, text)."""
    for entry in ENTRIES:
        for text in entry.albanian:
            yield entry.files[0], text
    for name in REFERENCE:
        for text in _sq_values(json.loads((BASE / name).read_text(encoding="utf-8"))):
            yield name, text
    for path in (BASE / "templates").rglob("*sq.txt"):
        yield path.name, re.sub(r"{%.*?%}|{{.*?}}", "", path.read_text(encoding="utf-8"))


def _sq_values(value):
    if isinstance(value, list):
        for item in value:
            yield from _sq_values(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "sq" or key.endswith("_sq"):
                yield item
            else:
                yield from _sq_values(item)


def found(pattern, texts, *, flags=re.IGNORECASE):
    words = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", flags)
    return [(where, text) for where, text in texts if words.search(text)]


def english():
    return [(e.files[0], text) for e in ENTRIES if e.is_ours for text in e.english]


def test_every_text_has_its_albanian():
    open_ends = [e.key for e in ENTRIES if e.fuzzy or not all(t.strip() for t in e.albanian)]
    assert open_ends == []
    assert len(ENTRIES) > 900
    assert all(len(e.albanian) == len(e.english) for e in ENTRIES)


def test_placeholders_and_tags_arrive_unchanged():
    for entry in ENTRIES:
        for source, target in zip(entry.english, entry.albanian, strict=True):
            assert sorted(MARKS.findall(target)) == sorted(MARKS.findall(source)), entry.key


def test_blanks_signs_and_ends_of_sentences_match():
    """A label stays a label, a sentence a sentence; nothing sticks to its neighbour."""
    for entry in ENTRIES:
        for source, target in zip(entry.english, entry.albanian, strict=True):
            assert target == target.strip() or source != source.strip(), entry.key
            for sign in (".", ":", "?", "…"):
                assert target.endswith(sign) == source.endswith(sign), entry.key


def test_the_compiled_catalogue_is_the_written_one():
    """Nobody needs gettext to run the portal, so what runs must be what was reviewed."""
    with (catalogue.FOLDER / "django.mo").open("rb") as file:
        compiled = dict(gettext.GNUTranslations(file)._catalog)
    compiled.pop("")
    written = {}
    for entry in (entry for entry in ENTRIES if all(entry.albanian)):
        if len(entry.english) == 1:
            written[entry.key] = entry.albanian[0]
        else:
            written |= {(entry.key, form): text for form, text in enumerate(entry.albanian)}
    assert compiled == written


def test_albanian_has_two_forms_of_number():
    header = (catalogue.FOLDER / "django.po").read_text(encoding="utf-8").split("\n\n")[0]
    assert "Plural-Forms: nplurals=2; plural=(n != 1);" in header
    with translation.override("sq"):
        message = "That code is not right. You have %(count)d try left."
        forms = [translation.ngettext(message, f"{message}s", n) for n in (0, 1, 2)]
    assert [text.split()[-1] for text in forms] == ["prova.", "provë.", "prova."]


@pytest.mark.slow
def test_the_catalogue_knows_every_text_and_no_old_one(tmp_path):
    if not all(shutil.which(tool) for tool in ("xgettext", "msguniq", "msgmerge", "msgfmt")):
        pytest.skip("GNU gettext is not installed")
    for name in ("consent", "requests", "privacyportal", "templates", "locale"):
        shutil.copytree(BASE / name, tmp_path / name)
    shutil.copy(BASE / "manage.py", tmp_path)
    subprocess.run(
        [sys.executable, "manage.py", "messages", "--verbosity=0"],
        cwd=tmp_path,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "privacyportal.settings",
            "SECRET_KEY": "x",
            "DEBUG": "true",
        },
        check=True,
        capture_output=True,
    )
    collected = catalogue.read(tmp_path / "locale/sq/LC_MESSAGES/django.po")
    now, before = ({tuple(e.english): e.key for e in es} for es in (collected, ENTRIES))
    assert set(now) - set(before) == set()  # run `make messages` and translate these
    assert set(before) - set(now) == set()


def test_borrowed_phrases_are_still_said_by_their_libraries():
    said = set()
    for name in ("django/conf", "django/contrib/admin", "django/contrib/auth", "allauth"):
        package, _, rest = name.partition("/")
        root = Path(find_spec(package).origin).parent / rest
        said |= {e.key for e in catalogue.read(root / "locale/en/LC_MESSAGES/django.po")}
    borrowed = {e.key for e in ENTRIES if catalogue.PHRASES in e.files}
    assert len(borrowed) > 40
    assert borrowed - said == set()


def test_public_sentences_hold_only_what_needs_no_endings():
    for entry in ENTRIES:
        if any(file.startswith(PUBLIC) for file in entry.files):
            names = set(re.findall(r"%\((\w+)\)", " ".join(entry.english)))
            assert names <= INSERTED, entry.key


def test_nothing_begs_blames_or_cheers():
    assert found(BANNED["en"], english()) == []
    assert found(BANNED["sq"], albanian()) == []
    assert [t for _where, t in (*english(), *albanian()) if "!" in t] == []


def test_a_banned_word_would_be_found():
    for language, bad in (("en", "Please try again"), ("sq", "Kodi është i pavlefshëm")):
        assert found(BANNED[language], [("", bad)]) == [("", bad)]
    assert found(BARE, [("", "Kerkesa juaj")])
    assert not found(BARE, [("", "Kërkesa juaj për të dhënat është këtu; përgjigjja më vonë")])


def test_albanian_keeps_its_letters_quotes_and_manners():
    assert found(BARE, albanian()) == []
    assert found(FAMILIAR, albanian()) == []
    plain = [re.sub(r"<[^>]*>|{.*}", "", text) for _where, text in albanian()]
    assert [text for text in plain if re.search(r"\w['´`]\w|\"", text)] == []
    assert found(r"[^\W\d_]*[ãäåêîôûöüęčćš][^\W\d_]*", albanian()) == []


def test_a_deadline_is_deri_me():
    dated = re.compile(r"\b(?:by|until) (?:<strong>)?%\((?:date|to)\)s")
    texts = [e for e in ENTRIES if dated.search(e.english[0])]
    assert len(texts) > 5
    assert [e.albanian[0] for e in texts if "deri më" not in e.albanian[0]] == []


def test_same_word_for_the_same_thing():
    """The glossary (UX 5.5): a word of law is not called three names."""
    for english_word, stem in (
        ("withdr[ae]w", "tërh(?:iq|eq|oq)"),
        ("recovery code", "rikuperimi"),
        ("authenticator app", "aplikacion"),
        ("data protection officer", "nëpunësi"),
    ):
        for entry in ENTRIES:
            if re.search(english_word, entry.english[0], re.IGNORECASE):
                assert re.search(stem, entry.albanian[0], re.IGNORECASE), entry.key


@pytest.mark.parametrize(
    ("model", "page"), admin.site._registry.items(), ids=lambda item: getattr(item, "__name__", "")
)
def test_every_label_of_the_admin_is_in_albanian(model, page):
    names = {*page.list_display} - {"__str__"}
    if model not in PAGES_OF_THEIR_OWN:
        names |= {f.name for f in model._meta.fields if f.editable and f.name != "id"}
    labels = {}
    for language in ("en", "sq"):
        with translation.override(language):
            labels[language] = {name: str(label_for_field(name, model, page)) for name in names}
    same = {n for n in names if labels["en"][n] == labels["sq"][n]}
    assert same == set()


def test_every_label_of_the_reference_data_is_in_both_languages():
    rights = json.loads((BASE / "requests/reference/rights.json").read_text(encoding="utf-8"))
    for right in rights:
        for field in ("label", "goal", "hint"):
            assert bool(right[f"{field}_en"]) == bool(right[f"{field}_sq"]), right["code"]
        assert right["label_sq"], right["code"]
        assert all(point["en"] and point["sq"] for point in right["answer_must"]), right["code"]
    places = json.loads((BASE / "consent/reference/jurisdictions.json").read_text(encoding="utf-8"))
    assert all(place["name_en"] and place["name_sq"] for place in places)
    assert all(bool(place["authority_en"]) == bool(place["authority_sq"]) for place in places)


def test_every_answer_template_is_in_both_languages():
    folder = BASE / "templates/answers"
    for path in folder.rglob("*en.txt"):
        twin = path.with_name(path.name.removesuffix("en.txt") + "sq.txt")
        marks = re.compile(r"{%.*?%}|{{.*?}}")
        source, target = (marks.findall(p.read_text(encoding="utf-8")) for p in (path, twin))
        assert sorted(target) == sorted(source), twin
    assert len(list(folder.rglob("*en.txt"))) == len(list(folder.rglob("*sq.txt"))) > 5
