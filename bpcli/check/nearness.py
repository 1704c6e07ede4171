"""How near two numbers are, and have to be, where both are known to within a radius."""

from bpcli.language.claims import Claim
from bpcli.numbers.balls import Ball, at_most, distance, exactly, larger, power_of_two, smaller

ORACLES = 1e-12  # how near the two oracles and the rule must be to one another
UNROUNDED = 2.0**-56  # what 60 known bits let see
SMALLEST_EXPONENT = -1074  # of float64
RELATIVE = 1e-9  # of a number from a file, or a whole one: more than float64 loses, less than any mistake
MOST_OF_TYPED = 0.01  # half a unit of the last typed place counts up to this part of the truth
ULPS = 4


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


def tolerance(truth: Ball, claim: Claim | None = None, relative: float | None = None) -> Ball:
    """How far from the truth a claim may be: as precise as it was typed, and never tighter than 4 ulp of float64."""
    size = exactly(0) if truth.middle is None else truth.size
    ulp = power_of_two(max(size.magnitude - 53, SMALLEST_EXPONENT)) * ULPS
    if relative is not None:
        allowed = size * relative
    elif claim is not None and claim.half_unit is not None:
        allowed = smaller(exactly(claim.half_unit), size * MOST_OF_TYPED)
    else:
        allowed = size * RELATIVE
    return larger(allowed, ulp)
