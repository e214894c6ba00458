"""Screens drawn with Pillow: a terminal, an editor, a spreadsheet, a form. Pure: a story's lines in, pictures out."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from demo.stories import Screen

SIZE = (1280, 720)
BAR = 56
LEFT, TOP, LINE = 48, 100, 46
MOST_LINES = 12
# (background, bar, text, accent): a dark screen for code, a light one for office work.
DARK = ("#12151c", "#1f2530", "#d7dce5", "#7fd1a4")
LIGHT = ("#f7f8fa", "#e3e7ee", "#1c2430", "#2f62c9")
COLOURS: dict[Screen, tuple[str, str, str, str]] = {"terminal": DARK, "editor": DARK, "sheet": LIGHT, "form": LIGHT}


class NoFont(RuntimeError):  # noqa: N818 (reads as what is missing)
    """Pillow came without its font."""


def load_font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own font. Raises NoFont with a sentence."""
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise NoFont("Pillow came without its font; install the packaged Pillow again with `make setup`.")
    return font


def draw_screen(screen: Screen, heading: str, lines: Sequence[str]) -> Image.Image:
    """The screen with these lines on it; the last one may be half typed."""
    ground, bar, _, accent = COLOURS[screen]
    image = Image.new("RGB", SIZE, ground)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, SIZE[0], BAR), fill=bar)
    for number, colour in enumerate(("#e5685e", "#e8b84b", "#5fb865")):
        pen.ellipse((24 + 30 * number, 20, 40 + 30 * number, 36), fill=colour)
    pen.text((140, 14), heading, font=load_font(24), fill=accent)
    for row, line in enumerate(lines[-MOST_LINES:]):
        _draw_line(pen, screen, row, line)
    return image


def _draw_line(pen: ImageDraw.ImageDraw, screen: Screen, row: int, line: str) -> None:
    if screen == "sheet":
        _draw_cells(pen, row, line)
    elif screen == "form":
        _draw_field(pen, row, line)
    else:
        _draw_code(pen, screen, row, line)


def _draw_code(pen: ImageDraw.ImageDraw, screen: Screen, row: int, line: str) -> None:
    """Every character in a cell of its own, as a terminal has it."""
    _, _, text, accent = COLOURS[screen]
    font, top = load_font(28), TOP + row * LINE
    colour = accent if line.startswith(("$", "shop", "(Pdb)", "def ")) else text
    if screen == "editor":
        pen.text((12, top), str(row + 1), font=load_font(22), fill="#596273")
    for column, letter in enumerate(line):
        pen.text((LEFT + 18 * column + 9, top), letter, font=font, fill=colour, anchor="ma")


def _draw_cells(pen: ImageDraw.ImageDraw, row: int, line: str) -> None:
    _, bar, text, _ = COLOURS["sheet"]
    top = TOP + row * LINE
    for column, cell in enumerate(line.split(" | ")):
        left = LEFT + 290 * column
        pen.rectangle((left, top, left + 290, top + LINE), outline="#b9c1cd", fill=bar if row == 0 else "#ffffff")
        pen.text((left + 10, top + 8), cell, font=load_font(24), fill=text)


def _draw_field(pen: ImageDraw.ImageDraw, row: int, line: str) -> None:
    _, _, text, accent = COLOURS["form"]
    label, _, value = line.partition(" | ")
    top = TOP + row * (LINE + 18)
    pen.text((LEFT, top + 10), label, font=load_font(24), fill=accent)
    pen.rounded_rectangle((LEFT + 320, top, LEFT + 1000, top + 48), 8, fill="#ffffff", outline="#b9c1cd", width=2)
    pen.text((LEFT + 336, top + 10), value, font=load_font(24), fill=text)


def typed(lines: Sequence[str], share: float) -> list[str]:
    """The first `share` (0 to 1) of these lines' characters, as if somebody were typing them."""
    left = round(share * sum(len(line) for line in lines))
    shown = []
    for line in lines:
        if left <= 0:
            break
        shown.append(line[:left])
        left -= len(line)
    return shown
