"""Tells words that were spoken from words that Whisper made up. Pure.

Whisper was trained on subtitles found on the web, so over noise and silence it says what stands there when nobody
speaks: thanks for watching, names of subtitlers, the same phrase over and over.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from transcode.speech.words import Word

# Whisper's own thresholds (openai-whisper, transcribe.py)
NO_SPEECH = 0.6
LOW_CONFIDENCE = -1.0
REPETITIVE = 2.4
# The known inventions are people's words too: they go only when the model itself has a doubt.
DOUBT_NO_SPEECH = 0.25
DOUBT_CONFIDENCE = -0.6
# Mean probability of the words: below this even the alignment found no trace of them in the sound.
NO_TRACE = 0.2

INVENTIONS = re.compile(
    r"""
    (thanks|thank\ you)(\ (very|so)\ much)?(\ (for|and)\ .*(watch|view|listen|see\ you).*)?
    | (please\ |like\ and\ |don.t\ forget\ to\ )+subscribe.* | subscribe\ to\ (my|our|the)\ channel.*
    | (sub)?(titles|titled)\ (by|made\ by|created\ by)\b.* | .*\bamara\.?\ ?org.* | transcri(bed|ption)\ by\b.*
    | untertitel(ung)?\ (von|der|des|im\ auftrag)\b.* | vielen\ dank\ f[üu]rs?\ zuschauen
    | sous-titr(es|age)\ (r[ée]alis|par|st|de\ la).* | merci\ d.avoir\ regard.*
    | subt[ií]tulos\ (realizados|por|de\ la\ comunidad)\b.* | (muchas\ )?gracias\ por\ ver.*
    | legendas?\ (por|pela)\b.* | obrigad[oa]\ por\ assist.* | sottotitoli\ (creati|e\ revisione|a\ cura)\b.*
    | субтитры?\ (сделал|создавал|подогнал).* | napisy\ (stworzone|wykonane)\b.*
    | .*(ご視聴ありがとう|시청해\ ?주셔서|谢谢观看|謝謝觀看|字幕由|字幕by).*
    | you | bye(\ bye)? | oh | uh | hmm? | mm+ | lol | ha(\W*ha)*
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class Utterance:
    """What Whisper made of one window: its words, and how sure it was.

    `no_speech` is the probability that nobody speaks; `confidence` the mean log probability of a token (0 is
    certain, -1 doubtful); `word_confidence` the mean probability of a word, 0 to 1.
    """

    words: tuple[Word, ...]
    no_speech: float
    confidence: float
    word_confidence: float

    @property
    def text(self) -> str:
        return "".join(word.text if word.glued else f" {word.text}" for word in self.words).strip()


def is_doubtful(utterance: Utterance) -> bool:
    """True when hearing the window again, more carefully, is worth its time: it failed, and not for want of speech."""
    failed = utterance.confidence < LOW_CONFIDENCE or is_repetitive(utterance.text)
    return bool(utterance.words) and failed and utterance.no_speech <= NO_SPEECH


def is_repetitive(text: str) -> bool:
    """True for a text that says the same over and over; shrinking well under zlib shows it."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) > REPETITIVE if data else False


def is_invented(utterance: Utterance) -> bool:
    """True when the words should not be believed."""
    if not utterance.words:
        return False
    # where the words are this unsure, less of a sign that nobody speaks will do: laughter becomes "that's right"
    if utterance.no_speech > DOUBT_NO_SPEECH and utterance.confidence < LOW_CONFIDENCE:
        return True
    if is_repetitive(utterance.text) or utterance.word_confidence < NO_TRACE:
        return True
    doubted = utterance.no_speech > DOUBT_NO_SPEECH or utterance.confidence < DOUBT_CONFIDENCE
    return doubted and is_known_invention(utterance.text)


def is_known_invention(text: str) -> bool:
    """True when the whole text is one that Whisper is known to invent."""
    return INVENTIONS.fullmatch(text.strip(" .!?…,。！？♪-")) is not None
