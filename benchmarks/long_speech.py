"""A recording of any length through the step that writes down words, in a process and a library of its own.

Started by benchmarks.speech: `python -m benchmarks.long_speech SECONDS FOLDER`, FOLDER holding spoken.f32, the
speech (float32, mono, 16 kHz) that is repeated to that length. Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.costs import peak_mb

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_RATE = 16_000
WARM_UP = 5.0  # seconds of speech that load the weights and touch every kernel once
# Settings that would lead out of the temporary library.
OUTSIDE = ("DATABASE_URL", "BROKER_URL", "S3_BUCKET", "S3_ENDPOINT_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")


def measure(spoken: NDArray[np.float32], seconds: float, model: str) -> dict[str, float]:
    """Seconds from the step's start to the `first` words that search finds and to `all`; how many `cues`; `peak_mb`."""
    with tempfile.TemporaryDirectory(prefix="videolib-benchmark-") as folder:
        spoken.tofile(Path(folder) / "spoken.f32")
        environment = {name: value for name, value in os.environ.items() if name not in OUTSIDE}
        environment |= {"VIDEOLIB_DATA": f"{folder}/library", "DJANGO_SETTINGS_MODULE": "videolib.settings"}
        environment |= {"WHISPER_MODEL": model, "SPEECH_ENGINE": "faster_whisper"}
        command = [sys.executable, "-m", "benchmarks.long_speech", str(seconds), folder]
        ended = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def main(seconds: float, folder: Path) -> None:
    """What the child does."""
    import django  # noqa: PLC0415 (settings are read at this moment)

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    _hear(make_recording(folder, WARM_UP, "warm.mkv"))
    print(json.dumps(_hear(make_recording(folder, seconds, "long.mkv"))))


def make_recording(folder: Path, seconds: float, name: str) -> Path:
    """A black picture with that much speech, the folder's spoken.f32 over and over."""
    import ffmpeg  # noqa: PLC0415
    from imageio_ffmpeg import get_ffmpeg_exe  # noqa: PLC0415

    sound = ffmpeg.input(str(folder / "spoken.f32"), f="f32le", ar=SAMPLE_RATE, ac=1, stream_loop=-1)
    picture = ffmpeg.input("color=size=320x240:rate=1", f="lavfi")
    path = folder / name
    made = ffmpeg.output(picture, sound, str(path), t=seconds, vcodec="libx264", preset="ultrafast", acodec="libopus")
    made.run(cmd=get_ffmpeg_exe(), quiet=True)
    return path


def _hear(file: Path) -> dict[str, float]:
    from transcode.models import Cue, State, Step  # noqa: PLC0415
    from transcode.signals import recording_changed  # noqa: PLC0415
    from transcode.tasks import RUN  # noqa: PLC0415

    recording, can_be_found = _accept(file)
    found: list[float] = []

    def listen(**_: Any) -> None:
        if not found and can_be_found():
            found.append(time.monotonic() - began)

    recording_changed.connect(listen)
    job = recording.jobs.get(step=Step.TRANSCRIBE)
    began = time.monotonic()
    RUN[Step.TRANSCRIBE](job.pk)
    took = time.monotonic() - began
    recording_changed.disconnect(listen)
    job.refresh_from_db()
    if job.state != State.DONE or not found:
        raise SystemExit(f"the words of {file.name} were not found: {job.state} {job.error}")
    cues = Cue.objects.filter(transcript__recording=recording).count()
    return {"first": found[0], "all": took, "cues": cues, "peak_mb": peak_mb()}


def _accept(file: Path) -> tuple[Any, Callable[[], bool]]:
    """The recording, looked at and as a clip, and how to ask whether search finds anything said in it."""
    from django.utils import timezone  # noqa: PLC0415

    from transcode.actions import accept_recording, store_original  # noqa: PLC0415
    from transcode.models import Cue, Step  # noqa: PLC0415
    from transcode.tasks import RUN  # noqa: PLC0415
    from videolib.accounts.models import User  # noqa: PLC0415
    from videolib.browse.search import search_clips  # noqa: PLC0415
    from videolib.clips.models import Clip  # noqa: PLC0415

    owner = User.objects.create_user(f"{file.stem}@example.com", role="contributor")
    recording = accept_recording(*store_original(file))
    clip = Clip.objects.create(owner=owner, recording=recording, published_at=timezone.now(), visibility="private")
    RUN[Step.INSPECT](recording.jobs.get(step=Step.INSPECT).pk)

    def can_be_found() -> bool:
        cue = Cue.objects.filter(transcript__recording=recording).first()
        return cue is not None and any(hit.clip == clip for hit in search_clips(owner, cue.text, limit=5).hits)

    return recording, can_be_found


if __name__ == "__main__":
    main(float(sys.argv[1]), Path(sys.argv[2]))
