"""Stars: one rating a person, changeable; the sums are exact."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from videolib.clips import actions as clips
from videolib.clips.models import Clip
from videolib.community import actions
from videolib.community.models import Rating

HTMX = {"HX-Request": "true"}


def rate(client: Client, clip: Clip, stars: Any, headers: dict[str, str] | None = None) -> Any:
    return client.post(f"/clips/{clip.code}/rate/", {"stars": stars}, headers=headers)


def standing(clip: Clip) -> tuple[int, int]:
    clip.refresh_from_db()
    return clip.rating_sum, clip.rating_count


@pytest.mark.parametrize("role", ["learner", "contributor", "curator", "admin"])
def test_whoever_may_watch_rates(
    role: str, make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip = make_clip()
    assert rate(client_of(make_user(role)), clip, 4).headers["Location"] == clip.get_absolute_url()
    assert standing(clip) == (4, 1)


def test_the_stars_of_several_people_add_up(make_clip: Callable[..., Clip], make_user: Callable[..., Any]) -> None:
    clip = make_clip()
    for stars in (5, 4, 2):
        actions.rate_clip(clip, stars, by=make_user())
    assert standing(clip) == (11, 3)
    assert clip.rating == pytest.approx(11 / 3)


def test_one_may_change_ones_mind_and_take_the_stars_back(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip = make_clip()
    client = client_of(make_user("learner"))
    rate(client, clip, 5)
    rate(client, clip, 2)
    assert standing(clip) == (2, 1) and Rating.objects.count() == 1
    rate(client, clip, 0)
    assert standing(clip) == (0, 0) and clip.rating is None


def test_a_wrong_sum_is_put_right_by_the_next_rating(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any]
) -> None:
    clip = make_clip()
    Clip.objects.update(rating_sum=999, rating_count=7)
    actions.rate_clip(clip, 3, by=make_user())
    assert standing(clip) == (3, 1)


def test_owners_have_one_vote_like_everybody(make_clip: Callable[..., Clip], client_of: Callable[..., Client]) -> None:
    clip = make_clip()
    client_of(clip.owner).post(f"/clips/{clip.code}/rate/", {"stars": 5})
    clip.refresh_from_db()
    assert (clip.rating_sum, clip.rating_count) == (5, 1)


def test_what_cannot_be_played_yet_is_not_rated(make_clip: Callable[..., Clip], make_user: Callable[..., Any]) -> None:
    with pytest.raises(actions.RatingError, match="cannot be played yet"):
        actions.rate_clip(make_clip(playable=False), 5, by=make_user("admin"))


@pytest.mark.parametrize("stars", ["", "six", "6", "-1", "4.5", "99999999999999999999"])
def test_odd_stars_are_a_sentence(
    stars: str, make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip, client = make_clip(), client_of(make_user("learner"))
    part = rate(client, clip, stars, HTMX)
    assert part.status_code == 200 and 'role="alert"' in part.content.decode()
    assert "1 to 5 stars" in client.post(f"/clips/{clip.code}/rate/", {"stars": stars}, follow=True).content.decode()
    assert standing(clip) == (0, 0)


@pytest.mark.parametrize("stars", [0, 6, -3])
def test_the_action_refuses_odd_stars_too(
    stars: int, make_clip: Callable[..., Clip], make_user: Callable[..., Any]
) -> None:
    with pytest.raises(actions.RatingError, match="1 to 5 stars"):
        actions.rate_clip(make_clip(), stars, by=make_user())


def test_nobody_rates_what_they_may_not_see(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip = make_clip(visibility="private")
    for role in ("learner", "curator"):
        assert rate(client_of(make_user(role)), clip, 5).status_code == 404
    assert standing(clip) == (0, 0)


def test_what_is_in_the_trash_is_not_rated(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip = make_clip()
    clips.trash_clip(clip, by=clip.owner)
    assert rate(client_of(make_user("learner")), clip, 5).status_code == 404


def test_signed_out_nobody_rates(make_clip: Callable[..., Clip], client: Client) -> None:
    clip = make_clip()
    assert rate(client, clip, 5).headers["Location"].startswith("/accounts/login/")
    assert standing(clip) == (0, 0)


def test_htmx_gets_the_stars_as_they_are_now(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip = make_clip()
    actions.rate_clip(clip, 5, by=make_user())
    part = rate(client_of(make_user("learner")), clip, 4, HTMX).content.decode()
    assert "4.5" in part and "(2)" in part and "<html" not in part
    assert part.count(" checked") == 1 and 'value="4" checked' in part


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_all_counted(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], tmp_path: Path
) -> None:
    clip = make_clip()
    people = [make_user() for _ in range(8)]
    start = threading.Barrier(len(people))
    file = tmp_path / "library.sqlite3"
    # SQLite's tests lie in memory, where one connection locks out all others: a copy in a file behaves as the real one.
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(file)) as copy:
            connection.connection.backup(copy)

    def connect_to_the_copy() -> None:
        if connection.vendor == "sqlite":
            connections["default"] = type(connections["default"])({**connection.settings_dict, "NAME": str(file)})

    def rate_at_once(person: Any) -> None:
        connect_to_the_copy()
        start.wait()
        actions.rate_clip(Clip.objects.get(pk=clip.pk), 4, by=person)
        connection.close()

    def read_standing() -> tuple[int, int]:
        connect_to_the_copy()
        try:
            return standing(clip)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(rate_at_once, people))
        assert pool.submit(read_standing).result() == (32, 8)
