"""What goes over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import AfterValidator, StringConstraints

from videolib.clips.models import tidy_term

VisibilityName = Literal["private", "team", "unlisted"]


def _without_nul(words: str) -> str:
    if "\0" in words:
        raise ValueError("Take the NUL characters out; no database keeps them as text.")
    return words


# As the forms of the pages take them; and text only, no halves of a character (JSON can write "\ud800").
Words = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_without_nul)]


def _is_term(text: str) -> str:
    tidied = tidy_term(text)
    if not tidied or len(tidied) > 100 or "," in tidied:
        raise ValueError("A name has 1 to 100 characters and no comma.")
    return tidied


TermText = Annotated[Words, AfterValidator(_is_term)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class PersonOut(Schema):
    """A person as others see them."""

    code: UUID
    name: str = Field(alias="display_name")


class ClipOut(Schema):
    """A clip; times are seconds, `rating` is the mean of the stars."""

    code: UUID
    title: str
    description: str
    visibility: VisibilityName
    owner: PersonOut
    tags: list[str]
    license: str | None
    allow_download: bool
    duration: float | None
    rating: float | None
    rating_count: int
    pinned: bool
    created_at: datetime
    published_at: datetime | None
    duplicate_of: UUID | None = Field(
        None, description="The clip as which the same bytes were here before, where it is yours or listed for you."
    )
    url: str

    @staticmethod
    def resolve_tags(clip: object) -> list[str]:
        """Their names, sorted."""
        return sorted(tag.name for tag in clip.tags.all())  # type: ignore[attr-defined]

    @staticmethod
    def resolve_license(clip: object) -> str | None:
        """Its name."""
        license_ = clip.license  # type: ignore[attr-defined]
        return license_.name if license_ else None

    @staticmethod
    def resolve_duration(clip: object) -> float | None:
        """Seconds, once known."""
        recording = clip.recording  # type: ignore[attr-defined]
        return recording.duration if recording else None

    @staticmethod
    def resolve_pinned(clip: object) -> bool:
        """Whether curators put it first."""
        return clip.pinned_at is not None  # type: ignore[attr-defined]

    @staticmethod
    def resolve_url(clip: object) -> str:
        """The page to watch it on, without the host."""
        return clip.get_absolute_url()  # type: ignore[attr-defined,no-any-return]


class ClipPage(Schema):
    """A page of clips and how many there are."""

    total: int
    clips: list[ClipOut]


class ClipIn(Schema):
    """What to change of a clip; what is left out stays."""

    title: Annotated[Words, StringConstraints(min_length=1, max_length=200)] | None = None
    description: Words | None = Field(None, max_length=10_000)
    visibility: VisibilityName | None = None
    license: Words | None = Field(None, description="The name of a licence of this library; empty takes it off.")
    allow_download: bool | None = None
    tags: list[Words] | None = Field(None, max_length=20)


class TagIn(Schema):
    """A tag's name; case and spaces do not matter."""

    name: Words


class TermsIn(Schema):
    """Names for the vocabulary, each as it should be written."""

    terms: list[TermText] = Field(max_length=1000)


class StarsIn(Schema):
    """1 to 5."""

    stars: int = Field(ge=1, le=5)


class RatingOut(Schema):
    """What all think, and what the caller thinks."""

    rating: float | None
    rating_count: int
    mine: int | None


class CueOut(Schema):
    """Spoken text from `start` to `end` (seconds)."""

    start: float
    end: float
    text: str
    corrected: bool


class CueIn(Schema):
    """What is really spoken from `start` to `end`; empty text: nothing."""

    start: Seconds
    end: Seconds
    text: Words = Field(max_length=500)


class TranscriptOut(Schema):
    """All that is said, corrections laid over."""

    language: str | None
    cues: list[CueOut]


class ScreenLineOut(Schema):
    """Text on the screen from `start` to `end` (seconds); its box is in parts of the picture, 0 to 1."""

    start: float
    end: float
    left: float
    top: float
    width: float
    height: float
    text: str


class ScreenTextOut(Schema):
    """Every line that could be read, in the order of time, then from top to bottom."""

    lines: list[ScreenLineOut]


class PictureOut(Schema):
    """A rectangle of a picture, in pixels; all of it where there is none."""

    address: str = Field(description="Without the host.")
    left: int | None
    top: int | None
    width: int | None
    height: int | None
    whole_width: int | None
    whole_height: int | None


class MomentOut(Schema):
    """A second worth jumping to, and the field that matched."""

    at_seconds: float
    snippet: str
    field: str
    where: str = Field(description="What people call the field: Spoken, On screen, Title, Tag or Description.")
    picture: PictureOut | None = Field(description="What is seen in that second; else the poster.")


class HitOut(Schema):
    """A clip that was found."""

    code: UUID
    title: str
    rank: int
    moments: list[MomentOut]


class HitsOut(Schema):
    """A page of what was found."""

    total: int = Field(description="How many clips there are in all, as far as they were counted.")
    is_cut: bool = Field(description="They were not counted to the end: there are at least `total`, and maybe more.")
    hits: list[HitOut]


class SuggestionOut(Schema):
    """What may be meant by what is typed, and where it leads (without the host)."""

    kind: Literal["search", "tag", "clip"]
    text: str
    address: str


class JobOut(Schema):
    """One step of work on a clip."""

    step: str
    state: str
    percent: int
    attempt: int
    error: str
    may_retry: bool
    ahead: int | None = Field(None, description="While it waits: how many jobs are taken before it.")
    wait_seconds: float | None = Field(None, description="While it waits: until its turn, where that can be told.")


class FieldProblem(Schema):
    """What is wrong with one field, and where it stands."""

    loc: list[str | int]
    msg: str
    type: str


class Problem(Schema):
    """What was wrong: in a sentence, or field by field."""

    detail: str | list[FieldProblem]
