"""The pipeline, top to bottom: what happens to a recording after its bytes have arrived.

inspect -> make_playable -> make_renditions -> read_screen, and beside it inspect -> transcribe. Each step is given a
Job row that was claimed for it (transcode/claim.py says which is next), asks one pure module to do the work, and writes
the rows that came of it in the transaction that ends the job.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from transcode import ocr, process
from transcode.actions import skip_step, start_again, start_step
from transcode.claim import named_in_log, sweep, take_back_from_the_dead
from transcode.leftovers import let_go, remove_leftovers
from transcode.log_fields import logging_about
from transcode.media.checksum import sha256_of
from transcode.media.encode import worth_publishing, write_rest
from transcode.media.facts import MediaFacts
from transcode.media.hls import RenditionFile, write_first
from transcode.media.loudness import levelled, measure
from transcode.media.plan import SoundPlan, StoryboardPlan, make_plan, without_copy
from transcode.media.probe import probe
from transcode.media.screens import Screen as Frame
from transcode.media.sound import SoundOnDisk
from transcode.models import Job, Recording, Rendition, Screen, ScreenText, Step, Storyboard
from transcode.queue import A_JOB, wake
from transcode.signals import tell
from transcode.speech.base import get_engine
from transcode.transcript import WordsOf
from transcode.workspace import Work, remove_stray_folders, run_job, run_next, run_queue

# How long a worker that is about to end holds a nudge back before it passes it on: another is to get it.
ASIDE_SECONDS = 0.3
# A recording shorter than this, seconds, is done before anybody minds: nothing passes it.
LONG = 300.0
# How often is looked for one that could pass; ffmpeg tells its progress twice a second.
LOOK_SECONDS = 2.0


@shared_task(name="transcode.work_on")
def work_on(queue: str) -> int:
    """There is work in this queue: do it as long as there is some. How many jobs that were."""
    take_back_from_the_dead()
    # Here, for the sweep runs on one machine only, and each has a scratch disk of its own.
    remove_stray_folders()
    done = run_queue(queue, do_step, let_shorter_pass)
    if process.is_ending():
        time.sleep(ASIDE_SECONDS)
        wake(queue)
    return done


@shared_task(name="transcode.sweep_jobs")
def sweep_jobs() -> None:
    """Send again what brokers and workers lost, tell again what nobody heard, and remove what killed workers left."""
    sweep()
    for job in Job.objects.untold().select_related("recording"):
        with logging_about(**named_in_log(job)):
            tell(job)
    remove_stray_folders()
    remove_leftovers()


def do_step(work: Work) -> None:
    """What the job is about."""
    STEPS[work.job.step](work)


def let_shorter_pass(work: Work, done: float) -> None:
    """Between two parts of a long job, do one that waits and is shorter than what is left of it, in this process with
    the model it has loaded. In all no more than the long one has done of its own: it takes twice as long at most."""
    cost = work.job.cost
    dearest = min(done * cost - work.given_away, (1 - done) * cost)
    if cost < LONG or dearest < A_JOB or time.monotonic() < work.look_again_at:
        return
    work.given_away += run_next(work, do_step, dearest=dearest)
    work.look_again_at = time.monotonic() + LOOK_SECONDS


def inspect(work: Work) -> None:
    """Look at the file: what is in it, and is it a recording at all."""
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
            skip_step(recording, Step.TRANSCRIBE, why_unheard(facts))
        if settings.SCREEN_ENGINE == "none":
            skip_step(recording, Step.READ_SCREEN)


def why_unheard(facts: MediaFacts) -> str:
    """Why there is nothing to hear, in a sentence; empty where that is the library's choice."""
    if facts.sounds:
        return ""
    unreadable = "The sound of this recording is in a format that cannot be read here."
    return unreadable if facts.unreadable_sounds else "There is no sound in this recording."


def make_playable(work: Work) -> None:
    """The first rendition, by stream copy where the recording already fits. Nothing else is waited for."""
    source, facts = work.source(), work.facts
    plan = make_plan(facts)
    sound = _levelled(work, source, plan.sound) if plan.sound.mode == "encode" else plan.sound
    first = write_first(source, facts, replace(plan, sound=sound), work.folder, on_progress=work.progress)
    rendition = _rendition_of(work, first)
    with work.finishing():
        recording = work.recording
        _replace_renditions(work, [rendition], [rendition.name])
        recording.duration = first.duration or recording.duration
        recording.playable_at = recording.playable_at or timezone.now()
        recording.save(update_fields=["duration", "playable_at", "loudness"])
        start_step(recording, Step.MAKE_RENDITIONS, lane=work.job.lane)


def make_renditions(work: Work) -> None:
    """Everything else that is made of the picture, from one decode: renditions, storyboard, poster, screens."""
    source, facts, recording = work.source(), work.facts, work.recording
    plan = make_plan(facts, screens=settings.SCREEN_ENGINE != "none", av1=settings.AV1_RENDITION)
    sound = _levelled(work, source, plan.sound)
    rest = write_rest(source, facts, plan, work.folder, on_progress=work.progress, sound=sound)
    made = worth_publishing(rest.renditions, recording.renditions.all())
    if rest.damaged and plan.first.copy:
        # A copy of damaged bytes stops players that the decode, which met the damage, got over.
        mended = write_first(
            source, facts, without_copy(replace(plan, sound=sound), facts), work.new_folder("mended"), work.progress
        )
        made = [mended, *(each for each in made if each.name != mended.name)]
    renditions, sheet_keys = [_rendition_of(work, each) for each in made], [work.store(sheet) for sheet in rest.sheets]
    poster_key = work.store(rest.poster)
    screens = [Screen(recording=recording, at=each.at, key=work.store(each.path)) for each in rest.screens]
    with work.finishing():
        _replace_renditions(work, renditions, [each.name for each in made])
        _replace_storyboard(work, plan.storyboard, sheet_keys)
        _replace_poster(recording, poster_key)
        _replace_screens(recording, screens)
        if screens and settings.SCREEN_ENGINE != "none":
            start_again(recording, Step.READ_SCREEN, lane=work.job.lane)


def _levelled(work: Work, source: Path, sound: SoundPlan) -> SoundPlan:
    """The planned sound at the loudness of broadcast; measured once, by whichever step is first to encode it."""
    recording = work.recording
    if sound.mode != "none" and recording.loudness is None:
        recording.loudness = measure(source, work.facts, sound)
    return sound if recording.loudness is None else levelled(sound, recording.loudness)


def transcribe(work: Work) -> None:
    """Write down the words, in cues of caption length."""
    hints = work.recording.hints
    engine = get_engine(settings.SPEECH_ENGINE, settings.WHISPER_MODEL, Path(settings.WEIGHTS_ROOT))
    words = WordsOf(work, engine.name, engine.model)
    heard = engine.hear(
        SoundOnDisk(work.source(), work.facts, work.folder),
        language=hints.get("language"),
        prompt=hints.get("vocabulary", ""),
        on_progress=work.progress,
        on_cues=words.add,
    )
    with work.finishing():
        words.finish(heard.cues, heard.language)


def read_screen(work: Work) -> None:
    """Read the text off the frames that were kept for it, which go then. What is there already stays where none are."""
    engine, recording = ocr.get_engine(settings.SCREEN_ENGINE), work.recording
    began, screens = time.monotonic(), list(recording.screens.all())
    frames = [Frame(each.at, work.fetch(each.key)) for each in screens]
    duration = recording.duration or work.facts.duration
    read = ocr.read_text(frames, engine, duration=duration, began=began, on_progress=work.progress)
    with work.finishing():
        if screens:
            _replace_screens(recording, [])
            recording.screen_texts.all().delete()
            ScreenText.objects.bulk_create(ScreenText(recording=recording, **asdict(shown)) for shown in read.shown)


STEPS: dict[str, Callable[[Work], None]] = {
    Step.INSPECT: inspect,
    Step.MAKE_PLAYABLE: make_playable,
    Step.TRANSCRIBE: transcribe,
    Step.MAKE_RENDITIONS: make_renditions,
    Step.READ_SCREEN: read_screen,
}
# Whoever has to run a job without a worker (import_clips --wait) runs the very same code.
RUN: dict[str, Callable[[int], bool]] = {step: partial(run_job, do=do) for step, do in STEPS.items()}


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
    let_go([rendition.key for rendition in old])
    old.delete()
    Rendition.objects.bulk_create(renditions)


def _replace_poster(recording: Recording, key: str) -> None:
    if recording.poster_key:
        let_go([recording.poster_key])
    recording.poster_key = key
    recording.save(update_fields=["poster_key", "loudness"])


def _replace_screens(recording: Recording, screens: list[Screen]) -> None:
    old = recording.screens.all()
    let_go([screen.key for screen in old])
    old.delete()
    Screen.objects.bulk_create(screens)


def _replace_storyboard(work: Work, plan: StoryboardPlan, sheet_keys: list[str]) -> None:
    old = Storyboard.objects.filter(recording=work.recording).first()
    if old:
        let_go(old.sheet_keys)
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
