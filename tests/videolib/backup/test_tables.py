"""Which tables an export carries: all, but those that are named with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps

from tests.videolib.backup.conftest import rows
from transcode.models import Recording
from transcode.stored import stored_files
from videolib.backup.tables import LEFT_OUT, UNDER_WAY, carried_tables
from videolib.clips.models import Clip, Tagging
from videolib.uploads.models import Upload


def test_every_table_is_carried_or_left_out_with_a_reason() -> None:
    labels = {table._meta.label for table in apps.get_models(include_auto_created=True)}
    carried = {table._meta.label for table in carried_tables()}
    assert carried | set(LEFT_OUT) == labels
    assert carried & set(LEFT_OUT) == set()
    assert all(reason.endswith(".") for reason in LEFT_OUT.values())


def test_the_filled_library_that_is_moved_has_a_row_in_every_table(library: Any) -> None:
    """A new table needs one in tests/videolib/filled_library.py, else nobody knows that it arrives."""
    assert [label for label, found in rows().items() if not found] == []


def test_a_row_comes_after_those_it_refers_to() -> None:
    order = carried_tables()
    for table in order:
        for field in table._meta.concrete_fields:
            if field.is_relation and field.related_model is not table:
                assert order.index(field.related_model) < order.index(table), field


def test_nothing_carried_refers_to_what_is_left_out() -> None:
    for table in carried_tables():
        for field in table._meta.concrete_fields:
            if field.is_relation:
                assert field.related_model._meta.label not in LEFT_OUT, field


def test_what_is_under_way_stays_behind_with_all_that_hangs_on_it(library: Any) -> None:
    from videolib.clips.actions import tag_clip

    draft = Clip.objects.get(recording=None)
    tag_clip(draft, "of a draft", by=draft.owner)
    found = rows()
    assert draft.pk not in {row["id"] for row in found["videolib.Clip"]}
    assert {row["clip_id"] for row in found["videolib.Tagging"]} == {library["shown"].pk}
    assert Tagging.objects.filter(clip=draft).exists()
    assert {row["id"] for row in found["videolib.Upload"]} == set(
        Upload.objects.exclude(finished_at=None).values_list("pk", flat=True)
    )
    assert set(UNDER_WAY) == {"videolib.Clip", "videolib.Upload"}


def test_every_key_of_a_file_that_a_row_holds_is_known(library: Any) -> None:
    """A column whose name ends in "key" or "keys" names files: stored_files must read it."""
    columns = [
        (model, field.attname)
        for model in apps.get_app_config("transcode").get_models()
        if model._meta.label not in LEFT_OUT
        for field in model._meta.concrete_fields
        if field.attname.endswith(("key", "keys"))
    ]
    held: set[str] = set()
    for model, column in columns:
        for value in model.objects.values_list(column, flat=True):
            held.update(value if isinstance(value, list) else [value])
    assert len(columns) == 5
    assert held - {""} == {file.key for file in stored_files()}
    some = Recording.objects.filter(pk=library["shown"].recording_id)
    assert {file.recording_id for file in stored_files(some)} == {library["shown"].recording_id}


@pytest.mark.parametrize("label", sorted(LEFT_OUT))
def test_what_is_left_out_is_there(label: str) -> None:
    assert apps.get_model(label)
