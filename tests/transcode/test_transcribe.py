"""Words as rows while they are still being heard; the engine says what it is told to, everything else is real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from transcode import tasks
from transcode.actions import accept_recording, store_original
from transcode.media.probe import probe
from transcode.models import Cue, Job, Recording, State, Step, Transcript
from transcode.signals import recording_changed
from transcode.speech import Cue as HeardCue
from transcode.speech import Heard
from transcode.tasks import RUN
from videolib.browse.search import search_clips

pytestmark = pytest.mark.django_db

FIRST, SECOND = HeardCue(0.0, 1.0, "open the histogram"), HeardCue(1.5, 2.5, "feather the mask")


class ToldEngine:
    """Hears two cues, one after the other; `between` runs after the first is handed over."""

    name, model = "told", "none"

    def __init__(self) -> None:
        self.between: Callable[[], Any] = lambda: None
        self.cues = [FIRST, SECOND]

    def hear(self, sound: Any, *, on_cues: Any, on_progress: Any, **_: Any) -> Heard:
        assert sound.length() > 16_000
        on_cues(self.cues[:1], "en")
        on_progress(0.5)
        self.between()
        on_cues(self.cues[1:], "en")
        return Heard("en", 1.0, 3.0, (), self.cues)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> ToldEngine:
    made = ToldEngine()
    monkeypatch.setattr(tasks, "get_engine", lambda *_: made)
    return made


@pytest.fixture
def recording(data_folder: Any, screen_file: Any, tmp_path: Any) -> Recording:
    copy = tmp_path / "upload.mp4"
    copy.write_bytes(screen_file.read_bytes())
    made = accept_recording(*store_original(copy))
    made.facts, made.duration = probe(screen_file).to_json(), 3.0
    made.save()
    Job.objects.create(recording=made, step=Step.TRANSCRIBE, queue="speech")
    return made


def run(recording: Recording) -> Job:
    job = recording.jobs.get(step=Step.TRANSCRIBE)
    RUN[Step.TRANSCRIBE](job.pk)
    job.refresh_from_db()
    return job


def again(recording: Recording) -> None:
    recording.jobs.filter(step=Step.TRANSCRIBE).update(state=State.QUEUED, claim=None)


def texts(recording: Recording) -> list[str]:
    return [cue.text for cue in Cue.objects.filter(transcript__recording=recording)]


@pytest.fixture
def news() -> Iterator[list[tuple[Step, State]]]:
    heard: list[tuple[Step, State]] = []

    def listen(*, step: Step, state: State, **_: Any) -> None:
        heard.append((step, state))

    recording_changed.connect(listen)
    yield heard
    recording_changed.disconnect(listen)


def test_the_first_words_are_there_while_the_rest_is_being_heard(
    engine: ToldEngine, recording: Recording, news: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    seen: list[Any] = []
    engine.between = lambda: seen.append(
        (texts(recording), recording.transcript.complete, recording.transcript.language)
    )
    with django_capture_on_commit_callbacks(execute=True):
        job = run(recording)
    assert seen == [([FIRST.text], False, "en")]
    assert (job.state, job.percent) == (State.DONE, 100)
    assert texts(recording) == [FIRST.text, SECOND.text]
    assert Transcript.objects.get().complete
    assert news[-1] == (Step.TRANSCRIBE, State.DONE)
    assert len(news) == 3


@pytest.mark.django_db(transaction=True)
def test_the_first_words_are_found_while_the_rest_is_being_heard(
    engine: ToldEngine, recording: Recording, make_clip: Any
) -> None:
    clip = make_clip()
    type(clip).objects.filter(pk=clip.pk).update(recording=recording)
    found: list[Any] = []

    def search() -> None:
        found.extend(len(search_clips(clip.owner, words, limit=5).hits) for words in ("histogram", "feather"))

    engine.between = search
    run(recording)
    search()
    assert found == [1, 0, 1, 1]


def test_hearing_again_keeps_the_old_words_until_the_new_ones_are_complete(
    engine: ToldEngine, recording: Recording
) -> None:
    run(recording)
    seen: list[Any] = []
    engine.cues = [HeardCue(0.0, 1.0, "open the Histogrammer"), SECOND, HeardCue(2.6, 2.9, "done")]
    engine.between = lambda: seen.append(texts(recording))
    again(recording)
    run(recording)
    assert seen == [[FIRST.text, SECOND.text]]
    assert texts(recording) == ["open the Histogrammer", SECOND.text, "done"]
    assert Transcript.objects.count() == 1


def test_a_run_that_was_cut_off_is_replaced_by_the_next(engine: ToldEngine, recording: Recording) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    engine.between = die
    with pytest.raises(KeyboardInterrupt):
        run(recording)
    assert texts(recording) == [FIRST.text]
    engine.between = lambda: None
    again(recording)
    assert run(recording).state == State.DONE
    assert texts(recording) == [FIRST.text, SECOND.text]
    assert Transcript.objects.get().complete


def test_a_worker_that_lost_its_lease_writes_no_more_words(engine: ToldEngine, recording: Recording) -> None:
    def lose() -> None:
        recording.jobs.filter(step=Step.TRANSCRIBE).update(claim=uuid4())

    engine.between = lose
    assert run(recording).state == State.RUNNING
    assert texts(recording) == [FIRST.text]
    assert not Transcript.objects.get().complete


def test_hearing_no_words_again_leaves_none(engine: ToldEngine, recording: Recording) -> None:
    run(recording)
    engine.hear = lambda sound, **_: Heard("", 0.0, 3.0)  # type: ignore[method-assign]
    again(recording)
    run(recording)
    assert texts(recording) == []
    assert Transcript.objects.get().complete
