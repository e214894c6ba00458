"""Tags: put on by anybody who may watch, taken off by whoever put them on, the owner or a curator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from videolib.clips import actions
from videolib.clips.models import Clip, Tag, fold_tag

HTMX = {"HX-Request": "true"}


@pytest.fixture
def clip(make_clip: Callable[..., Clip]) -> Clip:
    return make_clip(tags=["Git"])


def tag(client: Client, clip: Clip, name: str, headers: dict[str, str] | None = None) -> Any:
    return client.post(f"/clips/{clip.code}/tag/", {"name": name}, headers=headers)


def untag(client: Client, clip: Clip, name: str, headers: dict[str, str] | None = None) -> Any:
    return client.post(f"/clips/{clip.code}/untag/", {"name": name}, headers=headers)


def names(clip: Clip) -> list[str]:
    return list(clip.tags.values_list("name", flat=True))


def test_a_learner_tags_what_they_may_watch(
    clip: Clip, make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    learner = make_user("learner")
    assert tag(client_of(learner), clip, "Docker").headers["Location"] == clip.get_absolute_url()
    assert names(clip) == ["Docker", "Git"]
    assert clip.taggings.get(tag__name="Docker").by == learner


def test_several_tags_at_once_are_parted_by_commas(
    clip: Clip, make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    tag(client_of(make_user("learner")), clip, "Docker, git , Make")
    assert names(clip) == ["Docker", "Git", "Make"]


@pytest.mark.parametrize("spelling", ["git", " GIT ", "#git", "Git", "Ｇｉｔ"])
def test_spellings_of_one_tag_are_one_tag(
    spelling: str, clip: Clip, make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    tag(client_of(make_user("learner")), clip, spelling)
    assert names(clip) == ["Git"] and Tag.objects.count() == 1


def test_spaces_inside_fold_too() -> None:
    assert fold_tag("Git  Hub") == fold_tag(" git hub") == fold_tag("GIT,HUB") == "git hub"


def test_nobody_tags_what_they_may_not_see(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    private = make_clip(visibility="private", tags=["Git"])
    client = client_of(make_user("curator"))
    assert tag(client, private, "Docker").status_code == 404
    assert untag(client, private, "Git").status_code == 404
    assert names(private) == ["Git"]


def test_signed_out_nobody_tags(clip: Clip, client: Client) -> None:
    for response in (tag(client, clip, "Docker"), untag(client, clip, "Git")):
        assert response.status_code == 302 and response.headers["Location"].startswith("/accounts/login/")
    assert names(clip) == ["Git"]


def test_reading_changes_nothing(clip: Clip, client_of: Callable[..., Client]) -> None:
    assert client_of(clip.owner).get(f"/clips/{clip.code}/tag/?name=Docker").status_code == 405


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Write a tag first."),
        (" , ,", "Write a tag first."),
        ("x" * 41, "1 to 40 characters"),
        ("#", "1 to 40 characters"),
    ],
)
def test_a_tag_that_cannot_be_is_a_sentence(
    name: str, sentence: str, clip: Clip, make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    client = client_of(make_user("learner"))
    part = tag(client, clip, name, HTMX)
    assert part.status_code == 200 and sentence in part.content.decode() and "<html" not in part.content.decode()
    page = client.post(f"/clips/{clip.code}/tag/", {"name": name}, follow=True)
    assert sentence in page.content.decode()
    assert names(clip) == ["Git"]


def test_a_clip_has_at_most_twenty_tags(clip: Clip, client_of: Callable[..., Client]) -> None:
    for number in range(actions.MOST_TAGS - 1):
        actions.tag_clip(clip, f"tag {number}", by=clip.owner)
    part = tag(client_of(clip.owner), clip, "one more", HTMX)
    assert "at most 20 tags" in part.content.decode()
    assert tag(client_of(clip.owner), clip, "GIT", HTMX).content.decode().count("at most") == 0


def test_whoever_put_a_tag_on_takes_it_off(
    clip: Clip, make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    client = client_of(make_user("learner"))
    tag(client, clip, "Docker")
    part = untag(client, clip, "docker", HTMX).content.decode()
    assert names(clip) == ["Git"] and "Docker" not in part


@pytest.mark.parametrize("role", ["owner", "curator", "admin"])
def test_owner_and_curators_take_off_any_tag(
    role: str, clip: Clip, make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    actions.tag_clip(clip, "Spam", by=make_user("learner"))
    person = clip.owner if role == "owner" else make_user(role)
    assert untag(client_of(person), clip, "spam").status_code == 302
    assert names(clip) == ["Git"]


def test_others_do_not_take_off_a_tag(
    clip: Clip, make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    assert untag(client_of(make_user("contributor")), clip, "Git").status_code == 403
    assert names(clip) == ["Git"]


def test_the_cross_stands_only_where_it_works(
    clip: Clip, make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    learner = make_user("learner")
    part = tag(client_of(learner), clip, "Docker", HTMX).content.decode()
    assert "Take off the tag Docker" in part and "Take off the tag Git" not in part


def test_a_tag_that_is_gone_is_a_404(clip: Clip, client_of: Callable[..., Client]) -> None:
    assert untag(client_of(clip.owner), clip, "never there").status_code == 404


def test_a_tag_is_text_and_never_markup(clip: Clip, client_of: Callable[..., Client]) -> None:
    part = tag(client_of(clip.owner), clip, "<b>bold</b>", HTMX).content.decode()
    assert "<b>bold" not in part and "&lt;b&gt;bold" in part
