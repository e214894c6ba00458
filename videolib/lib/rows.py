"""Many rows at once into a table, past the models: nothing is made of a row, and nothing happens to it on its way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from django.db import connection
from django.db.models import Field, Model


def insert_rows(table: type[Model], fields: Sequence[Field[Any, Any]], rows: Iterable[Sequence[Any]]) -> None:
    """Each row is a value a field, as the database takes it: by COPY on PostgreSQL, by long INSERTs elsewhere."""
    name, *columns = map(connection.ops.quote_name, [table._meta.db_table, *(str(field.column) for field in fields)])
    into, rows = f"{name} ({', '.join(columns)})", iter(rows)
    if connection.vendor == "postgresql":
        copy_rows(into, rows)
    else:
        with connection.cursor() as cursor:
            _insert(cursor, into, len(columns), rows)


def copy_rows(into: str, rows: Iterable[Sequence[Any]]) -> None:
    """On PostgreSQL, `into` a table and its columns as SQL names them: "table (one, two)"."""
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _insert(cursor: Any, into: str, columns: int, rows: Iterator[Sequence[Any]]) -> None:
    """Not a row a statement: FTS5, behind a trigger, writes down what it has at the beginning of each."""
    row_of_marks = f"({', '.join(['%s'] * columns)})"
    while piece := list(islice(rows, (connection.features.max_query_params or 999) // columns)):
        marks = ", ".join([row_of_marks] * len(piece))
        cursor.execute(f"INSERT INTO {into} VALUES {marks}", [*chain.from_iterable(piece)])
