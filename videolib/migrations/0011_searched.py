"""On PostgreSQL one vector of words a document beside those of its passages. SQLite needs none."""

from django.db import migrations

# Which documents have a word is asked of these: a hundred thousand rows where passages are millions. `heading` is what
# stands in title (A), tags (B) and description (C), for what a word counts there; `words` is all of it. Both are
# written by the backend (videolib/search/backends/postgres.py). `words` lies outside the row, so that rows stay small
# and many are on a page.
TABLE = """
CREATE TABLE videolib_searched (
    doc_id bigint PRIMARY KEY, heading tsvector NOT NULL, words tsvector NOT NULL
) WITH (toast_tuple_target = 128)
"""
STORAGE = """
ALTER TABLE videolib_searched ALTER COLUMN heading SET STORAGE MAIN, ALTER COLUMN words SET STORAGE EXTERNAL
"""
# fastupdate would leave what was written last in a list that every search has to read through.
INDEXES = (
    "CREATE INDEX videolib_searched_heading ON videolib_searched USING gin (heading) WITH (fastupdate = off)",
    "CREATE INDEX videolib_searched_words ON videolib_searched USING gin (words) WITH (fastupdate = off)",
)
DROP_OLD = "DROP INDEX videolib_passage_words"
OLD = "CREATE INDEX videolib_passage_words ON videolib_passage USING gin (words) WITH (fastupdate = off)"


def make_table(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    # Passages written before have no document; `manage.py reindex` writes them anew.
    apps.get_model("videolib", "Passage").objects.all().delete()
    for statement in (TABLE, STORAGE, *INDEXES, DROP_OLD):
        schema_editor.execute(statement)


def drop_table(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in ("DROP TABLE videolib_searched", OLD):
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("videolib", "0010_library_check"),
    ]

    operations = [migrations.RunPython(make_table, drop_table)]
