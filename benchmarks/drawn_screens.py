"""Screens drawn with Pillow whose text is known to the letter: editors, terminals, menus, dialogs; light and dark.

1080p, letters of 12 to 16 pixels, fonts of the fontpkg wheels (requirements-dev.txt). The same seed draws the same
screens on every machine. What stands on them is made up: identifiers, paths, commands, error codes, menu names.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from benchmarks import made_up

SIZE = (1920, 1080)
LETTERS = (12, 13, 14, 15, 16)  # pixels
KINDS = ("editor", "terminal", "menu", "dialog")
MONO = ("jetbrains_mono", "source_code_pro", "roboto_mono", "ibm_plex_mono")
PROPORTIONAL = ("noto_sans", "ibm_plex_sans")
SOME_LINES, MOST_LINES = 18, 44
# What people look for: identifiers, paths, addresses, codes, whole; without the brackets and quotes around them.
TOKEN = re.compile(r"\w(?:[\w.\-/:\\@]*\w)?")


@dataclass(frozen=True)
class Theme:
    """Colours of one look: ground, bars, letters, and letters that stand out (keywords, strings, numbers, comments)."""

    name: str
    ground: str
    bar: str
    text: str
    dim: str
    accents: tuple[str, ...]


DARK = (
    Theme("dark", "#1e1e1e", "#333333", "#d4d4d4", "#858585", ("#569cd6", "#ce9178", "#b5cea8", "#6a9955", "#dcdcaa")),
    Theme(
        "monokai", "#272822", "#1e1f1c", "#f8f8f2", "#90908a", ("#f92672", "#e6db74", "#ae81ff", "#88846f", "#a6e22e")
    ),
    Theme("nord", "#2e3440", "#3b4252", "#d8dee9", "#7b88a1", ("#81a1c1", "#a3be8c", "#b48ead", "#8f9bb3", "#88c0d0")),
    Theme("black", "#0c0c0c", "#1f1f1f", "#cccccc", "#767676", ("#3b78ff", "#16c60c", "#f9f1a5", "#e74856", "#61d6d6")),
)
LIGHT = (
    Theme("light", "#ffffff", "#f3f3f3", "#1f1f1f", "#6e7681", ("#0000ff", "#a31515", "#098658", "#008000", "#795e26")),
    Theme(
        "solarized", "#fdf6e3", "#eee8d5", "#586e75", "#7b8a8b", ("#859900", "#2aa198", "#b36d00", "#6c71c4", "#268bd2")
    ),
    Theme(
        "office", "#fafafa", "#e5e5ea", "#202124", "#5f6368", ("#1a73e8", "#c5221f", "#137333", "#7627bb", "#b06000")
    ),
)


@dataclass
class DrawnScreen:
    """One picture, and every line of text on it as it was drawn."""

    number: int
    kind: str
    theme: str
    letters: int
    image: Image.Image
    lines: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What it is called in tables and files."""
        return f"{self.number:03d}-{self.kind}-{self.theme}-{self.letters}"


class NoFonts(RuntimeError):  # noqa: N818 (reads as what is missing)
    """The wheels with the fonts are not installed."""


def draw_screens(count: int, *, seed: int = 5) -> Iterator[DrawnScreen]:
    """So many screens, kinds, looks and sizes in turn. Raises NoFonts with a sentence."""
    for number in range(count):
        yield draw_screen(number, seed=seed)


def draw_screen(number: int, *, seed: int = 5) -> DrawnScreen:
    """The screen of that number, whichever others are drawn."""
    dice = random.Random(f"{seed}/{number}")
    kind = KINDS[number % len(KINDS)]
    theme = dice.choice(DARK if (number // len(KINDS)) % 2 else LIGHT)
    letters = LETTERS[(number // (2 * len(KINDS))) % len(LETTERS)]
    screen = DrawnScreen(number, kind, theme.name, letters, Image.new("RGB", SIZE, theme.ground))
    desk = _Desk(screen, theme, dice)
    {"editor": _editor, "terminal": _terminal, "menu": _menu, "dialog": _dialog}[kind](desk)
    return screen


def tokens_of(lines: Iterable[str], *, least: int = 4) -> Counter[str]:
    """The tokens of so many characters or more, with how often each stands there."""
    return Counter(token for line in lines for token in TOKEN.findall(line) if len(token) >= least)


@cache
def load_font(package: str, size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """A font of a fontpkg wheel, upright. Raises NoFonts with a sentence."""
    found = find_spec(f"fontpkg_{package}")
    if found is None or not found.origin:
        raise NoFonts(f"The font {package} is not installed; requirements-dev.txt names its wheel.")
    files = sorted((Path(found.origin).parent / "files").glob("*.ttf"), key=lambda path: len(path.name))
    weight = "Bold" if bold else "Regular"
    upright = [path for path in files if "Italic" not in path.name]
    static = [path for path in upright if path.stem.endswith(f"-{weight}")]
    font = ImageFont.truetype((static or upright)[0], size)
    if not static:
        font.set_variation_by_axes([_axis(axis, bold=bold) for axis in font.get_variation_axes()])
    return font


def _axis(axis: Any, *, bold: bool) -> float:
    is_weight = axis["name"] in (b"Weight", "Weight")
    return (700.0 if bold else 400.0) if is_weight else float(axis["default"])


class _Desk:
    """Draws text and remembers it."""

    def __init__(self, screen: DrawnScreen, theme: Theme, dice: random.Random) -> None:
        self.screen, self.theme, self.dice = screen, theme, dice
        self.pen = ImageDraw.Draw(screen.image)
        self.mono = load_font(dice.choice(MONO), screen.letters)
        self.sans_name = dice.choice(PROPORTIONAL)
        self.sans = load_font(self.sans_name, screen.letters)
        self.bold = load_font(self.sans_name, screen.letters, bold=True)
        self.line = round(screen.letters * dice.uniform(1.35, 1.6))

    def box(self, left: float, top: float, right: float, bottom: float, fill: str, outline: str | None = None) -> None:
        self.pen.rectangle((left, top, right, bottom), fill=fill, outline=outline)

    def write(
        self, at: tuple[float, float], text: str, colour: str = "", font: ImageFont.FreeTypeFont | None = None
    ) -> None:
        self.pen.text(at, text, font=font or self.sans, fill=colour or self.theme.text)
        self.screen.lines.append(text)

    def code(self, at: tuple[float, float], text: str) -> None:
        """A line of code or a terminal, in colours that change from word to word."""
        left, colour = at[0], self.theme.text
        for part in text.split(" "):
            if part:
                colour = self.dice.choice((self.theme.text, self.theme.text, *self.theme.accents))
                self.pen.text((left, at[1]), part, font=self.mono, fill=colour)
            left += self.mono.getlength(part + " ")
        self.screen.lines.append(text)


def _editor(desk: _Desk) -> None:
    """A tree of files, tabs, numbered lines of code, a bar at the bottom."""
    theme, dice, line = desk.theme, desk.dice, desk.line
    tree, tabs, foot = 300, 40, 28
    desk.box(0, 0, tree, SIZE[1], theme.bar)
    desk.box(tree, 0, SIZE[0], tabs, theme.bar)
    desk.box(0, SIZE[1] - foot, SIZE[0], SIZE[1], theme.accents[0] if theme in DARK else theme.bar)
    for row in range(dice.randint(8, 22)):
        desk.write((18 + 14 * (row % 3), 50 + row * (line + 4)), made_up.file_name(dice))
    left: float = tree + 12
    for _ in range(3):
        name = made_up.file_name(dice)
        desk.write((left, 11), name)
        left += desk.sans.getlength(name) + 50
    for row in range(dice.randint(SOME_LINES, MOST_LINES)):
        top = tabs + 10 + row * line
        if top > SIZE[1] - foot - line:
            break
        desk.pen.text((tree + 16, top), f"{row + 1:>3}", font=desk.mono, fill=theme.dim)
        if text := made_up.code_line(dice):
            desk.code((tree + 70 + desk.mono.getlength(" ") * 4 * dice.randint(0, 3), top), text)
    desk.write((14, SIZE[1] - foot + 5), made_up.branch(dice), "#ffffff" if theme in DARK else theme.text)


def _terminal(desk: _Desk) -> None:
    """A window full of commands and what they said."""
    dice, theme, line = desk.dice, desk.theme, desk.line
    left, top = dice.randint(0, 120), dice.randint(0, 60)
    desk.box(left, top, SIZE[0], top + 34, theme.bar)
    desk.write((left + 90, top + 8), made_up.terminal_title(dice), theme.text)
    for row in range(dice.randint(SOME_LINES, MOST_LINES)):
        at = top + 44 + row * line
        if at > SIZE[1] - line:
            break
        desk.code((left + 10, at), made_up.terminal_line(dice))


def _menu(desk: _Desk) -> None:
    """A program with a menu bar, an open menu with short cuts, a table, and a side bar."""
    dice, theme, line = desk.dice, desk.theme, desk.line
    desk.box(0, 0, SIZE[0], 36, theme.bar)
    left, opened = 20.0, 0.0
    for number, name in enumerate(made_up.MENUS):
        opened = left if number == 2 else opened
        desk.write((left, 9), name)
        left += desk.sans.getlength(name) + 26
    columns = [60 + 420 * column for column in range(4)]
    for row in range(dice.randint(10, 26)):
        at = 420 + row * (line + 6)
        if at > SIZE[1] - line:
            break
        for column, start in enumerate(columns):
            cell = made_up.cell(dice, column)
            desk.write((start, at), cell, font=desk.bold if row == 0 else desk.sans)
    entries = dice.sample(made_up.ENTRIES, 10)
    desk.box(opened - 10, 36, opened + 430, 56 + len(entries) * (line + 10), theme.bar, theme.dim)
    for row, (entry, key) in enumerate(entries):
        at = 46 + row * (line + 10)
        desk.write((opened + 14, at), entry)
        desk.write((opened + 410 - desk.sans.getlength(key), at), key, theme.dim)


def _dialog(desk: _Desk) -> None:
    """A message with an error code and buttons before a form."""
    dice, theme, line = desk.dice, desk.theme, desk.line
    desk.box(0, 0, SIZE[0], 42, theme.bar)
    desk.write((24, 12), made_up.window_title(dice), font=desk.bold)
    for row in range(dice.randint(10, 20)):
        at = 80 + row * (line + 14)
        label, value = made_up.field(dice)
        desk.write((60, at), label, theme.text)
        desk.box(330, at - 6, 900, at + line + 2, theme.ground, theme.dim)
        desk.write((340, at), value)
    left, top, width = 1000, 240, 840
    message = made_up.error_message(dice)
    desk.box(left, top, left + width, top + 120 + len(message) * (line + 6), theme.bar, theme.dim)
    desk.write((left + 24, top + 16), made_up.dialog_title(dice), font=desk.bold)
    for row, text in enumerate(message):
        desk.write((left + 24, top + 56 + row * (line + 6)), text)
    _buttons(desk, left + width - 24, top + 76 + len(message) * (line + 6), dice.sample(made_up.BUTTONS, 3))


def _buttons(desk: _Desk, right: float, top: float, names: Sequence[str]) -> None:
    for number, name in enumerate(names):
        width = desk.sans.getlength(name) + 40
        first = number == 0
        desk.box(
            right - width,
            top,
            right,
            top + desk.line + 12,
            desk.theme.accents[0] if first else desk.theme.ground,
            desk.theme.dim,
        )
        first_colour = "#ffffff" if desk.theme.name in ("light", "office", "dark", "black") else desk.theme.ground
        desk.write((right - width + 20, top + 6), name, first_colour if first else desk.theme.text)
        right -= width + 16
