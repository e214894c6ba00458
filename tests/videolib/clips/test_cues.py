"""Corrections over what was heard: the pure overlay, and correcting in the page."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client

from videolib.clips import actions
from videolib.clips.cues import SpokenCue, overlay
from videolib.clips.documents import cues_of
from videolib.clips.models import Clip, CueEdit
from videolib.search.backends import get_backend
from videolib.search.types import Query

HEARD = [SpokenCue(0, 2, "open the setings"), SpokenCue(2, 5, "then click save"), SpokenCue(6, 8, "and close it")]


def texts(cues: list[SpokenCue]) -> list[str]:
    return [cue.text for cue in cues]


def test_without_corrections_the_cues_are_as_heard() -> None:
    assert overlay(HEARD, []) == HEARD


def test_a_correction_stands_in_place_of_the_cue_it_covers() -> None:
    assert overlay(HEARD, [SpokenCue(0, 2, " open the settings ")])[0] == SpokenCue(0, 2, "open the settings", True)


def test_a_correction_without_text_silences_the_cue() -> None:
    assert texts(overlay(HEARD, [SpokenCue(2, 5, "")])) == ["open the setings", "and close it"]


def test_a_silenced_stretch_is_kept_for_who_may_undo_it() -> None:
    silenced = overlay(HEARD, [SpokenCue(2, 5, " ")], with_silenced=True)[1]
    assert silenced == SpokenCue(2, 5, "", corrected=True)


def test_a_later_run_that_cuts_a_little_elsewhere_does_not_bring_the_mistake_back() -> None:
    later = [SpokenCue(0.1, 2.2, "open the setings"), SpokenCue(2.2, 5, "then click save")]
    assert texts(overlay(later, [SpokenCue(0, 2, "open the settings")])) == ["open the settings", "then click save"]


def test_a_longer_cue_of_a_later_run_gives_way_only_where_the_correction_is() -> None:
    cues = overlay([SpokenCue(0, 10, "a long one")], [SpokenCue(0, 3, "right")])
    assert cues == [SpokenCue(0, 3, "right", True), SpokenCue(3, 10, "a long one")]


def test_a_correction_in_the_middle_of_a_long_cue_never_loses_its_time() -> None:
    cues = overlay([SpokenCue(0, 10, "a long one")], [SpokenCue(6, 8, "right")])
    assert cues == [SpokenCue(0, 6, "a long one"), SpokenCue(6, 8, "right", True)]


def test_a_cue_that_two_corrections_cover_together_is_gone() -> None:
    edits = [SpokenCue(0, 4, "one"), SpokenCue(4, 8, "two")]
    assert texts(overlay([SpokenCue(0, 8, "both heard as one")], edits)) == ["one", "two"]


def test_cues_come_in_order_and_never_overlap() -> None:
    heard = [SpokenCue(5, 9, "c"), SpokenCue(0, 6, "a"), SpokenCue(3, 4, "b")]
    cues = overlay(heard, [SpokenCue(8, 12, "d")])
    assert texts(cues) == ["a", "b", "c", "d"]
    assert all(first.end <= second.start for first, second in pairwise(cues))


def test_a_cue_without_length_under_a_correction_is_gone() -> None:
    assert texts(overlay([SpokenCue(1, 1, "blip")], [SpokenCue(0, 2, "said")])) == ["said"]


# --- In the page ----------------------------------------------------------------------------------------------------


@pytest.fixture
def owner(make_user: Callable[..., Any]) -> Any:
    return make_user("contributor")


@pytest.fixture
def clip(make_clip: Callable[..., Clip], owner: Any) -> Clip:
    return make_clip(owner, cues=[(cue.start, cue.end, cue.text) for cue in HEARD])


def correct(client: Client, clip: Clip, text: str, start: float = 0, end: float = 2, **headers: Any) -> Any:
    return client.post(f"/clips/{clip.code}/cue/", {"start": start, "end": end, "text": text}, headers=headers)


def test_the_owner_corrects_a_cue_and_comes_back_to_it(
    clip: Clip, owner: Any, client_of: Callable[..., Client]
) -> None:
    response = correct(client_of(owner), clip, "then press save", 2, 5)
    assert response.headers["Location"] == f"/clips/{clip.code}/?t=2.0"
    assert texts(cues_of(clip)) == ["open the setings", "then press save", "and close it"]
    assert CueEdit.objects.get().by == owner


def test_a_curator_corrects_a_cue_of_somebody_else(
    clip: Clip, make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    assert correct(client_of(make_user("curator")), clip, "open the settings").status_code == 302
    assert texts(cues_of(clip))[0] == "open the settings"


def test_htmx_gets_the_cue_as_corrected(clip: Clip, owner: Any, client_of: Callable[..., Client]) -> None:
    page = correct(client_of(owner), clip, "open the settings", **{"HX-Request": "true"}).content.decode()
    assert "open the settings" in page and "corrected" in page
    assert "<html" not in page and "then click save" not in page


@pytest.mark.parametrize("role", ["learner", "contributor"])
def test_others_cannot_correct(
    clip: Clip, role: str, make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    client = client_of(make_user(role))
    assert correct(client, clip, "nonsense").status_code == 404
    assert client.get(f"/clips/{clip.code}/cue/?start=0&end=2").status_code == 404
    assert client.post(f"/clips/{clip.code}/cue/undo/", {"start": 0, "end": 2}).status_code == 404
    assert not CueEdit.objects.exists()


def test_signed_out_nobody_corrects(clip: Clip, client: Client) -> None:
    for response in (correct(client, clip, "x"), client.post(f"/clips/{clip.code}/cue/undo/", {"start": 0, "end": 2})):
        assert response.status_code == 302 and response.headers["Location"].startswith("/accounts/login/")
    assert not CueEdit.objects.exists()


def test_the_form_holds_the_words_as_they_stand(clip: Clip, owner: Any, client_of: Callable[..., Client]) -> None:
    client = client_of(owner)
    page = client.get(f"/clips/{clip.code}/cue/?start=2.000&end=5.000").content.decode()
    assert "then click save</textarea>" in page and "<html" in page and "Back to what was heard" not in page
    correct(client, clip, "then press save", 2, 5)
    part = client.get(f"/clips/{clip.code}/cue/?start=2.000&end=5.000", headers={"HX-Request": "true"}).content.decode()
    assert "then press save</textarea>" in part and "<html" not in part and "Back to what was heard" in part


def test_cancelling_gives_the_cue_back(clip: Clip, owner: Any, client_of: Callable[..., Client]) -> None:
    address = f"/clips/{clip.code}/cue/?start=2.000&end=5.000&cancel"
    part = client_of(owner).get(address, headers={"HX-Request": "true"}).content.decode()
    assert "then click save" in part and "<textarea" not in part


def test_undo_brings_back_what_was_heard(clip: Clip, owner: Any, client_of: Callable[..., Client]) -> None:
    client = client_of(owner)
    correct(client, clip, "", 2, 5)
    assert len(cues_of(clip)) == 2
    part = client.post(
        f"/clips/{clip.code}/cue/undo/", {"start": "2.000", "end": "5.000"}, headers={"HX-Request": "true"}
    )
    assert "then click save" in part.content.decode()
    assert texts(cues_of(clip)) == texts(HEARD)


def test_the_correction_is_found_at_once_and_what_was_misheard_no_more(clip: Clip, owner: Any) -> None:
    def finds(words: str) -> bool:
        among = Clip.objects.listed_for(owner).values("pk")
        return bool(get_backend().find(Query(words), among=among).hits)

    assert finds("setings") and not finds("zebra")
    actions.correct_cue(clip, start=0, end=2, text="open the zebra", by=owner)
    assert finds("zebra") and not finds("setings")
    actions.undo_correction(clip, start=0, end=2, by=owner)
    assert finds("setings") and not finds("zebra")


def test_a_second_correction_takes_the_place_of_the_first(clip: Clip, owner: Any) -> None:
    for text in ("first", "second"):
        actions.correct_cue(clip, start=0, end=2, text=text, by=owner)
    assert [edit.text for edit in CueEdit.objects.all()] == ["second"]


@pytest.mark.parametrize(("start", "end"), [(0, float("inf")), (float("nan"), 2), (-1, 2), (2, 2), (59, 62), (0, 31)])
def test_no_door_can_correct_at_times_that_cannot_be(clip: Clip, owner: Any, start: float, end: float) -> None:
    with pytest.raises(actions.CueError):
        actions.correct_cue(clip, start=start, end=end, text="x", by=owner)
    assert not CueEdit.objects.exists()


@pytest.mark.parametrize(
    "times",
    [
        ("", "2"),
        ("x", "2"),
        ("nan", "2"),
        ("-1", "2"),
        ("2", "2"),
        ("3", "2"),
        ("0", "1e9"),
        ("inf", "inf"),
        ("0", "31"),
    ],
)
def test_times_that_cannot_be_are_a_sentence(
    clip: Clip, owner: Any, times: tuple[str, str], client_of: Callable[..., Client]
) -> None:
    client = client_of(owner)
    sent = {"start": times[0], "end": times[1], "text": "x"}
    assert client.post(f"/clips/{clip.code}/cue/", sent).status_code == 422
    part = client.post(f"/clips/{clip.code}/cue/", sent, headers={"HX-Request": "true"})
    assert part.status_code == 200 and 'role="alert"' in part.content.decode()
    assert not CueEdit.objects.exists()


@pytest.mark.parametrize("times", [("", "2"), ("x", "2"), ("nan", "2"), ("2", "2"), ("3", "2"), ("0", "inf")])
def test_what_is_no_stretch_of_time_can_neither_be_asked_for_nor_undone(
    clip: Clip, owner: Any, times: tuple[str, str], client_of: Callable[..., Client]
) -> None:
    client = client_of(owner)
    assert client.post(f"/clips/{clip.code}/cue/undo/", {"start": times[0], "end": times[1]}).status_code == 422
    assert client.get(f"/clips/{clip.code}/cue/?start={times[0]}&end={times[1]}").status_code == 422


@pytest.mark.parametrize("end", [50, 9_000])
def test_a_correction_from_before_there_was_a_limit_can_be_taken_back(
    clip: Clip, owner: Any, end: float, client_of: Callable[..., Client]
) -> None:
    CueEdit.objects.create(clip=clip, start=0, end=end, text="all of it")
    client, address = client_of(owner), f"/clips/{clip.code}/cue/"
    assert "Back to what was heard" in client.get(f"{address}?start=0.000&end={end}.000").content.decode()
    cancelled = client.get(f"{address}?start=0.000&end={end}.000&cancel", headers={"HX-Request": "true"})
    assert "all of it" in cancelled.content.decode() and "<textarea" not in cancelled.content.decode()
    part = client.post(f"{address}undo/", {"start": "0.000", "end": f"{end}.000"}, headers={"HX-Request": "true"})
    assert "open the setings" in part.content.decode()
    assert texts(cues_of(clip)) == texts(HEARD)


def test_a_correction_that_is_too_long_is_refused_and_kept_in_the_form(
    clip: Clip, owner: Any, client_of: Callable[..., Client]
) -> None:
    response = correct(client_of(owner), clip, "word " * 200)
    assert response.status_code == 422 and b"at most 500 characters" in response.content
    assert b"word word" in response.content


def test_what_is_typed_is_text_and_never_markup(clip: Clip, owner: Any, client_of: Callable[..., Client]) -> None:
    correct(client_of(owner), clip, "<script>alert(1)</script>")
    page = client_of(owner).get(f"/clips/{clip.code}/").content
    assert b"<script>alert" not in page and b"&lt;script&gt;alert" in page


def test_a_clip_without_recording_has_no_cues_to_correct(owner: Any, client_of: Callable[..., Client]) -> None:
    draft = actions.create_draft("Draft", by=owner, visibility="team")
    assert correct(client_of(owner), draft, "x").status_code == 422
