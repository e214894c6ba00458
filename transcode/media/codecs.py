"""Names of codecs as playlists write them (RFC 6381), read off an MP4's first boxes."""

from transcode.media.errors import MediaError

AAC_LC = 2
DECODER_SPECIFIC = 0x05  # the descriptor of an esds that holds AAC's own description


def named(init: bytes) -> str:
    """The codecs of an initialisation segment, as "avc1.64001f,mp4a.40.2". `init` was written by our ffmpeg."""
    picture = av1(init) or avc(init)
    sound = aac(init)
    return f"{picture},{sound}" if sound else picture


def av1(init: bytes) -> str:
    """Profile, level, tier and depth of the AV1 track: two bytes of its av1C box. Nothing where there is none."""
    at = init.find(b"av1C")
    if at < 0 or len(init) < at + 8:
        return ""
    profile, level = init[at + 5] >> 5, init[at + 5] & 31
    high_tier, depth = init[at + 6] >> 7, 10 if init[at + 6] & 64 else 8
    return f"av01.{profile}.{level:02}{'H' if high_tier else 'M'}.{depth:02}"


def avc(init: bytes) -> str:
    """Profile, constraints and level of the H.264 track: three bytes of its avcC box."""
    at = init.find(b"avcC")
    if at < 0 or len(init) < at + 8:
        raise MediaError("The picture of this recording cannot be described to players.", permanent=True)
    return f"avc1.{init[at + 5 : at + 8].hex()}"


def aac(init: bytes) -> str:
    """The AAC track's kind, or nothing where there is no sound."""
    at = init.find(b"esds")
    if at < 0:
        return ""
    return f"mp4a.40.{object_type(init[at + 8 : at + 64])}"


def object_type(descriptors: bytes) -> int:
    """The kind of AAC: the first five bits of the innermost descriptor."""
    at = descriptors.find(bytes([DECODER_SPECIFIC, 0x80, 0x80, 0x80]))
    start = at + 5 if at >= 0 else descriptors.find(bytes([DECODER_SPECIFIC])) + 2
    return descriptors[start] >> 3 if 2 <= start < len(descriptors) else AAC_LC
