"""A clip's description as people read it: `{% load describe %}{{ clip|described }}`."""

from __future__ import annotations

import re

from django import template
from django.utils.html import escape, format_html, urlize
from django.utils.safestring import SafeString, mark_safe

from videolib.clips.models import Clip
from videolib.templatetags.library import watch_at

register = template.Library()

# 1:23 or 1:02:05, brackets and full stops around it left out.
TIMESTAMP = re.compile(r"(?<![\w:])(?:(\d{1,2}):)?(\d{1,2}):([0-5]\d)(?![\w:])")


@register.filter
def described(clip: Clip) -> SafeString:
    """The description, escaped: addresses become links, "1:23" a jump there, line breaks stay."""
    lines = clip.description.strip().splitlines()
    return mark_safe("<br>".join(_line(line, clip) for line in lines))  # escaped word by word below


def _line(line: str, clip: Clip) -> str:
    return "".join(_word(word, clip) for word in re.split(r"(\s+)", line))


def _word(word: str, clip: Clip) -> str:
    linked = urlize(word, nofollow=True, autoescape=True)
    if linked != escape(word):
        return linked.replace('rel="nofollow"', 'rel="nofollow noopener"')
    pieces, at = [], 0
    for found in TIMESTAMP.finditer(word):
        pieces += [escape(word[at : found.start()]), _jump(found, clip)]
        at = found.end()
    return "".join([*pieces, escape(word[at:])])


def _jump(found: re.Match[str], clip: Clip) -> str:
    """A link to that second, or the words as they are: "14:30" in a clip of a minute is a time of day."""
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    at = hours * 3600 + minutes * 60 + seconds
    length = clip.recording and clip.recording.duration
    if not length or at > length:
        return escape(found[0])
    return format_html('<a href="{}" data-jump="{}">{}</a>', watch_at(clip, at), at, found[0])
