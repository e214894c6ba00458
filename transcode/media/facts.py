"""What a recording is, as seen by the prober: frozen, and as JSON in a row and between processes."""

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

HDR_TRANSFERS = {"smpte2084", "arib-std-b67"}  # PQ and HLG
SANE_ASPECT = (Fraction(1, 4), Fraction(4))  # outside, a pixel's claimed shape is damage, not intent
SQUARE_ENOUGH = Fraction(1, 100)  # an encoder that made an odd width even claims 927:928
QUARTER_TURNS = (90, 270)


@dataclass(frozen=True)
class PictureFacts:
    """The picture track. Sizes are coded pixels, before aspect and rotation; rates are per second."""

    index: int  # of the stream in the file
    codec: str
    profile: str
    level: int  # as H.264 writes it: 31 is 3.1; 0 unknown
    width: int
    height: int
    pixel_format: str
    bit_depth: int
    rotation: int  # clockwise degrees the player must turn it by: 0, 90, 180, 270
    mirrored: bool  # the display matrix does more than turn
    interlaced: bool
    sar: tuple[int, int]  # shape of a pixel, 1:1 when the file says nothing sane
    fps: float  # frames that are there, divided by the time they span
    max_gap: float  # longest time from a frame to the next
    frames: int
    keyframes: int
    max_key_interval: float  # seconds, the last one to the end included
    closed_gops: bool  # decoding can start at every key frame
    monotone: bool  # every packet has its times, and they grow
    trimmed: bool  # an edit list hides frames that are still needed for decoding
    wild: bool  # times are nonsense, and were replaced by even ones
    bit_rate: float
    color_transfer: str
    color_primaries: str
    start: float  # seconds after the recording's first moment
    duration: float
    busy: float = 60.0  # frames that move something, in its busiest seconds; where nobody counted, all may
    color_matrix: str = ""

    @property
    def is_hdr(self) -> bool:
        return self.color_transfer in HDR_TRANSFERS


@dataclass(frozen=True)
class SoundFacts:
    """A sound track that decodes."""

    index: int
    codec: str
    profile: str
    channels: int
    sample_rate: int
    bit_rate: float
    duration: float
    start: float  # seconds after the recording's first moment


@dataclass(frozen=True)
class MediaFacts:
    """Everything later steps decide from. Times are seconds; `start_time` is the file's own clock at its start."""

    demuxer: str
    container: str
    duration: float
    start_time: float
    size_bytes: int
    picture: PictureFacts
    sounds: tuple[SoundFacts, ...]
    unreadable_sounds: int = 0

    @property
    def display_width(self) -> int:
        return self._display_size()[0]

    @property
    def display_height(self) -> int:
        return self._display_size()[1]

    def _display_size(self) -> tuple[int, int]:
        """Pixels as a viewer sees them: pixels made square in width, then turned."""
        width = max(1, round(self.picture.width * Fraction(*self.picture.sar)))
        size = (width, self.picture.height)
        return (size[1], size[0]) if self.picture.rotation in QUARTER_TURNS else size

    def to_json(self) -> dict[str, Any]:
        """Plain data, as a JSON column keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "MediaFacts":
        """The facts that to_json() wrote down."""
        return facts_from(data)


def facts_from(data: dict[str, Any]) -> MediaFacts:
    """MediaFacts of the plain dict that JSON gives back."""
    picture = {**data["picture"], "sar": tuple(data["picture"]["sar"])}
    sounds = tuple(SoundFacts(**sound) for sound in data["sounds"])
    return MediaFacts(**{**data, "picture": PictureFacts(**picture), "sounds": sounds})


def sane_aspect(num: int, den: int) -> tuple[int, int]:
    """The shape of a pixel as a reduced fraction; square where the claim makes no sense."""
    if num <= 0 or den <= 0:
        return (1, 1)
    shape = Fraction(num, den)
    low, high = SANE_ASPECT
    if not low <= shape <= high or abs(shape - 1) < SQUARE_ENOUGH:
        return (1, 1)
    return (shape.numerator, shape.denominator)
