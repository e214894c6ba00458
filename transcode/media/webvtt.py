"""Timed words as files: WebVTT for players, SRT for editors, plain text for people."""

from collections.abc import Iterable
from typing import Protocol


class TimedText(Protocol):
    """A cue: seconds, and lines parted by newlines."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def text(self) -> str: ...


def to_vtt(cues: Iterable[TimedText]) -> str:
    """A WebVTT file. Text is escaped: it is words, never markup."""
    blocks = [f"{clock(cue.start)} --> {clock(cue.end)}\n{escape(lines_of(cue))}" for cue in cues if lines_of(cue)]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def to_srt(cues: Iterable[TimedText]) -> str:
    """A SubRip file. It knows no escapes; an arrow in the text would read as a time line."""
    blocks: list[str] = []
    for cue in cues:
        text = lines_of(cue).replace("-->", "->")
        if text:
            times = f"{clock(cue.start)} --> {clock(cue.end)}".replace(".", ",")
            blocks.append(f"{len(blocks) + 1}\n{times}\n{text}\n")
    return "\n".join(blocks)


def to_text(cues: Iterable[TimedText]) -> str:
    """The words alone, a line for each line of a cue."""
    return "".join(f"{text}\n" for cue in cues if (text := lines_of(cue)))


def lines_of(cue: TimedText) -> str:
    """The cue's text without blank lines: one would end the cue."""
    lines = (line.strip() for line in cue.text.replace("\0", "").splitlines())
    return "\n".join(line for line in lines if line)


def escape(text: str) -> str:
    """`>` too: `-->` may not stand in a cue's text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clock(seconds: float) -> str:
    """HH:MM:SS.mmm, as WebVTT writes times; hours grow beyond two digits."""
    milliseconds = max(0, round(seconds * 1000))
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"
