"""How loud the speech is, and by how much it is turned up or down: EBU R128 in two passes, the first one here."""

import re
from pathlib import Path

import ffmpeg

from transcode.media import child
from transcode.media.facts import MediaFacts
from transcode.media.ffmpeg import binary, checked, input_args, limits_for
from transcode.media.graph import heard_as
from transcode.media.plan import SoundPlan, encoded_sound

TARGET = -23.0  # LUFS, EBU R128
SILENCE = -50.0  # LUFS; what is quieter is a room, not a voice, and stays quiet
MOST_GAIN = 25.0  # dB; beyond, noise comes up with the voice
CLOSE = 1.0  # LU; nobody hears less, so sound that is copied stays a copy
INTEGRATED = re.compile(r"^\s+I:\s+(-?[\d.]+) LUFS$", re.MULTILINE)


def measure(source: Path, facts: MediaFacts, sound: SoundPlan) -> float:
    """Integrated loudness of the mixed tracks in LUFS, from one read of the sound alone; -70 is silence."""
    heard = heard_as(input_args(source, facts.demuxer), sound).filter("ebur128", framelog="quiet")
    # The summary is a message to people: nothing else asks ffmpeg to say more than its errors.
    quiet = ["-nostdin", "-hide_banner", "-nostats", "-loglevel", "info"]
    args = ffmpeg.compile(ffmpeg.output(heard, "-", f="null"), cmd=[binary(), *quiet])
    finished = checked(child.run(args, limits=limits_for(facts), reads=[source]))
    found = INTEGRATED.findall(finished.stderr_tail)
    return float(found[-1]) if found else -70.0


def levelled(sound: SoundPlan, loudness: float) -> SoundPlan:
    """The sound as planned, brought to the target. What is copied is encoded then, unless it is close already."""
    gain = 0.0 if loudness < SILENCE else min(MOST_GAIN, TARGET - loudness)
    if sound.mode == "none" or (sound.mode == "copy" and abs(gain) < CLOSE):
        return sound
    return encoded_sound(sound, gain=round(gain, 1))
