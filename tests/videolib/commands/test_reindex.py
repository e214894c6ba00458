"""`manage.py reindex`: search knows again what the tables say."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from videolib.browse.search import search_clips
from videolib.clips import actions
from videolib.clips.models import Clip
from videolib.management.commands import reindex
from videolib.search.backends import get_backend
from videolib.search.models import Searched


def run():
    out = StringIO()
    call_command("reindex", stdout=out)
    return out.getvalue()


@pytest.fixture
def titles(make_user):
    learner = make_user("learner")

    def find(text):
        return sorted(hit.clip.title for hit in search_clips(learner, text).hits)

    return find


def forget():
    backend = get_backend()
    backend.remove(backend.known_ids())


def everything_indexed():
    return list(Searched.objects.order_by("pk").values())


def test_what_search_forgot_is_found_again(make_clip, titles):
    make_clip(title="Git", tags=["versions"], cues=[(0, 3, "rebase now")])
    forget()
    assert titles("git") == []
    assert run() == "Indexed 1 clip; took out 0 no longer there.\n"
    assert titles("git") == titles("versions") == titles("rebase") == ["Git"]


def test_what_changed_behind_its_back_is_found_as_it_stands(make_clip, titles):
    make_clip(title="Before")
    Clip.objects.update(title="After")
    run()
    assert titles("before") == []
    assert titles("after") == ["After"]


def test_a_second_run_changes_nothing(make_clip):
    for number in range(3):
        make_clip(title=f"Git {number}", cues=[(at, at + 1, f"sentence {at}") for at in range(40)])
    before = everything_indexed()
    run()
    assert everything_indexed() == before
    run()
    assert everything_indexed() == before


def test_documents_of_clips_that_are_gone_are_taken_out(make_clip, titles):
    kept, trashed, deleted = (make_clip(title=f"Git {number}") for number in range(3))
    Clip.objects.filter(pk=trashed.pk).update(trashed_at=timezone.now())
    Clip.objects.filter(pk=deleted.pk).delete()
    assert run() == "Indexed 1 clip; took out 2 no longer there.\n"
    assert set(Searched.objects.values_list("doc_id", flat=True)) == {kept.pk}


def test_more_clips_than_fit_in_one_transaction(make_clip, titles, make_user, monkeypatch):
    monkeypatch.setattr(reindex, "CLIPS_AT_ONCE", 2)
    owner = make_user("contributor")
    for number in range(5):
        make_clip(owner, title=f"Git {number}")
    forget()
    assert run().startswith("Indexed 5 clips")
    assert len(titles("git")) == 5


def test_stopped_half_way_every_clip_is_still_found(make_clip, titles, make_user, monkeypatch):
    monkeypatch.setattr(reindex, "CLIPS_AT_ONCE", 2)
    owner = make_user("contributor")
    for number in range(5):
        make_clip(owner, title=f"Git {number}")
    indexed = []

    def stop_at_the_second(numbers):
        indexed.append(numbers)
        with transaction.atomic():
            actions.index_clips(numbers)
            if len(indexed) == 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(reindex, "index_clips", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert len(titles("git")) == 5


def test_an_empty_library_is_fine(db):
    assert run() == "Indexed 0 clips; took out 0 no longer there.\n"
