"""What a file is, by its bytes."""

from pathlib import Path

import pytest

from tests.transcode.media.conftest import Make, picture, tone
from transcode.media import sniff
from transcode.media.errors import MediaError
from transcode.media.probe import probe

CANARY = "/etc/hostname"
SOUND_FILES = (
    ("a.m4a", ["-c:a", "aac"]),
    ("a.opus", ["-f", "ogg", "-c:a", "libopus"]),
    *((f"a.{kind}", []) for kind in ("mp3", "wav", "aac", "flac", "ac3", "mka", "wma", "aiff", "w64")),
)


def write(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "upload.mp4"  # the name never decides
    path.write_bytes(data)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(MediaError) as caught:
        sniff.sniff(path)
    assert caught.value.permanent
    assert len(caught.value.message) <= 300
    return caught.value.message


@pytest.mark.parametrize(
    ("name", "demuxer", "args"),
    [
        ("a.mp4", "mov", []),
        ("a.mov", "mov", []),
        ("fragmented.mp4", "mov", ["-movflags", "frag_keyframe+empty_moov"]),
        ("a.mkv", "matroska", []),
        ("a.webm", "matroska", ["-c:v", "libvpx"]),
        ("a.avi", "avi", []),
        ("a.flv", "flv", []),
        ("a.ts", "mpegts", []),
        ("a.m2ts", "mpegts", ["-f", "mpegts", "-mpegts_m2ts_mode", "1"]),
        ("a.mpg", "mpeg", ["-c:v", "mpeg1video", "-r", "25"]),
        ("a.wmv", "asf", []),
        ("a.gif", "gif", []),
        ("a.ogv", "ogg", ["-c:v", "libtheora"]),
        ("a.webp", "webp_anim", ["-c:v", "libwebp_anim"]),
        ("a.apng", "apng", ["-f", "apng", "-plays", "0"]),
        ("a.avif", "mov", ["-c:v", "libsvtav1"]),
        ("a.3gp", "mov", ["-c:v", "libx264"]),
        ("prores.mov", "mov", ["-c:v", "prores_ks"]),
        ("hevc.mp4", "mov", ["-c:v", "libx265", "-tag:v", "hvc1"]),
        ("mjpeg.avi", "avi", ["-c:v", "mjpeg"]),
        ("a.mxf", "mxf", ["-c:v", "mpeg2video", "-r", "25"]),
        ("a.ivf", "ivf", ["-c:v", "libvpx"]),
    ],
)
def test_each_container_on_the_list_is_known_and_reads_as_a_recording(
    made: Make, tmp_path: Path, name: str, demuxer: str, args: list[str]
) -> None:
    made_file = made(name, *picture(seconds=1), *args)
    path = write(tmp_path, made_file.read_bytes())
    assert sniff.sniff(path).demuxer == demuxer
    assert probe(path).duration == pytest.approx(1, abs=0.15)


def test_a_transport_stream_cut_in_the_middle_of_a_packet_is_known(made: Make, tmp_path: Path) -> None:
    cut = write(tmp_path, made("a.ts", *picture(seconds=1)).read_bytes()[100:])
    assert sniff.sniff(cut).demuxer == "mpegts"
    assert probe(cut).picture.frames > 1


@pytest.mark.parametrize("name", ["one.png", "one.jpg", "one.gif", "one.bmp", "one.tiff", "one.webp", "one.avif"])
def test_a_single_picture_in_any_format_is_a_still(made: Make, name: str) -> None:
    with pytest.raises(MediaError, match="still picture"):
        probe(made(name, *picture(seconds=1), "-frames:v", "1"))


@pytest.mark.parametrize(
    "text",
    [
        f"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nfile://{CANARY}\n#EXT-X-ENDLIST\n",
        f"\ufeff\n#EXTM3U\n#EXTINF:1,\nconcat:{CANARY}|{CANARY}\n",
        f"ffconcat version 1.0\nfile '{CANARY}'\n",
        f"file '{CANARY}'\n",
        f"[playlist]\nFile1={CANARY}\nNumberOfEntries=1\n",
        f"<?xml version='1.0'?>\n<MPD><BaseURL>file://{CANARY}</BaseURL></MPD>",
    ],
)
def test_a_list_that_names_other_files_is_refused_and_says_so(tmp_path: Path, text: str) -> None:
    assert "playlist" in refusal(write(tmp_path, text.encode()))


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"hello, this is a note", "text file"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>", "text file"),
        (b"<!doctype html><html></html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "still picture"),
        (b"\xff\xd8\xff\xe0" + bytes(20), "still picture"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(20), "still picture"),
        (b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf", "still picture"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "still picture"),
        (b"ID3\x04\x00" + bytes(20), "sound file"),
        (b"\xff\xfb\x90\x64" + bytes(20), "sound file"),
        (b"fLaC\x00\x00\x00\x22", "sound file"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "sound file"),
        (b"%PDF-1.7\n\xb5\xb5", "not a recording"),
        (b"PK\x03\x04" + bytes(30), "not a recording"),
        (bytes(5000), "not a recording"),
        (b"\x00", "not a recording"),
    ],
)
def test_what_is_no_recording_is_refused_with_a_sentence_that_says_what_it_is(
    tmp_path: Path, data: bytes, word: str
) -> None:
    assert word in refusal(write(tmp_path, data))


def test_sound_in_a_picture_container_is_found_out_by_the_probe(made: Make) -> None:
    for name, args in SOUND_FILES:
        with pytest.raises(MediaError, match="no picture"):
            probe(made(name, *tone(1), *args))
