"""What a recording sounds like to speech engines: samples, so that they never open the upload."""

from functools import cached_property
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from transcode.media.facts import MediaFacts
from transcode.media.ffmpeg import input_args, limits_for, run_graph
from transcode.media.graph import mixed
from transcode.media.plan import MIXED_TRACKS

SAMPLE_RATE = 16_000  # what every speech engine wants
BYTES = 4  # of a float32 sample
HEAD, WHOLE = "head.f32", "samples.f32"
# Up to this length, seconds, the whole sound is decoded in about the time that a child takes to start.
AT_ONCE = 300


class SoundOnDisk:
    """All sound tracks mixed: mono, 16 kHz, from -1 to 1, sample 0 being the recording's first moment.

    Decoded when first asked for, by our limited child, into files of FOLDER (two hours are 460 MB), of which only what
    is read gets into memory. Empty without sound. Raises MediaError when it cannot be decoded.
    """

    def __init__(self, source: Path, facts: MediaFacts, folder: Path) -> None:
        self.seconds = facts.duration
        self._source = source
        self._facts = facts
        self._folder = folder

    def head(self, count: int) -> NDArray[np.float32]:
        """The first COUNT samples, decoded alone where the whole would take long."""
        if self.seconds <= AT_ONCE:
            return self.read(0, count)
        return _read(self._decode(HEAD, t=f"{count / SAMPLE_RATE:.3f}"), 0, count)

    def length(self) -> int:
        """How many samples there are."""
        return self._whole.stat().st_size // BYTES

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """The samples from START up to STOP, as many as there are."""
        return _read(self._whole, start, stop)

    @cached_property
    def _whole(self) -> Path:
        return self._decode(WHOLE)

    def _decode(self, name: str, **more: Any) -> Path:
        path = self._folder / name
        if not self._facts.sounds:
            path.touch()
            return path
        tracks = tuple(sound.index for sound in self._facts.sounds[:MIXED_TRACKS])
        sound = mixed(input_args(self._source, self._facts.demuxer), tracks)
        output = ffmpeg.output(sound, name, f="f32le", ar=SAMPLE_RATE, ac=1, **more)
        run_graph(output, limits=limits_for(self._facts), duration=self._facts.duration, cwd=self._folder)
        return path


def _read(path: Path, start: int, stop: int) -> NDArray[np.float32]:
    # not a memmap: its pages would count as ours until the kernel wants them back
    return np.fromfile(path, dtype=np.float32, count=max(0, stop - start), offset=start * BYTES)
