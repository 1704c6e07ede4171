"""Finite differences of exact values: the slope on each side of a point, with an error bound.

A one-sided quotient D(h) = (f(x + h) - f(x))/h errs by h·f''/2, so 2·D(h/2) - D(h) errs by a multiple of h², and
|D(h/2) - D(h)| bounds that from far above. Steps shrink and digits grow until the bound is far below what must be seen.
Nothing here looks at a rule.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from bpcli.check.point import LADDER, NOTHING_BELOW, Point, Ray, Rung, size_of
from bpcli.graph.node import Node
from bpcli.numbers.balls import UNDEFINED, Ball, at_most, distance, exactly, overlap, power_of_two, precision

SETTLED = 60  # bits of a slope that are known where the search for it ends: 4 ulp of float64 are 2**-50
SLOWEST = 3  # bits: an error of h**p is bounded from p = 1/6 on, as in x**(7/6) at 0
JUMP = 0.999  # halving a step leaves a jump as it is
STEEP = 0.55  # and takes a root to more than half
NEARLY = 0.1
MOST_BITS = 8_000  # that are added for the size of values; beyond, they would not help


class Kind(Enum):
    """What there is on one side of a point."""

    SLOPE = "slope"
    OUTSIDE = "outside the domain"
    JUMP = "a jump"
    INFINITE = "an infinite slope"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class Side:
    """The slope on one side; for an unresolved one `slope` is a bound on it, if there is one."""

    kind: Kind
    slope: Ball | None = None


@dataclass(frozen=True, slots=True)
class Slopes:
    """What the two sides of a point show.

    `value` is the output at the point; `sign_is_open` says that a comparison at the point itself could not be decided,
    `is_whole` that the whole expression was differenced, not each step.
    """

    value: Ball
    left: Side
    right: Side
    sign_is_open: bool = False
    is_whole: bool = True

    @property
    def derivative(self) -> Ball | None:
        """The slope, where both sides have the same one, or where the domain ends on the other side."""
        slopes = [side.slope for side in (self.left, self.right) if side.kind is Kind.SLOPE and side.slope]
        if len(slopes) == 1 and Kind.OUTSIDE in (self.left.kind, self.right.kind):
            return slopes[0]
        if len(slopes) == 2 and overlap(*slopes):  # noqa: PLR2004 - both sides
            left, right = slopes
            return left if at_most(left.error, right.error) else right
        return None

    @property
    def is_corner(self) -> bool:
        """Whether both sides have a slope, and not the same."""
        return self.left.kind is self.right.kind is Kind.SLOPE and self.derivative is None

    @property
    def between(self) -> tuple[Ball, Ball]:
        """The smaller and the larger slope of a corner."""
        sides = [side.slope for side in (self.left, self.right) if side.slope is not None]
        low, high = sides
        return (low, high) if at_most(low, high) else (high, low)


def product_of_slopes(outer: Slopes, inner: Slopes) -> Slopes:
    """The slopes of a function of a function: which side of the outer one counts is for the inner slope to say."""
    return Slopes(outer.value, _chained(outer, inner.left, -1), _chained(outer, inner.right, 1), outer.sign_is_open)


def _chained(outer: Slopes, inner: Side, sign: int) -> Side:
    if inner.kind is not Kind.SLOPE or inner.slope is None:
        return inner
    if inner.slope.is_zero:
        return Side(Kind.SLOPE, inner.slope)
    side = outer.right if at_most(exactly(0), inner.slope * sign) else outer.left
    return Side(side.kind, None if side.slope is None else side.slope * inner.slope)


NOWHERE = Slopes(UNDEFINED, Side(Kind.OUTSIDE), Side(Kind.OUTSIDE))


def slopes(
    point: Point,
    direction: Mapping[Node, float],
    through: Sequence[Node] | None = None,
    output: Node | None = None,
    *,
    ladder: Sequence[Rung] = LADDER,
) -> Slopes:
    """The slope of the output on each side of the point, where nodes are moved along a direction.

    `through` are the nodes to compute anew, by default all that depend on those that are moved; `ladder` are the steps
    to try.
    """
    if through is None:
        through = point.downstream(list(direction))
        if point.graph.output not in through and point.graph.output not in direction:
            level = Side(Kind.SLOPE, exactly(0))
            return Slopes(exactly(point.values()[point.graph.output]), level, level)
    found = NOWHERE
    for rung in _widened(ladder, point, direction, through):
        before = found
        with precision(rung.bits):
            ray = point.along(direction, through, output or point.graph.output, rung)
            if ray.value is UNDEFINED:
                return NOWHERE
            last = rung.step == LADDER[-1].step
            left, right = [_side(ray, sign, last=last) for sign in (-1, 1)]
            found = Slopes(ray.value, left, right, ray.is_open)
        if Kind.UNRESOLVED not in (left.kind, right.kind) and not (
            not last and (found.sign_is_open or (found.is_corner and not ray.is_tied))
        ):
            return found
    return Slopes(found.value, _grown(before.left, left), _grown(before.right, right), found.sign_is_open)


def _widened(
    ladder: Sequence[Rung], point: Point, direction: Mapping[Node, float], through: Sequence[Node]
) -> Iterator[Rung]:
    """The rungs; after the first with more bits where what is moved is small, or what it is added to is large."""
    yield ladder[0]
    values = point.values()
    small = -min(0, *[size_of(values[node]) for node in direction])
    large = max(0, *[size_of(values[node]) for node in through if not node.op.is_condition], 0)
    for rung in ladder[1:]:
        yield Rung(rung.step, rung.bits + min(small, MOST_BITS) + (large if large <= MOST_BITS else 0))


def _grown(before: Side, side: Side) -> Side:
    """A quotient that doubles where the step is squared has no limit: x*log(x) at 0."""
    if side.kind is not Kind.UNRESOLVED or side.slope is None or before.slope is None or before.slope.is_zero:
        return side
    growth = float(side.slope.centre / before.slope.centre)
    if abs(growth - 2) < NEARLY:
        return Side(Kind.INFINITE)
    return side if overlap(side.slope, before.slope) else Side(Kind.UNRESOLVED)  # it creeps: x**1.0001 at 0


def _side(ray: Ray, sign: int, *, last: bool) -> Side:
    """What one side shows at this rung; unresolved until it is settled, or the last rung has been reached."""
    value = ray.value
    (far, is_past), (near, is_past_too) = ray.at(sign), ray.at(sign / 2)
    if far is UNDEFINED and near is UNDEFINED:
        return Side(Kind.OUTSIDE)
    if far.middle is None or near.middle is None or value.middle is None or ((is_past or is_past_too) and not last):
        return Side(Kind.UNRESOLVED)
    if far is value and near is value:
        return Side(Kind.SLOPE, exactly(0))
    slope = quotient_limit(far, near, value, ray.step.magnitude - 1, sign)
    if slope is not None and is_settled(slope):
        return Side(Kind.SLOPE, slope)
    return _last_resort(ray, sign, slope) if last else Side(Kind.UNRESOLVED, slope)


def _last_resort(ray: Ray, sign: int, slope: Ball | None) -> Side:
    """Where quotients creep, as h**p does for x**(1 + p), they form a geometric series, whose limit is known.

    Aitken's delta-squared process, twice; a limit that both give is taken.
    """
    value = ray.value
    changes = [ray.at(sign * part)[0] - value for part in (1, 1 / 2, 1 / 4, 1 / 8)]
    without = _without_slope(changes[0], changes[1], slope)
    if without.kind is not Kind.UNRESOLVED:
        return without
    exponent = ray.step.magnitude - 1
    quotients = [change.shifted(halvings - exponent) * sign for halvings, change in enumerate(changes)]
    apart = [distance(*pair) for pair in pairwise(quotients)]
    if at_most(apart[0], apart[1]) and not apart[1].is_zero:  # the series diverges: x**0.9 at 0
        grows = is_known(quotients[3] - quotients[2]) and is_known(quotients[1] - quotients[0])
        return Side(Kind.INFINITE) if grows else without
    limits = [_accelerated(*quotients[:3]), _accelerated(*quotients[1:])]
    if any(limit.middle is None for limit in limits):
        return without
    limit = limits[1].widened(distance(*limits).shifted(SLOWEST))
    return Side(Kind.SLOPE, limit) if is_settled(limit) else without


def _accelerated(first: Ball, second: Ball, third: Ball) -> Ball:
    later, earlier = third - second, second - first
    return third - later * later / (later - earlier)


def quotient_limit(far: Ball, near: Ball, value: Ball, exponent: int, sign: int = 1) -> Ball | None:
    """The slope from values at h = 2**exponent and at h/2, extrapolated to h = 0; its radius bounds the error."""
    coarse, fine = (far - value).shifted(-exponent), (near - value).shifted(1 - exponent)
    limit = fine.shifted(1) - coarse if sign > 0 else coarse - fine.shifted(1)
    if limit.middle is None or fine.middle is None or coarse.middle is None:
        return None
    return limit.widened(distance(fine, coarse).shifted(SLOWEST))


def is_settled(slope: Ball) -> bool:
    """Whether a number is known to 60 bits, or to be 0 for all that float64 can tell."""
    if slope.middle is None:
        return False
    return is_known(slope) or at_most(slope.size + slope.error, power_of_two(NOTHING_BELOW))


def is_known(number: Ball) -> bool:
    """Whether the radius is below 2**-60 of the number."""
    return at_most(number.error, number.size.shifted(-SETTLED))


def _without_slope(far: Ball, near: Ball, slope: Ball | None) -> Side:
    """Why there is no slope: halving the step leaves a jump as it is, and takes a root to more than half."""
    if is_known(far) and not far.is_zero:
        ratio = float(near / far)
        if ratio > JUMP:
            return Side(Kind.JUMP)
        if ratio > STEEP:
            return Side(Kind.INFINITE)
    return Side(Kind.UNRESOLVED, slope)
