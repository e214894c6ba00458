"""What is kept of documents, read to be compared."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from videolib.search.compared import Row

# Vectors count only where they are of what the document says now.
_ROWS = """
SELECT searched.doc_id, stems, numbers, sentences, vectors FROM videolib_searched AS searched
LEFT JOIN videolib_meant AS meant ON meant.doc_id = searched.doc_id AND meant.said = searched.said AND weights = %s
WHERE searched.doc_id IN ({ids})
"""


def read_rows(doc_ids: Sequence[int], *, weights: str) -> dict[int, Row]:
    """By document, those that stand; with the vectors that WEIGHTS made (one query)."""
    if not doc_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(ids=", ".join(["%s"] * len(doc_ids))), [weights, *doc_ids])
        return {row[0]: Row(*row) for row in cursor.fetchall()}
