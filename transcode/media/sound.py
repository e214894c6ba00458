"""What a recording sounds like to speech engines: samples, so that they never open the upload."""

from pathlib import Path

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from transcode.media.facts import MediaFacts
from transcode.media.ffmpeg import input_args, limits_for, run_graph
from transcode.media.graph import mixed
from transcode.media.plan import MIXED_TRACKS

SAMPLE_RATE = 16_000  # what every speech engine wants
SAMPLES = "samples.f32"


def read_samples(source: Path, facts: MediaFacts, into: Path) -> NDArray[np.float32]:
    """All sound tracks mixed: mono, 16 kHz, from -1 to 1, sample 0 being the recording's first moment.

    Empty without sound. The array lies on disk (`into`/samples.f32), so keep the folder while it is used:
    two hours are 460 MB that memory need not hold.
    """
    if not facts.sounds:
        return np.empty(0, dtype=np.float32)
    tracks = tuple(sound.index for sound in facts.sounds[:MIXED_TRACKS])
    sound = mixed(input_args(source, facts.demuxer), tracks)
    output = ffmpeg.output(sound, SAMPLES, f="f32le", ar=SAMPLE_RATE, ac=1)
    run_graph(output, limits=limits_for(facts), duration=facts.duration, cwd=into)
    path = into / SAMPLES
    if not path.stat().st_size:
        return np.empty(0, dtype=np.float32)
    return np.memmap(path, dtype=np.float32, mode="r")
