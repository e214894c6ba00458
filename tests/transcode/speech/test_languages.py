"""Which language a window is heard in."""

from __future__ import annotations

import pytest

from transcode.speech.languages import Languages


def learnt(*told: tuple[dict[str, float], float]) -> Languages:
    languages = Languages()
    languages.learn([probabilities for probabilities, _ in told], [seconds for _, seconds in told])
    return languages


def test_most_seconds_decide_the_main_language() -> None:
    languages = learnt(({"de": 0.9, "en": 0.1}, 2.0), ({"en": 0.8, "de": 0.2}, 20.0))

    assert languages.main == "en"
    assert languages.share == pytest.approx((0.1 * 2 + 0.8 * 20) / 22)


def test_before_anything_is_learnt_there_is_no_language() -> None:
    assert (Languages().main, Languages().share) == ("", 0.0)


def test_a_second_language_is_heard_as_itself() -> None:
    languages = learnt(({"en": 0.95, "de": 0.01}, 20.0), ({"de": 0.97, "en": 0.01}, 15.0))

    assert languages.choose({"de": 0.9, "en": 0.05}) == "de"
    assert languages.choose({"en": 0.9, "de": 0.05}) == "en"


def test_a_short_or_doubtful_window_brings_in_no_language() -> None:
    languages = learnt(({"en": 0.95}, 20.0), ({"cy": 0.99}, 1.0), ({"nl": 0.6, "en": 0.1}, 20.0))

    assert languages.choose({"cy": 0.99, "en": 0.001}) == "en"
    assert languages.choose({"nl": 0.6, "en": 0.1}) == "en"


def test_between_languages_of_the_recording_a_narrow_lead_changes_nothing() -> None:
    languages = learnt(({"en": 0.95}, 20.0), ({"de": 0.97}, 15.0))

    assert languages.choose({"de": 0.5, "en": 0.4}) == "en"
