"""Settings from the environment: what is read, and the sentence that refuses what is wrong."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from videolib.lib import env

NAME = "VIDEOLIB_TEST_SETTING"


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    """`given("7")` sets the setting, `given(None)` unsets it."""

    def give(value: str | None) -> None:
        if value is None:
            monkeypatch.delenv(NAME, raising=False)
        else:
            monkeypatch.setenv(NAME, value)

    return give


@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_setting_that_is_missing_or_empty_has_its_default(
    given: Callable[[str | None], None], value: str | None
) -> None:
    given(value)
    assert env.text(NAME, "fallback") == "fallback"
    assert env.flag(NAME, default=True) is True
    assert env.whole(NAME, 7) == 7
    assert env.words(NAME, "a, b") == ["a", "b"]
    assert env.choice(NAME, "x", ("x", "y")) == "x"
    assert env.address(NAME, "127.0.0.1:8000") == ("127.0.0.1", 8000)


@pytest.mark.parametrize(
    ("value", "read", "expected"),
    [
        ("  as it is ", lambda: env.text(NAME), "as it is"),
        ("Yes", lambda: env.flag(NAME, default=False), True),
        ("OFF", lambda: env.flag(NAME, default=True), False),
        ("12", lambda: env.whole(NAME, 1), 12),
        ("a.org, b.org  c.org,", lambda: env.words(NAME), ["a.org", "b.org", "c.org"]),
        ("y", lambda: env.choice(NAME, "x", ("x", "y")), "y"),
        ("https://a.org/b", lambda: env.url(NAME, "", ("http", "https")).netloc, "a.org"),
        ("0.0.0.0:80", lambda: env.address(NAME, ""), ("0.0.0.0", 80)),
        ("Europe/Rome", lambda: env.time_zone(NAME, "UTC"), "Europe/Rome"),
        ("[::1]:8000", lambda: env.address(NAME, ""), ("::1", 8000)),
    ],
)
def test_a_setting_is_read(
    given: Callable[[str | None], None], value: str, read: Callable[[], Any], expected: Any
) -> None:
    given(value)
    assert read() == expected


@pytest.mark.parametrize(
    ("value", "read", "sentence"),
    [
        ("maybe", lambda: env.flag(NAME, default=False), "is 'maybe'; set it to true or false."),
        ("many", lambda: env.whole(NAME, 1), "is 'many'; set it to a whole number."),
        ("1.5", lambda: env.whole(NAME, 1), "is '1.5'; set it to a whole number."),
        ("²", lambda: env.whole(NAME, 1), "is '²'; set it to a whole number."),
        ("-1", lambda: env.whole(NAME, 1), "is -1; set it to at least 0."),
        ("65", lambda: env.whole(NAME, 1, least=1, most=64), "is 65; set it to from 1 to 64."),
        ("z", lambda: env.choice(NAME, "x", ("x", "y")), "is 'z'; set it to one of x, y."),
        (
            "a.org",
            lambda: env.url(NAME, "", ("https",)),
            "is no address for it; set it to one that starts with https:// and names a host.",
        ),
        ("https://", lambda: env.url(NAME, "", ("https",)), "is no address for it; set it to one that"),
        ("https://a:b", lambda: env.url(NAME, "", ("https",)), "is no address for it; set it to one that"),
        ("https://[a", lambda: env.url(NAME, "", ("https",)), "is no address for it; set it to one that"),
        ("CEST+1", lambda: env.time_zone(NAME, "UTC"), "is 'CEST+1'; set it to a time zone's name, as in Europe/Rome."),
        ("8000", lambda: env.address(NAME, "127.0.0.1:8000"), "is '8000'; set it to a host and a port"),
        ("host:", lambda: env.address(NAME, "127.0.0.1:8000"), "is 'host:'; set it to a host and a port"),
        (":80", lambda: env.address(NAME, "127.0.0.1:8000"), "is ':80'; set it to a host and a port"),
        ("host:0", lambda: env.address(NAME, "127.0.0.1:8000"), "is 'host:0'; set it to a host and a port"),
        ("host:99999", lambda: env.address(NAME, "127.0.0.1:8000"), "is 'host:99999'; set it to a host and a port"),
    ],
)
def test_a_wrong_setting_is_refused_with_a_sentence_that_names_it(
    given: Callable[[str | None], None], value: str, read: Callable[[], Any], sentence: str
) -> None:
    given(value)
    with pytest.raises(ImproperlyConfigured) as refused:
        read()
    assert str(refused.value).startswith(f"{NAME} {sentence}")


def test_a_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    assert env.kept_secret(path, lambda: "first") == "first"
    assert env.kept_secret(path, lambda: "second") == "first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_of_two_that_make_a_secret_at_the_same_time_one_counts(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"

    def make_late() -> str:
        path.write_text("theirs")
        return "ours"

    assert env.kept_secret(path, make_late) == "theirs"


def test_a_data_folder_is_made(given: Callable[[str | None], None], tmp_path: Path) -> None:
    given(str(tmp_path / "a" / "b"))
    assert env.data_folder(NAME, tmp_path) == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()


def test_a_data_folder_we_make_is_for_its_owner_only(given: Callable[[str | None], None], tmp_path: Path) -> None:
    given(str(tmp_path / "library"))
    env.data_folder(NAME, tmp_path)
    assert stat.S_IMODE((tmp_path / "library").stat().st_mode) == 0o700


def test_a_data_folder_that_is_there_keeps_its_mode(given: Callable[[str | None], None], tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library").chmod(0o750)
    given(str(tmp_path / "library"))
    env.data_folder(NAME, tmp_path)
    assert stat.S_IMODE((tmp_path / "library").stat().st_mode) == 0o750


def test_a_data_folder_that_cannot_be_made_is_refused(given: Callable[[str | None], None], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    given(str(tmp_path / "file" / "library"))
    with pytest.raises(ImproperlyConfigured, match=r"cannot be made \(Not a directory\); name a folder you may write"):
        env.data_folder(NAME, tmp_path)


def test_a_data_folder_that_is_not_writable_is_refused(
    given: Callable[[str | None], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(str(tmp_path))
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ImproperlyConfigured, match="is not writable; name a folder you may write to"):
        env.data_folder(NAME, tmp_path)


def test_the_sentence_about_a_wrong_address_does_not_repeat_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOLIB_TEST_SETTING", "mysql://me:hunter2@db/library")
    with pytest.raises(ImproperlyConfigured) as refused:
        env.url("VIDEOLIB_TEST_SETTING", "", ("redis",))
    assert "hunter2" not in str(refused.value)


def test_a_secret_is_long_or_not_set(given: Callable[[str | None], None]) -> None:
    given(None)
    assert env.secret(NAME, least=16) == ""
    given(" 0123456789abcdef ")
    assert env.secret(NAME, least=16) == "0123456789abcdef"
    given("hush")
    with pytest.raises(ImproperlyConfigured, match=f"{NAME} is shorter than 16 characters") as refused:
        env.secret(NAME, least=16)
    assert "hush" not in str(refused.value)
