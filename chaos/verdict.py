"""The end: is every recording that was accepted ready or honestly refused, once, whole, found and played; is all else
gone? Each thing that is not so is a sentence."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from chaos.faults import MOMENTS
from chaos.machine_room import SMALL_DISKS, MachineRoom
from chaos.people import Accepted, Person, Post

if TYPE_CHECKING:
    from transcode.models import Job, Recording

# What killed workers leave on the scratch disk goes after ten leases, with a sweep.
SCRATCH_PATIENCE = 120.0
RANGE = {"Range": "bytes=0-65535"}
# As the API gives at once: more than one person sends here.
MOST_HITS = 100


def outcome_of(accepted: Accepted) -> str:
    """ "ready", "refused", or a sentence about what is wrong with it."""
    from videolib.clips.models import Clip  # noqa: PLC0415 (Django is set up by then)

    sent = accepted.sent
    clips = Clip.objects.filter(title=_title_of(accepted)).exclude(recording=None).select_related("recording")
    recordings = [clip.recording for clip in clips if clip.recording]
    if len(recordings) != 1:
        return f"{sent.word}: {len(recordings)} clips have it"
    recording = recordings[0]
    known = (sent.sha256, "") if sent.is_broken else (sent.sha256,)
    if recording.sha256 not in known or recording.size_bytes != len(sent.data):
        return f"{sent.word}: other bytes than were sent"
    return _of_jobs(accepted, list(recording.jobs.all())) or _of_words(sent.word, recording)


def _of_jobs(accepted: Accepted, jobs: list[Job]) -> str:
    """How the work ended; empty where all of it was done."""
    word = accepted.sent.word
    open_ones = [str(job) for job in jobs if job.is_open]
    if open_ones:
        return f"{word}: still open: {', '.join(open_ones)}"
    failed = [job for job in jobs if job.state == "failed"]
    if accepted.sent.is_broken:
        honest = len(failed) == 1 and failed[0].error and not failed[0].may_retry
        return "refused" if honest else f"{word}: broken, and not refused for good with a sentence ({jobs})"
    if failed:
        return f"{word}: {failed[0].step} failed: {failed[0].error} ({failed[0].reason})"
    never_begun = set(MOMENTS) - {job.step for job in jobs}
    return f"{word}: never begun: {', '.join(sorted(never_begun))}" if never_begun else ""


def _of_words(word: str, recording: Recording) -> str:
    if recording.has_sound and not (hasattr(recording, "transcript") and recording.transcript.complete):
        return f"{word}: done, and has no whole transcript"
    return "ready" if recording.playable_at else f"{word}: done, and cannot be played"


def what_is_wrong(post: Post, room: MachineRoom, people: dict[str, Person]) -> Iterator[str]:
    """Of the library as a whole. It must have nothing to do any more."""
    from transcode.models import Recording  # noqa: PLC0415 (Django is set up by then)
    from videolib.lib.storage import media_storage  # noqa: PLC0415
    from videolib.operations.check import find_faults  # noqa: PLC0415
    from videolib.operations.file_faults import damaged_originals  # noqa: PLC0415

    yield from (f"given up by the library: {sentence}" for sentence in post.refused)
    yield from _cancel_what_nobody_knows(post, people)
    if Recording.objects.count() != len(post.accepted):
        yield f"{Recording.objects.count()} recordings, though {len(post.accepted)} were accepted"
    for fault in find_faults(grace=timedelta(0)):
        yield f"{fault.kind}: {fault.thing}: {fault.what}"
    for _, damage in damaged_originals(media_storage(), after=0, seconds=None):
        if damage:
            yield f"{damage.kind}: {damage.thing}: {damage.what}"
    yield from _left_on_disk(room)


def _cancel_what_nobody_knows(post: Post, people: dict[str, Person]) -> Iterator[str]:
    """Uploads whose creation was answered into a line that was cut: their owners see them on the page, and cancel."""
    from videolib.uploads.models import Upload  # noqa: PLC0415

    for upload in Upload.objects.open().select_related("clip__owner"):
        address = f"/uploads/{upload.code}"
        known = any(address in one for one in post.known)
        if known:
            yield f"{upload.clip.title}: an upload that was sent is still open"
        elif post.cancel(address, people[upload.clip.owner.email]) != 204:
            yield f"{upload.clip.title}: an upload nobody knows could not be cancelled"


def _left_on_disk(room: MachineRoom) -> Iterator[str]:
    deadline = time.monotonic() + SCRATCH_PATIENCE
    while any(_files(room.data / "scratch")) and time.monotonic() < deadline:
        time.sleep(1)
    for name in SMALL_DISKS:
        yield from (f"left on the disk: {path}" for path in _files(room.data / name))


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def is_watched_and_found(accepted: Accepted, port: int) -> str:
    """Played through nginx by its owner, and found by its word; else a sentence."""
    word, person = accepted.sent.word, accepted.person
    status, hits = _search(port, person, word)
    if len(hits) != 1:
        return f"{word}: found {len(hits)} times ({status})"
    cookie = {"Cookie": person.cookie}
    clip = f"/clips/{hits[0]['code']}"
    status, playlist = _get(port, f"{clip}/main.m3u8", cookie)
    for name in (line.removesuffix(".m3u8") for line in playlist.decode().splitlines() if line.endswith(".m3u8")):
        listed, _ = _get(port, f"{clip}/{name}.m3u8", cookie)
        served, data = _get(port, f"{clip}/{name}.mp4", {**cookie, **RANGE})
        if (status, listed, served) != (200, 200, 206) or not data:
            return f"{word}: {name} does not play ({status}, {listed}, {served})"
    return "" if b".m3u8" in playlist else f"{word}: no rendition is listed ({status})"


def spoken_word_of(accepted: Accepted) -> str:
    """The longest word of its transcript, as the engine wrote it down; empty where nothing was heard."""
    from transcode.models import Cue  # noqa: PLC0415 (Django is set up by then)

    cues = Cue.objects.filter(transcript__recording__clips__title=_title_of(accepted))
    return max(re.findall("[a-z]+", " ".join(cues.values_list("text", flat=True)).lower()), key=len, default="")


def is_heard_and_found(accepted: Accepted, spoken: str, port: int) -> str:
    """Found by that word, where it is said; else a sentence."""
    status, hits = _search(port, accepted.person, spoken)
    titles = [hit["title"] for hit in hits if any(moment["field"] == "speech" for moment in hit["moments"])]
    found = _title_of(accepted) in titles
    return "" if found else f"{accepted.sent.word}: not found by its spoken word {spoken} ({status}, {len(hits)} hits)"


def _title_of(accepted: Accepted) -> str:
    return f"About {accepted.sent.word}"


def _search(port: int, person: Person, text: str) -> tuple[int, list[dict[str, Any]]]:
    query = urlencode({"q": text, "limit": MOST_HITS})
    status, body = _get(port, f"/api/v1/search?{query}", {"Authorization": f"Bearer {person.token}"})
    return status, json.loads(body)["hits"] if status == 200 else []


def _get(port: int, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
