"""Real recordings for the media tests: made here with ffmpeg, small, once a run."""

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from transcode.media.ffmpeg import binary

Make = Callable[..., Path]


def ffmpeg(*args: str, pipe_to: Path | None = None) -> None:
    """Runs ffmpeg to make test bytes. With `pipe_to` it writes to a pipe, as a recorder that cannot seek back."""
    command = [binary(), "-nostdin", "-hide_banner", "-loglevel", "error", "-y", *args]
    done = subprocess.run(command, capture_output=True, check=True)
    if pipe_to:
        pipe_to.write_bytes(done.stdout)


def picture(size: str = "320x240", rate: str = "15", seconds: float = 3) -> list[str]:
    return ["-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}"]


def tone(seconds: float = 3, hertz: int = 440) -> list[str]:
    return ["-f", "lavfi", "-i", f"sine=f={hertz}:d={seconds}:r=48000"]


H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "30"]
VP8 = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "9999"]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """made("x.mp4", *ffmpeg arguments) makes a file once a run and returns its path."""
    folder = tmp_path_factory.mktemp("made")

    def make(name: str, *args: str, pipe: bool = False) -> Path:
        key = hashlib.sha256(repr(args).encode()).hexdigest()[:12]
        path = folder / key / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            ffmpeg(*args, "pipe:1" if pipe else str(path), pipe_to=path if pipe else None)
        return path

    return make


@pytest.fixture
def screen(made: Make) -> Path:
    """What fits already: H.264, AAC, MP4; 3 s."""
    return made("screen.mp4", *picture(), *tone(), *H264, "-c:a", "aac", "-ac", "1", "-shortest")


@pytest.fixture
def browser_take(made: Make) -> Path:
    """As MediaRecorder leaves it: VP8 and Opus in WebM, no duration, no cues, one key frame, uneven times."""
    uneven = ["-vf", "select='not(mod(n,3))+gt(random(1),0.5)'", "-fps_mode", "vfr"]
    return made("take.webm", *picture(), *tone(), *uneven, *VP8, "-c:a", "libopus", "-f", "webm", pipe=True)


@pytest.fixture
def silent_large(made: Make) -> Path:
    """A screen larger than the ladder's rungs, without sound; 5 s, keys every 2 s."""
    return made("large.mp4", *picture("1366x768", "10", 5), *H264, "-g", "20")
