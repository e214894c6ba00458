"""What templates need to say things about clips: `{% load library %}`."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.forms import BoundField, CheckboxInput
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from videolib.browse.search import FIELD_NAMES
from videolib.clips.models import Clip
from videolib.search.lines import TIMED
from videolib.search.types import Field, Snippet

register = template.Library()

DAY = 24 * 3600
UNITS = (("year", 365 * DAY), ("month", 30 * DAY), ("week", 7 * DAY), ("day", DAY), ("hour", 3600), ("minute", 60))

# A page has dozens of these: made by a template each, they cost a quarter of it.
STARS = (
    '<span class="stars" title="{mean} of 5, rated by {count}">{star}<span><span class="visually-hidden">Rated </span>'
    '{mean}<span class="visually-hidden"> of 5 by</span></span> <span class="count">({count})</span></span>'
)
MATCH = "<mark>{}</mark>"
TIME = '<time datetime="{}" title="{}">{}</time>'


@register.filter
def duration(seconds: float | None) -> str:
    """83.4 -> "1:23", 3725 -> "1:02:05"; nothing where it is not known."""
    if seconds is None or seconds < 0:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def watch_at(clip: Clip, seconds: float) -> str:
    """The address that starts the clip there. A tenth is kept: whole seconds would cut into the first word."""
    whole = f"{max(seconds, 0):.1f}".removesuffix(".0")
    return clip.get_absolute_url() if whole == "0" else f"{clip.get_absolute_url()}?t={whole}"


@register.simple_tag
def number_of_clips(number: int, is_cut: bool = False) -> str:
    """2000 -> "2,000 clips"; "2,000+ clips" where it was counted no further."""
    return f"{number:,}{'+' if is_cut else ''} clip{'' if number == 1 and not is_cut else 's'}"


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """A drawing of img/icons.svg, hidden from screen readers: say in words beside it what it means."""
    address = f"{static('img/icons.svg')}#{name}"
    return format_html('<svg class="icon {}" aria-hidden="true"><use href="{}"></use></svg>', classes, address)


@register.simple_tag
def stars(clip: Clip) -> SafeString:
    """Its mean rating and how many gave one. For clips that have one: ask `clip.rating_count` first."""
    return format_html(STARS, mean=f"{clip.rating:.1f}", count=clip.rating_count, star=icon("star"))


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Whether the label goes behind the control."""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def ago(moment: datetime) -> str:
    """How long since, in one unit: "3 hours ago"."""
    seconds = (timezone.now() - moment).total_seconds()
    for unit, length in UNITS:
        if seconds >= length:
            number = int(seconds // length)
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "just now"


@register.simple_tag
def time_ago(moment: datetime) -> SafeString:
    """The same, with the moment itself for whoever points at it."""
    there = timezone.localtime(moment)
    return format_html(TIME, there.isoformat(), f"{there.day} {there:%B %Y, %H:%M}", ago(moment))


@register.filter
def marked(snippet: Snippet) -> SafeString:
    """Its text, with what matched in marks."""
    return SafeString("".join(format_html(MATCH if is_match else "{}", text) for text, is_match in snippet.parts))


@register.filter
def field_name(field: Field) -> str:
    """What people call a field of search."""
    return FIELD_NAMES[field]


@register.filter
def has_seconds(field: Field) -> bool:
    """Whether what matched there has a second of its own."""
    return field in TIMED
