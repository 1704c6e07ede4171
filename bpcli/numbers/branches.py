"""Comparisons of balls, and what chooses by them: abs, sign, max, min, where, floor.

What was compared is put on record. Where the radii leave a comparison open, the result holds what either side gives.
"""

from collections.abc import Callable
from functools import reduce
from typing import Any

from mpmath.libmp import (  # type: ignore[import-untyped]  # mpmath ships no types
    fzero,
    mpf_abs,
    to_int,
)

from bpcli.numbers.balls import UNDEFINED, UNRESOLVED, Ball, Mpf, Outcome, compared, ends, exactly, hull, working, worst
from bpcli.numbers.lifting import Function

LONGEST_STEP = 10_000  # zeros at the end of a whole number, in bits


def absolute(x: Ball | float) -> Ball:
    """|x|."""
    ball = exactly(x)
    compared(ball, exactly(0))
    return ball if ball.middle is None else Ball(mpf_abs(ball.middle), ball.radius)


def sign_of(x: Ball | float) -> Ball:
    """-1, 0 or 1; between -1 and 1 where the sign is open."""
    ball = exactly(x)
    sign = compared(ball, exactly(0))
    if sign is None:
        return ball if ball.middle is None else Ball(fzero, exactly(1).middle)  # type: ignore[arg-type] # 1 has a middle
    return exactly(sign)


def _greatest(sign: int) -> Function:
    """The largest, or for sign -1 the smallest, of some balls; of two that cannot be told apart, both."""

    def of_two(x: Ball, y: Ball) -> Ball:
        if x.middle is None or y.middle is None:
            return worst(x, y)
        order = compared(x, y)
        if order is None:
            return hull(x, y)
        return x if order * sign >= 0 else y

    return lambda *balls: reduce(of_two, [exactly(ball) for ball in balls])


maximum, minimum = _greatest(1), _greatest(-1)


def comparison(*signs: int) -> Callable[..., Any]:
    """A condition: whether the sign of x - y is one of these; a ball that is no number where nobody knows."""

    def holds(x: Ball | float, y: Ball | float) -> Any:
        one, other = exactly(x), exactly(y)
        if one.middle is None or other.middle is None:
            return worst(one, other)
        sign = compared(one, other)
        return UNRESOLVED if sign is None else sign in signs

    return holds


def chosen(condition: Any, x: Ball | float, y: Ball | float) -> Ball:
    """The first where the condition holds, else the second; both where it is open."""
    first, second = exactly(x), exactly(y)
    if isinstance(condition, Ball):
        return UNDEFINED if condition is UNDEFINED else hull(first, second)
    return first if condition else second


def _step(whole: Mpf) -> int:
    """Which step it is; of one with very many digits a number that is its own, without writing them out."""
    return to_int(whole) if whole[2] <= LONGEST_STEP else hash(whole)


def staircase(function: Callable[[Mpf], Mpf], border: float) -> Function:
    """floor, ceil and round, which jump where x - border is whole."""

    def of_ball(x: Ball | float) -> Ball:
        ball = exactly(x)
        if ball.middle is None:
            return ball
        found = {function(end) for end in ends(ball)} if not ball.is_exact else {function(ball.middle)}
        exponent = ball.middle[2]  # of an odd number, or 0 for 0
        tied = ball.is_exact and (exponent == -1 if border else exponent >= 0)
        if working.trail is not None:
            working.trail.append(Outcome(_step(function(ball.middle)) if len(found) == 1 else None, tied))
        if len(found) > 1:
            return hull(*[Ball(end) for end in found])
        return Ball(found.pop())

    return of_ball
