"""Bars on a logarithmic scale: every row of a table on the same one, whose ends are powers of ten."""

from collections.abc import Iterable
from math import ceil, floor, isfinite, isnan, log10
from typing import NamedTuple

from bpcli.report.figures import Signs

EIGHTHS = " ▏▎▍▌▋▊▉"
NO_GRADIENT = "no gradient"
NARROWEST, WIDEST = 12, 36  # characters of a bar; the words above fit into the first


class Scale(NamedTuple):
    """A logarithmic scale from 10^`low` to 10^`high`."""

    low: int
    high: int

    def share(self, size: float) -> float:
        """How far along the scale a size stands, from 0 to 1."""
        return min(max((log10(size) - self.low) / (self.high - self.low), 0.0), 1.0)

    def ends(self, width: int) -> str:
        """The ends of the scale, as far apart as its bars are long."""
        return f"1e{self.low}".ljust(width - len(f"1e{self.high}")) + f"1e{self.high}"


def scale_of(sizes: Iterable[float | None]) -> Scale:
    """The scale on which all positive finite sizes have a place; at least one power of ten long."""
    places = [log10(size) for size in sizes if size is not None and isfinite(size) and size > 0]
    low = floor(min(places, default=0.0))
    return Scale(low, max(ceil(max(places, default=0.0)), low + 1))


def bar_text(size: float | None, scale: Scale, width: int, signs: Signs) -> str:
    """The bar of a size, in eighths of a character where the terminal has such; a word where there is none to draw."""
    if size is None:
        return NO_GRADIENT
    if isnan(size) or not isfinite(size):
        return "NaN" if isnan(size) else "Infinity"
    if not size:
        return "zero"
    if signs.block.isascii():
        return signs.block * max(round(scale.share(size) * width), 1)
    whole, part = divmod(max(round(scale.share(size) * width * 8), 1), 8)
    return signs.block * whole + EIGHTHS[part].strip()
