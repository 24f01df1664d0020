"""Find a request by a part of a name, whatever its case and marks.

On PostgreSQL a trigram index serves this; where the server does not bring pg_trgm, or its owner
may not switch it on, the search works all the same and reads the table.
"""

from typing import Any

from django.db import DatabaseError, migrations, models, transaction
from django.db.models.functions import Upper

from consent.names import name_key

INDEX = "ticket_by_name_trigrams"
BATCH = 2000


def fill(apps: Any, _editor: Any) -> None:
    """Requests that were filed before the column was there, in batches by key."""
    Ticket = apps.get_model("requests", "Ticket")
    last = 0
    while rows := list(Ticket.objects.filter(pk__gt=last).order_by("pk")[:BATCH]):
        for row in rows:
            row.name_key = name_key(row.name, row.person_name)
        Ticket.objects.bulk_update(rows, ["name_key"])
        last = rows[-1].pk


def index(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        return
    schema_editor.execute(
        f"CREATE INDEX {INDEX} ON requests_ticket USING gin (name_key gin_trgm_ops)"
    )


def forget(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {INDEX}")


class Migration(migrations.Migration):
    dependencies = [("requests", "0006_names_of_fields")]

    operations = [
        migrations.AddField(
            model_name="ticket",
            name="name_key",
            field=models.CharField(blank=True, editable=False, max_length=500),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(Upper("person_email"), name="ticket_by_person_email"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(index, forget),
    ]
