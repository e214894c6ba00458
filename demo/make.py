"""Recordings of the demo stories: drawn, spoken, and put together by ffmpeg."""

from __future__ import annotations

import wave
from pathlib import Path

import ffmpeg

from demo.draw import draw_screen, typed
from demo.stories import Story
from scripts.say import say
from transcode.media.child import Limits
from transcode.media.ffmpeg import run_graph

FRAMES_A_SECOND = 4
PAUSE = 0.5  # seconds of silence after a sentence
TYPING = 0.6  # the part of a sentence in which its lines appear


def make_recording(story: Story, voice: str, folder: Path) -> Path:
    """The story as an MP4 in `folder`: H.264 and AAC, so that the library takes it as it is."""
    sentences = [_speak(step.say, voice, folder / f"{number}.wav") for number, step in enumerate(story.steps)]
    narration = _join(sentences, folder / "narration.wav")
    frames = folder / "frames"
    frames.mkdir()
    _draw(story, [_seconds(sentence) + PAUSE for sentence in sentences], frames)
    return _put_together(frames, narration, folder)


def _speak(text: str, voice: str, path: Path) -> Path:
    say(text, path, voice=voice)
    return path


def _seconds(path: Path) -> float:
    with wave.open(str(path)) as sound:
        return float(sound.getnframes() / sound.getframerate())


def _join(sentences: list[Path], path: Path) -> Path:
    """One sentence after the other, with a pause behind each."""
    with wave.open(str(sentences[0])) as first:
        settings = first.getparams()
    pause = b"\0" * int(PAUSE * settings.framerate) * settings.sampwidth * settings.nchannels
    with wave.open(str(path), "wb") as joined:
        joined.setparams(settings)
        for sentence in sentences:
            with wave.open(str(sentence)) as sound:
                joined.writeframes(sound.readframes(sound.getnframes()) + pause)
    return path


def _draw(story: Story, seconds: list[float], folder: Path) -> None:
    """Every frame of the recording, numbered; one that looks like the last is a link to it."""
    shown: list[str] = []
    number, last, drawn = 0, shown, None
    for step, duration in zip(story.steps, seconds, strict=True):
        count = round(duration * FRAMES_A_SECOND)
        for frame in range(count):
            lines = [*shown, *typed(step.lines, min(1.0, (frame + 1) / count / TYPING))]
            path = folder / f"{number:05d}.png"
            if lines == last and drawn:
                path.hardlink_to(drawn)
            else:
                draw_screen(story.screen, story.heading, lines).save(path, compress_level=1)
                last, drawn = lines, path
            number += 1
        shown = [*shown, *step.lines]


def _put_together(frames: Path, narration: Path, folder: Path) -> Path:
    picture = ffmpeg.input(str(frames / "%05d.png"), f="image2", framerate=FRAMES_A_SECOND)
    options = {"vcodec": "libx264", "preset": "veryfast", "pix_fmt": "yuv420p", "g": 5 * FRAMES_A_SECOND}
    made = ffmpeg.output(
        picture, ffmpeg.input(str(narration)), "clip.mp4", acodec="aac", audio_bitrate="96k", ac=1, ar=48000, **options
    )
    run_graph(made, limits=Limits(cpu_seconds=120), duration=_seconds(narration), cwd=folder)
    return folder / "clip.mp4"
