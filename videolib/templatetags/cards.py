"""Cards and posters of clips: `{% load cards %}`. What shows the same is made once, whoever looks at it.

A page has dozens of cards, and to make each anew was most of its time. Nothing here asks who looks: what depends on
that is which clips are listed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from videolib.clips.models import Clip
from videolib.clips.pictures import Picture, picture_at
from videolib.templatetags.library import time_ago

register = template.Library()

# A few kilobytes each; a process that shows more makes those shown longest ago anew.
MOST_KEPT = 3000
TAGS_SHOWN = 3

Named = tuple[str, str]  # an address, and what is called so


class Poster(NamedTuple):
    """The still of a clip and what lies over it."""

    code: UUID
    has_still: bool
    has_storyboard: bool
    is_tall: bool
    visibility: str
    is_hidden: bool
    seconds: float | None

    @classmethod
    def of(cls, clip: Clip) -> Poster:
        """Of a clip with its recording (ClipQuerySet.with_card)."""
        recording = clip.recording
        return cls(
            code=clip.code,
            has_still=bool(recording and recording.poster_key),
            has_storyboard=hasattr(recording, "storyboard"),
            is_tall=_is_tall(clip),
            visibility=clip.visibility,
            is_hidden=bool(clip.hidden_at),
            seconds=recording.duration if recording else None,
        )


class Card(NamedTuple):
    """A poster with the words below it."""

    poster: Poster
    address: str
    title: str
    owner: Named
    published: SafeString
    rating: float | None
    rating_count: int
    tags: tuple[Named, ...]
    more_tags: int

    @classmethod
    def of(cls, clip: Clip) -> Card:
        """Of a clip as ClipQuerySet.with_card() gives it: no query."""
        tags = list(clip.tags.all())
        return cls(
            Poster.of(clip),
            clip.get_absolute_url(),
            clip.title,
            (clip.owner.get_absolute_url(), clip.owner.display_name),
            time_ago(clip.published_at) if clip.published_at else SafeString(),
            clip.rating,
            clip.rating_count,
            tuple((tag.get_absolute_url(), tag.name) for tag in tags[:TAGS_SHOWN]),
            max(0, len(tags) - TAGS_SHOWN),
        )


@register.simple_tag
def poster(clip: Clip) -> SafeString:
    """The still of a clip, with its length."""
    return _poster_html(Poster.of(clip))


@register.simple_tag
def tile(clip: Clip, seconds: float) -> SafeString:
    """What is seen in that second, small; nothing where there is no picture. For clips as with_card() gives them."""
    picture = picture_at(clip, seconds)
    return _tile_html(picture, _is_tall(clip)) if picture else SafeString()


@register.simple_tag
def card(clip: Clip) -> SafeString:
    """One clip in a grid."""
    return _card_html(Card.of(clip))


def _is_tall(clip: Clip) -> bool:
    recording = clip.recording
    return bool(recording and (recording.height or 0) > (recording.width or 0))


@lru_cache(maxsize=MOST_KEPT)
def _tile_html(picture: Picture, is_tall: bool) -> SafeString:
    return render_to_string("_tile.html", {"picture": picture, "is_tall": is_tall})


@lru_cache(maxsize=MOST_KEPT)
def _poster_html(poster: Poster) -> SafeString:
    return render_to_string("_poster.html", {"poster": poster})


@lru_cache(maxsize=MOST_KEPT)
def _card_html(card: Card) -> SafeString:
    return render_to_string("_card.html", {"card": card, "poster": _poster_html(card.poster)})
