"""One row a document for search instead of one a passage, and what its sentences mean."""

from django.db import migrations, models

# What was written before is gone: `manage.py reindex` writes it anew, from the rows it was made of.
OLD_OF_SQLITE = (
    *(f"DROP TRIGGER IF EXISTS videolib_passage_fts_{name}" for name in ("insert", "delete", "update")),
    "DROP TABLE IF EXISTS videolib_passage_fts",
)
OLD_OF_POSTGRES = ("DROP TABLE IF EXISTS videolib_searched",)

# SQLite: made of nothing but what the rows say (external content): the text is stored once, and triggers keep the index
# in step with the table, whoever writes it. When a later migration makes Django rebuild the table (SQLite cannot alter
# columns), the triggers go with the old one: make them again there; tests/contracts fails until you do.
FIELDS = ("title", "tags", "description", "screen", "speech")
COLUMNS, NEW, OLD = (", ".join(f"{of}{field}" for field in FIELDS) for of in ("", "new.", "old."))
INSERT = f"INSERT INTO videolib_searched_fts (rowid, {COLUMNS}) VALUES (new.doc_id, {NEW});"
DELETE = f"""
    INSERT INTO videolib_searched_fts (videolib_searched_fts, rowid, {COLUMNS}) VALUES ('delete', old.doc_id, {OLD});
"""
OF_SQLITE = (
    f"""
    CREATE VIRTUAL TABLE videolib_searched_fts USING fts5(
        {COLUMNS}, content='videolib_searched', content_rowid='doc_id', tokenize='porter unicode61 remove_diacritics 2'
    )
    """,
    f"CREATE TRIGGER videolib_searched_insert AFTER INSERT ON videolib_searched BEGIN {INSERT} END",
    f"CREATE TRIGGER videolib_searched_delete AFTER DELETE ON videolib_searched BEGIN {DELETE} END",
    f"CREATE TRIGGER videolib_searched_update AFTER UPDATE ON videolib_searched BEGIN {DELETE} {INSERT} END",
)

# PostgreSQL: `heading` is what stands in title (A), tags (B) and description (C), for what a word counts there; `words`
# is all of it. Both are written by the backend (videolib/search/backends/postgres.py). All but the heading lies outside
# the row, so that rows stay small and many are on a page; and as it is, since to unpack it takes longer than to read it.
OF_POSTGRES = (
    "ALTER TABLE videolib_searched ADD COLUMN heading tsvector NOT NULL DEFAULT '', "
    "ADD COLUMN words tsvector NOT NULL DEFAULT ''",
    "ALTER TABLE videolib_searched SET (toast_tuple_target = 128)",
    "ALTER TABLE videolib_searched ALTER COLUMN heading SET STORAGE MAIN, ALTER COLUMN words SET STORAGE EXTERNAL, "
    "ALTER COLUMN stems SET STORAGE EXTERNAL, ALTER COLUMN numbers SET STORAGE EXTERNAL, "
    "ALTER COLUMN sentences SET STORAGE EXTERNAL",
    "ALTER TABLE videolib_meant SET (toast_tuple_target = 128)",
    "ALTER TABLE videolib_meant ALTER COLUMN vectors SET STORAGE EXTERNAL, ALTER COLUMN codes SET STORAGE EXTERNAL",
    # fastupdate would leave what was written last in a list that every search has to read through.
    "CREATE INDEX videolib_searched_heading ON videolib_searched USING gin (heading) WITH (fastupdate = off)",
    "CREATE INDEX videolib_searched_words ON videolib_searched USING gin (words) WITH (fastupdate = off)",
)


def drop_old(apps, schema_editor):
    for statement in OLD_OF_POSTGRES if schema_editor.connection.vendor == "postgresql" else OLD_OF_SQLITE:
        schema_editor.execute(statement)


def make_index(apps, schema_editor):
    for statement in OF_POSTGRES if schema_editor.connection.vendor == "postgresql" else OF_SQLITE:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("videolib", "0014_failure_notices"),
    ]

    operations = [
        migrations.RunPython(drop_old),
        migrations.DeleteModel(name="Passage"),
        migrations.CreateModel(
            name="Searched",
            fields=[
                ("doc_id", models.BigIntegerField(primary_key=True, serialize=False)),
                *((field, models.TextField()) for field in FIELDS),
                ("starts", models.JSONField()),
                ("said", models.CharField(max_length=32)),
                ("stems", models.TextField()),
                ("numbers", models.BinaryField()),
                ("sentences", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Meant",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("doc_id", models.BigIntegerField(unique=True)),
                ("said", models.CharField(max_length=32)),
                ("weights", models.CharField(max_length=32)),
                ("vectors", models.BinaryField()),
                ("codes", models.BinaryField()),
            ],
        ),
        migrations.RunPython(make_index),
    ]
