"""How fast and how small is the import of people, against a bare COPY of the same rows?

    python bench/import_subjects.py [--rows 1000000]

Makes a CSV file and a scratch database on PostgreSQL (BENCH_DATABASE_URL), imports the file
with the command in a process of its own, copies the same rows into a plain table with the
same columns and indexes, prints one table, and drops the database again.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

BASE = Path(__file__).resolve().parent.parent
URL = os.environ.get("BENCH_DATABASE_URL", "postgres://root@127.0.0.1:5432/portal_bench_import")
SUBJECT = "consent_datasubject"
COLUMNS = "organisation_id, email, email_key, name, language, residence_id, external_id, created_at"
RESIDENCES = ("AL", "IE", "DE", "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "people.csv"
        write_csv(file, rows)
        recreate_database()
        try:
            prepare(folder)
            first, peak = run_import(file, folder)
            again, peak_again = run_import(file, folder)
            with psycopg.connect(URL, autocommit=True) as db:
                check(db, rows)
                indexed = copy_floor(db, "INCLUDING ALL")
                plain = copy_floor(db, "INCLUDING DEFAULTS INCLUDING IDENTITY")
        finally:
            drop_database()
    print(f"{rows} rows, {os.cpu_count()} cores")
    print(f"{'':34}{'rows/s':>10}{'ratio':>8}{'peak MiB':>10}")
    line("COPY, same columns and indexes", rows / indexed, 1.0)
    line("COPY, no index", rows / plain, indexed / plain)
    line("import_subjects, all new", rows / first, indexed / first, peak)
    line("import_subjects, the same file again", rows / again, indexed / again, peak_again)


def line(name, speed, ratio, peak=None):
    memory = f"{peak:10.0f}" if peak else ""
    print(f"{name:36}{speed:8.0f}{ratio:8.2f}{memory}")


def write_csv(file, rows):
    with file.open("w") as out:
        out.write("email,name,language,residence,external_id\n")
        for n in range(rows):
            place = RESIDENCES[n % 4]
            shuffled = n * 7919 % rows
            out.write(
                f"person.{shuffled}.{n}@mail{n * 31 % 4999}.example.com,Person Surname {n},"
                f"{'sq' if n % 2 else 'en'},{place},C-{shuffled}-{n}\n"
            )


def recreate_database():
    drop_database()
    admin(f'CREATE DATABASE "{urlsplit(URL).path[1:]}"')


def drop_database():
    admin(f'DROP DATABASE IF EXISTS "{urlsplit(URL).path[1:]}" WITH (FORCE)')


def admin(statement):
    with psycopg.connect(urlsplit(URL)._replace(path="/postgres").geturl(), autocommit=True) as db:
        db.execute(statement)


def environment(folder):
    return {
        **os.environ,
        "DATABASE_URL": URL,
        "VAR_DIR": folder,
        "SECRET_KEY": "bench " * 10,
        "DEBUG": "true",
        "LOG_LEVEL": "ERROR",
    }


def prepare(folder):
    manage = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(manage, cwd=BASE, env=environment(folder), check=True)
    with psycopg.connect(URL, autocommit=True) as db:
        db.execute(
            "INSERT INTO consent_organisation (name, legal_name, address, dpo_name, email, phone,"
            " time_zone, language, is_default)"
            " VALUES ('Bench', 'Bench', '-', '', 'bench@example.com', '', 'UTC', 'en', true)"
        )
        for code in filter(None, RESIDENCES):
            db.execute(
                "INSERT INTO consent_jurisdiction (code, name_en, name_sq, regimes, time_zone,"
                " calendar, authority_en, authority_sq, authority_url, sort_order)"
                " VALUES (%s, %s, %s, '[]', 'UTC', 'NONE', '', '', '', 100)",
                [code, code, code],
            )


def run_import(file, folder):
    """Seconds from start to end of the process, and its largest resident memory in MiB."""
    started = time.perf_counter()
    command = [sys.executable, "manage.py", "import_subjects", str(file)]
    process = subprocess.Popen(
        command, cwd=BASE, env=environment(folder), stdout=subprocess.DEVNULL
    )
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"import_subjects ended with {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def check(db, rows):
    found = db.execute(f"SELECT count(*) FROM {SUBJECT}").fetchone()[0]
    if found != rows:
        raise SystemExit(f"{found} people stand in the database, not {rows}")


def copy_floor(db, like):
    """Seconds a bare COPY of the same rows, in the order of the file, takes."""
    with tempfile.TemporaryFile() as file:
        with db.cursor().copy(
            f"COPY (SELECT {COLUMNS} FROM {SUBJECT} ORDER BY id) TO STDOUT"
        ) as out:
            for block in out:
                file.write(block)
        file.seek(0)
        db.execute("DROP TABLE IF EXISTS bench_floor")
        db.execute(f"CREATE TABLE bench_floor (LIKE {SUBJECT} {like})")
        db.execute("CHECKPOINT")
        started = time.perf_counter()
        with db.cursor().copy(f"COPY bench_floor ({COLUMNS}) FROM STDIN") as copy:
            while block := file.read(1 << 16):
                copy.write(block)
        return time.perf_counter() - started


if __name__ == "__main__":
    main()
