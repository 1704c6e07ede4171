"""A loss curve in characters: the loss of training in braille dots, that of validation as circles."""

from collections.abc import Sequence
from math import isfinite, log10
from typing import NamedTuple

from bpcli.report.figures import ASCII
from bpcli.report.layout import Line, Piece
from bpcli.report.page import Page

WIDTH, HEIGHT = 72, 12  # characters of the picture, beside the numbers
LEAST_WIDTH = 16
ACROSS, DOWN = 2, 4  # dots of a braille character
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # by row and column, from U+2800 on
BRAILLE = 0x2800
DECADE = 10.0  # a curve that spans one is easier to read on a log scale
EVERY = 4  # characters from one circle to the next


class Scale(NamedTuple):
    """Where losses stand: from `low` up to `high`, by their logarithms where it `is_log`."""

    low: float
    high: float
    is_log: bool

    def height(self, loss: float) -> float:
        """How high a loss stands, from 0 to 1."""
        low, high, here = (log10(one) if self.is_log else one for one in (self.low, self.high, loss))
        if not isfinite(high - low):
            low, high, here = low / 2, high / 2, here / 2
        return (here - low) / (high - low)

    def loss_at(self, height: float) -> float:
        """The loss that stands so high."""
        if self.is_log:
            return float(10 ** (log10(self.low) + height * (log10(self.high) - log10(self.low))))
        return self.low * (1 - height) + self.high * height


def scale_of(losses: Sequence[float]) -> Scale:
    """The scale that holds all these losses; logarithmic where they are positive and span a decade."""
    low, high = min(losses), max(losses)
    if low == high:
        return Scale(low - (abs(low) / 2 or 1), high + (abs(high) / 2 or 1), is_log=False)
    return Scale(low, high, is_log=low > 0 and high / DECADE > low)


def loss_curve(training: Sequence[float], validation: Sequence[float | None], page: Page) -> list[Line]:
    """The losses by epoch, from 1 on, with what they are called; nothing for fewer than two epochs."""
    losses = [loss for loss in (*training, *validation) if loss is not None and isfinite(loss)]
    if len(training) < 2 or not losses:  # noqa: PLR2004 - a point is no curve
        return []
    scale = scale_of(losses)
    is_plain = page.signs == ASCII
    steps = [scale.loss_at(height) for height in (1, 0.5, 0)]
    captions = _captions(steps)
    before = max(map(len, captions)) + 3
    width = min(WIDTH, max(int(min(page.width, WIDTH + before)) - before, LEAST_WIDTH))
    drawn = _stars(training, scale, width) if is_plain else _braille(training, scale, width)
    circles = _circles(validation, scale, width)
    bar, corner, flat = ("|", "+", "-") if is_plain else ("┤", "└", "─")
    lines: list[Line] = []
    for row in range(HEIGHT):
        place = {0: 0, (HEIGHT - 1) // 2: 1, HEIGHT - 1: 2}.get(row)
        caption = "" if place is None else captions[place]
        line = [Piece(f"{caption:>{before - 2}} ", "note"), Piece(bar if caption or is_plain else "│", "note")]
        lines.append([*line, *_row(drawn[row], circles.get(row, set()))])
    lines.append([Piece(f"{corner:>{before}}" + flat * width, "note")])
    last = str(len(training))
    lines.append([Piece(" " * before + "1" + last.rjust(width - 1), "note")])
    told = "log scale, " if scale.is_log else ""
    told += f"{'*' if is_plain else '⠤'} training"
    told += ", o validation" if circles else ""
    return [*page.title("LOSS", f"by epoch, {told}"), *lines]


def _captions(losses: Sequence[float]) -> list[str]:
    """Three digits of each loss, or as many as tell them apart."""
    for digits in range(3, 17):
        captions = [f"{loss:.{digits}g}" for loss in losses]
        if len(set(captions)) == len(captions):
            break
    return captions


def _row(drawn: Sequence[str], circles: set[int]) -> Line:
    """The characters of a row, in pieces of one role each."""
    line: Line = []
    for place, sign in enumerate(drawn):
        role = "gradient" if place in circles else "value"
        text = "o" if place in circles else sign
        if line and line[-1].role == role:
            line[-1] = Piece(line[-1].text + text, role)
        else:
            line.append(Piece(text, role))
    return line


def _heights(losses: Sequence[float | None], scale: Scale, columns: int) -> list[float | None]:
    """How high the curve stands in each column, on a straight line from epoch to epoch; None where it has a gap."""
    known = [scale.height(loss) if loss is not None and isfinite(loss) else None for loss in losses]
    last = len(losses) - 1
    heights: list[float | None] = []
    for column in range(columns):
        before, part = divmod(column * last, columns - 1)
        left, right = known[before], known[min(before + 1, last)]
        if part and left is not None and right is not None:
            heights.append(left + (right - left) * part / (columns - 1))
        else:
            heights.append(left)
    return heights


def _braille(losses: Sequence[float], scale: Scale, width: int) -> list[list[str]]:
    """The curve in dots; neighbours are joined, so that a steep part has no holes."""
    grid = [[0] * width for _ in range(HEIGHT)]
    before: int | None = None
    for column, height in enumerate(_heights(losses, scale, width * ACROSS)):
        if height is None:
            before = None
            continue
        dot = _from_top(height, HEIGHT * DOWN)
        first = dot if before is None else before + (dot > before) - (dot < before)
        for down in range(min(first, dot), max(first, dot) + 1):
            grid[down // DOWN][column // ACROSS] |= DOTS[down % DOWN][column % ACROSS]
        before = dot
    return [[chr(BRAILLE + cell) if cell else " " for cell in row] for row in grid]


def _stars(losses: Sequence[float], scale: Scale, width: int) -> list[list[str]]:
    grid = [[" "] * width for _ in range(HEIGHT)]
    for column, height in enumerate(_heights(losses, scale, width)):
        if height is not None:
            grid[_from_top(height, HEIGHT)][column] = "*"
    return grid


def _circles(losses: Sequence[float | None], scale: Scale, width: int) -> dict[int, set[int]]:
    """The columns of circles by row; apart from each other, so that the curve is seen between them."""
    found: dict[int, set[int]] = {}
    for column, height in enumerate(_heights(losses, scale, width) if losses else []):
        if height is not None and column % EVERY == EVERY // 2:
            found.setdefault(_from_top(height, HEIGHT), set()).add(column)
    return found


def _from_top(height: float, rows: int) -> int:
    return min(int((1 - height) * rows), rows - 1)
