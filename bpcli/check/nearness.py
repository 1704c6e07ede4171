"""How near two numbers are, where both are known to within a radius."""

from bpcli.numbers.balls import Ball, at_most, distance, larger, power_of_two

ORACLES = 1e-12  # how near the two oracles and the rule must be to one another
SMALLEST_EXPONENT = -1074  # of float64


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
