"""Which language each window is heard in: its own, unless the little it says speaks against the whole recording. Pure.

Whisper hears any sound as some language, and on a short "okay" it guesses. So the recording's languages are told from
windows spread over all of it, and one window alone has to be long and sure to bring in another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Probabilities = Mapping[str, float]

# A window that is this sure names a language of the recording, if it is this long; on shorter ones Whisper errs.
SURE = 0.8
SURE_SECONDS = 3.0
# The main language stands against another of the recording unless that is so many times as probable.
CLEARLY = 3.0


@dataclass
class Languages:
    """The languages of one recording, as far as it was heard: seconds of evidence for each."""

    votes: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    sure: set[str] = field(default_factory=set)

    def learn(self, told: Sequence[Probabilities], seconds: Sequence[float]) -> None:
        """Take in what windows of these lengths were told to be."""
        for probabilities, length in zip(told, seconds, strict=True):
            for code, probability in probabilities.items():
                self.votes[code] += probability * length
            best = most_probable(probabilities)
            if probabilities[best] >= SURE and length >= SURE_SECONDS:
                self.sure.add(best)

    @property
    def main(self) -> str:
        """The language most is spoken in; "" before anything was learnt."""
        return max(self.votes, key=lambda code: self.votes[code], default="")

    @property
    def share(self) -> float:
        """How much of the evidence speaks for the main language, 0 to 1."""
        return self.votes[self.main] / sum(self.votes.values()) if self.votes else 0.0

    def choose(self, probabilities: Probabilities) -> str:
        """The language to hear a window in, from what it was told to be."""
        known = self.sure | {self.main}
        best = max(known, key=lambda code: probabilities.get(code, 0.0))
        return best if probabilities.get(best, 0.0) > CLEARLY * probabilities.get(self.main, 0.0) else self.main


def most_probable(probabilities: Probabilities) -> str:
    """The code with the highest probability."""
    return max(probabilities, key=lambda code: probabilities[code])
