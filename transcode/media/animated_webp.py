"""The facts of an animated WebP, read off its chunks: PyAV's ffmpeg cannot read one, ours can.

Part of the prober, in the limited child only.
"""

from pathlib import Path

from transcode.media.facts import PictureFacts

LEAST_DELAY = 10  # milliseconds; browsers and ffmpeg show no frame for less


def webp_picture(path: Path) -> PictureFacts | None:
    """The picture of an animated WebP, or None where no frame is whole."""
    delays, width, height = read_chunks(path)
    if not delays:
        return None
    duration = sum(delays) / 1000
    return PictureFacts(
        index=0,
        codec="webp",
        profile="",
        level=0,
        width=width,
        height=height,
        pixel_format="bgra",
        bit_depth=8,
        rotation=0,
        mirrored=False,
        interlaced=False,
        sar=(1, 1),
        fps=len(delays) / duration,
        max_gap=max(delays) / 1000,
        frames=len(delays),
        keyframes=1,
        max_key_interval=duration,
        closed_gops=True,
        monotone=True,
        trimmed=False,
        wild=False,
        bit_rate=path.stat().st_size * 8 / duration,
        color_transfer="2",
        color_primaries="2",
        start=0.0,
        duration=duration,
    )


def read_chunks(path: Path) -> tuple[list[int], int, int]:
    """Milliseconds each frame is shown, and the canvas's width and height."""
    delays: list[int] = []
    with path.open("rb") as file:
        head = file.read(30)
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
        file.seek(20 + int.from_bytes(head[16:20], "little"))
        while len(chunk := file.read(8)) == 8:
            size = int.from_bytes(chunk[4:], "little")
            body = file.read(15) if chunk[:4] == b"ANMF" and size >= 15 else b""
            delays += [max(LEAST_DELAY, int.from_bytes(body[12:15], "little"))] if body else []
            file.seek(size + size % 2 - len(body), 1)
    return delays, width, height
