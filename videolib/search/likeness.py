"""Documents like another: by what their sentences mean on the whole, or by the words of its title."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from videolib.search.meaning import WIDTH, get_meaning
from videolib.search.nearest import nearest_by
from videolib.search.rows import read_rows

# The cosine of what two documents mean on the whole, from which on one is like the other. Of 76 clips about one program
# five pairs in six are as near, of those clips and pages about running a server one pair in a hundred is above 0.45.
ALIKE = 0.5

Vector = NDArray[np.float32]


def alike_in_meaning(doc_id: int, among: QuerySet[Any], most: int) -> list[int] | None:
    """The documents nearest to this one, nearest first; None where it has no vectors of what it says now.
    EmptyResultSet where nothing is allowed. Three queries, and one or two more when codes were written meanwhile.
    """
    meaning = get_meaning()
    own = _whole_of([doc_id], meaning.name).get(doc_id) if meaning else None
    if meaning is None or own is None:
        return None
    near = [other for other in nearest_by(meaning.name).among(own, among) if other != doc_id]
    wholes = _whole_of(near, meaning.name)
    cosines = {other: float(wholes[other] @ own) for other in near if other in wholes}
    return sorted((other for other in cosines if cosines[other] >= ALIKE), key=lambda other: -cosines[other])[:most]


def _whole_of(doc_ids: Sequence[int], weights: str) -> dict[int, Vector]:
    """By document, those that have vectors: the mean of its sentences and its title, of length 1."""
    rows = read_rows(doc_ids, weights=weights)
    wholes = {doc_id: _whole(bytes(row.vectors)) for doc_id, row in rows.items() if row.vectors}
    return {doc_id: whole for doc_id, whole in wholes.items() if whole.any()}


def _whole(vectors: bytes) -> Vector:
    mean: Vector = np.frombuffer(vectors, np.int8).reshape(-1, WIDTH).astype(np.float32).sum(axis=0)
    return mean / max(float(np.linalg.norm(mean)), 1e-9)
