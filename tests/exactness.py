"""What tests of exact numbers share: ops and expressions over balls, and whether a ball holds the true number."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import pytest
from mpmath import mp  # type: ignore[import-untyped]  # mpmath ships no types
from test_laws import CASES, Case

from bpcli import parse
from bpcli.numbers.balls import UNRESOLVED, Ball, exactly
from bpcli.numbers.evaluate import evaluate
from bpcli.numbers.exact import exact

BITS = 320  # the precision at which bpcli begins
MANY = 1500  # of what a ball is held against, beyond every rounding at 320 bits
EVERY_BIT = 6000  # for sums and differences of such numbers, which then round nothing
LOST = 40  # bits that rounding takes from a value of ordinary size, at most; the recurrence of sinc takes the most
NARROW = 2.0**-200  # a radius of inputs: what rounding leaves
SECTION = (math.sqrt(5) - 1) / 2  # the golden section: points that keep clear of kinks and of short fractions

FUNCTIONS = [case for case in CASES if not case.op.is_condition]
of_every_function = pytest.mark.parametrize("case", FUNCTIONS, ids=lambda case: case.name)


def applied(case: Case, inputs: Sequence[Ball | float]) -> Any:
    """The op of a case over balls; the condition of `where` is that its first input is positive."""
    balls: list[Any] = [*map(exactly, inputs)]
    if case.op.name == "where":
        balls[0] = exact.greater(balls[0], 0)
    return getattr(exact, case.op.name)(*balls, **case.attributes)


def compute(text: str, **at: Ball | float) -> Ball:
    """The value of an expression in `exact`; variables may be balls."""
    graph = parse(text)
    return exactly(evaluate(graph, {name: exactly(value) for name, value in at.items()}, exact)[graph.output])


def number(ball: Ball) -> Any:
    """The middle, as mpmath's number."""
    assert ball.middle is not None, f"{ball} is no number"
    return mp.make_mpf(ball.middle)


def radius(ball: Ball) -> Any:
    """The radius, as mpmath's number."""
    return mp.make_mpf(ball.radius)


def fraction(ball: Ball) -> Fraction:
    """The middle, as a fraction."""
    assert ball.middle is not None, f"{ball} is no number"
    sign, mantissa, exponent, _ = ball.middle
    return Fraction(-mantissa if sign else mantissa) * Fraction(2) ** exponent


def holds(ball: Ball, value: Any, error: Any = 0) -> bool:
    """Whether a number, itself known to within an error, lies in a ball."""
    with mp.workprec(EVERY_BIT):
        return bool(abs(number(ball) - value) <= radius(ball) + error)


def may_be(ball: Ball, value: Any) -> bool:
    """Whether a ball says nothing that is wrong of a number: it holds it, or does not know."""
    return ball is UNRESOLVED or holds(ball, value)


def points(case: Case, count: int) -> Iterator[tuple[float, ...]]:
    """So many points of the op's domain, each also mirrored where that stays inside it."""
    intervals = case.op.domain.sample
    for place in range(1, count + 1):
        point = []
        for position in range(case.arity):
            low, high = intervals[min(position, len(intervals) - 1)]
            point.append(low + (high - low) * ((place + position / 3) * SECTION % 1))
        yield tuple(point)
        mirrored = tuple(-x for x in point)
        if case.op.domain.contains(*mirrored):
            yield mirrored
