"""Whatever people write, no page takes it for markup: each text field and file name, on every page that shows it."""

from __future__ import annotations

import base64
from html.parser import HTMLParser
from typing import Any

import pytest
from django.urls import reverse

from transcode.models import Job, Recording, State, Step
from videolib.accounts import actions as people
from videolib.accounts.models import Role, User
from videolib.clips import actions
from videolib.clips.models import Clip, License, Tag
from videolib.community.actions import rate_clip
from videolib.uploads.actions import create_upload
from videolib.uploads.models import Upload

# Leaves text, a quoted attribute of either kind, an unquoted one, a comment, a script, a title and a text area.
HOSTILE = "'\"> --></script></title></textarea><img src=x onerror=xss()><svg/onload=xss()>"
SHORT = "\"'><img src=x onerror=xss()>"  # fits into a tag
URLS = (
    "javascript:xss()",
    "JAVASCRIPT:xss()",
    "data:text/html,<script>xss()</script>",
    "vbscript:xss()",
    "//evil.example",
)


class Planted(HTMLParser):
    """Finds what only hostile words can have put there."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        handlers = [name for name in named if name.startswith("on")]
        leads = [value for name, value in named.items() if name in ("href", "src", "action") and "xss()" in value]
        scripts = [value for value in leads if value.strip().lower().startswith(("javascript:", "data:", "vbscript:"))]
        if handlers or scripts or (tag == "img" and named.get("src") == "x"):
            self.found.append(self.get_starttag_text() or tag)


def planted_in(page: str) -> list[str]:
    parser = Planted()
    parser.feed(page)
    return parser.found


@pytest.fixture
def hostile_library(addresses: dict[str, str], admin: User) -> dict[str, str]:
    """Every text that somebody can write is hostile; the addresses of all pages that have one."""
    clip = Clip.objects.get(title="How to commit")
    owner = clip.owner
    people.rename_person(owner, HOSTILE[:80], by=owner)
    people.rename_person(admin, HOSTILE[:80], by=admin)
    people.create_token(admin, SHORT)
    people.invite_people(['"<img/src=x onerror=xss()>"@example.com', SHORT, HOSTILE], role=Role.LEARNER, by=admin)
    license = License(name=HOSTILE[:80], url="https://example.com/?%22%3E" + SHORT.replace(" ", "/"))
    actions.save_license(license, by=admin)
    description = f"{HOSTILE}\nhttps://example.com/{SHORT}\n{' '.join(URLS)}\n0:01{SHORT}"
    details: Any = {"title": HOSTILE, "description": description, "license": license, "tags": [SHORT, "git"]}
    actions.edit_clip(clip, by=owner, **details)
    actions.tag_clip(clip, f"{SHORT} b", by=owner)
    actions.correct_cue(clip, start=0, end=3, text=HOSTILE, by=owner)
    actions.add_terms([HOSTILE[:100].replace(",", "")], by=admin)
    rate_clip(clip, 5, by=admin)
    assert clip.recording
    Job.objects.create(
        recording=clip.recording, step=Step.MAKE_RENDITIONS, state=State.FAILED, error=HOSTILE, queue="media"
    )
    _more_of(clip, admin)
    return addresses


def _more_of(clip: Clip, admin: User) -> None:
    """One in the trash, one hidden, one of the admin's own, and an upload under way, all with hostile names."""
    _, hidden, trashed = (_another(clip, owner) for owner in (admin, clip.owner, clip.owner))
    actions.hide_clip(hidden, by=admin)
    actions.trash_clip(trashed, by=admin)
    create_upload(by=admin, size=9, file_name=f"{HOSTILE}.mp4", metadata=f"fingerprint {b64(HOSTILE)}")
    Upload.objects.update(file_name=f"{HOSTILE}.mp4")


def _another(clip: Clip, owner: User) -> Clip:
    at = clip.published_at
    recording = Recording.objects.create(original_key="x", size_bytes=1, duration=60.0, playable_at=at)
    shown: Any = {"visibility": "team", "published_at": at, "recording": recording}
    return Clip.objects.create(owner=owner, title=HOSTILE, **shown)


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_no_page_takes_it_for_markup(hostile_library: dict[str, str], admin: User, client_of: Any) -> None:
    client, shown, found = client_of(admin), set(), {}
    watch = hostile_library["watch"]
    more = {
        "search box": "/search/?q=commit&as_typed=1",
        "search": "/search/?q=onerror",
        "as typed": "/search/?q=onerror&as_typed=1",
        "typed": "/search/?q=%22%3E%3Cimg src=x onerror=xss()%3E",
        "browse by tag": "/browse/?tag=%22%27%3E%3Cimg+src%3Dx+onerror%3Dxss()%3E",
        "mine": "/clips/mine/?q=%22%3E%3Cimg src=x onerror=xss()%3E",
        "people": "/people/?q=%22%3E%3Cimg src=x onerror=xss()%3E",
        "vocabulary search": "/vocabulary/?q=%22%3E%3Cimg src=x onerror=xss()%3E",
        **{part: f"{watch}?part={part}" for part in ("stage", "transcript", "progress")},
        **{
            f"table {model}": f"/django-admin/videolib/{model}/"
            for model in ("clip", "user", "tag", "license", "auditentry")
        },
    }
    for name, address in (hostile_library | more).items():
        for headers in ({}, {"HX-Request": "true"}, {"HX-Request": "true", "HX-Target": "suggestions"}):
            response = client.get(address, headers=headers)
            if not response.headers.get("Content-Type", "").startswith("text/html"):
                continue
            shown |= {name} if "xss()" in response.text else set()
            if planted := planted_in(response.text):
                found[name] = planted
    assert found == {}
    # What the people of this test wrote did reach the pages.
    assert {"home", "browse", "watch", "my_clips", "trash", "hidden", "people", "person", "audit_log"} <= shown
    assert {"me", "vocabulary", "clip_edit", "clip_delete", "clip_cue", "upload", "upload_row", "clip_status"} <= shown
    assert {
        "library_settings",
        "person_clips",
        "search",
        "as typed",
        "transcript",
        "table tag",
        "table license",
    } <= shown


@pytest.mark.parametrize("deed", ["delete", "hide", "tag", "vocabulary", "role", "invite", "token"])
def test_no_message_after_a_deed_does_either(
    deed: str, hostile_library: dict[str, str], admin: User, client_of: Any
) -> None:
    clip = Clip.objects.filter(title=HOSTILE, trashed_at=None, hidden_at=None).first()
    assert clip
    address, said = {
        "delete": (reverse("clip_delete", args=[clip.code]), {}),
        "hide": (reverse("clip_hide", args=[clip.code]), {}),
        "tag": (reverse("clip_tag", args=[clip.code]), {"name": HOSTILE}),
        "vocabulary": (reverse("vocabulary_remove"), {"term": HOSTILE[:100].replace(",", "")}),
        "role": (reverse("person_role", args=[clip.owner.code]), {"role": HOSTILE}),
        "invite": (reverse("people"), {"role": "learner", "addresses": HOSTILE}),
        "token": (reverse("token_create"), {"name": SHORT}),
    }[deed]
    page = client_of(admin).post(address, said, follow=True)
    assert page.status_code == 200
    assert planted_in(page.text) == []


def test_an_upload_of_a_hostile_name_is_shown_as_text(data_folder: Any, make_user: Any, client_of: Any) -> None:
    ann = make_user("contributor")
    client = client_of(ann)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "9", "Upload-Metadata": f"filename {b64(HOSTILE + '.mp4')}"}
    assert client.post("/uploads/", b"", content_type="application/octet-stream", headers=headers).status_code == 201
    code = Upload.objects.get().code
    for address in ("/upload/", f"/upload/{code}/", "/clips/mine/"):
        page = client.get(address)
        assert "xss()" in page.text
        assert planted_in(page.text) == []


@pytest.mark.parametrize("url", [*URLS[:4], " javascript:xss()", "java\nscript:xss()"])
def test_a_licence_leads_to_a_page_and_nothing_else(url: str, admin: User, client_of: Any) -> None:
    client = client_of(admin)
    client.post("/settings/licences/", {"name": "Bad", "url": url})
    client.post("/django-admin/videolib/license/add/", {"name": "Worse", "url": url})
    assert not License.objects.exclude(url="").exists()


def test_names_that_other_programs_get_are_json(hostile_library: dict[str, str], admin: User, client_of: Any) -> None:
    client = client_of(admin)
    for address in (
        "/tags/?q=",
        "/api/v1/clips",
        "/api/v1/search?q=onerror",
        "/api/v1/vocabulary",
        "/api/v1/openapi.json",
    ):
        response = client.get(address)
        assert response["Content-Type"].startswith("application/json")
        assert response["X-Content-Type-Options"] == "nosniff"
    assert Tag.objects.filter(name=SHORT).exists()


def test_captions_carry_no_markup_of_the_players(hostile_library: dict[str, str], admin: User, client_of: Any) -> None:
    clip = Clip.objects.get(cue_edits__text=HOSTILE)
    response = client_of(admin).get(reverse("clip_captions", kwargs={"code": clip.code, "kind": "vtt"}))
    assert "<img" not in response.text and "&lt;img" in response.text


def test_this_test_would_notice() -> None:
    assert (
        planted_in(f"<p>{HOSTILE}</p>")
        and planted_in(f'<b title="{SHORT}">')
        and planted_in("<a href='javascript:xss()'>")
    )
    assert planted_in("<a href='https://example.com/?xss()'>x</a><img src='/poster.jpg'>") == []
