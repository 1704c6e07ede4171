"""Functions of mpmath carried over balls.

An input's radius is carried through a function by evaluating it at both ends of the ball: no derivative is taken here,
so an answer from differences owes nothing to a rule.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import product as product_of
from typing import Any

from mpmath.libmp import (  # type: ignore[import-untyped]  # mpmath ships no types
    ComplexResult,
    fzero,
    mpf_abs,
    mpf_add,
    mpf_floor,
    mpf_gt,
    mpf_le,
    mpf_pos,
    mpf_sub,
)

from bpcli.numbers.balls import (
    LARGEST_EXPONENT,
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
NO_PARTS = -10 * LARGEST_EXPONENT
SMALLEST: Mpf = (0, 1, -100_000, 1)
WIDE: Mpf = (0, 1, -2, 1)  # a ball of less than this radius holds no turn of an oscillation, nor all of a domain
GUARD = 40  # bits beyond those asked for with which a function of mpmath works, some of which it may lose
SHORT = 64  # a result with so few bits, from an argument near 1, is the exact one: exp(0), cos(0), gamma(5)


def _real(value: Any) -> Mpf | None:
    """The value of an mpmath function, or None where it is complex or not finite."""
    found: Mpf | None = getattr(value, "_mpf_", None)
    return found if found is not None and (found[1] or found == fzero) else None


def _value(function: Callable[..., Any], middles: tuple[Mpf, ...], bits: int = 0) -> Mpf | None:
    context.prec = (bits or working.bits) + GUARD
    try:
        return _real(function(*[context.make_mpf(middle) for middle in middles]))
    except (ValueError, ZeroDivisionError, OverflowError, ComplexResult):
        return None
    finally:
        context.prec = working.bits


def _is_the_number(function: Callable[..., Any], value: Mpf, middles: tuple[Mpf, ...]) -> bool:
    """Whether a value that came out short stays the same with many more bits: cos(0), gamma(5), but not erf(15)."""
    if value[3] > SHORT or not all(map(_is_plain, middles)):
        return False
    return _value(function, middles, 2 * working.bits + 4 * SHORT) == value


def _is_plain(middle: Mpf) -> bool:
    """Whether a number is 0, or a short one that no function of ours saturates at."""
    _, mantissa, exponent, bits = middle
    return not mantissa or (bits <= SHORT and -16 <= exponent + bits <= 4)  # noqa: PLR2004 - from 2**-16 to 16


def over_balls(function: Callable[..., Any], parts: Callable[[Mpf], int] = lambda _: NO_PARTS) -> Function:
    """A function of mpmath numbers as a function of balls.

    `parts` gives the magnitude of the parts that cancel at a zero of the function, which bounds its digits there.
    """

    def of_balls(*inputs: Ball | float) -> Ball:
        balls = [exactly(value) for value in inputs]
        if any(ball.middle is None for ball in balls):
            return worst(*balls)
        middles = tuple([ball.middle for ball in balls])
        value = _value(function, middles)  # type: ignore[arg-type] # none is None
        if value is None:
            return UNRESOLVED if _has_value_nearby(function, balls) else UNDEFINED
        reach: Mpf | None = fzero
        is_exact = all(ball.is_exact for ball in balls)
        if not is_exact:
            reach = _reach(function, value, balls)
        elif _is_the_number(function, value, middles):  # type: ignore[arg-type] # the same
            return Ball(value)
        if reach is None:
            return UNRESOLVED
        value = mpf_pos(value, working.bits, "n")
        # mpmath promises its functions to about one unit in the last place; two are allowed for, more for a reach.
        top = max(value[2] + value[3] if value[1] else NO_PARTS, parts(middles[0]))  # type: ignore[arg-type] # the same
        unit = (0, 1, top - working.bits + (0 if is_exact else 1), 1) if top > NO_PARTS else fzero
        return rounded(value, mpf_add(reach, unit, RADIUS_BITS, "u"), is_exact=False)

    return of_balls


def _corners(balls: Sequence[Ball]) -> Iterable[tuple[Any, ...]]:
    return product_of(*[(ball.middle,) if ball.is_exact else ends(ball) for ball in balls])


def _has_value_nearby(function: Callable[..., Any], balls: Sequence[Ball]) -> bool:
    """Whether the function may have a value somewhere in its inputs, although it has none in the middle."""
    if all(ball.is_exact for ball in balls):
        return False
    # Only a wide ball around 0 holds a domain such as [-1, 1] whole, which its ends would not tell.
    if any(mpf_gt(ball.radius, WIDE) and mpf_le(ball.size.middle, ball.radius) for ball in balls):
        return True
    return any(_value(function, corner) is not None for corner in _corners(balls))


def _reach(function: Callable[..., Any], value: Mpf, balls: Sequence[Ball]) -> Mpf | None:
    """How far the function moves where its inputs move to the ends of their balls; None where it has no value there."""
    furthest: Mpf = fzero
    for corner in _corners(balls):
        moved = _value(function, corner)
        if moved is None:
            return None
        apart = mpf_abs(mpf_sub(moved, value, RADIUS_BITS, "u"))
        if mpf_gt(apart, furthest):
            furthest = apart
    return furthest


def between_poles(function: Callable[..., Any], parts: Callable[[Mpf], int] = lambda _: NO_PARTS) -> Function:
    """A function with poles at 0, -1, -2, ...; unresolved where a ball may hold one."""
    lifted = over_balls(function, parts)

    def of_ball(x: Ball | float) -> Ball:
        ball = exactly(x)
        if ball.middle is not None and not ball.is_exact:
            low, high = ends(ball)
            if (low[0] or low == fzero) and (mpf_gt(ball.radius, WIDE) or mpf_floor(low) != mpf_floor(high)):
                return UNRESOLVED
        return lifted(ball)

    return of_ball


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

    far = (0, 1, furthest - 1, 1)

    def of_ball(x: Ball | float) -> Ball:
        ball = exactly(x)
        if ball.middle is None or max(ball.magnitude, ball.error.magnitude) <= furthest:
            return lifted(ball)
        if mpf_le(mpf_sub(mpf_abs(ball.middle), ball.radius, RADIUS_BITS, "d"), far):
            return UNRESOLVED
        limit = low if ball.middle[0] else high
        return UNDEFINED if limit is None else Ball(exactly(limit).middle, SMALLEST)

    return of_ball
