"""The full-text index over passages, on SQLite. PostgreSQL keeps its own (another migration)."""

from django.db import migrations

# Made of nothing but what the passages say (external content): the text is stored once, and triggers keep the index in
# step with the table, whoever writes it. When a later migration makes Django rebuild the table (SQLite cannot alter
# columns), the triggers go with the old one: run `make_index` again there; tests/contracts fails until you do.
INDEX = """
CREATE VIRTUAL TABLE videolib_passage_fts USING fts5(
    text, content='videolib_passage', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2'
)
"""
TRIGGERS = (
    """
    CREATE TRIGGER videolib_passage_fts_insert AFTER INSERT ON videolib_passage BEGIN
        INSERT INTO videolib_passage_fts (rowid, text) VALUES (new.id, new.text);
    END
    """,
    """
    CREATE TRIGGER videolib_passage_fts_delete AFTER DELETE ON videolib_passage BEGIN
        INSERT INTO videolib_passage_fts (videolib_passage_fts, rowid, text) VALUES ('delete', old.id, old.text);
    END
    """,
    """
    CREATE TRIGGER videolib_passage_fts_update AFTER UPDATE ON videolib_passage BEGIN
        INSERT INTO videolib_passage_fts (videolib_passage_fts, rowid, text) VALUES ('delete', old.id, old.text);
        INSERT INTO videolib_passage_fts (rowid, text) VALUES (new.id, new.text);
    END
    """,
)


def make_index(apps, schema_editor):
    if schema_editor.connection.vendor != "sqlite":
        return
    # Passages written before carry ids of another scheme; `manage.py reindex` writes them anew.
    apps.get_model("videolib", "Passage").objects.all().delete()
    for statement in (INDEX, *TRIGGERS):
        schema_editor.execute(statement)


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor != "sqlite":
        return
    for name in ("insert", "delete", "update"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS videolib_passage_fts_{name}")
    schema_editor.execute("DROP TABLE IF EXISTS videolib_passage_fts")


class Migration(migrations.Migration):
    dependencies = [
        ("videolib", "0002_upload_metadata"),
    ]

    operations = [migrations.RunPython(make_index, drop_index)]
