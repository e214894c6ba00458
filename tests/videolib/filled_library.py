"""A library with a row in every table that people fill and every file its rows name: whole, as a check has it."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

from allauth.account.models import EmailAddress, EmailConfirmation
from django.utils import timezone

from transcode.models import Cue, Job, Recording, Rendition, Screen, ScreenText, State, Step, Storyboard, Transcript
from transcode.queue import QUEUES
from videolib.accounts import actions as accounts
from videolib.accounts.models import Role, User
from videolib.analytics.actions import record_search
from videolib.clips import actions as clips
from videolib.clips.models import Clip, License
from videolib.community.actions import pin_clip, rate_clip
from videolib.lib.storage import media_storage
from videolib.uploads.actions import create_upload, take_file

PASSWORD = "correct horse battery"
CUES = [(0.0, 1.2, "first we commit — то есть да"), (1.2, 2.4, "then we push\nto the remote"), (2.4, 3.0, "done 🎉")]


def fill() -> dict[str, Clip]:
    """Fill an empty library; the clips by what is particular about them."""
    admin = accounts.create_person("ada@example.com", role=Role.ADMIN, name="Ada", password=PASSWORD, by=None)
    curator = accounts.create_person("cora@example.com", role=Role.CURATOR, password=PASSWORD, by=admin)
    owner = accounts.create_person(
        "olaf@example.com", role=Role.CONTRIBUTOR, name="Olaf ⚓", password=PASSWORD, by=admin
    )
    learner = accounts.create_person("lea@example.com", role=Role.LEARNER, password=PASSWORD, by=admin)
    accounts.create_token(owner, "laptop")
    accounts.invite_anybody(role=Role.LEARNER, by=admin)
    accounts.set_quota(owner, 10**12, by=admin)
    accounts.deactivate_person(learner, by=admin)
    EmailConfirmation.objects.create(email_address=EmailAddress.objects.filter(user=owner)[0], key="a key", sent=None)
    clips.change_library_settings(by=admin, default_visibility="team", max_upload_bytes=10**9, quota_bytes=10**10)
    clips.add_terms(["Grafana", "kubectl"], by=curator)
    record_search("helm chart", found=False)
    license = License(name="CC BY 4.0", url="https://creativecommons.org/licenses/by/4.0/")
    clips.save_license(license, by=admin)
    shown = _shown(owner, curator, license)
    made = {
        "shown": shown,
        "shared": Clip.objects.create(
            owner=owner,
            title="The same bytes again",
            visibility="unlisted",
            recording=shown.recording,
            published_at=timezone.now(),
        ),
        "hidden": make_clip(owner, "Hidden"),
        "trashed": make_clip(owner, "In the trash"),
        "failed": _failed(owner),
        "at work": make_clip(curator, "Being worked on", playable=False),
    }
    clips.index_clip(made["shared"])
    clips.hide_clip(made["hidden"], by=curator)
    clips.trash_clip(made["trashed"], by=owner)
    running = {
        "state": State.RUNNING,
        "claim": uuid4(),
        "lease_until": timezone.now(),
        "attempt": 1,
        "worker": "desk/7",
    }
    add_job(made["at work"].recording, Step.MAKE_PLAYABLE, **running)
    create_upload(by=owner, size=9, file_name="still coming.mp4")
    return made


def _shown(owner: User, curator: User, license: License) -> Clip:
    details = {"title": "How to commit", "visibility": "team", "tags": ["Git", "versions"], "sha256": ""}
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"a recording that was sent")
        file.flush()
        clip = take_file(Path(file.name), by=owner, **details)
    assert clip.recording
    make_playable(clip.recording)
    clips.publish_clips_of(clip.recording.pk)
    clip.refresh_from_db()
    words = {"description": "Line one\nLine two, größer", "license": license, "allow_download": True}
    clips.edit_clip(clip, by=owner, **words)
    clips.correct_cue(clip, start=1.2, end=2.4, text="then we push to origin", by=curator)
    rate_clip(clip, 5, by=curator)
    rate_clip(clip, 2, by=owner)
    pin_clip(clip, by=curator)
    return clip


def make_clip(owner: User, title: str, *, visibility: str = "team", playable: bool = True) -> Clip:
    """A clip with a recording of its own, its original stored."""
    content = f"original of {title}".encode()
    sha256 = hashlib.sha256(content).hexdigest()
    key = store(f"originals/{uuid4()}", content)
    recording = Recording.objects.create(original_key=key, size_bytes=len(content), sha256=sha256)
    clip = Clip.objects.create(owner=owner, title=title, visibility=visibility, recording=recording)
    if playable:
        make_playable(recording)
        clips.publish_clips_of(recording.pk)
    else:
        clips.index_clip(clip)
    clip.refresh_from_db()
    return clip


def make_playable(recording: Recording) -> None:
    """What the pipeline makes of a recording, without any picture in it."""
    prefix = f"recordings/{recording.code}/{uuid4()}"
    content = b"a rendition " * 1000
    of_it: dict[str, Any] = {"recording": recording}
    shape = {"width": 1280, "height": 720, "fps": 29.97, "codecs": "avc1.640028,mp4a.40.2"}
    rates = {"bandwidth": 900_000, "average_bandwidth": 500_000, "size_bytes": len(content)}
    key = store(f"{prefix}/720.mp4", content)
    Rendition.objects.create(**of_it, name="720", key=key, playlist="#EXTM3U\n", **shape, **rates)
    tiles = {"interval": 0.1 + 0.2, "columns": 5, "rows": 5, "tile_width": 160, "tile_height": 90, "count": 12}
    sheets = [store(f"{prefix}/sheet-{number}.jpg", b"sheet") for number in range(2)]
    Storyboard.objects.create(**of_it, sheet_keys=sheets, **tiles)
    box = {"left": 0.1, "top": 0.2, "width": 0.5, "height": 0.05}
    ScreenText.objects.create(**of_it, start=1.0, end=2.5, text="git rebase --abort", confidence=0.9, **box)
    Screen.objects.create(**of_it, at=1.5, key=store(f"{prefix}/screen.png", b"screen"))
    transcript = Transcript.objects.create(**of_it, engine="test", model="none", language="en")
    Cue.objects.bulk_create(Cue(transcript=transcript, start=s, end=e, text=text) for s, e, text in CUES)
    columns = {"duration": 3.0, "width": 1280, "height": 720, "has_sound": True, "playable_at": timezone.now()}
    facts = {"demuxer": "matroska", "nested": {"list": [1, 2.5, None, "ü"]}}
    poster = store(f"{prefix}/poster.jpg", b"poster")
    Recording.objects.filter(pk=recording.pk).update(**columns, facts=facts, loudness=-23.4, poster_key=poster)
    recording.refresh_from_db()
    for step in (Step.INSPECT, Step.MAKE_PLAYABLE, Step.TRANSCRIBE, Step.MAKE_RENDITIONS):
        Job.objects.filter(recording=recording, step=step).delete()
        add_job(recording, step, state=State.DONE, ended_at=timezone.now(), attempt=1, percent=100)


def _failed(owner: User) -> Clip:
    clip = make_clip(owner, "No recording at all", playable=False)
    ended = {
        "state": State.FAILED,
        "error": "It is no recording.",
        "reason": "MediaError: ?",
        "ended_at": timezone.now(),
    }
    add_job(clip.recording, Step.INSPECT, **ended)
    return clip


def add_job(recording: Recording | None, step: Step, **columns: Any) -> Job:
    """A job in its own queue."""
    queue, priority = QUEUES[step]
    return Job.objects.create(recording=recording, step=step, queue=queue, priority=priority, lane="1", **columns)


def store(key: str, content: bytes) -> str:
    """Put bytes into the storage; the key."""
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(content)
    media_storage().adopt(Path(file.name), key)
    return key
