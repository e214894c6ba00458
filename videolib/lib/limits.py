"""How often one person may do what costs. Counted by all web servers together where the cache is shared."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.core.cache import cache


class TooOften(Exception):  # noqa: N818 (a decision, and its sentence is for the person)
    """Somebody did it more often than they may. `str()` is a sentence, `retry_after` the seconds they should wait."""

    def __init__(self, sentence: str, retry_after: int) -> None:
        super().__init__(f"{sentence} Go on in {_spoken(retry_after)}.")
        self.retry_after = retry_after


@dataclass(frozen=True)
class Limit:
    """Something that is counted in windows of so many seconds. `sentence` says what was too much."""

    what: str
    seconds: int
    sentence: str

    def count(self, who: object, *, most: int) -> None:
        """Once more by `who`; TooOften when that is more than `most` in this window. 0 is no limit.

        In windows of the clock, not sliding ones: that is one number to keep, and to all web servers the same.
        """
        window, passed = divmod(int(time.time()), self.seconds)
        if most and _next_number(f"limit:{self.what}:{who}:{window}", self.seconds) > most:
            raise TooOften(self.sentence, self.seconds - passed)


def _next_number(key: str, seconds: int) -> int:
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key)
    except ValueError:
        # It ran out just now, or the broker went away with it.
        return 1


def _spoken(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"
