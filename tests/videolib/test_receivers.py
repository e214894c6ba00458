"""News of the pipeline: whatever goes wrong on its way, the clips show it in the end, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from transcode.models import Cue, Job, State, Step, Transcript
from transcode.tasks import sweep_jobs
from videolib.browse.search import search_clips
from videolib.clips import actions, failures
from videolib.clips.models import Clip, FailureNotice
from videolib.operations.check import find_faults
from videolib.operations.faults import Kind

pytestmark = pytest.mark.django_db


@pytest.fixture
def smtp(settings: Any) -> None:
    settings.HAS_SMTP = True


@pytest.fixture
def end(django_capture_on_commit_callbacks: Any) -> Callable[..., Job]:
    """`end(clip, Step.TRANSCRIBE, State.DONE)`: that job runs, and ends so; the news of it is sent."""

    def end(clip: Clip, step: Step, state: State) -> Job:
        claim = uuid4()
        running = {"state": State.RUNNING, "claim": claim, "lease_until": timezone.now()}
        job, _ = Job.objects.update_or_create(
            recording=clip.recording, step=step, defaults={"queue": "media"} | running
        )
        with django_capture_on_commit_callbacks(execute=True):
            assert job.end(state, claim=claim)
        return job

    return end


def once(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """The next call of that function is cut off in its midst, after all its writes."""
    whole = getattr(module, name)

    def broken(*args: Any) -> None:
        monkeypatch.setattr(module, name, whole)
        whole(*args)
        raise RuntimeError("the database went away")

    monkeypatch.setattr(module, name, broken)


def heard(clip: Clip, words: str) -> None:
    transcript = Transcript.objects.create(recording=clip.recording, engine="test", model="none", language="en")
    Cue.objects.create(transcript=transcript, start=0, end=2, text=words)


def untold() -> list[str]:
    return [fault.what for fault in find_faults(grace=timedelta(0)) if fault.kind == Kind.UNTOLD]


def test_words_whose_news_got_lost_are_found_after_the_next_sweep(
    make_clip: Any, end: Any, data_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_clip()
    heard(clip, "the kestrel hovers")
    once(monkeypatch, actions, "index_clips_of")
    job = end(clip, Step.TRANSCRIBE, State.DONE)
    assert not search_clips(clip.owner, "kestrel").hits
    assert untold() == [
        f"Its clips do not show yet that job {job.pk} (transcribe) is done; each sweep tries, and the log says why."
    ]
    sweep_jobs()
    assert [hit.clip for hit in search_clips(clip.owner, "kestrel").hits] == [clip]
    assert untold() == []


def test_a_clip_whose_news_got_lost_is_shown_after_the_next_sweep(
    make_clip: Any, end: Any, data_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_clip(published_at=None)
    once(monkeypatch, actions, "publish_clips_of")
    end(clip, Step.MAKE_PLAYABLE, State.DONE)
    assert Clip.objects.get().published_at is None
    sweep_jobs()
    assert Clip.objects.get().published_at


@pytest.mark.parametrize("is_cut_off", [False, True])
def test_of_a_failure_people_are_told_once_also_where_the_news_of_it_got_lost(
    is_cut_off: bool, smtp: None, make_clip: Any, end: Any, data_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_clip()
    if is_cut_off:
        once(monkeypatch, failures, "note_failure")
    end(clip, Step.MAKE_RENDITIONS, State.FAILED)
    assert FailureNotice.objects.count() == (0 if is_cut_off else 1)
    for _ in range(2):
        sweep_jobs()
        assert [notice.person for notice in FailureNotice.objects.all()] == [clip.owner]


def test_words_before_a_failure_are_found(make_clip: Any, end: Any) -> None:
    clip = make_clip()
    heard(clip, "the kestrel hovers")
    end(clip, Step.TRANSCRIBE, State.FAILED)
    assert search_clips(clip.owner, "kestrel").hits


def test_the_news_that_takes_its_own_recording_away_counts(make_clip: Any, end: Any, data_folder: Any) -> None:
    first, late = make_clip(title="first"), make_clip(title="late", playable=False)
    for clip in (first, late):
        type(clip.recording).objects.filter(pk=clip.recording_id).update(sha256="a" * 64)
    end(late, Step.INSPECT, State.DONE)
    late.refresh_from_db()
    assert late.recording_id == first.recording_id
    assert not Job.objects.exists()
