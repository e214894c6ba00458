"""How often is too often: counted for each person, told with how long to wait."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from videolib.lib import limits
from videolib.lib.limits import Limit, TooOften

BAKING = Limit("bake", seconds=600, sentence="You baked a lot.")


@pytest.fixture(autouse=True)
def _a_quiet_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """100 s into a window, with nothing counted yet."""
    cache.clear()
    monkeypatch.setattr(limits.time, "time", lambda: 6100.0)


def test_as_often_as_one_may_and_no_more() -> None:
    for _ in range(3):
        BAKING.count("ann", most=3)
    with pytest.raises(TooOften) as caught:
        BAKING.count("ann", most=3)
    assert str(caught.value) == "You baked a lot. Go on in 9 minutes."
    assert caught.value.retry_after == 500


def test_everybody_counts_for_themselves_and_so_does_every_deed() -> None:
    BAKING.count("ann", most=1)
    BAKING.count("bob", most=1)
    Limit("eat", seconds=600, sentence="").count("ann", most=1)


def test_the_next_window_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    BAKING.count("ann", most=1)
    monkeypatch.setattr(limits.time, "time", lambda: 6600.0)
    BAKING.count("ann", most=1)


def test_none_is_no_limit() -> None:
    for _ in range(5):
        BAKING.count("ann", most=0)


def test_a_count_that_got_lost_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits.cache, "add", lambda *args: True)
    BAKING.count("ann", most=1)
    BAKING.count("ann", most=1)


def test_the_last_seconds_are_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits.time, "time", lambda: 6599.0)
    BAKING.count("ann", most=1)
    with pytest.raises(TooOften, match="Go on in a minute"):
        BAKING.count("ann", most=1)
