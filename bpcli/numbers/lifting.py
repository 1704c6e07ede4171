"""Functions of mpmath carried over balls.

An input's radius is carried through a function by evaluating it at both ends of the ball: no derivative is taken here,
so an answer from differences owes nothing to a rule.
"""

from collections.abc import Callable, Sequence
from itertools import product as product_of
from typing import Any

from mpmath.libmp import (  # type: ignore[import-untyped]  # mpmath ships no types
    ComplexResult,
    fzero,
    mpf_abs,
    mpf_add,
    mpf_gt,
    mpf_sub,
)

from bpcli.numbers.balls import (
    RADIUS_BITS,
    UNDEFINED,
    UNRESOLVED,
    Ball,
    Mpf,
    context,
    ends,
    exactly,
    rounded,
    working,
    worst,
)

Function = Callable[..., Ball]
LARGEST_ARGUMENT_OF_EXP = 40  # in bits: exp(2**40) is beyond the largest exponent
SATURATED = 17  # in bits: tanh(2**17) is 1 to within 2**-100000
SMALLEST: Mpf = (0, 1, -100_000, 1)
SHORT = 64  # a result with so few bits, from an argument near 1, is the exact one: exp(0), cos(0), gamma(5)


def _real(value: Any) -> Mpf | None:
    """The value of an mpmath function, or None where it is complex or not finite."""
    found: Mpf | None = getattr(value, "_mpf_", None)
    return found if found is not None and (found[1] or found == fzero) else None


def _value(function: Callable[..., Any], middles: tuple[Mpf, ...]) -> Mpf | None:
    try:
        return _real(function(*[context.make_mpf(middle) for middle in middles]))
    except (ValueError, ZeroDivisionError, OverflowError, ComplexResult):
        return None


def _is_plain(middle: Mpf) -> bool:
    """Whether a number is 0, or a short one that no function of ours saturates at."""
    _, mantissa, exponent, bits = middle
    return not mantissa or (bits <= SHORT and -16 <= exponent + bits <= 4)  # noqa: PLR2004 - from 2**-16 to 16


def over_balls(function: Callable[..., Any]) -> Function:
    """A function of mpmath numbers as a function of balls."""

    def of_balls(*inputs: Ball | float) -> Ball:
        balls = [exactly(value) for value in inputs]
        if any(ball.middle is None for ball in balls):
            return worst(*balls)
        middles = tuple([ball.middle for ball in balls])
        value = _value(function, middles)  # type: ignore[arg-type] # none is None
        if value is None:
            return UNRESOLVED if _has_value_nearby(function, balls) else UNDEFINED
        radius = fzero
        for position, ball in enumerate(balls):
            if ball.radius is not fzero:
                reach = _reach(function, value, middles, position, ball)  # type: ignore[arg-type] # the same
                if reach is None:
                    return UNRESOLVED
                radius = mpf_add(radius, reach, RADIUS_BITS, "u")
        is_exact = all(ball.is_exact for ball in balls)  # a reach of 0 may have been rounded away
        if is_exact and value[3] <= SHORT and all(map(_is_plain, middles)):  # type: ignore[arg-type] # the same
            return Ball(value)
        # mpmath promises its functions to about one unit in the last place; two are allowed for, more for a reach.
        unit = (0, 1, value[2] + value[3] - working.bits + (0 if is_exact else 1), 1) if value[1] else fzero
        return rounded(value, mpf_add(radius, unit, RADIUS_BITS, "u"), is_exact=False)

    return of_balls


def _has_value_nearby(function: Callable[..., Any], balls: Sequence[Ball]) -> bool:
    """Whether the function has a value at some end of its inputs, although it has none in the middle."""
    return any(not ball.is_exact for ball in balls) and any(
        _value(function, corner) is not None for corner in product_of(*map(ends, balls))
    )


def _reach(function: Callable[..., Any], value: Mpf, middles: tuple[Mpf, ...], position: int, ball: Ball) -> Mpf | None:
    """How far the function moves where one input moves to the ends of its ball; None where it has no value there."""
    furthest: Mpf = fzero
    for end in ends(ball):
        moved = _value(function, (*middles[:position], end, *middles[position + 1 :]))
        if moved is None:
            return None
        apart = mpf_abs(mpf_sub(moved, value, RADIUS_BITS, "u"))
        if mpf_gt(apart, furthest):
            furthest = apart
    return furthest


def inverting(function: Callable[..., Any], inverse: Callable[[Ball], Ball]) -> Function:
    """A function that is known to be exact where its inverse, which is, gives the argument back: sqrt(1e16)."""
    lifted = over_balls(function)

    def of_ball(x: Ball | float) -> Ball:
        ball = exactly(x)
        found = lifted(ball)
        if ball.middle is None or found.middle is None or not ball.is_exact or found.middle[3] > SHORT:
            return found
        back = inverse(Ball(found.middle))
        return Ball(found.middle) if back.is_exact and back.middle == ball.middle else found

    return of_ball


def bounded(function: Callable[..., Any], low: int | None, high: int | None) -> Function:
    """A function whose argument may be too large for any number of digits.

    At either end it has reached a limit there, to within 2**-100000, or, for None, is beyond every bound.
    """
    lifted = over_balls(function)
    furthest = LARGEST_ARGUMENT_OF_EXP if None in (low, high) else SATURATED

    def of_ball(x: Ball | float) -> Ball:
        ball = exactly(x)
        if ball.middle is None or ball.magnitude <= furthest:
            return lifted(ball)
        limit = low if ball.middle[0] else high
        return UNDEFINED if limit is None else Ball(exactly(limit).middle, SMALLEST)

    return of_ball
