"""Copy the front-end files that npm fetched to videolib/static/vendor, which is not in git: `python scripts/vendor.py`.

Only the files a page loads are copied. `blank.mp4` is what Plyr plays when it stops: its own default is fetched from
elsewhere, which our pages may not.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "videolib" / "static" / "vendor"
FILES = {
    "hls.light.min.js": "hls.js/dist/hls.light.min.js",
    "plyr.min.js": "plyr/dist/plyr.min.js",
    "plyr.css": "plyr/dist/plyr.css",
    "plyr.svg": "plyr/dist/plyr.svg",
    "tus.min.js": "tus-js-client/dist/tus.min.js",
}
BLANK = "blank.mp4"
# A map is five times its script and serves nobody here; a comment that names a missing one stops collectstatic.
SOURCE_MAP = re.compile(rb"\n//# sourceMappingURL=\S+\s*\Z")


class VendorError(Exception):
    """One sentence for the person at the terminal."""


def is_complete() -> bool:
    """Whether every file is there."""
    return all((VENDOR / name).is_file() for name in (*FILES, BLANK))


def copy_files() -> None:
    """Every file of FILES, once its package has exactly the version that package.json names."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    wanted: dict[str, str] = json.loads((ROOT / "package.json").read_text())["dependencies"]
    for package, version in wanted.items():
        manifest = MODULES / package / "package.json"
        found = json.loads(manifest.read_text())["version"] if manifest.is_file() else "missing"
        if found != version:
            raise VendorError(f"{package} should be {version} and is {found}; run npm ci --omit=dev --ignore-scripts.")
    for name, source in FILES.items():
        (VENDOR / name).write_bytes(SOURCE_MAP.sub(b"\n", (MODULES / source).read_bytes()))


def make_blank() -> None:
    """A tenth of a second of black, a kilobyte and a half."""
    from imageio_ffmpeg import get_ffmpeg_exe  # noqa: PLC0415 (setup.py reads this file before there is a .venv)

    picture = ["-f", "lavfi", "-i", "color=black:size=16x16:rate=10:duration=0.1"]
    codec = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-map_metadata", "-1"]
    command = [get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", *picture, *codec, str(VENDOR / BLANK)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        raise VendorError(f"{BLANK} could not be made: {made.stderr.strip()[-200:]}")


def main() -> int:
    try:
        copy_files()
        make_blank()
    except VendorError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
