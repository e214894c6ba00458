"""A library as an older version left it: every table of its time with rows in it, then brought up to date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.management import call_command
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor

ROWS = 3
APPS = ("transcode", "videolib")
NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
# Where a table of that time will not take just any value: (model, column) and the values of its rows.
PARTICULAR: dict[tuple[str, str], list[Any]] = {
    ("user", "role"): ["admin", "contributor", "learner"],
    ("user", "email"): [f"person{number}@example.com" for number in range(ROWS)],
    ("clip", "visibility"): ["team", "private", "unlisted"],
    # Pins on what the team cannot see are taken off by a migration, see 0007.
    ("clip", "pinned_at"): [NOON, None, None],
    ("clip", "hidden_at"): [None, None, None],
    ("rating", "stars"): [1, 3, 5],
    ("job", "step"): ["inspect", "transcribe", "make_playable"],
    ("job", "state"): ["done", "queued", "running"],
    ("job", "queue"): ["media", "speech", "media"],
    ("passage", "starts"): [[0.0], [1.5], [2.0]],
}
# What search knows is written anew by `reindex`, which a migration may leave to it.
WRITTEN_ANEW = {"videolib.passage"}


def brought_up_to_date(**start: str) -> None:
    """Migrate an empty database to `start`, fill every table, migrate to the newest, and look at every row."""
    for app in APPS:
        call_command("migrate", app, start[app], verbosity=0)
    old = _tables(list(start.items()))
    for table in old:
        _fill(table)
    before = {table._meta.label_lower: _rows(table) for table in old}
    assert all(len(rows) == ROWS for rows in before.values()), before.keys()
    call_command("migrate", verbosity=0)
    new = {table._meta.label_lower: table for table in _tables(MigrationExecutor(connection).loader.graph.leaf_nodes())}
    for label, rows in before.items():
        if label in new.keys() - WRITTEN_ANEW:
            _compare(label, rows, _rows(new[label]))
    connection.check_constraints()
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    call_command("reindex", verbosity=0)


def _tables(nodes: list[tuple[str, str]]) -> list[Any]:
    """Every table at that point, each after those it refers to."""
    loader = MigrationExecutor(connection).loader
    wanted = [loader.get_migration_by_prefix(app, name).name for app, name in nodes]
    apps = loader.project_state([(app, name) for (app, _), name in zip(nodes, wanted, strict=True)]).apps
    tables = [table for table in apps.get_models() if table._meta.app_label in APPS]
    ordered: list[Any] = []
    while tables:
        ready = [
            table for table in tables if not {each.related_model for each in _references(table)} & {*tables} - {table}
        ]
        ordered += ready
        tables = [table for table in tables if table not in ready]
    return ordered


def _references(table: Any) -> list[Any]:
    return [field for field in table._meta.concrete_fields if field.is_relation]


def _fill(table: Any) -> None:
    for number in range(ROWS):
        columns = {field.attname: _value(table, field, number) for field in table._meta.concrete_fields}
        table.objects.create(**columns)


def _value(table: Any, field: Any, number: int) -> Any:
    key = (table._meta.model_name, field.attname)
    if key in PARTICULAR:
        return PARTICULAR[key][number]
    if field.is_relation or field.primary_key:
        return number + 1
    for kind, value in _VALUES.items():
        if isinstance(field, kind):
            return value(field, number)
    raise TypeError(f"Say here what to write into {field}.")


_VALUES: dict[type[models.Field[Any, Any]], Any] = {
    models.UUIDField: lambda _, number: UUID(int=number + 1),
    models.DateTimeField: lambda _, number: NOON + timedelta(hours=number),
    models.BooleanField: lambda _, number: number % 2 == 0,
    models.JSONField: lambda _, number: {"number": number, "text": "größer"},
    models.FloatField: lambda _, number: number + 0.1,
    models.IntegerField: lambda _, number: number + 1,
    models.CharField: lambda field, number: f"{number} ä {field.name}"[: field.max_length],
    models.TextField: lambda field, number: f"{number} — {field.name}\nта",
}


def _rows(table: Any) -> dict[Any, dict[str, Any]]:
    return {row[table._meta.pk.attname]: row for row in table.objects.values()}


def _compare(label: str, before: dict[Any, dict[str, Any]], after: dict[Any, dict[str, Any]]) -> None:
    assert before.keys() == after.keys(), label
    for pk, row in before.items():
        kept = row.keys() & after[pk].keys()
        assert {name: row[name] for name in kept} == {name: after[pk][name] for name in kept}, (label, pk)
        assert len(kept) > len(row) / 2, (label, kept)
