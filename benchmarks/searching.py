"""Which search was measured: benchmarks of its speed and of its answers print the same line for the same search."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

ROOM = Path(__file__).resolve().parent.parent / "videolib" / "search"


def configuration() -> str:
    """A digest of all code and every number of the search room, and of the weights it reads sentences with."""
    digest = sha256()
    for path in sorted(ROOM.rglob("*.py")):
        digest.update(path.read_bytes())
    weights = ROOM.parent.parent / "weights" / "minilm" / "model.onnx"
    read_with = sha256(weights.read_bytes()).hexdigest()[:8] if weights.is_file() else "no weights"
    return f"{digest.hexdigest()[:12]} with {read_with}"
