"""The bytes of a clip: who gets them, and in which pieces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from transcode.models import Recording, Rendition, Storyboard
from videolib.clips.actions import correct_cue, hide_clip, trash_clip
from videolib.clips.models import Clip

pytestmark = pytest.mark.django_db

PLAYLIST = '#EXTM3U\n#EXT-X-MAP:URI="source.mp4",BYTERANGE="10@0"\n#EXTINF:4,\nsource.mp4\n#EXT-X-ENDLIST\n'


@pytest.fixture
def clip(make_clip: Callable[..., Clip], make_user: Callable[..., Any], data_folder: Path) -> Clip:
    """A clip whose files are there: 5000 bytes of video, a poster, a storyboard, an original."""
    owner = make_user("contributor")
    clip = make_clip(
        owner, title='Who "quotes"; ../and\r\nbreaks lines', cues=[(0, 2, "a < b & c"), (2, 4, "second\ncue")]
    )
    recording = clip.recording
    assert recording
    for key in ("r/source.mp4", "r/poster.jpg", "r/sheet.jpg", "originals/o"):
        file = data_folder / "media" / key
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(key.encode() * 400)
    Recording.objects.filter(pk=recording.pk).update(
        poster_key="r/poster.jpg", original_key="originals/o", facts={"demuxer": "matroska"}
    )
    columns: dict[str, Any] = {
        "width": 1280,
        "height": 720,
        "fps": 30,
        "bandwidth": 900_000,
        "average_bandwidth": 500_000,
    }
    Rendition.objects.create(
        recording=recording,
        name="source",
        key="r/source.mp4",
        playlist=PLAYLIST,
        codecs="avc1.640028",
        size_bytes=4800,
        **columns,
    )
    Storyboard.objects.create(
        recording=recording,
        sheet_keys=["r/sheet.jpg"],
        interval=5,
        columns=5,
        rows=5,
        tile_width=160,
        tile_height=90,
        count=12,
    )
    return clip


def addresses(clip: Clip) -> dict[str, str]:
    """Every address of the clip's bytes."""
    code = {"code": clip.code}
    return {
        "main": reverse("clip_main", kwargs=code),
        "playlist": reverse("clip_playlist", kwargs={**code, "name": "source"}),
        "rendition": reverse("clip_rendition", kwargs={**code, "name": "source"}),
        "poster": reverse("clip_poster", kwargs=code),
        "storyboard": reverse("clip_storyboard", kwargs=code),
        "sheet": reverse("clip_sheet", kwargs={**code, "number": 0}),
        "vtt": reverse("clip_captions", kwargs={**code, "kind": "vtt"}),
        "srt": reverse("clip_captions", kwargs={**code, "kind": "srt"}),
        "txt": reverse("clip_captions", kwargs={**code, "kind": "txt"}),
    }


def statuses(client: Client, clip: Clip) -> set[int]:
    answers = [client.get(address) for address in addresses(clip).values()]
    for answer in answers:
        answer.close()
    return {answer.status_code for answer in answers}


def test_whoever_may_see_a_clip_gets_all_its_bytes(clip: Clip, client_of: Any, make_user: Any) -> None:
    assert statuses(client_of(make_user("learner")), clip) == {200}


def test_nobody_else_gets_any_of_them(clip: Clip, client_of: Any, make_user: Any) -> None:
    learner, owner = client_of(make_user("learner")), client_of(clip.owner)
    assert statuses(client_of(None), clip) == {404}
    Clip.objects.update(visibility="private")
    assert statuses(learner, clip) == {404}
    assert statuses(client_of(make_user("curator")), clip) == {404}
    assert statuses(owner, clip) == {200}
    Clip.objects.update(visibility="team")
    hide_clip(clip, by=clip.owner)
    assert statuses(learner, clip) == {404}
    clip.refresh_from_db()
    trash_clip(clip, by=clip.owner)
    assert statuses(owner, clip) == {404}


def test_a_deactivated_person_gets_none(clip: Clip, client_of: Any, make_user: Any) -> None:
    learner = make_user("learner")
    client = client_of(learner)
    learner.is_active = False
    learner.save()
    assert statuses(client, clip) == {404}


def test_the_multivariant_playlist_names_addresses_beside_it(clip: Clip, client_of: Any) -> None:
    text = client_of(clip.owner).get(addresses(clip)["main"]).content.decode()
    assert "source.m3u8" in text
    assert 'CODECS="avc1.640028"' in text
    assert "/" not in text.split("\n")[-2]


def test_the_media_playlist_comes_as_it_was_made(clip: Clip, client_of: Any) -> None:
    response = client_of(clip.owner).get(addresses(clip)["playlist"])
    assert response.content.decode() == PLAYLIST
    assert response["Content-Type"] == "application/vnd.apple.mpegurl"


def test_video_comes_in_ranges(clip: Clip, client_of: Any) -> None:
    response = client_of(clip.owner).get(addresses(clip)["rendition"], headers={"Range": "bytes=10-19"})
    assert response.status_code == 206
    assert response["Content-Type"] == "video/mp4"
    assert len(b"".join(response)) == 10


@pytest.mark.parametrize("name", ["nosuch", "..%2f..%2fsecret", "SOURCE", "source%00"])
def test_no_other_name_leads_to_a_file(clip: Clip, client_of: Any, name: str) -> None:
    assert client_of(clip.owner).get(f"/clips/{clip.code}/{name}.mp4").status_code == 404


@pytest.mark.parametrize("code", ["-" * 36, "0" * 36, "9f5a3a55-0000-4000-8000-000000000000"])
def test_a_code_that_is_none_is_a_404_signed_out_too(clip: Clip, client_of: Any, code: str) -> None:
    for client in (client_of(clip.owner), client_of(None)):
        for address in addresses(clip).values():
            assert client.get(address.replace(str(clip.code), code)).status_code == 404


def test_a_code_in_capital_letters_is_a_404_at_every_door(clip: Clip, client_of: Any) -> None:
    client = client_of(clip.owner)
    for address in (clip.get_absolute_url(), f"/api/v1/clips/{clip.code}", *addresses(clip).values()):
        assert client.get(address.replace(str(clip.code), str(clip.code).upper())).status_code == 404


def test_a_sheet_that_is_not_there_is_a_404(clip: Clip, client_of: Any) -> None:
    address = reverse("clip_sheet", kwargs={"code": clip.code, "number": 7})
    assert client_of(clip.owner).get(address).status_code == 404


def test_captions_carry_corrections_and_are_escaped(clip: Clip, client_of: Any) -> None:
    correct_cue(clip, start=2, end=4, text="the second cue --> here", by=clip.owner)
    vtt = client_of(clip.owner).get(addresses(clip)["vtt"]).content.decode()
    assert vtt.startswith("WEBVTT")
    assert "a &lt; b &amp; c" in vtt
    assert "00:00:02.000 --> 00:00:04.000" in vtt
    assert "cue --> here" not in vtt
    srt = client_of(clip.owner).get(addresses(clip)["srt"]).content.decode()
    assert "00:00:00,000 --> 00:00:02,000\na < b & c" in srt


def test_captions_cost_the_same_queries_for_any_number_of_cues(
    make_clip: Any, client_of: Any, django_assert_num_queries: Any
) -> None:
    clip = make_clip(cues=[(n, n + 1, f"word {n}") for n in range(200)])
    client = client_of(clip.owner)
    with django_assert_num_queries(5):
        client.get(reverse("clip_captions", kwargs={"code": clip.code, "kind": "vtt"}))


def test_the_original_is_for_its_owner_unless_they_allow_it(clip: Clip, client_of: Any, make_user: Any) -> None:
    address = reverse("clip_original", kwargs={"code": clip.code})
    learner = client_of(make_user("learner"))
    assert learner.get(address).status_code == 404
    assert client_of(clip.owner).get(address).status_code == 200
    Clip.objects.update(allow_download=True)
    response = learner.get(address)
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment")
    assert "\n" not in response["Content-Disposition"]
    assert ".mkv" in response["Content-Disposition"]


def test_a_look_of_an_admin_at_a_private_clip_is_remembered_once(clip: Clip, client_of: Any, make_user: Any) -> None:
    from videolib.accounts.models import AuditEntry

    Clip.objects.update(visibility="private")
    assert statuses(client_of(make_user("admin")), clip) == {200}
    entry = AuditEntry.objects.get()
    assert (entry.deed, entry.thing) == ("open private clip", f"clip {clip.code}")
