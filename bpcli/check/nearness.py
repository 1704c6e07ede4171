"""How near two numbers are, and have to be, where both are known to within a radius."""

from collections.abc import Sequence
from math import floor, hypot, inf, isfinite, log10, sqrt
from typing import NamedTuple

from bpcli.language.claims import Claim
from bpcli.language.tokens import is_number
from bpcli.numbers.balls import Ball, at_most, distance, exactly, larger, power_of_two, smaller

ORACLES = 1e-12  # how near the two oracles and the rule must be to one another
UNROUNDED = 2.0**-56  # what 60 known bits let see
SMALLEST_EXPONENT = -1074  # of float64
RELATIVE = 1e-9  # of a number from a file, or a whole one: more than float64 loses, less than any mistake
MOST_OF_TYPED = 0.01  # half a unit of the last typed place counts up to this part of the truth
ULPS = 4
ROUNDED_UP = 1 + 1e-9  # a half that is rounded to the next digit is half a unit off, and float64 adds a little


class Tolerance(NamedTuple):
    """How near an answer a has to be to the truth t: |a - t| ≤ absolute + relative·max(floor, size).

    `size` is |t| of the `truth`, the `larger` of |a| and |t|, or their `sum`. It is that of each `entry` of an array,
    or of the `largest` one; with the scope `norm` both sides are those of the whole array, as a vector. Where `digits`
    is given, an answer has so many significant digits at least, and may be off by half a unit of the last of them.
    Without any figure an answer has to be as precise as it was typed.
    """

    relative: float | None = None
    absolute: float = 0.0
    scope: str = "entry"  # or largest, or norm
    digits: int | None = None
    size: str = "truth"  # or larger, or sum
    floor: float = 0.0

    @property
    def has_figures(self) -> bool:
        """Whether it says how far an answer may be off, beside the digits."""
        return self.relative is not None or self.absolute > 0

    @property
    def is_as_typed(self) -> bool:
        """Whether an answer has to be as precise as it was typed."""
        return not self.has_figures and self.digits is None

    def allowed(self, truth: Ball, claimed: Ball) -> Ball:
        """How far the claim may be from the truth, by the figures alone."""
        size = truth
        if self.size == "larger":
            size = larger(truth, claimed)
        elif self.size == "sum":
            size = truth + claimed
        return larger(size, exactly(self.floor)) * (self.relative or 0.0) + exactly(self.absolute)

    def over(self, truths: Sequence[float], claimed: Sequence[float]) -> "Tolerance":
        """The same for each entry of an array, whose other entries count by the scope.

        A norm of the differences that is allowed allows every difference; else one at least is larger than its share,
        so that the array is right just where all its entries are.
        """
        if self.scope == "entry" or self.relative is None or not all(map(isfinite, (*truths, *claimed))):
            return self
        if self.scope == "largest":
            size = max(map(self._size, truths, claimed), default=0.0)
            return self._replace(scope="entry", relative=None, absolute=self._of(size))
        allowed = self._of(self._size(hypot(*truths), hypot(*claimed)))
        gap = hypot(*[claim - truth for truth, claim in zip(truths, claimed, strict=True)])
        share = 1.0 if gap <= allowed else sqrt(max(1, len(truths)))
        return self._replace(scope="entry", relative=None, absolute=allowed / share)

    def _of(self, size: float) -> float:
        return self.absolute + (self.relative or 0.0) * max(self.floor, size)

    def _size(self, truth: float, claimed: float) -> float:
        truth, claimed = abs(truth), abs(claimed)
        return {"truth": truth, "larger": max(truth, claimed), "sum": truth + claimed}[self.size]


AS_TYPED = Tolerance()


def tight(truth: Ball, *, is_exact: bool) -> Ball:
    """How far a formula may be from another: by the rounding of its decimals, or, where it has none, not visibly."""
    size = exactly(0) if truth.middle is None else truth.size
    return larger(size * (UNROUNDED if is_exact else ORACLES), power_of_two(SMALLEST_EXPONENT))


def within(claimed: Ball, truth: Ball, allowed: Ball) -> bool | None:
    """Whether a claim is as near the truth as allowed; None where the radii hide it."""
    gap = distance(claimed, truth)
    if gap.middle is None:
        return None
    unknown = claimed.error + truth.error
    if at_most(gap + unknown, allowed):
        return True
    return None if at_most(gap - unknown, allowed) else False


def same(x: Ball, y: Ball) -> bool:
    """Whether two of the three ways agree, as near as their errors let them."""
    if x.middle is None or y.middle is None:
        return False
    allowed = larger(x.size, y.size) * ORACLES + power_of_two(SMALLEST_EXPONENT)
    return within(x, y, allowed) is not False


def tolerance(truth: Ball, claim: Claim | None = None, near: Tolerance = AS_TYPED) -> Ball:
    """How far from the truth a claim may be: as `near` says, or else as precise as it was typed.

    It is never tighter than 4 ulp of float64.
    """
    size = exactly(0) if truth.middle is None else truth.size
    ulp = power_of_two(max(size.magnitude - 53, SMALLEST_EXPONENT)) * ULPS
    return larger(_allowed(size, claim, near), ulp)


def _allowed(size: Ball, claim: Claim | None, near: Tolerance) -> Ball:
    """The same before float64 counts; `size` is that of the truth."""
    by_typing = size * RELATIVE
    if near.digits is not None and claim is not None and digits_of(claim) < near.digits:
        return by_typing
    if not near.is_as_typed:
        claimed = size if claim is None or claim.number is None else exactly(abs(claim.number))
        allowed = near.allowed(size, claimed)
        return allowed if near.digits is None else larger(allowed, _half_unit(size, near.digits))
    if claim is not None and claim.half_unit is not None:
        return smaller(exactly(claim.half_unit), size * MOST_OF_TYPED)
    return by_typing


def _half_unit(size: Ball, digits: int) -> Ball:
    """Half a unit of the significant digit with this number, of a size."""
    number = abs(float(size))
    if not number or not isfinite(number):
        return exactly(0)
    return exactly(ROUNDED_UP * 0.5 * 10.0 ** (floor(log10(number)) + 1 - digits))


def digits_of(claim: Claim) -> float:
    """How many significant digits a number was typed with; no end of them where it is a formula."""
    if claim.number is None:
        return inf
    if claim.half_unit is not None and claim.number:
        return floor(log10(abs(claim.number))) - round(log10(2 * claim.half_unit)) + 1
    typed = claim.typed.lstrip("+-− ")
    if not is_number(typed):
        return inf
    return len(typed.lower().partition("e")[0].replace(".", "").lstrip("0"))
