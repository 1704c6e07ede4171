"""The verdict on an entry of a gradient whose slope was measured in float64, and has an estimated error.

An entry agrees where |claimed - estimate| is within a few errors and the tolerance; it is undecided where those errors
could hide a mistake at the size of the entry, or of what it stands among.
"""

from math import isfinite, isnan
from typing import NamedTuple

from bpcli.check.findings import Finding, Verdict
from bpcli.numbers import balls

ERRORS = 3.0  # so many times its own estimated error may an estimate be off
RELATIVE = 1e-6  # what float64 differences and float64 gradients together let one see
HIDES = 0.01  # of the entry itself
UNSEEN = 1e-6  # of the largest entry, or of the natural size: a mistake below that has no weight
NO_SLOPE = "differences in float64 find no slope here"
LEFT_OUT = "left out: differences of so many entries would take too long"


class Bounds(NamedTuple):
    """What no verdict is about: how precise the claim is, what it may have lost to rounding, what has no weight.

    `near` is how far a claim of the slope at a kink may be off, relative to the slopes.
    """

    precise: float
    round_off: float
    unseen: float
    near: float = RELATIVE


class Estimate:
    """One entry of a gradient by differences: the estimate, its error, and the slopes on both sides.

    At a kink the sides differ, the estimate is the middle, and the error reaches both.
    """

    __slots__ = ("error", "left", "right", "value")

    def __init__(self, value: float, error: float, left: float, right: float) -> None:
        self.value = value
        self.error = error
        self.left = left
        self.right = right

    @property
    def is_corner(self) -> bool:
        """Whether there are two slopes."""
        return isfinite(self.left) and isfinite(self.right) and self.left != self.right

    @property
    def truth(self) -> balls.Ball | None:
        """The slope with its error, where there is one."""
        is_slope = isfinite(self.value) and isfinite(self.error) and not self.is_corner
        return balls.within(self.value, self.error) if is_slope else None

    @property
    def error_of_sides(self) -> float:
        """How far the slope of one side may be off."""
        return max(self.error - abs(self.right - self.left) / 2, 0.0)


def judged(base: Finding, found: Estimate, bounds: Bounds) -> Finding:
    """The verdict on one entry: on what is claimed, or on bpcli's own gradient."""
    claimed = (base.own or 0.0) if base.claimed is None else base.claimed
    if not isfinite(claimed):
        return base.but(verdict=Verdict.UNEVALUABLE, reason="the gradient is not finite")
    if not isfinite(found.value) or not isfinite(found.error):
        is_left_out = isnan(found.value) and isnan(found.error)
        return base.but(verdict=Verdict.UNDECIDED, reason=LEFT_OUT if is_left_out else NO_SLOPE)
    if found.is_corner:
        return _at_corner(base, found, claimed, bounds)
    unknown = ERRORS * found.error + bounds.round_off
    if abs(claimed - found.value) > unknown + bounds.precise:
        return base.but(verdict=Verdict.DIFFER)
    if unknown > max(HIDES * abs(found.value), bounds.unseen, bounds.precise):
        reason = "the error of the differences hides it"
        return base.but(verdict=Verdict.UNDECIDED, reason=reason, smallest_visible=unknown + bounds.precise)
    return base


def _at_corner(base: Finding, found: Estimate, claimed: float, bounds: Bounds) -> Finding:
    """The convention and what is between the slopes are accepted."""
    low, high = sorted((found.left, found.right))
    sides = bounds.near * max(abs(low), abs(high))
    allowed = ERRORS * found.error_of_sides + max(bounds.precise, sides) + bounds.round_off
    reason = f"at a kink with slopes {low:.6g} and {high:.6g}"
    if not low - allowed <= claimed <= high + allowed:
        return base.but(verdict=Verdict.DIFFER, reason=reason)
    rule = base.own
    is_rule = rule is not None and abs(claimed - rule) <= bounds.precise + bounds.near * abs(rule)
    return base.but(verdict=Verdict.KINK, accepted_as="convention" if is_rule else "between", reason=reason)
