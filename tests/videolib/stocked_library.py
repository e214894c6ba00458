"""A library with everybody of the access matrix in it, and a clip of the owner's in every state, its files included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.test import Client
from django.test.client import ClientHandler
from django.utils import timezone

from tests.videolib.access_matrix import PEOPLE, STATES
from transcode.models import Job, Recording, Rendition, State, Step, Storyboard
from videolib.accounts.actions import create_token, invite_anybody
from videolib.accounts.models import Invitation, Role, User
from videolib.clips.actions import index_clip
from videolib.clips.models import Clip, License, Term
from videolib.uploads.actions import create_upload
from videolib.uploads.models import Upload

COLUMNS: dict[str, dict[str, Any]] = {
    "private": {"visibility": "private"},
    "team": {},
    "unlisted": {"visibility": "unlisted"},
    "hidden": {"hidden_at": timezone.now()},
    "trashed": {"trashed_at": timezone.now()},
    "trashed private": {"trashed_at": timezone.now(), "visibility": "private"},
    "failed": {},
    "for download": {"allow_download": True},
}
# Whoever asks from nearby may look inside the machine (operations/access.py).
FAR_AWAY = "203.0.113.7"
# In the title of each clip and its tag, and nowhere else: where it is read, the clip has been given away.
MARKS = {state: f"mark{number}x" for number, state in enumerate(STATES)}


@dataclass
class Library:
    """People by what they are called in the matrix, clips by state, tokens and sessions by person."""

    people: dict[str, User]
    clips: dict[str, Clip]
    tokens: dict[str, str]
    sessions: dict[str, str]
    upload: Upload
    invitation: Invitation
    secret: str
    # One for all: each that is made looks through all static files.
    handler: ClientHandler = field(default_factory=lambda: ClientHandler(enforce_csrf_checks=False))

    def client(self, person: str) -> Client:
        """A browser as it has just been opened, its session kept."""
        client = Client(REMOTE_ADDR=FAR_AWAY)
        client.handler = self.handler
        if person in self.sessions:
            client.cookies["sessionid"] = self.sessions[person]
        return client


def stock(make_user: Callable[..., User], make_clip: Callable[..., Clip], media: Path) -> Library:
    """The library; `media` is where its files go."""
    roles = {"learner": "learner", "contributor": "contributor", "owner": "contributor"}
    people = {who: make_user(roles.get(who, who), email=f"{who}@example.com") for who in PEOPLE if who != "signed-out"}
    License.objects.create(name="CC BY")
    Term.objects.create(text="Grafana", folded="grafana")
    sent = invite_anybody(role=Role.LEARNER, by=people["admin"])
    return Library(
        people=people,
        clips={state: _clip_in(state, make_clip, people["owner"], media) for state in STATES},
        tokens={who: create_token(person, "matrix") for who, person in people.items()},
        sessions={who: _session_of(person) for who, person in people.items()},
        upload=create_upload(by=people["owner"], size=9),
        invitation=sent.invitation,
        secret=sent.link.rstrip("/").rpartition("/")[2],
    )


def _session_of(person: User) -> str:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client.cookies["sessionid"].value


def _clip_in(state: str, make_clip: Callable[..., Clip], owner: User, media: Path) -> Clip:
    failed = state == "failed"
    cues = [] if failed else [(0, 3, "first we commit"), (3, 6, "then we push")]
    mark = MARKS[state]
    clip = make_clip(owner, title=f"Statename {mark}", tags=["git", mark], cues=cues, playable=not failed)
    assert clip.recording
    if failed:
        give_original(clip.recording, media)
        Recording.objects.filter(pk=clip.recording.pk).update(duration=None)
        step = {"step": Step.INSPECT, "state": State.FAILED, "queue": "media", "may_retry": True}
        Job.objects.create(recording=clip.recording, error="It is no recording.", **step)
    else:
        give_files(clip.recording, media)
        Recording.objects.filter(pk=clip.recording.pk).update(has_sound=True)
    Clip.objects.filter(pk=clip.pk).update(**COLUMNS[state])
    clip = Clip.objects.get(pk=clip.pk)
    index_clip(clip)
    return clip


def give_original(recording: Recording, media: Path) -> None:
    """The bytes that were uploaded."""
    key = f"originals/{recording.code}"
    _write(media / key, b"original")
    Recording.objects.filter(pk=recording.pk).update(original_key=key, facts={"demuxer": "matroska"})


def give_files(recording: Recording, media: Path) -> None:
    """All that is made of a recording: one rendition ("source"), poster, a storyboard of one sheet."""
    give_original(recording, media)
    made = f"made/{recording.code}"
    for name in ("source.mp4", "poster.jpg", "sheet.jpg"):
        _write(media / made / name, f"{name} of {recording.code}".encode())
    Recording.objects.filter(pk=recording.pk).update(poster_key=f"{made}/poster.jpg")
    rates = {"fps": 30, "bandwidth": 900_000, "average_bandwidth": 500_000, "size_bytes": 4800}
    shape = {"width": 1280, "height": 720, "codecs": "avc1.640028"}
    key = f"{made}/source.mp4"
    Rendition.objects.create(recording=recording, name="source", key=key, playlist="#EXTM3U\n", **rates, **shape)
    tiles = {"columns": 5, "rows": 5, "tile_width": 160, "tile_height": 90, "count": 12}
    Storyboard.objects.create(recording=recording, sheet_keys=[f"{made}/sheet.jpg"], interval=5, **tiles)


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
