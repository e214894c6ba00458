"""What a sentence means, as a vector: two that say the same in other words point nearly the same way.

The model is all-MiniLM-L6-v2, for English, run by onnxruntime; nothing is fetched from anywhere. Its weights are stored
as int8 and become floats while it is loaded, so sums are those of floats. onnxruntime and tokenizers are imported by
whoever asks first: a process that never does stays small.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import threading
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

log = logging.getLogger(__name__)

WIDTH = 384
# Where its authors cut, too; what is said in one breath is shorter.
MOST_TOKENS = 256
# Of so many tokens on, a sentence leaves up to 60 MB with malloc. To give them back takes a twentieth of its time.
LONG = 64
# Far beyond MOST_TOKENS in any language; the tokenizer would read the rest for nothing.
MOST_CHARACTERS = 4000
# Vectors kept, of 1.5 KB: one search asks for its question several times, and words are said again and again.
KEPT = 1024
# int8 holds -127 to 127 of each number of a unit vector.
SCALE = 127
# A sentence is too little to share: with two it takes a tenth longer (docs/performance.md). One needs no pool, either,
# which would not live on in a child that was forked.
THREADS = 1
_LOADING = threading.Lock()


class WeightsMissing(Exception):  # noqa: N818 (what is wrong, in two words)
    """One sentence: the weights are not there, or cannot be read."""


class Meaning:
    """Sentences in, vectors out. Loads some 100 MB when it is made, and is safe to share between threads.

    `name` says which weights and which recipe made a vector; only vectors of one name can be compared.
    """

    name: str

    def __init__(self, folder: Path) -> None:
        """Read the weights in FOLDER; WeightsMissing where there are none, or damaged ones."""
        missing = [name for name in ("model.onnx", "tokenizer.json") if not (folder / name).is_file()]
        if missing:
            raise WeightsMissing(f"The search weights in {folder} lack {' and '.join(missing)}: run make setup.")
        try:
            self._tokenizer = _read_tokenizer(folder / "tokenizer.json")
            self._session = _read_model(folder / "model.onnx")
            if self._vector_of("Another model fails here, not in the first search.").shape != (WIDTH,):
                raise ValueError(f"its vectors are not {WIDTH} numbers wide")
        except Exception as error:  # both libraries raise plain ones of their own, of any kind
            raise WeightsMissing(
                f"The search weights in {folder} cannot be read: remove it, run make setup."
            ) from error
        with (folder / "model.onnx").open("rb") as file:
            self.name = f"minilm-{hashlib.file_digest(file, 'sha256').hexdigest()[:8]}"
        self._vector = lru_cache(KEPT)(self._vector_of)

    def of_sentences(self, texts: Sequence[str]) -> NDArray[np.int8]:
        """Shape (len(texts), WIDTH): each sentence's unit vector times 127, rounded; zeros where a text says nothing.

        One pass a sentence, alone, so a vector does not depend on its neighbours.
        """
        vectors = [self._vector(_plain(text)) for text in texts]
        return np.rint(np.array(vectors, np.float32).reshape(-1, WIDTH) * SCALE).astype(np.int8)

    def of_question(self, text: str) -> NDArray[np.float32]:
        """Shape (WIDTH,), of length 1, not to be written to; zeros where the text says nothing."""
        return self._vector(_plain(text))

    def _vector_of(self, text: str) -> NDArray[np.float32]:
        """The mean of the last hidden states over all tokens, brought to length 1."""
        encoded = self._tokenizer.encode(text)
        vector: NDArray[np.float32] = np.zeros(WIDTH, np.float32)
        if not all(encoded.special_tokens_mask):
            ids = np.array([encoded.ids], np.int64)
            feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
            (states,) = self._session.run(["last_hidden_state"], feed)
            mean = states[0].mean(axis=0)
            vector = mean / np.linalg.norm(mean)
        if len(encoded.ids) > LONG:
            _give_memory_back()
        vector.setflags(write=False)
        return vector


def get_meaning() -> Meaning | None:
    """The one of this process, as the settings say; None with SEARCH_MEANING=none, or where the weights are missing."""
    from django.conf import settings  # noqa: PLC0415 (the rest of this file knows no settings)

    if settings.SEARCH_MEANING == "none":
        return None
    loaded = _load_once(settings.SEARCH_WEIGHTS)
    return loaded if isinstance(loaded, Meaning) else None


def why_there_is_none() -> str:
    """What is wrong with the weights, and what to do, in sentences; empty where nothing is, or none are wanted."""
    from django.conf import settings  # noqa: PLC0415 (the same)

    if settings.SEARCH_MEANING == "none":
        return ""
    loaded = _load_once(settings.SEARCH_WEIGHTS)
    return loaded if isinstance(loaded, str) else ""


def _load_once(folder: Path) -> Meaning | str:
    with _LOADING:
        return _load(folder)


@cache
def _load(folder: Path) -> Meaning | str:
    try:
        return Meaning(folder)
    except WeightsMissing as error:
        said = f"{error} Then start the library again; until then search goes by words alone."
        log.warning(said)
        return said


def _plain(text: str) -> str:
    """As much of a text as is read, its spaces single, and without what no encoding has (lone surrogates)."""
    return " ".join(text[:MOST_CHARACTERS].split()).encode("utf-8", "replace").decode()


def _read_tokenizer(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer  # noqa: PLC0415 (see the top)

    tokenizer = Tokenizer.from_file(str(path))
    # The file pads to, and cuts at, 128.
    tokenizer.no_padding()
    tokenizer.enable_truncation(MOST_TOKENS)
    return tokenizer


def _read_model(path: Path) -> InferenceSession:
    import onnxruntime  # noqa: PLC0415 (see the top)

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    # What a sentence needed goes back to malloc after it; an arena keeps as much as the longest one ever took.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    _give_memory_back()
    return session


def _give_memory_back() -> None:
    """60 MB that loading needed, or a long sentence, stay with glibc's malloc otherwise; others lack the function."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)
