"""Uploads that try to make ffmpeg open CANARY or call ADDRESS, each by another way that is known to have worked."""

from pathlib import Path

from tests.transcode.media.conftest import H264, Make, picture

CANARY = "/tmp/videolib-canary"
ADDRESS = "http://127.0.0.1:9/videolib-canary"
PLAYLIST = f"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nconcat:{CANARY}|{ADDRESS}\n#EXT-X-ENDLIST\n".encode()
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)

TEXTS: dict[str, bytes] = {
    "playlist.mp4": PLAYLIST,
    "playlist.avi": b"\n\n" + PLAYLIST,
    "concat.mp4": f"ffconcat version 1.0\nfile '{CANARY}'\nfile '{ADDRESS}'\n".encode(),
    "session.sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na=x:{CANARY}\n".encode(),
    "manifest.mp4": f"<?xml version='1.0'?>\n<MPD><BaseURL>file://{CANARY}</BaseURL></MPD>".encode(),
    "subtitles.ass": f"[Script Info]\nVideo File: {CANARY}\nAudio File: {ADDRESS}\n".encode(),
    "subtitles.smi": f"<SAMI><BODY><img src='file://{CANARY}'></BODY></SAMI>".encode(),
    "script.avs": f'AviSource("{CANARY}")\n'.encode(),
    "drawing.svg": f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{CANARY}'/></svg>".encode(),
    "text.xbin": b"XBIN\x1a" + (80).to_bytes(2, "little") + bytes(4) + CANARY.encode(),
    "image%03d.mp4": PNG,
    "-i.mp4": PLAYLIST,
    "after-a-box.mp4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + PLAYLIST,
    "after-a-sync.ts": (b"\x47" + PLAYLIST.ljust(187)) * 8,
}


def attackers(made: Make, folder: Path) -> list[Path]:
    """All of them, as files in `folder`."""
    movie = made("movie.mov", *picture(seconds=1), *H264).read_bytes()
    frames = made("frames.avi", *picture(seconds=1), "-c:v", "mpeg4").read_bytes()
    inside: dict[str, bytes] = {
        "alias.mov": with_reference(movie, alias(CANARY)),
        "address.mov": with_reference(movie, box(b"url ", bytes(4), ADDRESS.encode(), b"\0")),
        "reference-movie.mov": movie + reference_movie(),
        "gab2.avi": with_subtitles(frames),
        "attached.mkv": attached(made, folder),
    }
    return [put(folder / name, data) for name, data in {**TEXTS, **inside}.items()]


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return (8 + len(body)).to_bytes(4) + name + body


def with_reference(movie: bytes, entry: bytes) -> bytes:
    """A movie whose samples lie, by its data reference, in another file."""
    at = movie.index(b"dref") - 4
    old = int.from_bytes(movie[at : at + 4])
    new = box(b"dref", bytes(4), (1).to_bytes(4), entry)
    grown = bytearray(movie[:at] + new + movie[at + old :])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        place = movie.rindex(name, 0, at) - 4
        size = int.from_bytes(grown[place : place + 4]) + len(new) - old
        grown[place : place + 4] = size.to_bytes(4)
    return bytes(grown)


def alias(path: str) -> bytes:
    """QuickTime's alias record: fixed fields, then the path by type 2 (Mac) and type 18 (POSIX)."""
    name = path.encode()
    fixed = bytes(4 + 2) + b"\0\x96" + bytes(142)
    posix = b"\0\x02" + len(name).to_bytes(2) + name + b"\0\x12" + len(name).to_bytes(2) + name
    return box(b"alis", bytes(4), fixed, posix, b"\xff\xff\0\0")


def reference_movie() -> bytes:
    target = box(b"rdrf", bytes(4), b"url ", (len(CANARY) + 1).to_bytes(4), CANARY.encode(), b"\0")
    return box(b"moov", box(b"rmra", box(b"rmda", target)))


def with_subtitles(frames: bytes) -> bytes:
    """An AVI whose second stream holds a subtitle file, in which lies a playlist (the GAB2 attack of 2017)."""
    header = b"strh" + (56).to_bytes(4, "little") + b"txts" + bytes(16) + b"\1\0\0\0\1\0\0\0" + bytes(28)
    stream = chunk(b"LIST", b"strl" + header + chunk(b"strf", b""))
    subtitles = chunk(b"01tx", b"GAB2\0\2\0" + bytes(4) + b"\4\0" + len(PLAYLIST).to_bytes(4, "little") + PLAYLIST)
    data = bytearray(frames)
    data[56:60] = (2).to_bytes(4, "little")  # streams, in the main header
    for name, added in ((b"movi", subtitles), (b"hdrl", stream)):
        at = data.index(name) - 4
        size = int.from_bytes(data[at : at + 4], "little")
        end = at + 4 + size if name == b"hdrl" else at + 8
        data[at : at + 4] = (size + len(added)).to_bytes(4, "little")
        data[end:end] = added
    data[4:8] = (len(data) - 8).to_bytes(4, "little")
    return bytes(data)


def chunk(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)


def attached(made: Make, folder: Path) -> bytes:
    """A Matroska file that carries a playlist as an attachment."""
    playlist = put(folder / "attached.m3u8", PLAYLIST)
    kind = ("-metadata:s:t", "mimetype=application/vnd.apple.mpegurl")
    return made("attached.mkv", *picture(seconds=1), *H264, "-attach", str(playlist), *kind).read_bytes()
