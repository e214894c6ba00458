"""Every kind of file that people upload, made here, through all steps: a playable clip, or a sentence."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.transcode.media.conftest import H264, VP8, Make, tone
from tests.transcode.media.through import RGB, Clip, frame_at, look, segment_starts, through
from transcode.media.probe import probe

HALF_TURN, QUARTER_LEFT, QUARTER_RIGHT = "180", "90", "-90"
X265 = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"]
VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"]
AV1 = ["-c:v", "libsvtav1", "-preset", "12"]
TO_PQ = "zscale=tin=bt709:min=bt709:pin=bt709:rin=tv:t=smpte2084:p=bt2020:m=bt2020nc:r=tv:npl=203,format=yuv420p10le"
TO_HLG = TO_PQ.replace("smpte2084", "arib-std-b67")
PQ = ["-color_trc", "smpte2084", "-color_primaries", "bt2020", "-colorspace", "bt2020nc"]
HLG = ["-color_trc", "arib-std-b67", "-color_primaries", "bt2020", "-colorspace", "bt2020nc"]


def marked(seconds: float = 2, size: str = "128x96", rate: float = 10, then: str = "") -> list[str]:
    """A green picture whose upper left corner is red, its lower right one white, and something moves."""
    ground = f"color=0x307030:s={size}:r={rate}:d={seconds}"
    corners = "drawbox=w=iw/2:h=ih/2:c=red:t=fill,drawbox=x=iw*3/4:y=ih*3/4:w=iw/4:h=ih/4:c=white:t=fill"
    mover = f"color=black:s=4x4:r={rate}:d={seconds}[b]"
    graph = f"{ground},{corners}[g];{mover};[g][b]overlay=x='mod(40*t,W/2)':y=H*5/8,{then or 'format=yuv420p'}"
    return ["-f", "lavfi", "-i", graph]


def corner(picture: RGB, across: float, down: float) -> RGB:
    """The mean colour of a sixth of the picture around a place, as parts of width and height."""
    height, width = picture.shape[:2]
    rows, columns = around(down, height), around(across, width)
    colour: RGB = picture[rows, columns].reshape(-1, 3).mean(axis=0)
    return colour


def around(place: float, side: int) -> slice:
    first = int(side * (place - 1 / 12))
    return slice(first, max(first + 1, int(side * (place + 1 / 12))))


def assert_upright(picture: RGB) -> None:
    """Red stays red, white stays white and green green, each where it belongs."""
    red, green, white = corner(picture, 0.25, 0.25), corner(picture, 0.25, 0.85), corner(picture, 0.875, 0.875)
    assert red[0] > 150, red
    assert max(red[1:]) < 90, red
    assert green[1] > max(green[0], green[2]) + 10, green
    assert min(white) > 180, white


def assert_clip(clip: Clip, seconds: float, into: Path) -> None:
    """The right length, in sync from zero, every segment decodable alone, upright in renditions and stills."""
    assert clip.facts.duration == pytest.approx(seconds, abs=0.06)
    for file in clip.renditions:
        seen = look(file)
        assert file.duration == pytest.approx(seconds, abs=0.06), file.name
        assert seen.ends["video"] == pytest.approx(seconds, abs=0.1), file.name
        assert seen.starts["video"] == pytest.approx(0, abs=0.01), file.name
        if "audio" in seen.starts:
            assert seen.starts["audio"] == pytest.approx(0, abs=0.05), file.name
            assert seconds - 0.6 < seen.ends["audio"] < seconds + 0.1, file.name
        assert file.width % 2 == file.height % 2 == 0
        assert file.width <= clip.facts.display_width
        assert file.height <= clip.facts.display_height
        assert all(shown == pytest.approx(at, abs=0.05) for at, shown in segment_starts(file, into)), file.name
        assert_upright(frame_at(file, seconds / 2))
    with Image.open(clip.rest.poster) as poster:
        assert_upright(np.asarray(poster.convert("RGB")))
    board = clip.plan.storyboard
    assert len(clip.rest.sheets) == board.sheets
    with Image.open(clip.rest.sheets[0]) as sheet:
        assert_upright(np.asarray(sheet.convert("RGB"))[: board.tile_height, : board.tile_width])


PICTURES: dict[str, tuple[str, list[str]]] = {
    "hevc of macOS": ("x.mov", [*marked(), *X265, "-tag:v", "hvc1", "-pix_fmt", "yuv420p"]),
    "hevc, 10 bit": ("x.mp4", [*marked(), *X265, "-pix_fmt", "yuv420p10le"]),
    "hdr, PQ": ("x.mp4", [*marked(then=TO_PQ), *X265, *PQ]),
    "hdr, HLG": ("x.mov", [*marked(then=TO_HLG), *X265, *HLG]),
    "prores": ("x.mov", [*marked(), "-c:v", "prores_ks", "-profile:v", "3", "-pix_fmt", "yuv422p10le"]),
    "prores with alpha": ("x.mov", [*marked(), "-c:v", "prores_ks", "-profile:v", "4", "-pix_fmt", "yuva444p10le"]),
    "ffv1": ("x.mkv", [*marked(), "-c:v", "ffv1"]),
    "mjpeg": ("x.avi", [*marked(), "-c:v", "mjpeg", "-pix_fmt", "yuvj420p"]),
    "mjpeg, 4:4:4 full range": ("x.mov", [*marked(), "-c:v", "mjpeg", "-pix_fmt", "yuvj444p"]),
    "vp8": ("x.webm", [*marked(), *VP8]),
    "vp9": ("x.webm", [*marked(), *VP9]),
    "vp9 in MP4": ("x.mp4", [*marked(), *VP9]),
    "vp9, 4:4:4": ("x.webm", [*marked(), *VP9, "-pix_fmt", "yuv444p"]),
    "vp9 in RGB": ("x.webm", [*marked(), *VP9, "-pix_fmt", "gbrp"]),
    "av1": ("x.mp4", [*marked(), *AV1]),
    "av1, 10 bit": ("x.mkv", [*marked(), *AV1, "-pix_fmt", "yuv420p10le"]),
    "theora": ("x.ogv", [*marked(), "-c:v", "libtheora", "-q:v", "8"]),
    "mpeg-4": ("x.avi", [*marked(), "-c:v", "mpeg4", "-q:v", "3", "-bf", "2"]),
    "mpeg-2 stream": ("x.mpg", [*marked(rate=25), "-c:v", "mpeg2video", "-q:v", "3", "-f", "vob"]),
    "windows media": ("x.wmv", [*marked(), "-c:v", "wmv2", "-q:v", "3"]),
    "flash": ("x.flv", [*marked(), "-c:v", "flv", "-q:v", "3"]),
    "gif": ("x.gif", marked()),
    "animated webp": ("x.webp", [*marked(), "-c:v", "libwebp_anim", "-loop", "0"]),
    "animated png": ("x.png", [*marked(), "-c:v", "apng", "-f", "apng", "-plays", "0"]),
    "animation codec": ("x.mov", [*marked(), "-c:v", "qtrle"]),
    "raw RGB": ("x.avi", [*marked(), "-c:v", "rawvideo", "-pix_fmt", "bgr24"]),
    "h264 in RGB": ("x.mp4", [*marked(), "-c:v", "libx264rgb", "-crf", "0"]),
    "h264, 4:4:4": ("x.mp4", [*marked(), "-c:v", "libx264", "-pix_fmt", "yuv444p"]),
    "h264, 4:2:2 of 10 bit": ("x.mp4", [*marked(), "-c:v", "libx264", "-pix_fmt", "yuv422p10le"]),
    "h264 with B frames": ("x.mp4", [*marked(), "-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "3"]),
    "h264, open groups": ("x.mp4", [*marked(), "-c:v", "libx264", "-x264-params", "open-gop=1:keyint=5:min-keyint=5"]),
    "h264, interlaced": (
        "x.mp4",
        [*marked(rate=25), "-c:v", "libx264", "-flags", "+ildct+ilme", "-pix_fmt", "yuv420p"],
    ),
    "full range": ("x.mp4", [*marked(then="scale=out_range=pc,format=yuvj420p"), "-c:v", "libx264"]),
    "wide pixels": ("x.mp4", [*marked(then="setsar=4/3"), *H264]),
    "tall pixels": ("x.mkv", [*marked(then="setsar=3/4"), *H264]),
    "hours from zero": ("x.ts", [*marked(), *H264, "-output_ts_offset", "36000", "-f", "mpegts"]),
    "days from zero": ("x.mkv", [*marked(), *H264, "-output_ts_offset", "200000"]),
    "fragmented": ("x.mp4", [*marked(), *H264, "-movflags", "frag_keyframe+empty_moov+default_base_moof"]),
    "120 a second": ("x.mp4", [*marked(rate=120), *H264]),
    "60 a second in WebM": ("x.webm", [*marked(rate=60), *VP8]),
    "1000 a second by name": (
        "x.mkv",
        [*marked(rate=10), *H264, "-enc_time_base", "1/1000", "-fps_mode", "passthrough"],
    ),
    "23.976": ("x.mp4", [*marked(seconds=2.002, rate=24000 / 1001), *H264]),
    "odd size": ("x.webm", [*marked(size="129x97"), *VP8]),
    "odd size in H.264": ("x.mkv", [*marked(size="129x97"), "-c:v", "libx264", "-pix_fmt", "yuv444p"]),
    "least size": ("x.mp4", [*marked(size="16x16"), *H264]),
    "tower": ("x.mkv", [*marked(size="48x2000", rate=5), *H264]),
    "wall": ("x.mkv", [*marked(size="2000x48", rate=5), *H264]),
    "one a second": ("x.mp4", [*marked(rate=1), *H264]),
}


# What these containers say themselves: AVI counts the frames a decoder waits for, others are not a round number.
LENGTHS = {"mpeg-4": 2.1, "23.976": 2.002}


@pytest.mark.parametrize("kind", PICTURES)
def test_every_kind_of_picture_becomes_a_clip(made: Make, tmp_path: Path, kind: str) -> None:
    name, args = PICTURES[kind]
    clip = through(made(name, *args), tmp_path, (48,))
    assert_clip(clip, LENGTHS.get(kind, 2), tmp_path)


SOUNDS: dict[str, tuple[str, list[str]]] = {
    "opus in fragmented MP4": ("x.mp4", ["-c:a", "libopus", "-movflags", "frag_keyframe+empty_moov"]),
    "aac": ("x.mp4", ["-c:a", "aac"]),
    "pcm": ("x.mov", ["-c:a", "pcm_s16le"]),
    "pcm of 24 bit": ("x.mkv", ["-c:a", "pcm_s24le", "-ar", "96000"]),
    "flac": ("x.mkv", ["-c:a", "flac"]),
    "ac-3": ("x.mkv", ["-c:a", "ac3"]),
    "dts": ("x.mkv", ["-c:a", "dca", "-strict", "-2", "-ac", "2"]),
    "mp3": ("x.mp4", ["-c:a", "libmp3lame"]),
    "vorbis": ("x.mkv", ["-c:a", "libvorbis"]),
    "alac": ("x.mov", ["-c:a", "alac"]),
    "amr-like rate": ("x.mov", ["-c:a", "pcm_alaw", "-ar", "8000"]),
    "windows media": ("x.asf", ["-c:a", "wmav2"]),
    "5.1": ("x.mkv", ["-c:a", "ac3", "-ac", "6"]),
    "7.1": ("x.mkv", ["-c:a", "flac", "-ac", "8"]),
    "two tracks": ("x.mkv", ["-map", "0", "-map", "1", "-map", "1", "-c:a", "aac"]),
}


@pytest.mark.parametrize("kind", SOUNDS)
def test_every_kind_of_sound_becomes_aac(made: Make, tmp_path: Path, kind: str) -> None:
    name, args = SOUNDS[kind]
    clip = through(made(name, *marked(), *tone(2), *H264, *args), tmp_path, (48,))
    # Windows Media's sound comes in blocks of an eighth of a second.
    assert_clip(clip, 2.143 if kind == "windows media" else 2, tmp_path)
    for file in clip.renditions:
        sounds = probe(file.path).sounds
        assert [(each.codec, each.channels <= 2) for each in sounds] == [("aac", True)]


@pytest.mark.parametrize(
    ("turn", "size", "flip"),
    [(QUARTER_LEFT, (96, 128), ""), (QUARTER_RIGHT, (96, 128), ""), (HALF_TURN, (128, 96), ""),
     ("0", (128, 96), "-display_hflip"), (QUARTER_LEFT, (96, 128), "-display_hflip")],
)  # fmt: skip
def test_what_was_held_upright_stands_upright(
    made: Make, tmp_path: Path, turn: str, size: tuple[int, int], flip: str
) -> None:
    """ffmpeg turns the picture as the display matrix says; what went in lying comes out standing."""
    lying = made("lying.mp4", *marked(), *H264)
    flips = [flip] if flip else []
    turned = made("turned.mov", "-display_rotation", turn, *flips, "-i", str(lying), "-c", "copy")
    clip = through(turned, tmp_path, (48,))
    expected = turned_by_hand(frame_at_source(lying), int(turn), bool(flip))
    for file in clip.renditions[:1]:
        assert (file.width, file.height) == size
        shown = frame_at(file, 1).astype(int)
        assert np.abs(shown - expected).mean() < 12


def frame_at_source(path: Path) -> RGB:
    import av

    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)][10]


def turned_by_hand(picture: RGB, degrees: int, flipped: bool) -> RGB:
    """What -display_rotation (counter-clockwise) and then -display_hflip mean."""
    turned = np.rot90(picture, degrees // 90)
    return np.fliplr(turned) if flipped else turned
