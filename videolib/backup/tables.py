"""Which rows are carried, in which order, and how one is written: a JSON object a line, a file a table.

Every table is carried unless it is named here with a reason, so a new one cannot be forgotten.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, time
from pathlib import Path
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.models import Q

Table = type[models.Model]

LEFT_OUT = {
    "videolib.Searched": "What search knows is written anew from the rows it was made of.",
    "videolib.Meant": "See Searched.",
    "videolib.Spelling": "See Searched.",
    "transcode.Leftover": "Files that no row names are not carried.",
    "videolib.FailureNotice": "An e-mail to be sent; what failed stands in the lists of the new place, too.",
    "videolib.LibraryCheck": "It tells of the place the library was in.",
    "videolib.User_groups": "The role says who may do what; groups and single permissions are used nowhere.",
    "videolib.User_user_permissions": "See User_groups.",
    "auth.Group": "See User_groups.",
    "auth.Group_permissions": "See User_groups.",
    "auth.Permission": "Made by migrate.",
    "contenttypes.ContentType": "Made by migrate.",
    "admin.LogEntry": "Django's own; what must be remembered is in the audit log, which is carried.",
    "sessions.Session": "People sign in again: sessions are signed with the SECRET_KEY of the old place.",
}
# Of these the rows stay behind in which that column is empty, with all that hangs on them: an upload under way has its
# bytes on the disk of the web server, and its clip is a draft that waits for them.
UNDER_WAY = {"videolib.Clip": "recording", "videolib.Upload": "finished_at"}
# Rows in memory at a time.
PIECE = 2000
AS_IN_JSON = (models.BooleanField, models.CharField, models.FloatField, models.IntegerField, models.TextField)
NUL = rb"\u0000"  # as JSON writes it


def carried_tables() -> list[Table]:
    """In an order in which each row comes after those it refers to."""
    ordered: list[Table] = []
    for table in sorted(_not_left_out(), key=lambda table: table._meta.label):
        _put_after_its_own(table, ordered)
    return ordered


def _not_left_out() -> list[Table]:
    tables = apps.get_models(include_auto_created=True)
    return [table for table in tables if table._meta.managed and table._meta.label not in LEFT_OUT]


def _put_after_its_own(table: Table, ordered: list[Table], above: tuple[Table, ...] = ()) -> None:
    if table in ordered or table in above or table._meta.label in LEFT_OUT:
        return
    for field in _references(table):
        _put_after_its_own(field.related_model, ordered, (*above, table))
    ordered.append(table)


def _references(table: Table) -> list[Any]:
    return [field for field in table._meta.concrete_fields if field.is_relation]


@contextmanager
def one_moment() -> Iterator[None]:
    """Whatever is read inside is as it was at one moment, however long that takes, and nobody who writes waits."""
    if connection.vendor == "sqlite":
        # Not atomic(): ours takes the write lock at once.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def rows_of(table: Table) -> models.QuerySet[Any]:
    """Those that are carried."""
    wanted = Q()
    if column := UNDER_WAY.get(table._meta.label):
        wanted &= Q(**{f"{column}__isnull": False})
    for field in _references(table):
        if column := UNDER_WAY.get(field.related_model._meta.label):
            wanted &= Q(**{field.name: None}) | Q(**{f"{field.name}__{column}__isnull": False})
    return table._base_manager.filter(wanted).order_by("pk")


def rows_under_way() -> dict[str, int]:
    """How many rows of each table of UNDER_WAY stay behind."""
    tables = {label: apps.get_model(label)._base_manager for label in UNDER_WAY}
    return {label: rows.filter(**{UNDER_WAY[label]: None}).count() for label, rows in tables.items()}


def write_rows(table: Table, file: Path) -> dict[str, Any]:
    """Into `file`; how many, and the SHA-256 of the file."""
    names, number, hasher = [field.attname for field in table._meta.concrete_fields], 0, hashlib.sha256()
    with file.open("xb") as out:
        for values in rows_of(table).values_list(*names).iterator(PIECE):
            line = (
                json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False, default=_plain).encode() + b"\n"
            )
            out.write(line)
            hasher.update(line)
            number += 1
    return {"rows": number, "sha256": hasher.hexdigest()}


def _plain(value: object) -> str:
    # Not Django's encoder, which drops what is below a millisecond.
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be carried; say here how it is written.")


def read_rows(table: Table, file: Path) -> Iterator[list[Any]]:
    """A value a field, as the database takes it."""
    columns = [(field.attname, _preparation(field)) for field in table._meta.concrete_fields]
    keeps_nul = not connection.features.prohibits_null_characters_in_text_exception
    with file.open("rb") as lines:
        for line in lines:
            row = json.loads(line)
            if NUL in line and not keeps_nul:
                row = _without_nul(row)
            yield [prepare(row[name]) if prepare else row[name] for name, prepare in columns]


def _preparation(field: Any) -> Callable[[Any], Any] | None:
    """What makes the database's value of the one in JSON; None where they are the same, as they mostly are."""
    if isinstance(field.target_field if field.is_relation else field, AS_IN_JSON):
        return None
    return lambda value: field.get_db_prep_save(field.to_python(value), connection)


def _without_nul(value: Any) -> Any:
    """Text as PostgreSQL keeps it: without the character 0, which SQLite takes."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(each) for key, each in value.items()}
    return [_without_nul(each) for each in value] if isinstance(value, list) else value


def count_on(tables: Iterable[Table]) -> None:
    """Rows came with their numbers: have the database go on behind the highest."""
    statements = connection.ops.sequence_reset_sql(no_style(), list(tables))
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
