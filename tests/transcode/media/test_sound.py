"""Samples for speech engines."""

from pathlib import Path

import numpy as np
import pytest

from tests.transcode.media.conftest import H264, Make, picture, tone
from transcode.media import sound
from transcode.media.facts import MediaFacts
from transcode.media.probe import probe
from transcode.media.sound import SAMPLE_RATE, SoundOnDisk


def strength(samples: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]", hertz: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples[:SAMPLE_RATE]))
    return float(spectrum[hertz - 3 : hertz + 4].max() / np.median(spectrum + 1e-9))


def read_samples(source: Path, facts: MediaFacts, folder: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    whole = SoundOnDisk(source, facts, folder)
    return whole.read(0, whole.length())


def test_samples_are_mono_floats_at_sixteen_kilohertz(screen: Path, tmp_path: Path) -> None:
    samples = read_samples(screen, probe(screen), tmp_path)
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert abs(len(samples) / SAMPLE_RATE - 3) < 0.1
    assert 0.05 < np.abs(samples).max() <= 1
    assert strength(samples, 440) > 100


def test_a_silent_picture_has_no_samples(silent_large: Path, tmp_path: Path) -> None:
    assert len(read_samples(silent_large, probe(silent_large), tmp_path)) == 0


def test_all_tracks_are_heard(made: Make, tmp_path: Path) -> None:
    two = made("two.mkv", *picture(seconds=1), *tone(1), *tone(1, 880), "-map", "0", "-map", "1", "-map", "2",
               *H264, "-c:a", "aac")  # fmt: skip
    samples = read_samples(two, probe(two), tmp_path)
    assert strength(samples, 440) > 50
    assert strength(samples, 880) > 50


def test_sound_that_starts_late_keeps_its_place(made: Make, tmp_path: Path) -> None:
    late = made("late.mkv", *picture(), "-itsoffset", "1.5", *tone(1), *H264, "-c:a", "libopus")
    samples = read_samples(late, probe(late), tmp_path)
    loud = np.flatnonzero(np.abs(samples) > 0.02)[0] / SAMPLE_RATE
    assert abs(loud - 1.5) < 0.04


def test_the_head_of_a_long_recording_is_decoded_alone(
    screen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound, "AT_ONCE", 1)
    heard = SoundOnDisk(screen, probe(screen), tmp_path)
    head = heard.head(SAMPLE_RATE)
    assert [path.name for path in tmp_path.iterdir()] == [sound.HEAD]
    assert len(head) == SAMPLE_RATE
    assert np.array_equal(head, heard.read(0, SAMPLE_RATE))
    assert np.array_equal(heard.read(SAMPLE_RATE, SAMPLE_RATE + 9), heard.read(0, heard.length())[SAMPLE_RATE:][:9])
    assert len(heard.read(heard.length() - 5, heard.length() + 100)) == 5
