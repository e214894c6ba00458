"""Which demuxer may open an upload: decided by its first bytes, never by its name.

An allow-list. Whatever can make ffmpeg open a second file (playlists, manifests, concat lists, image
sequences, scripts) is not on it, so no upload can name a path or an address.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from transcode.media.errors import MediaError

HEAD_BYTES = 64 * 1024
TS_PACKET, M2TS_PACKET = 188, 192
SYNC = 0x47
TS_PACKETS_SEEN = 4
TS_PACKETS_FAR = 32  # asked of a stream that was cut in the middle of a packet, where chance has more tries

MOV_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"moof", b"styp", b"sidx", b"uuid"}
STILL_BRANDS = {b"avif", b"mif1", b"miaf", b"heic", b"heix", b"heim", b"heis"}
MOVING_BRANDS = {b"avis", b"msf1", b"hevc", b"hevx"}
ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")

STILL = "This is a still picture, not a recording."
SOUND_ONLY = "This is a sound file with no picture; a clip needs a picture."
PLAYLIST = "This is a playlist that only points at other files; upload the recording itself."
TEXT = "This is a text file, not a recording."
UNKNOWN = "This is not a recording we can read; common formats such as MP4, MOV, WebM, MKV and AVI work."


@dataclass(frozen=True)
class Container:
    """`demuxer` is the name ffmpeg is told with -f; `label` is for people."""

    demuxer: str
    label: str


def sniff(path: Path) -> Container:
    """The container of a file by its content; MediaError(permanent) for anything not on the list."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise MediaError("This file is empty.", permanent=True)
    for look in (of_boxes, of_riff, of_png, of_magic, of_streams):
        container = look(head)
        if container:
            return container
    raise MediaError(refusal(head), permanent=True)


def of_boxes(head: bytes) -> Container | None:
    """The MP4 family: boxes of size and four letters."""
    if head[4:8] not in MOV_BOXES:
        return None
    brands = {head[8:12]} | {head[at : at + 4] for at in range(16, min(int.from_bytes(head[:4]), 256), 4)}
    if head[4:8] == b"ftyp" and brands & STILL_BRANDS and not brands & MOVING_BRANDS:
        raise MediaError(STILL, permanent=True)
    return Container("mov", "MP4")


def of_riff(head: bytes) -> Container | None:
    if head[:4] != b"RIFF":
        return None
    if head[8:12] in (b"AVI ", b"AVIX"):
        return Container("avi", "AVI")
    if head[8:12] == b"WEBP":
        animated = head[12:16] == b"VP8X" and len(head) > 20 and bool(head[20] & 0x02)
        return Container("webp_anim", "animated WebP") if animated else None
    return None


def of_png(head: bytes) -> Container | None:
    """An animated PNG tells how many frames it has before the first."""
    if not head.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    control = head.find(b"acTL", 0, head.find(b"IDAT"))
    frames = int.from_bytes(head[control + 4 : control + 8])
    return Container("apng", "animated PNG") if control > 0 and frames > 1 else None


MAGIC: tuple[tuple[bytes, Container], ...] = (
    (b"\x1a\x45\xdf\xa3", Container("matroska", "Matroska or WebM")),
    (b"FLV\x01", Container("flv", "Flash video")),
    (b"OggS", Container("ogg", "Ogg")),
    (ASF_HEADER, Container("asf", "Windows Media")),
    (b"GIF87a", Container("gif", "GIF")),
    (b"GIF89a", Container("gif", "GIF")),
    (b"\x00\x00\x01\xba", Container("mpeg", "MPEG program stream")),
    (bytes.fromhex("060e2b34020501010d010201"), Container("mxf", "MXF")),
    (b"DKIF\x00\x00", Container("ivf", "IVF")),
)


def of_magic(head: bytes) -> Container | None:
    return next((container for magic, container in MAGIC if head.startswith(magic)), None)


def of_streams(head: bytes) -> Container | None:
    """A transport stream has no magic, only a sync byte at every packet's start."""
    starts = ((TS_PACKET, 0, TS_PACKETS_SEEN), (M2TS_PACKET, 4, TS_PACKETS_SEEN))
    shifted = ((size, first, TS_PACKETS_FAR) for size in (TS_PACKET, M2TS_PACKET) for first in range(size))
    for size, first, count in (*starts, *shifted):
        syncs = head[first : first + size * count : size]
        if len(syncs) == count and set(syncs) == {SYNC}:
            return Container("mpegts", "MPEG transport stream")
    return None


def refusal(head: bytes) -> str:
    """The sentence for what is not on the list."""
    for known, sentence in REFUSED:
        if known(head):
            return sentence
    return UNKNOWN


def is_still(head: bytes) -> bool:
    stills = (b"\x89PNG", b"\xff\xd8\xff", b"BM", b"II*\x00", b"MM\x00*", b"\xff\x0a", b"8BPS")
    return head.startswith(stills) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def is_sound(head: bytes) -> bool:
    sounds = (
        b"ID3",
        b"fLaC",
        b"#!AMR",
        b"MThd",
        b"caff",
        b"RF64",
        b".snd",
        b"MAC ",
        b"wvpk",
        b"\x0b\x77",
        b"riff\x2e\x91",
    )
    wave = head[:4] in (b"RIFF", b"FORM") and head[8:12] in (b"WAVE", b"AIFF", b"AIFC")
    frames = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x18 != 0x08
    return head.startswith(sounds) or wave or frames


def is_playlist(head: bytes) -> bool:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:2048]
    return text.startswith((b"#EXTM3U", b"ffconcat", b"[playlist]", b"file '")) or b"<MPD" in text


def is_text(head: bytes) -> bool:
    try:
        text = head[:-4].decode("utf-8") if len(head) == HEAD_BYTES else head.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(ord(letter) < 32 and letter not in "\t\r\n\f\x1b" for letter in text)


REFUSED: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (is_still, STILL),
    (is_playlist, PLAYLIST),
    (is_sound, SOUND_ONLY),
    (
        lambda head: head.startswith(b"version https://git-lfs"),
        "This is only a pointer to a file kept in Git LFS; upload the recording itself.",
    ),
    (
        lambda head: head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")),
        "This is a web page, not a recording.",
    ),
    (is_text, TEXT),
)
