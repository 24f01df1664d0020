"""The database itself refuses to change a stored version of a rule, whoever asks.

A later migration that changes this table on SQLite remakes it and loses the trigger: run
``backwards`` before it and ``forwards`` after it.
"""

from django.db import migrations

TABLE = "requests_deadlinerule"
TEXT = "A stored version of a rule is never changed"

POSTGRESQL = [
    f"""
    CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '{TEXT}' USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} FOR EACH ROW
    EXECUTE FUNCTION {TABLE}_refuse()
    """,
]
POSTGRESQL_BACK = [
    f"DROP TRIGGER {TABLE}_no_update ON {TABLE}",
    f"DROP FUNCTION {TABLE}_refuse()",
]
SQLITE = [
    f"""
    CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE}
    BEGIN SELECT RAISE(ABORT, '{TEXT}'); END
    """
]
SQLITE_BACK = [f"DROP TRIGGER {TABLE}_no_update"]


def _run(editor, statements):
    for statement in statements:
        editor.execute(statement, params=None)


def forwards(apps, editor):
    _run(editor, POSTGRESQL if editor.connection.vendor == "postgresql" else SQLITE)


def backwards(apps, editor):
    _run(editor, POSTGRESQL_BACK if editor.connection.vendor == "postgresql" else SQLITE_BACK)


class Migration(migrations.Migration):
    dependencies = [("requests", "0004_clocks_and_rule_versions")]
    operations = [migrations.RunPython(forwards, backwards)]
