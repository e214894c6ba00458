"""Where the weights of a model are: a folder given, packaged ones, or a name for the library's own hub."""

from __future__ import annotations

from pathlib import Path

from transcode.media.errors import MediaError


def find_weights(model: str, weights_folder: Path) -> Path | None:
    """The folder with CTranslate2 weights for MODEL, a name or a folder; None when only a hub can have them."""
    for folder in (weights_folder / f"whisper-{model}", Path(model)):
        if (folder / "model.bin").is_file():
            return folder
    return None


def weights_missing(model: str) -> MediaError:
    """What to raise, from the library's own error, when nothing on this machine or in reach has the weights."""
    return MediaError(
        f"The speech weights '{model}' are not on this machine and could not be fetched: "
        "run make setup, or set WHISPER_MODEL to base or a folder.",
        permanent=False,
    )
