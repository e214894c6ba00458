"""The full-text index over passages, on PostgreSQL. SQLite has its own (0003)."""

from django.db import migrations

# Filled by the backend (videolib/search/backends/postgres.py), since the stems are ours; no model names them.
COLUMNS = """
ALTER TABLE videolib_passage ADD COLUMN words tsvector NOT NULL DEFAULT '', ADD COLUMN length integer NOT NULL DEFAULT 0
"""
# fastupdate would leave what was written last in a list that every search has to read through.
INDEX = "CREATE INDEX videolib_passage_words ON videolib_passage USING gin (words) WITH (fastupdate = off)"
DROP = "ALTER TABLE videolib_passage DROP COLUMN words, DROP COLUMN length"


def make_index(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for statement in (COLUMNS, INDEX):
        schema_editor.execute(statement)


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP)


class Migration(migrations.Migration):
    dependencies = [
        ("videolib", "0008_endless_corrections"),
    ]

    operations = [migrations.RunPython(make_index, drop_index)]
