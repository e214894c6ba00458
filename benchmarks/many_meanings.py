"""Vectors for the sentences of a large library out of a generator: real ones for some clips, and those with noise.

To read five million sentences takes a day. What a search costs does not depend on what vectors say: so the newest
clips get their own, and every other clip takes sentences of those at random, each turned a little.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from videolib.search.models import Meant

# Clips with vectors of their own: 20,000 sentences.
REAL_CLIPS = 400
# The noise is half as long as the vector: two sentences made of one are as near as sentences about one thing.
NOISE = 0.5
PIECE = 500


def make_meanings(*, real: int = REAL_CLIPS, seed: int = 4) -> tuple[int, int]:
    """For all documents of the library this process has entered that lack them; of how many real, of how many made up.

    (0, 0) without weights.
    """
    from videolib.search import actions  # noqa: PLC0415 (after the library was entered)
    from videolib.search.meaning import get_meaning  # noqa: PLC0415

    meaning = get_meaning()
    if meaning is None:
        return 0, 0
    waiting = actions.waiting_for_meaning(meaning.name, 10**9)
    done = actions.make_meanings(waiting[:real])
    rng, sentences = np.random.default_rng(seed), _real_sentences(meaning.name)
    for at in range(real, len(waiting), PIECE):
        _store(_made_up(waiting[at : at + PIECE], meaning.name, sentences, rng))
    return done, max(0, len(waiting) - real)


def _real_sentences(weights: str) -> NDArray[np.float32]:
    from videolib.search.meaning import WIDTH  # noqa: PLC0415 (after the library was entered)
    from videolib.search.models import Meant  # noqa: PLC0415

    real = Meant.objects.filter(weights=weights).order_by("id")[:REAL_CLIPS]
    vectors = b"".join(bytes(each) for each in real.values_list("vectors", flat=True))
    return np.frombuffer(vectors, np.int8).reshape(-1, WIDTH).astype(np.float32)


def _made_up(
    doc_ids: Sequence[int], weights: str, sentences: NDArray[np.float32], rng: np.random.Generator
) -> Iterator[Meant]:
    from videolib.search.lines import FIELDS  # noqa: PLC0415 (after the library was entered)
    from videolib.search.models import Meant, Searched  # noqa: PLC0415
    from videolib.search.nearest import codes_of  # noqa: PLC0415
    from videolib.search.sentences import SENTENCE  # noqa: PLC0415

    for searched in Searched.objects.filter(pk__in=doc_ids).only("doc_id", "said", "sentences"):
        fields = np.frombuffer(searched.sentences, SENTENCE)["field"]
        spoken = int(np.count_nonzero(fields == FIELDS.index("speech")))
        some = sentences[rng.integers(len(sentences), size=1 + spoken)]
        length = 127 * NOISE / math.sqrt(some.shape[1])
        turned = some + rng.standard_normal(some.shape, np.float32) * length
        vectors = np.rint(turned * 127 / np.linalg.norm(turned, axis=1, keepdims=True)).astype(np.int8)
        made = {"vectors": vectors.tobytes(), "codes": codes_of(vectors)}
        yield Meant(doc_id=searched.pk, said=searched.said, weights=weights, **made)


def _store(meant: Iterator[Meant]) -> None:
    from videolib.search.models import Meant  # noqa: PLC0415 (after the library was entered)

    Meant.objects.bulk_create(meant, ignore_conflicts=True)
