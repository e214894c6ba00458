"""The pipeline from bytes to rows, with real ffmpeg on real bytes; only speech and on-screen text are left out here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ffmpeg
import pytest
from django.core.files.storage import default_storage
from imageio_ffmpeg import get_ffmpeg_exe

from transcode.actions import accept_recording, delete_recording, store_original, try_again
from transcode.media import child
from transcode.models import Job, Recording, State, Step
from transcode.tasks import RUN

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def without_speech(settings: Any, data_folder: Path) -> None:
    settings.SPEECH_ENGINE = "none"


def make(path: Path, *, seconds: float = 6, size: str = "1280x960", sound: bool = True, **options: Any) -> Path:
    """A test picture, with a tone if `sound`."""
    picture = ffmpeg.input(f"testsrc2=size={size}:rate=10", f="lavfi", t=seconds)
    tone = [ffmpeg.input("sine=frequency=440", f="lavfi", t=seconds)] if sound else []
    defaults = {"pix_fmt": "yuv420p", "g": 20, "preset": "ultrafast", "vcodec": "libx264", "acodec": "aac"}
    chosen = {**defaults, **options}
    if not sound:
        del chosen["acodec"]
    ffmpeg.output(picture, *tone, str(path), **chosen).overwrite_output().run(cmd=get_ffmpeg_exe(), quiet=True)
    return path


def accept(file: Path) -> Recording:
    return accept_recording(*store_original(file))


def run_all(recording: Recording) -> dict[str, Job]:
    """Run every job as it becomes due, like a worker would."""
    for _ in range(10):
        waiting = recording.jobs.filter(state=State.QUEUED).exclude(step=Step.READ_SCREEN)
        job = waiting.order_by("priority", "pk").first()
        if job is None:
            break
        RUN[Step(job.step)](job.pk)
    recording.refresh_from_db()
    return {job.step: job for job in recording.jobs.all()}


def test_a_recording_that_fits_is_copied_and_then_made_smaller(tmp_path: Path, data_folder: Path) -> None:
    recording = accept(make(tmp_path / "screen.mp4"))
    jobs = run_all(recording)
    assert {step: job.state for step, job in jobs.items()} == {
        Step.INSPECT: State.DONE,
        Step.MAKE_PLAYABLE: State.DONE,
        Step.MAKE_RENDITIONS: State.DONE,
        Step.TRANSCRIBE: State.SKIPPED,
        Step.READ_SCREEN: State.SKIPPED,
    }
    assert recording.duration == pytest.approx(6, abs=0.1)
    assert (recording.width, recording.height, recording.has_sound) == (1280, 960, True)
    heights = [rendition.height for rendition in recording.renditions.all()]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] == 960
    assert len(heights) == 3
    assert recording.storyboard.count >= 1
    kept = {path.name for path in (data_folder / "media").rglob("*") if path.is_file()}
    assert len(kept) == 1 + 3 + 1 + len(recording.storyboard.sheet_keys)
    assert list((data_folder / "scratch").iterdir()) == []


def test_it_can_be_played_before_anything_else_is_made(tmp_path: Path) -> None:
    recording = accept(make(tmp_path / "screen.mp4"))
    RUN[Step.INSPECT](recording.jobs.get(step=Step.INSPECT).pk)
    RUN[Step.MAKE_PLAYABLE](recording.jobs.get(step=Step.MAKE_PLAYABLE).pk)
    recording.refresh_from_db()
    assert recording.playable_at
    assert not recording.poster_key
    assert recording.renditions.count() == 1
    assert recording.jobs.get(step=Step.MAKE_RENDITIONS).state == State.QUEUED


def test_a_file_that_is_no_recording_fails_with_a_sentence(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("Dear diary, this is no video.\n" * 20)
    jobs = run_all(accept(text))
    assert list(jobs) == [Step.INSPECT]
    assert jobs[Step.INSPECT].state == State.FAILED
    assert jobs[Step.INSPECT].may_retry is False
    assert 10 < len(jobs[Step.INSPECT].error) <= 300


def test_a_recording_without_sound_skips_the_words_and_says_why(tmp_path: Path, settings: Any) -> None:
    settings.SPEECH_ENGINE = "faster_whisper"
    jobs = run_all(accept(make(tmp_path / "silent.mp4", seconds=2, size="320x240", sound=False)))
    assert jobs[Step.TRANSCRIBE].state == State.SKIPPED
    assert "no sound" in jobs[Step.TRANSCRIBE].error


def test_a_step_that_runs_twice_leaves_one_set_of_outputs(
    tmp_path: Path, data_folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        recording = accept(make(tmp_path / "screen.mp4", seconds=2))
        run_all(recording)
    before = sorted(path for path in (data_folder / "media").rglob("*") if path.is_file())
    Job.objects.filter(step=Step.MAKE_RENDITIONS).update(state=State.FAILED)
    with django_capture_on_commit_callbacks(execute=True):
        try_again(recording)
        run_all(recording)
    after = sorted(path for path in (data_folder / "media").rglob("*") if path.is_file())
    assert len(after) == len(before)
    assert after != before
    assert recording.renditions.count() == 3


def test_deleting_a_recording_leaves_no_file(
    tmp_path: Path, data_folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    recording = accept(make(tmp_path / "screen.mp4", seconds=2, size="320x240"))
    run_all(recording)
    with django_capture_on_commit_callbacks(execute=True):
        delete_recording(recording)
    assert [path for path in (data_folder / "media").rglob("*") if path.is_file()] == []
    assert not Job.objects.exists()


@pytest.mark.shared
def test_a_copy_of_damaged_bytes_is_replaced_by_a_sound_one(shared_data: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes((shared_data / "malformed" / "derived__bitflip400_mdat__marimo_readme.mp4").read_bytes())
    recording = accept(damaged)
    RUN[Step.INSPECT](recording.jobs.get(step=Step.INSPECT).pk)
    RUN[Step.MAKE_PLAYABLE](recording.jobs.get(step=Step.MAKE_PLAYABLE).pk)
    copied = recording.renditions.get()
    run_all(recording)
    first, *others = recording.renditions.all()
    assert first.name == copied.name
    assert first.key != copied.key
    assert all(other.key.rpartition("/")[0] == first.key.rpartition("/")[0] for other in others)


def test_loud_sound_is_levelled_in_all_renditions_the_copied_one_too(
    tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        recording = accept(make(tmp_path / "screen.mp4", seconds=4))
        RUN[Step.INSPECT](recording.jobs.get(step=Step.INSPECT).pk)
        RUN[Step.MAKE_PLAYABLE](recording.jobs.get(step=Step.MAKE_PLAYABLE).pk)
        copied = recording.renditions.get()
        recording.refresh_from_db()
        assert recording.loudness is None
        run_all(recording)
    recording.refresh_from_db()
    assert abs(recording.loudness + 23) > 1
    again = recording.renditions.get(name="source")
    assert again.key != copied.key
    assert (again.width, again.height) == (copied.width, copied.height)


def test_frames_for_reading_are_kept_only_where_somebody_reads(tmp_path: Path, settings: Any) -> None:
    unread = accept(make(tmp_path / "unread.mp4", seconds=2, sound=False))
    run_all(unread)
    assert not unread.screens.exists()
    assert unread.jobs.get(step=Step.READ_SCREEN).state == State.SKIPPED
    settings.SCREEN_ENGINE = "rapidocr"
    recording = accept(make(tmp_path / "read.mp4", seconds=4, sound=False))
    run_all(recording)
    frames = list(recording.screens.all())
    assert [frame.at for frame in frames] == sorted(frame.at for frame in frames)
    assert 3 <= len(frames) <= 5
    assert recording.jobs.get(step=Step.READ_SCREEN).state == State.QUEUED
    assert default_storage.open(frames[0].key).read(2) == b"\xff\xd8"


def test_why_nothing_is_heard_is_told_by_its_reason(tmp_path: Path) -> None:
    silent = run_all(accept(make(tmp_path / "silent.mp4", seconds=1, sound=False)))
    assert silent[Step.TRANSCRIBE].error == "There is no sound in this recording."
    spoken = make(tmp_path / "spoken.mkv", seconds=1)
    spoken.write_bytes(spoken.read_bytes().replace(b"A_AAC", b"A_XYZ"))
    unread = run_all(accept(spoken))
    assert unread[Step.TRANSCRIBE].error == "The sound of this recording is in a format that cannot be read here."
    assert unread[Step.MAKE_RENDITIONS].state == State.DONE


@pytest.mark.parametrize(("name", "codec", "decodes"), [("fits.mp4", "libx264", 1), ("take.webm", "libvpx", 2)])
def test_the_picture_is_decoded_once_where_it_is_copied_and_at_most_twice_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any, name: str, codec: str, decodes: int
) -> None:
    """Frames for reading included; a picture that is only copied goes through no filter."""
    settings.SCREEN_ENGINE = "rapidocr"
    sound = "aac" if codec == "libx264" else "libopus"
    source = make(tmp_path / name, vcodec=codec, acodec=sound, **({} if codec == "libx264" else {"preset": "good"}))
    commands: list[Sequence[str]] = []
    run = child.run
    monkeypatch.setattr(child, "run", lambda args, **more: (commands.append(args), run(args, **more))[1])
    recording = accept(source)
    run_all(recording)
    assert recording.screens.exists() and recording.renditions.count() == 3
    decoding = [args for args in commands if any(arg.startswith("[0:0]") for arg in args)]
    assert len(decoding) == decodes
