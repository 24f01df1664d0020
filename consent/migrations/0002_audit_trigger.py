"""The database itself refuses to change the audit trail, whoever asks.

The one UPDATE a row ever sees is its sealing: sequence and seal from nothing to something, all
else unchanged. The conditions stand in the triggers' WHEN, so sealing pays for no function call.
A later migration that changes this table on SQLite remakes it and loses the triggers: run
``backwards`` before it and ``forwards`` after it.
"""

from django.db import migrations

TABLE = "consent_auditevent"
FROZEN = ["id", "action", "target_label", "target_id", "actor_id", "data", "happened_at"]

POSTGRESQL = [
    f"""
    CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'The audit trail is append-only: % refused', TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} FOR EACH ROW
    WHEN (
        OLD.mac IS NOT NULL OR OLD.sequence IS NOT NULL
        OR NEW.mac IS NULL OR NEW.sequence IS NULL
        OR ({", ".join(f"OLD.{name}" for name in FROZEN)})
            IS DISTINCT FROM ({", ".join(f"NEW.{name}" for name in FROZEN)})
    )
    EXECUTE FUNCTION {TABLE}_refuse()
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} FOR EACH ROW
    EXECUTE FUNCTION {TABLE}_refuse()
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT
    EXECUTE FUNCTION {TABLE}_refuse()
    """,
]
POSTGRESQL_BACK = [
    f"DROP TRIGGER {TABLE}_no_truncate ON {TABLE}",
    f"DROP TRIGGER {TABLE}_no_delete ON {TABLE}",
    f"DROP TRIGGER {TABLE}_no_update ON {TABLE}",
    f"DROP FUNCTION {TABLE}_refuse()",
]

# SQLite has no TRUNCATE: DELETE without WHERE fires the trigger all the same. A row that
# REPLACE would overwrite is deleted without one, so it is refused before it is inserted.
SQLITE = [
    f"""
    CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE}
    WHEN OLD.mac IS NOT NULL OR OLD.sequence IS NOT NULL
        OR NEW.mac IS NULL OR NEW.sequence IS NULL
        OR {" OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in FROZEN)}
    BEGIN SELECT RAISE(ABORT, 'The audit trail is append-only: UPDATE refused'); END
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE}
    BEGIN SELECT RAISE(ABORT, 'The audit trail is append-only: DELETE refused'); END
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_replace BEFORE INSERT ON {TABLE}
    WHEN EXISTS (
        SELECT 1 FROM {TABLE} WHERE id = NEW.id OR sequence = NEW.sequence
    )
    BEGIN SELECT RAISE(ABORT, 'The audit trail is append-only: REPLACE refused'); END
    """,
]
SQLITE_BACK = [f"DROP TRIGGER {TABLE}_no_{what}" for what in ("replace", "delete", "update")]


def _run(editor, statements):
    for statement in statements:
        editor.execute(statement, params=None)  # None: a % is a %


def forwards(apps, editor):
    _run(editor, POSTGRESQL if editor.connection.vendor == "postgresql" else SQLITE)


def backwards(apps, editor):
    _run(editor, POSTGRESQL_BACK if editor.connection.vendor == "postgresql" else SQLITE_BACK)


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
