"""Editing a clip: by its owner and curators, whole forms and single fields, pages and scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from videolib.accounts.models import AuditEntry
from videolib.clips.models import Clip, License

JSON = {"Accept": "application/json"}


@pytest.fixture
def clip(make_clip: Callable[..., Clip]) -> Clip:
    return make_clip(title="Old title", description="Old words", allow_download=True, tags=["Git", "Docker"])


def edit(client: Client, clip: Clip, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    return client.post(f"/clips/{clip.code}/edit/", fields, headers=headers)


def test_the_owner_changes_everything(clip: Clip, client_of: Callable[..., Client]) -> None:
    licence = License.objects.create(name="Ours alone")
    response = edit(
        client_of(clip.owner),
        clip,
        title=" New title ",
        description="New words",
        tags="Make, git",
        visibility="unlisted",
        license=licence.pk,
        allow_download="",
    )
    assert response.headers["Location"] == clip.get_absolute_url()
    clip.refresh_from_db()
    assert (clip.title, clip.description, clip.visibility) == ("New title", "New words", "unlisted")
    assert (clip.license, clip.allow_download) == (licence, False)
    assert list(clip.tags.values_list("name", flat=True)) == ["Git", "Make"]


def test_the_page_shows_the_clip_as_it_stands(clip: Clip, client_of: Callable[..., Client]) -> None:
    page = client_of(clip.owner).get(f"/clips/{clip.code}/edit/").content.decode()
    assert 'value="Old title"' in page and "Old words</textarea>" in page and 'value="Docker, Git"' in page
    assert 'value="team" required' in page and page.count("checked") == 2


def test_a_script_sends_one_field_and_the_rest_stays(clip: Clip, client_of: Callable[..., Client]) -> None:
    response = edit(client_of(clip.owner), clip, JSON, title="Only this")
    assert response.status_code == 204 and not response.content
    clip.refresh_from_db()
    assert (clip.title, clip.description, clip.allow_download) == ("Only this", "Old words", True)
    assert clip.tags.count() == 2


def test_htmx_is_a_script_too(clip: Clip, client_of: Callable[..., Client]) -> None:
    assert edit(client_of(clip.owner), clip, {"HX-Request": "true"}, title="Only this").status_code == 204


def test_all_tags_can_be_taken_off(clip: Clip, client_of: Callable[..., Client]) -> None:
    assert edit(client_of(clip.owner), clip, JSON, tags="").status_code == 204
    assert not clip.tags.exists()


def test_tags_may_come_as_many_fields(clip: Clip, client_of: Callable[..., Client]) -> None:
    edit(client_of(clip.owner), clip, JSON, tags=["One", "Two, three"])
    assert list(clip.tags.values_list("name", flat=True)) == ["One", "three", "Two"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"title": "  "}, "Give the clip a title."),
        ({"title": "x" * 201}, "at most 200 characters"),
        ({"description": "x" * 10_001}, "at most 10000 characters"),
        ({"visibility": "everybody"}, "not one of the available choices"),
        ({"license": "999"}, "not one of the available choices"),
        ({"tags": "x" * 41}, "1 to 40 characters"),
        ({"tags": ",".join(str(number) for number in range(21))}, "at most 20 tags"),
        ({"title": "a\0b"}, "Null characters are not allowed"),
    ],
)
def test_what_cannot_be_is_a_sentence_at_its_field(
    fields: dict[str, str], sentence: str, clip: Clip, client_of: Callable[..., Client]
) -> None:
    client = client_of(clip.owner)
    answer = edit(client, clip, JSON, **fields)
    assert answer.status_code == 422
    assert sentence in " ".join(answer.json()["errors"][next(iter(fields))])
    page = edit(client, clip, **fields)
    assert page.status_code == 422 and sentence in page.content.decode()
    clip.refresh_from_db()
    assert (clip.title, clip.visibility, clip.tags.count()) == ("Old title", "team", 2)


def test_what_is_refused_leaves_nothing_half_done(clip: Clip, client_of: Callable[..., Client]) -> None:
    assert edit(client_of(clip.owner), clip, JSON, title="New", tags="x" * 41).status_code == 422
    clip.refresh_from_db()
    assert clip.title == "Old title"


def test_a_curator_edits_what_is_listed_and_changing_who_sees_it_is_logged(
    clip: Clip, make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    curator = make_user("curator")
    assert edit(client_of(curator), clip, JSON, title="Curated", visibility="unlisted").status_code == 204
    clip.refresh_from_db()
    entry = AuditEntry.objects.get(deed="change visibility")
    assert clip.title == "Curated"
    assert (entry.deed, entry.by, entry.details) == (
        "change visibility",
        curator,
        {"before": "team", "after": "unlisted"},
    )


def test_a_curator_who_takes_a_clip_from_everybody_is_led_home(
    clip: Clip, make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    assert edit(client_of(make_user("curator")), clip, visibility="private").headers["Location"] == "/"
    clip.refresh_from_db()
    assert clip.visibility == "private"


@pytest.mark.parametrize("role", ["learner", "contributor"])
def test_others_do_not_edit(
    role: str, clip: Clip, make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    client = client_of(make_user(role))
    assert client.get(f"/clips/{clip.code}/edit/").status_code == 404
    assert edit(client, clip, title="Mine").status_code == 404
    clip.refresh_from_db()
    assert clip.title == "Old title"


@pytest.mark.parametrize("role", ["curator", "admin"])
def test_nobody_but_the_owner_edits_a_private_clip(
    role: str, make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    private = make_clip(visibility="private")
    assert edit(client_of(make_user(role)), private, title="Mine").status_code == 404


def test_signed_out_nobody_edits(clip: Clip, client: Client) -> None:
    assert edit(client, clip, title="Mine").headers["Location"].startswith("/accounts/login/")
    clip.refresh_from_db()
    assert clip.title == "Old title"


def test_a_draft_is_edited_while_its_bytes_travel(
    make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    from videolib.clips.actions import create_draft

    owner = make_user("contributor")
    draft = create_draft("raw file name", by=owner, visibility="private")
    assert edit(client_of(owner), draft, JSON, title="How to rebase", tags="git", visibility="team").status_code == 204
    draft.refresh_from_db()
    assert (draft.title, draft.visibility, draft.published_at) == ("How to rebase", "team", None)
