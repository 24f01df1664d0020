"""People from a CSV file: all or none, exact counts, hostile files refused."""

import io
import json
import time
import zipfile
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from consent.addresses import clean_email
from consent.errors import ImportRefused, InputRefused
from consent.models import AuditEvent, DataSubject, Jurisdiction, Organisation
from consent.services import audit, csv_input, import_subjects, subject_staging
from consent.services.import_subjects import ImportCounts, plain_email

HOSTILE = Path(__file__).resolve().parents[2].parent / "shared/data/hostile_inputs.json"


@pytest.fixture
def organisation(db):
    return Organisation.objects.create(
        name="E", legal_name="E", address="-", email="p@example.al", language="sq", is_default=True
    )


@pytest.fixture
def albania(db):
    return Jurisdiction.objects.create(code="AL", name_en="A", name_sq="A", time_zone="UTC")


def load(content, **options):
    content = content.encode() if isinstance(content, str) else content
    return import_subjects.import_subjects(io.BytesIO(content), by=None, **options)


def people():
    fields = ("email", "email_key", "name", "language", "residence__code", "external_id")
    return sorted(DataSubject.objects.values_list(*fields))


def refused(content):
    """The refused lines; nothing may have been written."""
    before = people()
    with pytest.raises(ImportRefused) as caught:
        load(content)
    assert people() == before
    assert not AuditEvent.objects.exists()
    return caught.value


# --- What a good file does -------------------------------------------------------------------


def test_people_are_added_with_everything_the_file_says(organisation, albania):
    counts = load(
        "email,name,language,residence,external_id\n"
        "Ana@Example.AL,Ana Ë,en,al,C-1\n"
        '"b@example.al","Bora ""B"", Dr.",SQ,,\n'
    )
    assert counts == ImportCounts(added=2, changed=0, unchanged=0, repeated=0)
    assert people() == [
        ("Ana@example.al", "ana@example.al", "Ana Ë", "en", "AL", "C-1"),
        ("b@example.al", "b@example.al", 'Bora "B", Dr.', "sq", None, ""),
    ]


def test_language_is_the_organisations_when_the_file_gives_none(organisation):
    load("email\na@example.al\n")
    assert people() == [("a@example.al", "a@example.al", "", "sq", None, "")]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separator_byte_order_mark_and_line_end_are_recognised(organisation, separator, mark, end):
    text = end.join([f"Name{separator}Email", f"Ana{separator}a@example.al", separator, ""])
    assert load(mark + text.encode()).added == 1
    assert DataSubject.objects.get().name == "Ana"


def test_same_file_twice_changes_nothing(organisation, albania):
    content = "email,name,residence,external_id\nA@x.al,Ana,AL,1\nb@x.al,,,\n"
    load(content)
    before = people()
    assert load(content) == ImportCounts(added=0, changed=0, unchanged=2, repeated=0)
    assert people() == before


def test_only_given_and_different_values_change_a_known_person(organisation, albania):
    load("email,name,language,residence,external_id\nana@x.al,Ana,en,AL,1\nb@x.al,Bora,,,\n")
    counts = load("email,name,language,residence,external_id\nANA@x.al,,,,2\nb@x.al,Bora,,AL,\n")
    assert counts == ImportCounts(added=0, changed=2, unchanged=0, repeated=0)
    assert people() == [
        ("ana@x.al", "ana@x.al", "Ana", "en", "AL", "2"),
        ("b@x.al", "b@x.al", "Bora", "sq", "AL", ""),
    ]


def test_a_person_of_another_organisation_is_not_touched(organisation):
    other = Organisation.objects.create(name="O", legal_name="O", address="-", email="o@x.al")
    DataSubject.objects.create(
        organisation=other, email="a@x.al", email_key="a@x.al", name="Theirs", external_id="1"
    )
    assert load("email,name,external_id\na@x.al,Ours,1\n").added == 1
    assert sorted(DataSubject.objects.values_list("name", flat=True)) == ["Ours", "Theirs"]


def test_a_person_twice_in_the_file_is_one_and_the_last_given_value_wins(organisation, albania):
    counts = load(
        "email,name,language,residence,external_id\n"
        "a@x.al,Old,en,AL,7\nb@x.al,Bora,,,\nA@x.al,New,,,\na@X.al,,,,\n"
    )
    assert counts == ImportCounts(added=2, changed=0, unchanged=0, repeated=2)
    assert people() == [
        ("a@x.al", "a@x.al", "New", "en", "AL", "7"),
        ("b@x.al", "b@x.al", "Bora", "sq", None, ""),
    ]


def test_values_are_stored_as_they_are(organisation):
    names = ["=1+1", "+x", "-x", "@x", r"back\slash \N", "<b>x</b>", "%s {} '", "Ë\u200dç"]
    load("email,name\n" + "".join(f"a{n}@x.al,{name}\n" for n, name in enumerate(names)))
    assert list(DataSubject.objects.order_by("email").values_list("name", flat=True)) == names


def test_more_people_than_one_block(organisation, monkeypatch):
    monkeypatch.setattr(import_subjects, "BLOCK", 3)
    seen = []
    content = "email\n" + "".join(f"a{n}@x.al\n" for n in range(8))
    assert load(content, progress=seen.append).added == 8
    assert seen == [3, 6]


def test_one_audit_event_with_the_counts_and_nothing_personal(organisation):
    load("email\na@x.al\nA@x.al\n")
    event = AuditEvent.objects.get()
    assert (event.action, event.target_id) == ("subjects.imported", str(organisation.pk))
    assert event.data == {"added": 1, "changed": 0, "unchanged": 0, "repeated": 1}


def test_dry_run_counts_the_same_and_changes_nothing(organisation):
    load("email,name\na@x.al,Ana\nb@x.al,Bora\n")
    before, events = people(), AuditEvent.objects.count()
    content = "email,name\na@x.al,Anna\nb@x.al,Bora\nc@x.al,\nc@x.al,\n"
    counts = load(content, dry_run=True)
    assert (people(), AuditEvent.objects.count()) == (before, events)
    assert counts == load(content) == ImportCounts(added=1, changed=1, unchanged=1, repeated=1)


# --- What is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("email,phone\na@x.al,1\n", 1, "“phone”"),
        ("name\nAna\n", 1, "no column “email”"),
        ("email,Email\na@x.al,b@x.al\n", 1, "twice"),
        ('"email\na@x.al\n', 1, "partner"),
        ("email\0\na@x.al\n", 1, "control"),
        ("email\n\nnobody\n", 3, "name@example.com"),
        ("email,name\na@x.al\n", 2, "1 values, the header has 2"),
        ("email,name\na@x.al,A,B\n", 2, "3 values, the header has 2"),
        ('email,name\na@x.al,"A\nB"\n', 2, "partner"),
        ('email,name\na@x.al,"A"B"C"\n', 2, "partner"),
        ("email,name\na@x.al,A\0\n", 2, "control"),
        ("email,name\na@x.al,A\x1b[2J\n", 2, "control"),
        ("email,name\na@x.al,A\tB\n", 2, "control"),
        ('email\tname\na@x.al\t"A\tB"\n', 2, "control"),
        ("email,name\na@x.al,A\rb@x.al,B\n", 2, "control"),
        ("email,name\na@x.al," + 121 * "A" + "\n", 2, "name has more than 120"),
        ("email,external_id\na@x.al," + 65 * "1" + "\n", 2, "external_id has more than 64"),
        ("email,language\na@x.al,de\n", 2, "en, sq"),
        ("email,residence\na@x.al,Mars\n", 2, "jurisdictions"),
        ("email\n" + 40_000 * "a" + "\n", 2, "longer than 32768"),
        (b"email,name\na@x.al,\xeb\n", 2, "UTF-8"),
        ("email\na@x.al\n".encode("utf-16"), 1, "UTF-8"),
        ("email\n" + 64 * "a" + "@" + 4 * (45 * "ë" + ".") + "al\n", 2, "email has more than 254"),
    ],
)
def test_a_line_that_does_not_fit_refuses_the_file(organisation, content, line, words):
    error = refused(content)
    assert error.lines[0][0] == line
    assert words in error.lines[0][1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "without a name"),
        (b"email,\na@x.al,\n", "without a name"),
        (b"email\n\n", "no people"),
        (b"PK\x03\x04rest", "spreadsheet"),
    ],
)
def test_a_file_without_people_is_refused(organisation, content, words):
    error = refused(content)
    assert words in str(error) + "".join(reason for _line, reason in error.lines)


def test_without_an_organisation_nothing_is_imported(db):
    assert "no organisation" in str(refused("email\na@x.al\n"))


def test_first_twenty_refused_lines_are_listed_and_all_are_counted(organisation):
    error = refused("email\n" + "good@x.al\nnobody\n" * 30)
    assert [line for line, _reason in error.lines] == list(range(3, 43, 2))
    assert error.total == 30


def test_two_people_in_the_file_with_one_number_are_refused(organisation):
    error = refused("email,external_id\na@x.al,1\nb@x.al,2\nc@x.al,1\n")
    assert [line for line, _reason in error.lines] == [2, 4]
    assert error.total == 2


def test_a_number_of_another_known_person_is_refused(organisation):
    DataSubject.objects.create(
        organisation=organisation, email="z@x.al", email_key="z@x.al", external_id="1"
    )
    error = refused("email,external_id\nb@x.al,2\na@x.al,1\nz@x.al,1\nz@x.al,3\n")
    assert [line for line, _reason in error.lines] == [3]


def test_a_race_for_a_number_is_refused_with_a_sentence(organisation, monkeypatch):
    DataSubject.objects.create(
        organisation=organisation, email="z@x.al", email_key="z@x.al", external_id="1"
    )
    monkeypatch.setattr(subject_staging, "numbers_taken", lambda *_: ([], 0))
    assert "meanwhile" in str(refused("email,external_id\na@x.al,1\n"))


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("place", ["reading", "writing"])
def test_a_fault_in_the_middle_leaves_nothing(organisation, monkeypatch, fault, place):
    monkeypatch.setattr(import_subjects, "BLOCK", 2)

    def stop(*_args, **_options):
        raise fault

    if place == "writing":
        monkeypatch.setattr(audit, "record", stop)
    with pytest.raises(fault):
        load(
            "email\n" + "".join(f"a{n}@x.al\n" for n in range(9)),
            **({"progress": stop} if place == "reading" else {}),
        )
    assert people() == []
    monkeypatch.undo()
    assert load("email\na1@x.al\n").added == 1  # and the connection is usable


def test_memory_does_not_hold_the_file(organisation):
    """No more than a line is asked for at a time."""
    asked = []

    class Source(io.BytesIO):
        def readline(self, size=-1):
            asked.append(size)
            return super().readline(size)

        read = None

    import_subjects.import_subjects(Source(b"email\na@x.al\n"), by=None)
    assert set(asked) == {csv_input.MAX_LINE + 1}


# --- The quick way for plain addresses -------------------------------------------------------


def both(typed):
    results = []
    for clean in (clean_email, plain_email):
        try:
            results.append(clean(typed))
        except InputRefused:
            results.append(None)
    return results


PIECES = st.sampled_from(
    [*"ab.Z9_+-@ '\"\\%ëßı\u200b\n", "example", ".com", ".1", "xn--", "a" * 63, "b" * 64, "@x.al"]
)


@given(st.lists(PIECES, max_size=12).map("".join) | st.emails() | st.text(max_size=30))
def test_plain_email_is_clean_email(typed):
    slow, quick = both(typed)
    assert quick == (slow if slow is None or len(slow) <= 254 else None)


@pytest.mark.parametrize(
    "typed",
    [
        *["a@x.al", "A.b+c@Mail.X.COM", "-a@x.al", "a..b@x.al", "a@x.1", "a@x", "a@x.al."],
        *["a" * 64 + "@x.al", "a" * 65 + "@x.al", "a@" + "b" * 64 + ".al", "a@-x.al", "a@x.a-b"],
        *["a@" + ("b" * 62 + ".") * 4 + "al", "a@" + ("b" * 61 + ".") * 4 + "al", "a.-b@x.al"],
    ],
)
def test_plain_email_is_clean_email_at_the_edges(typed):
    slow, quick = both(typed)
    assert quick == slow


# --- The command -----------------------------------------------------------------------------


def command(file, *options):
    out = StringIO()
    call_command("import_subjects", str(file), *options, stdout=out)
    return out.getvalue().splitlines()


def test_command_prints_the_counts(organisation, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("email\na@x.al\nA@x.al\n")
    counts = ["added: 1", "changed: 0", "unchanged: 0", "refused: 0", "repeated: 1"]
    assert command(file, "--dry-run") == [*counts, "Dry run: nothing was changed."]
    assert command(file) == counts
    assert command(file)[:3] == ["added: 0", "changed: 0", "unchanged: 1"]


def test_command_lists_refused_lines_and_ends_with_one(organisation, tmp_path):
    file, out = tmp_path / "people.csv", StringIO()
    file.write_text("email\n" + "nobody\n" * 22)
    with pytest.raises(CommandError, match="Nothing was imported") as caught:
        call_command("import_subjects", str(file), stdout=out)
    lines = out.getvalue().splitlines()
    assert caught.value.returncode == 1
    assert lines[:5] == [
        *["added: 0", "changed: 0", "unchanged: 0", "refused: 22"],
        "line 2: Enter an email address like name@example.com",
    ]
    assert (len(lines), lines[-1]) == (25, "and 2 more")


def test_command_says_in_one_line_what_is_wrong_with_the_file(organisation, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.touch()
    for path, words in [
        (tmp_path / "none.csv", "There is no file"),
        (tmp_path, "Is a directory"),
        (empty, "The file is empty"),
    ]:
        with pytest.raises(CommandError, match=words) as caught:
            command(path)
        assert "\n" not in str(caught.value)
        assert caught.value.returncode == 1


def test_ctrl_c_imports_nothing_and_says_how_to_go_on(organisation, tmp_path, monkeypatch):
    def stop(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(audit, "record", stop)
    file = tmp_path / "people.csv"
    file.write_text("email\na@x.al\n")
    with pytest.raises(CommandError, match="Start the same command again") as caught:
        command(file)
    assert caught.value.returncode == 130
    assert people() == []


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Terminal, "\r1 lines read\n"), (StringIO, "")])
def test_progress_is_shown_on_a_terminal_only(organisation, tmp_path, monkeypatch, stream, shown):
    monkeypatch.setattr(import_subjects, "BLOCK", 1)
    file, err = tmp_path / "people.csv", stream()
    file.write_text("email\na@x.al\n")
    call_command("import_subjects", str(file), stdout=StringIO(), stderr=err)
    assert err.getvalue() == shown


# --- Hostile files ---------------------------------------------------------------------------

OTHERWISE = {
    # The list says ignore. There is no suppression list yet and nothing is sent to people who
    # are imported; being known to the company is not being written to.
    "csv-022": [("unsubscribed@example.test", "")],
    # The list says reject, so that nobody is told twice. An import tells nobody anything, and
    # repeating it is how an interrupted one goes on: it changes nothing and says so.
    "csv-029": [("a@example.test", "")],
}
STORED = {
    "csv-008": [("a@example.test", "")],
    "csv-010": [("a@example.test", "A")],
    "csv-013": [("a@example.test", "=1+1")],
    "csv-014": [("A@example.test", "")],
    "csv-021": [("a@example.test", "<b>x</b>")],
}


def hostile_entries():
    if not HOSTILE.exists():
        absent = pytest.mark.skip(reason="the list of hostile inputs is not beside the project")
        return [pytest.param(None, marks=absent)]
    entries = json.loads(HOSTILE.read_text())["entries"]
    return [pytest.param(entry, id=entry["id"]) for entry in entries if entry["surface"] == "csv"]


def bytes_of(entry):
    if "value" in entry:
        return entry["value"].encode()
    recipe = entry["recipe"]
    match recipe["kind"]:
        case "csv_columns":
            return ",".join(["email", *(f"c{n}" for n in range(recipe["columns"] - 1))]).encode()
        case "xlsx_as_csv":
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w") as book:
                book.writestr("[Content_Types].xml", "<Types/>")
            return file.getvalue()
        case "latin1":
            return bytes.fromhex(recipe["bytes_hex"])
        case "csv_bomb_quotes":
            return b"email\n" + b'"' * recipe["quotes"]
        case "same_file_twice":
            return b"email\na@example.test\n"
    raise AssertionError(f"unknown recipe {recipe['kind']}")


@pytest.mark.parametrize("entry", hostile_entries())
def test_hostile_file(organisation, entry):
    started = time.monotonic()
    content = bytes_of(entry)
    if entry["id"] in OTHERWISE:
        load(content)
        assert load(content) == ImportCounts(added=0, changed=0, unchanged=1, repeated=0)
        expected = OTHERWISE[entry["id"]]
    elif entry["expect"]["outcome"] in {"reject", "limit"}:
        refused(content)
        expected = []
    else:
        load(content)
        expected = STORED[entry["id"]]
    assert sorted(DataSubject.objects.values_list("email", "name")) == expected
    assert time.monotonic() - started < 2
