"""What is typed is looked for inside titles, and at the beginning of what others searched for."""

import logging
from typing import Any

from django.db import DatabaseError, migrations, models, transaction

log = logging.getLogger(__name__)

# On PostgreSQL only: SQLite reads ten thousand titles in a few milliseconds. As icontains asks for them.
INDEX = "CREATE INDEX IF NOT EXISTS title_holds ON videolib_clip USING gin (upper(title::text) gin_trgm_ops)"


def make_index(_apps: Any, schema_editor: Any) -> None:
    """pg_trgm is one of the extensions that whoever owns a database may make. Where it is missing, or they may not,
    suggestions are slower and nothing else: docs/operations.md says how to make both later.
    """
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(schema_editor.connection.alias), schema_editor.connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(INDEX)
    except DatabaseError:
        log.warning("there is no pg_trgm here: suggestions will read all titles (docs/operations.md)")


def remove_index(_apps: Any, schema_editor: Any) -> None:
    """The extension stays: something else may use it by now."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS title_holds")


class Migration(migrations.Migration):

    dependencies = [
        ('videolib', '0017_sought'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='sought',
            index=models.Index(fields=['words'], name='words_begin', opclasses=['varchar_pattern_ops']),
        ),
        migrations.RunPython(make_index, remove_index),
    ]
