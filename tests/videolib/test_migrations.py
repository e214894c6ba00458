"""What migrations do to rows that are there."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tests import postgres
from tests.videolib.room import Room
from videolib.clips.models import CueEdit

# The first tables there ever were, and those before work past one machine began.
VERSIONS = [{"transcode": "0001", "videolib": "0001"}, {"transcode": "0006", "videolib": "0009"}]


@pytest.mark.parametrize(("start", "end"), [(0, float("inf")), (1, 1e9), (float("-inf"), 2)])
def test_corrections_up_to_infinity_are_removed_and_others_stay(make_clip: Any, start: float, end: float) -> None:
    clip = make_clip()
    for times in ((start, end), (0, 50), (70, 9_000)):
        CueEdit.objects.create(clip=clip, start=times[0], end=times[1], text="x")
    import_module("videolib.migrations.0008_endless_corrections").remove_endless(apps, None)
    assert list(CueEdit.objects.values_list("end", flat=True)) == [50, 9_000]


@pytest.mark.parametrize("name", ["0006_upload_of_its_clip", "0007_pin_is_a_column"])
@pytest.mark.django_db
def test_where_rows_were_lost_nothing_pretends_to_lead_back(name: str) -> None:
    operations = MigrationLoader(connection).get_migration("videolib", name).operations
    assert not all(operation.reversible for operation in operations)


@pytest.mark.stack
@pytest.mark.parametrize("start", VERSIONS, ids=lambda start: "-".join(start.values()))
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_filled_library_of_an_older_version_is_brought_up_to_date_and_keeps_every_row(
    start: dict[str, str], database: str, tmp_path: Path, needs: Callable[[str, bool], None]
) -> None:
    settings = {}
    if database == "postgresql":
        needs("PostgreSQL", postgres.find_binaries() is not None)
        settings["DATABASE_URL"] = postgres.start()
    Room(tmp_path / "data", settings).call("old_library", "brought_up_to_date", **start)
