"""What is searched: passages of documents. The search room knows documents, not clips."""

from __future__ import annotations

from django.db import models


class Passage(models.Model):
    """A stretch of one field of one document, with the times of its lines. Only search backends write it.

    `text` holds one line a timed piece (a cue, say), parted by newlines; `starts` the second each line begins at.
    `id` is chosen by the backend, which may read the document and the field off it.
    """

    doc_id = models.BigIntegerField(db_index=True)
    field = models.CharField(max_length=12)
    text = models.TextField()
    starts = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.text[:60]
