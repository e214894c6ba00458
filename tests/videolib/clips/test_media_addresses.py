"""Addresses of a clip's bytes, bent: no other clip's files, nothing beside them, whatever is put into the path."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from tests.videolib.access_matrix import CLIP_BYTES, PEOPLE
from tests.videolib.stocked_library import Library
from transcode.models import Recording, Rendition
from videolib.clips.models import Clip

NAMES = ("main.m3u8", "source.m3u8", "source.mp4", "poster.jpg", "storyboard.vtt", "storyboard-0.jpg")
CAPTIONS = ("captions.vtt", "captions.srt", "captions.txt")
TRICKS = (
    *("../{other}/source.mp4", "..%2f{other}%2fsource.mp4", "%2e%2e/{other}/source.mp4"),
    *("%2e%2e%2f{other}%2fsource.mp4", "%252e%252e%252f{other}%252fsource.mp4"),
    *("..%5c{other}%5csource.mp4", "..%252f{other}%252fsource.mp4", "..;/{other}/source.mp4", "./source.mp4"),
    *("../../media/made/{recording}/source.mp4", "../../../../../../etc/passwd", "%2fetc%2fpasswd", "//etc/passwd"),
    *("made/{recording}/source.mp4", "{recording}.mp4", "originals/{recording}", "original/../source.mp4"),
    *("source.mp4/", "source.mp4%00", "source.mp4%00.jpg", "%00source.mp4", "source%00.mp4", "source.mp4%0a"),
    *("source.mp4%20", "source.mp4%23", "source.mp4%3f"),
    *("source.mp4.", "source.mp4;.jpg", "source..mp4", ".source.mp4", "source .mp4", "söurce.mp4", "source.mp4%c0%ae"),
    *("storyboard-00000000000000000000000.jpg/", "storyboard--1.jpg", "storyboard-1.jpg"),
    *("storyboard-99999999999999999999.jpg", "storyboard-%D9%A0.jpg"),
    *("captions.vtt.txt", "captions.json", "captions"),
    *("x" * 21 + ".mp4", "x" * 5_000 + ".mp4", "x/" * 2_000 + "source.mp4"),
)  # fmt: skip


def fetch(client: Client, address: str) -> tuple[int, bytes]:
    """What a browser that does not tidy addresses gets, at the end of redirects."""
    response: Any = client.get(address, follow=True)
    body = b"".join(response) if response.streaming else response.content
    response.close()
    return response.status_code, body


@pytest.mark.parametrize("trick", TRICKS, ids=range(len(TRICKS)))
def test_no_bent_path_leads_to_anything(library: Library, trick: str) -> None:
    mine, other = library.clips["team"], library.clips["private"]
    assert other.recording
    bent = trick.format(other=other.code, recording=other.recording.code)
    for person in ("learner", "signed-out"):
        status, body = fetch(library.client(person), f"/clips/{mine.code}/{bent}")
        assert status in (400, 404)
        assert f"of {other.recording.code}".encode() not in body
        assert b"root:" not in body


@pytest.mark.parametrize("name", [*NAMES, *CAPTIONS, "original"])
def test_letters_in_another_case_are_another_address(library: Library, name: str) -> None:
    clip, client = library.clips["team"], library.client("owner")
    assert fetch(client, f"/clips/{clip.code}/{name}")[0] == 200
    code = str(clip.code)
    for address in (
        f"/clips/{code}/{name.upper()}",
        f"/clips/{code}/{name.title()}",
        f"/Clips/{code}/{name}",
        f"/clips/{code.upper()}/{name}",
        f"/clips/{code.replace('-', '')}/{name}",
        f"/clips/{{{code}}}/{name}",
        f"/clips/urn:uuid:{code}/{name}",
        f"/clips//{code}/{name}",
        f"/clips/{code}//{name}",
    ):
        assert fetch(client, address)[0] == 404, address


def test_the_name_of_another_clips_rendition_is_not_there(library: Library) -> None:
    mine, other = library.clips["team"], library.clips["private"]
    assert other.recording
    Rendition.objects.filter(recording=other.recording).update(name="480p")
    assert fetch(library.client("owner"), f"/clips/{other.code}/480p.mp4")[0] == 200
    for name in ("480p.mp4", "480p.m3u8"):
        assert fetch(library.client("owner"), f"/clips/{mine.code}/{name}")[0] == 404


def test_the_codes_of_recordings_uploads_and_people_open_no_bytes(library: Library) -> None:
    clip = library.clips["team"]
    assert clip.recording
    for code in (clip.recording.code, library.upload.code, library.people["owner"].code):
        for name in (*NAMES, *CAPTIONS, "original"):
            assert fetch(library.client("admin"), f"/clips/{code}/{name}")[0] == 404


def test_every_clip_gives_its_own_bytes(library: Library) -> None:
    for clip in (library.clips["team"], library.clips["private"]):
        assert clip.recording
        for name, file in {
            "source.mp4": "source.mp4",
            "poster.jpg": "poster.jpg",
            "storyboard-0.jpg": "sheet.jpg",
        }.items():
            _, body = fetch(library.client("owner"), f"/clips/{clip.code}/{name}")
            assert body == f"{file} of {clip.recording.code}".encode()


def test_who_shares_the_bytes_of_a_private_clip_sees_them_by_their_own_clip_alone(library: Library) -> None:
    private, team = library.clips["private"], library.clips["team"]
    Clip.objects.filter(pk=team.pk).update(recording=private.recording)
    client = library.client("learner")
    for name in (*NAMES, *CAPTIONS):
        assert fetch(client, f"/clips/{team.code}/{name}")[0] == 200
        assert fetch(client, f"/clips/{private.code}/{name}")[0] == 404


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "made/../../secret", "..\\secret"])
def test_a_key_that_leads_out_of_the_media_folder_opens_nothing(library: Library, data_folder: Path, key: str) -> None:
    (data_folder / "secret").write_bytes(b"root: secret")
    clip = library.clips["team"]
    Recording.objects.filter(clips=clip).update(poster_key=key)
    status, body = fetch(library.client("owner"), f"/clips/{clip.code}/poster.jpg")
    assert status in (400, 404)
    assert b"root:" not in body


def test_the_files_are_at_no_other_address(library: Library) -> None:
    clip = library.clips["team"]
    assert clip.recording
    for before in ("/media/", "/static/", "/static/../media/", "/data/media/", "/"):
        for key in (f"made/{clip.recording.code}/source.mp4", clip.recording.original_key):
            for address in (before + key, before + quote(key, safe="")):
                for person in PEOPLE:
                    assert fetch(library.client(person), address)[0] == 404


def test_bytes_are_kept_by_no_shared_cache_and_read_as_nothing_else(library: Library) -> None:
    clip, client = library.clips["for download"], library.client("learner")
    for entry in CLIP_BYTES:
        name = {"clip_main": "main.m3u8", "clip_poster": "poster.jpg", "clip_storyboard": "storyboard.vtt"}.get(
            entry.route
        )
        name = name or {"clip_sheet": "storyboard-0.jpg", "clip_original": "original"}.get(entry.route, "source.mp4")
        response: Any = client.get(f"/clips/{clip.code}/{name}")
        response.close()
        assert "private" in response["Cache-Control"], name
        assert response["X-Content-Type-Options"] == "nosniff", name
        assert not response["Content-Type"].startswith(("text/html", "image/svg"))
