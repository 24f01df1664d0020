"""The set-based half of the import of people: a temporary table and the statements on it.

Both dialects stand here. They differ in how rows get in (COPY, executemany) and in time limits;
the statements that compare and write are the same.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from consent.models import DataSubject, Organisation

# line, email, email_key, name, language, residence_id, external_id
Row = tuple[int, str, str, str, str, int | None, str]

_SUBJECT: str = DataSubject._meta.db_table
_CREATE = """
    CREATE TEMPORARY TABLE subject_import (
        line bigint NOT NULL, email varchar(254) NOT NULL, email_key varchar(254) NOT NULL,
        name varchar(120) NOT NULL, language varchar(2) NOT NULL, residence_id bigint,
        external_id varchar(64) NOT NULL)"""

# --- The same person twice in one file: the last value that is given wins --------------------
_FIND_REPEATED = """
    CREATE TEMPORARY TABLE subject_import_repeated AS
    SELECT email_key, max(line) AS last_line, count(*) - 1 AS extra
    FROM subject_import GROUP BY email_key HAVING count(*) > 1"""
_INDEX_REPEATED = (
    "CREATE INDEX subject_import_by_person ON subject_import (email_key, line)",
    "CREATE INDEX subject_import_repeated_key ON subject_import_repeated (email_key)",
)
_LAST_GIVEN = """(SELECT o.{column} FROM subject_import o
    WHERE o.email_key = s.email_key
    ORDER BY (o.{column} {given}) DESC, o.line DESC LIMIT 1)"""
_FOLD_REPEATED = f"""
    UPDATE subject_import AS s SET
        name = {_LAST_GIVEN.format(column="name", given="<> ''")},
        language = {_LAST_GIVEN.format(column="language", given="<> ''")},
        residence_id = {_LAST_GIVEN.format(column="residence_id", given="IS NOT NULL")},
        external_id = {_LAST_GIVEN.format(column="external_id", given="<> ''")}
    WHERE s.line IN (SELECT last_line FROM subject_import_repeated)"""  # noqa: S608 -- names of ours
_DROP_REPEATED = """
    DELETE FROM subject_import WHERE EXISTS (
        SELECT 1 FROM subject_import_repeated r
        WHERE r.email_key = subject_import.email_key AND subject_import.line < r.last_line)"""

# --- A customer number that two people would have --------------------------------------------
_NUMBER_TWICE = """
    SELECT line, count(*) OVER () FROM subject_import WHERE external_id IN (
        SELECT external_id FROM subject_import WHERE external_id <> ''
        GROUP BY external_id HAVING count(*) > 1)
    ORDER BY line LIMIT %s"""
# NOT (… = '') word for word as in the partial unique index: SQLite takes it only then.
_NUMBER_TAKEN = f"""
    SELECT s.line, count(*) OVER () FROM subject_import s
    JOIN {_SUBJECT} p ON p.external_id = s.external_id AND p.organisation_id = %s
    WHERE NOT (p.external_id = '') AND p.email_key <> s.email_key
    ORDER BY s.line LIMIT %s"""  # noqa: S608 -- names of ours

# --- What is new, what differs ---------------------------------------------------------------
_NEW = f"""
    FROM subject_import s
    LEFT JOIN {_SUBJECT} p ON p.organisation_id = %s AND p.email_key = s.email_key
    WHERE p.id IS NULL"""
_SAME_PERSON_DIFFERS = """
    p.organisation_id = %s AND p.email_key = s.email_key AND (
        (s.name <> '' AND s.name <> p.name)
        OR (s.language <> '' AND s.language <> p.language)
        OR (s.external_id <> '' AND s.external_id <> p.external_id)
        OR (s.residence_id IS NOT NULL
            AND (p.residence_id IS NULL OR p.residence_id <> s.residence_id)))"""
_COUNT_NEW = f"SELECT count(*) {_NEW}"
_COUNT_DIFFERENT = (
    f"SELECT count(*) FROM subject_import s, {_SUBJECT} p WHERE {_SAME_PERSON_DIFFERS}"  # noqa: S608 -- names of ours
)
_INSERT = f"""
    INSERT INTO {_SUBJECT} (organisation_id, email, email_key, name, language, residence_id,
        external_id, created_at)
    SELECT %s, s.email, s.email_key, s.name, COALESCE(NULLIF(s.language, ''), %s),
        s.residence_id, s.external_id, %s {_NEW}
    ON CONFLICT (organisation_id, email_key) DO NOTHING"""
_UPDATE = f"""
    UPDATE {_SUBJECT} AS p SET
        name = COALESCE(NULLIF(s.name, ''), p.name),
        language = COALESCE(NULLIF(s.language, ''), p.language),
        residence_id = COALESCE(s.residence_id, p.residence_id),
        external_id = COALESCE(NULLIF(s.external_id, ''), p.external_id)
    FROM subject_import s WHERE {_SAME_PERSON_DIFFERS}"""  # noqa: S608 -- names of ours


def _is_postgres() -> bool:
    return connection.vendor == "postgresql"


@contextmanager
def table() -> Iterator[None]:
    """The temporary table, for as long as the block runs."""
    _drop()
    _run(_CREATE)
    try:
        yield
    finally:
        with suppress(DatabaseError, InterfaceError):  # a lost connection took it along
            _drop()


def _drop() -> None:
    _run("DROP TABLE IF EXISTS subject_import")
    _run("DROP TABLE IF EXISTS subject_import_repeated")


@contextmanager
def unhurried() -> Iterator[None]:
    """A transaction without the time limit that protects the web from slow statements."""
    with transaction.atomic():
        if _is_postgres():
            _run("SET LOCAL statement_timeout = 0")
            _run("SET LOCAL work_mem = '64MB'")
        yield


@contextmanager
def reading() -> Iterator[None]:
    """Around the work on the temporary table alone.

    On SQLite this is no transaction: reading a long file must not keep others from writing.
    """
    with unhurried() if _is_postgres() else nullcontext():
        yield


def fill(blocks: Iterable[list[Row]]) -> None:
    if _is_postgres():
        _copy(blocks)
        _run("ANALYZE subject_import")
    else:
        _insert_blocks(blocks)


def _copy(blocks: Iterable[list[Row]]) -> None:
    with connection.cursor() as cursor, cursor.copy("COPY subject_import FROM STDIN") as copy:
        for rows in blocks:
            copy.write("".join(map(copy_line, rows)))


def copy_line(row: Row) -> str:
    """One row in the text form of COPY. Tabs and line breaks never get this far."""
    line, email, key, name, language, residence, external_id = row
    if "\\" in name or "\\" in external_id:
        name, external_id = name.replace("\\", "\\\\"), external_id.replace("\\", "\\\\")
    place = "\\N" if residence is None else residence
    return f"{line}\t{email}\t{key}\t{name}\t{language}\t{place}\t{external_id}\n"


def _insert_blocks(blocks: Iterable[list[Row]]) -> None:
    with connection.cursor() as cursor:
        for rows in blocks:
            cursor.execute("SAVEPOINT subject_import_block")
            cursor.executemany("INSERT INTO subject_import VALUES (%s,%s,%s,%s,%s,%s,%s)", rows)
            cursor.execute("RELEASE SAVEPOINT subject_import_block")


def fold_repeated() -> int:
    """Make one row of those that name the same person; return how many were too many."""
    _run(_FIND_REPEATED)
    repeated = _number("SELECT COALESCE(sum(extra), 0) FROM subject_import_repeated")
    if repeated:
        for statement in (*_INDEX_REPEATED, _FOLD_REPEATED, _DROP_REPEATED):
            _run(statement)
    return repeated


def numbers_twice(limit: int) -> tuple[list[int], int]:
    """Lines whose customer number another person in the file has: the first ones, and how many."""
    return _lines(_NUMBER_TWICE, [limit])


def numbers_taken(organisation: Organisation, limit: int) -> tuple[list[int], int]:
    """Lines whose customer number another known person has: the first ones, and how many."""
    return _lines(_NUMBER_TAKEN, [organisation.pk, limit])


def people() -> int:
    return _number("SELECT count(*) FROM subject_import")


def count_new(organisation: Organisation) -> int:
    return _number(_COUNT_NEW, organisation.pk)


def count_different(organisation: Organisation) -> int:
    return _number(_COUNT_DIFFERENT, organisation.pk)


def insert_new(organisation: Organisation) -> int:
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    return _run(_INSERT, organisation.pk, organisation.language, now, organisation.pk)


def update_different(organisation: Organisation) -> int:
    return _run(_UPDATE, organisation.pk)


def _run(statement: str, *values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def _number(statement: str, *values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.fetchone()[0])


def _lines(statement: str, values: list[Any]) -> tuple[list[int], int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    return [line for line, _total in rows], rows[0][1] if rows else 0
