"""The colours of base.css can be read: WCAG 2.2 AA in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS_FOLDER = Path(__file__).resolve().parent.parent.parent / "videolib" / "static" / "css"
CSS = (CSS_FOLDER / "base.css").read_text()
SURFACES = ("--surface", "--surface-raised", "--surface-sunken")
TEXT = [
    *(
        (ink, surface)
        for ink in ("--ink", "--ink-muted", "--accent", "--good", "--warn", "--bad")
        for surface in SURFACES
    ),
    ("--accent-ink", "--accent"),
    ("--accent-fill-ink", "--accent-fill"),
    ("--accent-fill-ink", "--accent-fill-hover"),
    ("--accent", "--accent-soft"),
    ("--bad-ink", "--bad"),
    ("--ink", "--mark"),
]
# What is no text but must be seen: borders of fields, focus rings, stars.
SHAPES = [(shape, surface) for shape in ("--line-strong", "--accent", "--star") for surface in SURFACES]


def tokens(css: str) -> dict[str, str]:
    return dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", css))


LIGHT = tokens(CSS.partition("@media")[0])
DARK = LIGHT | tokens(CSS.partition("(prefers-color-scheme: dark)")[2].partition("\n}\n")[0])


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (SHAPES, 3.0)], ids=["text", "shapes"])
def test_colours_stand_out_from_what_is_behind_them(theme, pairs, least):
    faint = {pair: round(contrast(theme[pair[0]], theme[pair[1]]), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in faint.items() if ratio < least} == {}


def test_both_themes_were_read():
    assert LIGHT["--surface"] != DARK["--surface"]


def test_page_styles_name_no_colour_of_their_own():
    """So that a page cannot be forgotten when a colour or theme changes."""
    pages = [path for path in CSS_FOLDER.glob("*.css") if path.name != "base.css"]
    named = {
        path.name: re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)|\brgba?\(|\bhsla?\(", path.read_text()) for path in pages
    }
    assert {name: colours for name, colours in named.items() if colours} == {}
