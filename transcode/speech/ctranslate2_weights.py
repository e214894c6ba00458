"""Reads Whisper weights in CTranslate2's form (`model.bin`) as openai-whisper's state dict.

So one packaged download serves both engines. The layout is CTranslate2's ModelSpec, binary version 6
(`python/ctranslate2/specs/model_spec.py`); the names are those of its WhisperSpec, revision 3. All integers are
little-endian.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[np.generic]]
State = dict[str, NDArray[np.float32]]

BINARY_VERSION = 6
# CTranslate2's DataType, in its order; bfloat16 (5) has no numpy type and no released Whisper uses it
DTYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}

# Where a block's parts live: CTranslate2's name, openai-whisper's name.
NORMS = {
    "self_attention/layer_norm": "attn_ln",
    "attention/layer_norm": "cross_attn_ln",
    "ffn/layer_norm": "mlp_ln",
}
LINEARS = {
    "self_attention/linear_1": "attn.out",
    "attention/linear_0": "cross_attn.query",
    "attention/linear_2": "cross_attn.out",
    "ffn/linear_0": "mlp.0",
    "ffn/linear_1": "mlp.2",
}
# Projections that CTranslate2 stacks into one matrix, top to bottom.
FUSED = {
    "self_attention/linear_0": ("attn.query", "attn.key", "attn.value"),
    "attention/linear_1": ("cross_attn.key", "cross_attn.value"),
}
PLAIN = {
    "encoder/conv1/weight": "encoder.conv1.weight",
    "encoder/conv1/bias": "encoder.conv1.bias",
    "encoder/conv2/weight": "encoder.conv2.weight",
    "encoder/conv2/bias": "encoder.conv2.bias",
    "encoder/position_encodings/encodings": "encoder.positional_embedding",
    "encoder/layer_norm/gamma": "encoder.ln_post.weight",
    "encoder/layer_norm/beta": "encoder.ln_post.bias",
    "decoder/embeddings/weight": "decoder.token_embedding.weight",
    "decoder/position_encodings/encodings": "decoder.positional_embedding",
    "decoder/layer_norm/gamma": "decoder.ln.weight",
    "decoder/layer_norm/beta": "decoder.ln.bias",
}


class WeightsFormatError(ValueError):
    """The file is not a float Whisper model of the version this module reads; the message says what is off."""


@dataclass(frozen=True)
class WhisperWeights:
    """`dims` are openai-whisper's ModelDimensions by name; `state` its state dict, float32; `alignment_heads`
    the (layer, head) pairs whose attention gives word times, empty when the model names none."""

    dims: dict[str, int]
    state: State
    alignment_heads: list[tuple[int, int]]


def read_weights(folder: Path) -> WhisperWeights:
    """The model in FOLDER (`model.bin`, `config.json`). Raises WeightsFormatError, or OSError when missing."""
    with (folder / "model.bin").open("rb") as file:
        arrays = read_arrays(file)
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        heads = [(int(layer), int(head)) for layer, head in config.get("alignment_heads", [])]
        return WhisperWeights(_dims(arrays), dict(_state(arrays)), heads)
    except (KeyError, ValueError, AttributeError) as error:
        raise WeightsFormatError(f"{folder} holds no float Whisper model: {error}") from error


def read_arrays(file: BinaryIO) -> Arrays:
    """Every named array of a model.bin, read-only, in the file's own types."""
    try:
        (version,) = _unpack(file, "<I")
        if version != BINARY_VERSION:
            raise WeightsFormatError(f"model.bin has binary version {version}, not {BINARY_VERSION}")
        _read_name(file)  # the spec's name
        _revision, count = _unpack(file, "<II")
        return dict(_read_array(file) for _ in range(count))
    except (struct.error, UnicodeDecodeError) as error:
        raise WeightsFormatError("model.bin is cut off or not a CTranslate2 model") from error


def _read_array(file: BinaryIO) -> tuple[str, NDArray[np.generic]]:
    name = _read_name(file)
    (rank,) = _unpack(file, "<B")
    shape = _unpack(file, f"<{rank}I")
    kind, size = _unpack(file, "<BI")
    data = file.read(size)
    if kind not in DTYPES or len(data) < size:
        raise WeightsFormatError(f"model.bin is cut off, or of a type unknown here, at {name}")
    return name, np.frombuffer(data, DTYPES[kind]).reshape(shape)


def _read_name(file: BinaryIO) -> str:
    (size,) = _unpack(file, "<H")
    return file.read(size).rstrip(b"\0").decode()


def _unpack(file: BinaryIO, layout: str) -> tuple[int, ...]:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _dims(arrays: Arrays) -> dict[str, int]:
    n_state, n_mels, _ = arrays["encoder/conv1/weight"].shape
    n_vocab, n_text_state = arrays["decoder/embeddings/weight"].shape
    return {
        "n_mels": n_mels,
        "n_audio_ctx": len(arrays["encoder/position_encodings/encodings"]),
        "n_audio_state": n_state,
        "n_audio_head": int(arrays["encoder/num_heads"]),
        "n_audio_layer": _count_layers(arrays, "encoder"),
        "n_vocab": n_vocab,
        "n_text_ctx": len(arrays["decoder/position_encodings/encodings"]),
        "n_text_state": n_text_state,
        "n_text_head": int(arrays["decoder/num_heads"]),
        "n_text_layer": _count_layers(arrays, "decoder"),
    }


def _count_layers(arrays: Arrays, half: str) -> int:
    prefix = f"{half}/layer_"
    return len({name.split("/")[1] for name in arrays if name.startswith(prefix) and name[len(prefix)].isdigit()})


def _state(arrays: Arrays) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for source, target in PLAIN.items():
        yield target, _floats(arrays, source)
    for half in ("encoder", "decoder"):
        for layer in range(_count_layers(arrays, half)):
            yield from _block(arrays, f"{half}/layer_{layer}", f"{half}.blocks.{layer}")


def _block(arrays: Arrays, source: str, target: str) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for theirs, ours in NORMS.items():
        if f"{source}/{theirs}/gamma" in arrays:
            yield f"{target}.{ours}.weight", _floats(arrays, f"{source}/{theirs}/gamma")
            yield f"{target}.{ours}.bias", _floats(arrays, f"{source}/{theirs}/beta")
    for theirs, ours in LINEARS.items():
        if f"{source}/{theirs}/weight" in arrays:
            yield f"{target}.{ours}.weight", _floats(arrays, f"{source}/{theirs}/weight")
            yield f"{target}.{ours}.bias", _floats(arrays, f"{source}/{theirs}/bias")
    for theirs, names in FUSED.items():
        for kind in ("weight", "bias"):
            if f"{source}/{theirs}/{kind}" in arrays:
                yield from _unfuse(_floats(arrays, f"{source}/{theirs}/{kind}"), target, names, kind)


def _unfuse(
    stacked: NDArray[np.float32], target: str, names: tuple[str, ...], kind: str
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for name, part in zip(names, np.split(stacked, len(names)), strict=True):
        # Whisper's keys have no bias; CTranslate2 fills the gap with zeros
        if not (kind == "bias" and name.endswith(".key")):
            yield f"{target}.{name}.{kind}", part


def _floats(arrays: Arrays, name: str) -> NDArray[np.float32]:
    found = arrays[name]
    if not np.issubdtype(found.dtype, np.floating):
        raise WeightsFormatError(f"{name} is quantised ({found.dtype}); openai-whisper needs a float model")
    return found.astype(np.float32)
