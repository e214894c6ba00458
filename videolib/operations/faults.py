"""What can be wrong in a library, each kind of fault in words; `row_faults.py` and `file_faults.py` find them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models


class Kind(models.TextChoices):
    """What is wrong, as a heading."""

    MISSING = "missing", "Files that are not there"
    OTHER_SIZE = "other_size", "Files of another size than when they came"
    DAMAGED = "damaged", "Originals that are not what they were (SHA-256)"
    ORPHAN = "orphan", "Files that no row names"
    STRANGE = "strange", "Files that are not the library's"
    UNUSED = "unused", "Recordings without a clip"
    DRAFT = "draft", "Clips that wait for bytes nobody sends"
    STUCK = "stuck", "Recordings that nobody works on"
    NOT_PLAYABLE = "not_playable", "Recordings that say they can be played, and have nothing to play"
    UNPUBLISHED = "unpublished", "Clips that can be played, and are not shown"
    HALF_HEARD = "half_heard", "Transcripts that break off"
    JOB = "job", "Jobs whose columns contradict each other"
    UNTOLD = "untold", "Work that ended, and whose end is not shown yet"
    RATING = "rating", "Clips whose stars are counted wrongly"
    PIN = "pin", "Pinned clips that the team cannot see"
    UNFINDABLE = "unfindable", "Clips that search does not know"
    GHOST = "ghost", "Clips that search knows, and that are gone"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. `thing` is what it is about (a key, or "clip" and its code: no title, which may be
    private), `what` a sentence, `pk` the row's where there is one."""

    kind: Kind
    thing: str
    what: str
    pk: int = 0
