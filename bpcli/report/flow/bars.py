"""Bars on a logarithmic scale: every row of a table on the same one, whose ends are powers of ten."""

from collections.abc import Iterable
from math import ceil, floor, inf, isfinite, isnan, log10, nan
from typing import NamedTuple

from bpcli.report.figures import Signs

EIGHTHS = " ▏▎▍▌▋▊▉"
NO_GRADIENT = "no gradient"
NARROWEST, WIDEST = 12, 36  # characters of a bar; the words in its place fit into the first


class Scale(NamedTuple):
    """A logarithmic scale from 10^`low` to 10^`high`."""

    low: int
    high: int

    def share(self, power: float) -> float:
        """How far along the scale a power of ten stands, from 0 to 1."""
        return min(max((power - self.low) / (self.high - self.low), 0.0), 1.0)

    def ends(self, width: int) -> str:
        """The ends of the scale in words, as far apart as its bars are long."""
        low, high = f"1e{self.low}", f"1e{self.high}"
        return low.ljust(width - len(high)) + high


def power_of(size: float | None) -> float | None:
    """The power of ten that a size is: -inf of 0, NaN of what is no number; None stays None."""
    if size is None:
        return None
    return log10(size) if size > 0 else -inf if size == 0 else nan


def scale_of(powers: Iterable[float | None]) -> Scale:
    """The scale on which all of these finite powers of ten have a place, at least one power long."""
    places = [power for power in powers if power is not None and isfinite(power)]
    low = floor(min(places, default=0.0))
    return Scale(low, max(ceil(max(places, default=0.0)), low + 1))


def bar_text(power: float | None, scale: Scale, width: int, signs: Signs) -> str:
    """The bar of a power of ten, in eighths of a character where the terminal has these; a word where there is none."""
    if power is None:
        return NO_GRADIENT
    if isnan(power):
        return "NaN"
    if not isfinite(power):
        return "Infinity" if power > 0 else "zero"
    if signs.block.isascii():
        return signs.block * max(round(scale.share(power) * width), 1)
    whole, part = divmod(max(round(scale.share(power) * width * 8), 1), 8)
    return signs.block * whole + EIGHTHS[part].strip()
