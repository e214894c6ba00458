"""What search keeps of each document. The search room knows documents, not clips."""

from __future__ import annotations

from django.db import models


class Searched(models.Model):
    """A document as it is searched. Only search backends write it, a row a document, always as a whole.

    The columns named like fields hold its lines, parted by newlines; `starts` by field the second each line begins
    at, where it has one. `stems`, `numbers` and `sentences` are the same text taken apart (sentences.py). Each
    database keeps an index of its own beside it (backends/).
    """

    doc_id = models.BigIntegerField(primary_key=True)
    title = models.TextField()
    tags = models.TextField()
    description = models.TextField()
    screen = models.TextField()
    speech = models.TextField()
    starts = models.JSONField()
    # A digest of what is spoken and of the title: whether Meant is of this text.
    said = models.CharField(max_length=32)
    stems = models.TextField()
    numbers = models.BinaryField()
    sentences = models.BinaryField()

    def __str__(self) -> str:
        return self.title[:60]


class Meant(models.Model):
    """What the sentences of a document mean: vectors (meaning.py). Made after the document is written (actions.py).

    `said` is the document's of the time they were made, `weights` the name of what made them: where either is another
    now they count for nothing, and are made anew.
    """

    # Grows with every writing, so that who keeps codes in memory knows what is new (nearest.py).
    id = models.BigAutoField(primary_key=True)
    doc_id = models.BigIntegerField(unique=True)
    said = models.CharField(max_length=32)
    weights = models.CharField(max_length=32)
    # int8, (1 + spoken sentences) x WIDTH: the title's, then each sentence's.
    vectors = models.BinaryField()
    # One bit a number of the vector, a row a stretch of a few sentences (nearest.py).
    codes = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.doc_id} by {self.weights}"


class Spelling(models.Model):
    """A word that some document said at some time, case and accents gone; `skeleton` is how it looks (spelling.py)."""

    word = models.CharField(max_length=64, primary_key=True)
    skeleton = models.CharField(max_length=64, db_index=True)

    def __str__(self) -> str:
        return self.word
