"""The pipeline, top to bottom: what happens to a recording after its bytes have arrived.

inspect -> make_playable -> make_renditions, and beside it inspect -> transcribe. Each step claims its Job row, asks one
pure module to do the work, and writes the rows that came of it in the transaction that ends the job.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from transcode.actions import skip_step, start_step
from transcode.media.checksum import sha256_of
from transcode.media.encode import write_rest
from transcode.media.hls import RenditionFile, write_first
from transcode.media.plan import StoryboardPlan, make_plan, without_copy
from transcode.media.poster import write_poster
from transcode.media.probe import probe
from transcode.media.sound import read_samples
from transcode.models import Cue, Rendition, Step, Storyboard, Transcript
from transcode.speech.base import get_engine
from transcode.workspace import Work, run_job, sweep


@shared_task(name="transcode.inspect")
def inspect(job_id: int) -> bool:
    """Look at the file: what is in it, and is it a recording at all."""
    return run_job(job_id, _inspect)


def _inspect(work: Work) -> None:
    source = work.source()
    facts = probe(source)
    sha256 = work.recording.sha256 or sha256_of(source)
    with work.finishing():
        recording = work.recording
        recording.facts = facts.to_json()
        recording.sha256 = sha256
        recording.duration = facts.duration
        recording.width, recording.height = facts.display_width, facts.display_height
        recording.has_sound = bool(facts.sounds)
        recording.save(update_fields=["facts", "sha256", "duration", "width", "height", "has_sound"])
        start_step(recording, Step.MAKE_PLAYABLE, lane=work.job.lane)
        if facts.sounds and settings.SPEECH_ENGINE != "none" and settings.WHISPER_MODEL != "none":
            start_step(recording, Step.TRANSCRIBE, lane=work.job.lane)
        else:
            skip_step(recording, Step.TRANSCRIBE, "" if facts.sounds else "There is no sound in this recording.")


@shared_task(name="transcode.make_playable")
def make_playable(job_id: int) -> bool:
    """The first rendition, by stream copy where the recording already fits, and a poster."""
    return run_job(job_id, _make_playable)


def _make_playable(work: Work) -> None:
    source, facts = work.source(), work.facts
    plan = make_plan(facts)
    first = write_first(source, facts, plan, work.folder, on_progress=work.progress)
    poster_key = work.store(write_poster(source, facts, plan, work.folder))
    rendition = _rendition_of(work, first)
    with work.finishing():
        recording = work.recording
        _replace_renditions(work, [rendition], [rendition.name])
        recording.poster_key = poster_key
        recording.duration = first.duration or recording.duration
        recording.playable_at = recording.playable_at or timezone.now()
        recording.save(update_fields=["poster_key", "duration", "playable_at"])
        start_step(recording, Step.MAKE_RENDITIONS, lane=work.job.lane)


@shared_task(name="transcode.make_renditions")
def make_renditions(job_id: int) -> bool:
    """Everything else that is made of the picture, from one decode: smaller renditions and the storyboard."""
    return run_job(job_id, _make_renditions)


def _make_renditions(work: Work) -> None:
    source, facts = work.source(), work.facts
    plan = make_plan(facts)
    rest = write_rest(source, facts, plan, work.folder, on_progress=work.progress)
    made, replaced = list(rest.renditions), [rendition.name for rendition in rest.renditions]
    if rest.damaged and plan.first.copy:
        # A copy of damaged bytes stops players that the decode, which met the damage, got over.
        made.append(write_first(source, facts, without_copy(plan, facts), work.new_folder("mended"), work.progress))
        replaced.append(plan.first.name)
    renditions = [_rendition_of(work, each) for each in made]
    sheet_keys = [work.store(sheet) for sheet in rest.sheets]
    with work.finishing():
        _replace_renditions(work, renditions, replaced)
        if plan.storyboard and sheet_keys:
            _replace_storyboard(work, plan.storyboard, sheet_keys)


@shared_task(name="transcode.transcribe")
def transcribe(job_id: int) -> bool:
    """Write down the words, in cues of caption length."""
    return run_job(job_id, _transcribe)


def _transcribe(work: Work) -> None:
    samples = read_samples(work.source(), work.facts, work.folder)
    engine = get_engine(settings.SPEECH_ENGINE, settings.WHISPER_MODEL, Path(settings.WEIGHTS_ROOT))
    hints = work.recording.hints
    heard = engine.hear(
        samples, language=hints.get("language"), prompt=hints.get("vocabulary", ""), on_progress=work.progress
    )
    with work.finishing():
        Transcript.objects.filter(recording=work.recording).delete()
        transcript = Transcript.objects.create(
            recording=work.recording, engine=engine.name, model=engine.model, language=heard.language
        )
        Cue.objects.bulk_create(
            Cue(transcript=transcript, start=cue.start, end=cue.end, text=cue.text) for cue in heard.cues
        )


@shared_task(name="transcode.sweep_jobs")
def sweep_jobs() -> None:
    """Send again what brokers and workers lost."""
    sweep()


# Whoever has to run a job without a worker (import_clips --wait) runs the very same code.
RUN: dict[str, Callable[[int], bool]] = {
    Step.INSPECT: inspect,
    Step.MAKE_PLAYABLE: make_playable,
    Step.TRANSCRIBE: transcribe,
    Step.MAKE_RENDITIONS: make_renditions,
}


def _rendition_of(work: Work, made: RenditionFile) -> Rendition:
    """Its row, not yet saved; the bytes go into the storage now."""
    return Rendition(
        recording=work.recording,
        name=made.name,
        key=work.store(made.path),
        playlist=made.playlist,
        width=made.width,
        height=made.height,
        fps=made.fps,
        bandwidth=made.bandwidth,
        average_bandwidth=made.average_bandwidth,
        codecs=made.codecs,
        size_bytes=made.size_bytes,
    )


def _replace_renditions(work: Work, renditions: list[Rendition], replaced: list[str]) -> None:
    """Switch the rows of these names; their files go once the new ones are committed."""
    old = Rendition.objects.filter(recording=work.recording, name__in=replaced)
    _delete_later([rendition.key for rendition in old])
    old.delete()
    Rendition.objects.bulk_create(renditions)


def _replace_storyboard(work: Work, plan: StoryboardPlan, sheet_keys: list[str]) -> None:
    old = Storyboard.objects.filter(recording=work.recording).first()
    if old:
        _delete_later(old.sheet_keys)
        old.delete()
    Storyboard.objects.create(
        recording=work.recording,
        sheet_keys=sheet_keys,
        interval=plan.interval,
        columns=plan.columns,
        rows=plan.rows,
        tile_width=plan.tile_width,
        tile_height=plan.tile_height,
        count=plan.count,
    )


def _delete_later(keys: list[str]) -> None:
    for key in keys:
        transaction.on_commit(lambda key=key: default_storage.delete(key))  # type: ignore[misc]
