"""What is said of the machine and its settings before the first request."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from transcode.ocr import tesseract
from videolib import checks
from videolib.checks import database, machine


@pytest.mark.parametrize("guessed", [True, False])
def test_an_open_door_without_an_address_to_come_by_is_a_warning_that_says_what_to_set(
    settings: Any, guessed: bool
) -> None:
    settings.SITE_URL_IS_A_GUESS = guessed
    warnings = {message.id: message for message in machine(None)}
    assert ("videolib.W004" in warnings) is guessed
    if guessed:
        assert "SITE_URL" in str(warnings["videolib.W004"].hint)


@pytest.mark.parametrize(("wanted", "is_warned"), [("minilm", True), ("none", False)])
def test_search_weights_that_are_wanted_and_lack_a_file_are_a_warning_that_says_what_to_run(
    settings: Any, tmp_path: Path, wanted: str, is_warned: bool
) -> None:
    settings.SEARCH_MEANING, settings.SEARCH_WEIGHTS = wanted, tmp_path
    (tmp_path / "model.onnx").touch()
    warnings = {message.id: message for message in machine(None)}
    assert ("videolib.W005" in warnings) is is_warned
    if is_warned:
        assert "goes by words alone" in warnings["videolib.W005"].msg
        assert "make setup" in str(warnings["videolib.W005"].hint)


def test_search_weights_that_are_there_are_no_warning(settings: Any, tmp_path: Path) -> None:
    settings.SEARCH_MEANING, settings.SEARCH_WEIGHTS = "minilm", tmp_path
    for name in ("model.onnx", "tokenizer.json"):
        (tmp_path / name).touch()
    assert "videolib.W005" not in {message.id for message in machine(None)}


def test_the_server_itself_is_a_good_database(db: None) -> None:
    assert database(databases=["default"]) == []


def test_a_pooler_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was seen with PgBouncer: the number it gives when it is called is not that of the process that answers."""
    answer = SimpleNamespace(execute=lambda _: None, fetchone=lambda: (6192,))
    line = SimpleNamespace(info=SimpleNamespace(backend_pid=218394139))
    pooled = SimpleNamespace(vendor="postgresql", connection=line, cursor=lambda: nullcontext(answer))
    monkeypatch.setattr(checks, "connection", pooled)
    (error,) = database(databases=["default"])
    assert error.is_serious() and "leads to a pooler, such as PgBouncer" in error.msg
    assert "server itself" in str(error.hint)
    assert database(databases=None) == [], "asked of no database"


@pytest.mark.parametrize("engine", ["rapidocr", "tesseract"])
def test_an_engine_that_is_not_here_is_a_warning_that_names_the_setting(
    settings: Any, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    settings.SCREEN_ENGINE = engine
    monkeypatch.setattr(checks, "find_spec", lambda _: None)
    monkeypatch.setattr(tesseract, "program", lambda: "")
    warnings = {message.id: message for message in machine(None)}
    assert f"SCREEN_ENGINE is {engine}" in warnings["videolib.W006"].msg
    settings.SCREEN_ENGINE = "none"
    assert "videolib.W006" not in {message.id for message in machine(None)}
