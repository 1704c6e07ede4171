"""`exact`: mpmath at any number of digits, over balls, so that every result carries its own error bound.

An input's radius is carried through a function by evaluating it at both ends of the ball: no derivative is taken here,
so an answer from differences owes nothing to a rule. Each function has NumPy's real-valued meaning; where that has no
real value the result is undefined.
"""

from collections.abc import Callable, Sequence
from functools import partial, reduce
from itertools import product as product_of
from typing import Any

from mpmath.libmp import (  # type: ignore[import-untyped]  # mpmath ships no types
    ComplexResult,
    fzero,
    mpf_abs,
    mpf_add,
    mpf_ceil,
    mpf_e,
    mpf_eq,
    mpf_floor,
    mpf_gt,
    mpf_le,
    mpf_nint,
    mpf_pi,
    mpf_pow,
    mpf_pow_int,
    mpf_sub,
    to_int,
)

from bpcli.numbers.balls import (
    LARGEST_EXPONENT,
    RADIUS_BITS,
    UNDEFINED,
    UNRESOLVED,
    Ball,
    Mpf,
    Outcome,
    compared,
    context,
    exactly,
    hull,
    product,
    quotient,
    rounded,
    total,
    working,
    worst,
)
from bpcli.numbers.system import NumberSystem

Function = Callable[..., Ball]
LARGEST_ARGUMENT_OF_EXP = 17  # in bits: exp(2**17) is beyond the largest exponent
SMALLEST: Mpf = (0, 1, -LARGEST_EXPONENT, 1)
SHORT = 64  # a result with so few bits, from an argument near 1, is the exact one: exp(0), log2(8), gamma(5)


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
        if radius is fzero and value[3] <= SHORT and all(map(_is_plain, middles)):  # type: ignore[arg-type] # the same
            return Ball(value)
        # mpmath promises its functions to about one unit in the last place; two are allowed for.
        unit = (0, 1, value[2] + value[3] - working.bits, 1) if value[1] else fzero
        return rounded(value, mpf_add(radius, unit, RADIUS_BITS, "u"), is_exact=False)

    return of_balls


def _has_value_nearby(function: Callable[..., Any], balls: Sequence[Ball]) -> bool:
    """Whether the function has a value at some end of its inputs, although it has none in the middle."""
    ends = [(mpf_add(ball.middle, ball.radius), mpf_sub(ball.middle, ball.radius)) for ball in balls]
    return any(not ball.is_exact for ball in balls) and any(
        _value(function, corner) is not None for corner in product_of(*ends)
    )


def _reach(function: Callable[..., Any], value: Mpf, middles: tuple[Mpf, ...], position: int, ball: Ball) -> Mpf | None:
    """How far the function moves where one input moves to the ends of its ball; None where it has no value there."""
    furthest: Mpf = fzero
    for end in (mpf_add(middles[position], ball.radius), mpf_sub(middles[position], ball.radius)):
        moved = _value(function, (*middles[:position], end, *middles[position + 1 :]))
        if moved is None:
            return None
        apart = mpf_abs(mpf_sub(moved, value, RADIUS_BITS, "u"))
        if mpf_gt(apart, furthest):
            furthest = apart
    return furthest


def _inverting(function: Callable[..., Any], inverse: Callable[[Ball], Ball]) -> Function:
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


def _bounded(function: Callable[..., Any], low: int | None, high: int | None) -> Function:
    """A function whose argument may be too large for any number of digits.

    At either end it has reached a limit there, to within 2**-100000, or, for None, is beyond every bound.
    """
    lifted = over_balls(function)

    def of_ball(x: Ball | float) -> Ball:
        ball = exactly(x)
        if ball.middle is None or ball.magnitude <= LARGEST_ARGUMENT_OF_EXP:
            return lifted(ball)
        limit = low if ball.middle[0] else high
        return UNDEFINED if limit is None else Ball(exactly(limit).middle, SMALLEST)

    return of_ball


def _power(base: Ball | float, exponent: Ball | float) -> Ball:
    """base**exponent as NumPy has it for reals: of a negative base only whole powers, and 0**0 is 1."""
    x, y = exactly(base), exactly(exponent)
    if x.middle is None or y.middle is None:
        return worst(x, y)
    if y.is_exact and y.middle[2] >= 0 and y.magnitude <= SHORT:
        return _whole_power(x, to_int(y.middle))
    if x.is_exact and x.is_zero:
        return _power_of_zero(y)
    if mpf_le(mpf_abs(x.middle), x.radius):
        return UNRESOLVED
    if x.middle[0]:
        return UNDEFINED if y.is_exact or not _holds_whole(y) else UNRESOLVED
    grows = y.magnitude + max(x.magnitude.bit_length(), 1) > LARGEST_ARGUMENT_OF_EXP + 2
    return _tame_power(x, y) if grows else _real_power(x, y)


def _power_of_zero(exponent: Ball) -> Ball:
    if exponent.middle is None or mpf_le(mpf_abs(exponent.middle), exponent.radius):
        return UNRESOLVED
    return UNDEFINED if exponent.middle[0] else Ball(fzero)


_real_power = over_balls(lambda x, y: context.make_mpf(mpf_pow(x._mpf_, y._mpf_, working.bits, "n")))


def _tame_power(x: Ball, y: Ball) -> Ball:
    grown: Ball = FUNCTIONS["exp"](product(y, FUNCTIONS["log"](x)))
    return grown


def _holds_whole(y: Ball) -> bool:
    nearest = mpf_nint(y.middle)
    return bool(mpf_le(mpf_abs(mpf_sub(nearest, y.middle)), y.radius))


def _whole_power(x: Ball, n: int) -> Ball:
    if x.middle is None:
        return x
    if not x.middle[1] and x.is_exact:
        return UNDEFINED if n < 0 else exactly(int(n == 0))
    if abs(n) * max(abs(x.magnitude), 1) > 4 * LARGEST_EXPONENT and abs(n) > SHORT:
        size = _tame_power(Ball(mpf_abs(x.middle), x.radius), exactly(n))
        return -size if x.middle[0] and n % 2 else size
    if n < 0:
        return quotient(exactly(1), _whole_power(x, -n))
    middle = mpf_pow_int(x.middle, n, working.bits, "n")
    is_exact = x.middle[3] * n <= working.bits
    if x.radius is fzero or n == 0:
        return rounded(middle, fzero, is_exact=is_exact or n == 0)
    # |(a ± r)**n - a**n| <= (|a| + r)**n - |a|**n
    size, bits = mpf_abs(x.middle), working.bits + RADIUS_BITS
    above, below = mpf_pow_int(mpf_add(size, x.radius), n, bits, "u"), mpf_pow_int(size, n, bits, "d")
    return rounded(middle, mpf_sub(above, below, RADIUS_BITS, "u"), is_exact=is_exact)


def _absolute(x: Ball | float) -> Ball:
    ball = exactly(x)
    compared(ball, exactly(0))
    return ball if ball.middle is None else Ball(mpf_abs(ball.middle), ball.radius)


def _sign(x: Ball | float) -> Ball:
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


_maximum, _minimum = _greatest(1), _greatest(-1)


def _comparison(*signs: int) -> Callable[..., Any]:
    """A condition: whether the sign of x - y is one of these; a ball that is no number where nobody knows."""

    def holds(x: Ball | float, y: Ball | float) -> Any:
        one, other = exactly(x), exactly(y)
        if one.middle is None or other.middle is None:
            return worst(one, other)
        sign = compared(one, other)
        return UNRESOLVED if sign is None else sign in signs

    return holds


def _where(condition: Any, x: Ball | float, y: Ball | float) -> Ball:
    chosen, other = exactly(x), exactly(y)
    if isinstance(condition, Ball):
        return UNDEFINED if condition is UNDEFINED else hull(chosen, other)
    return chosen if condition else other


def _whole(function: Callable[[Mpf], Mpf], border: float) -> Function:
    """floor, ceil and round, which jump where x - border is whole."""

    def of_ball(x: Ball | float) -> Ball:
        ball = exactly(x)
        if ball.middle is None:
            return ball
        ends = {function(mpf_add(ball.middle, ball.radius)), function(mpf_sub(ball.middle, ball.radius))}
        away = mpf_sub(ball.middle, exactly(border).middle)
        tied = ball.is_exact and mpf_eq(mpf_floor(away), away)
        if working.trail is not None:
            working.trail.append(Outcome(to_int(function(ball.middle)) if len(ends) == 1 else None, tied))
        if len(ends) > 1:
            return hull(*[Ball(end) for end in ends])
        return Ball(ends.pop())

    return of_ball


def _cube_root(x: Ball | float) -> Ball:
    ball = exactly(x)
    if ball.middle is None or not ball.middle[0]:
        return _positive_cube_root(ball)
    return -_positive_cube_root(-ball)


_positive_cube_root = _inverting(context.cbrt, lambda root: root * root * root)


def _log_gamma(x: Any) -> Any:
    return context.log(abs(context.gamma(x))) if x < 0 else context.loggamma(x)


def _sinc(x: Ball | float, derivative: float = 0) -> Ball:
    """The derivatives of sin(πx)/(πx) by x·S_n + n·S_(n-1) = π^(n-1)·sin(πx + nπ/2); at 0, π^n·cos(nπ/2)/(n + 1)."""
    ball, order, pi = exactly(x), int(derivative), exact.pi
    if ball.middle is None:
        return ball
    if ball.is_exact and not ball.middle[1]:
        return pi**order * (0, 1, 0, -1)[(order + 1) % 4] / (order + 1)
    angle = pi * ball
    turns = (FUNCTIONS["sin"](angle), FUNCTIONS["cos"](angle))
    value: Ball = turns[0] / angle
    for n in range(1, order + 1):
        turned = turns[n % 2] if n % 4 in (0, 1) else -turns[n % 2]
        value = (pi ** (n - 1) * turned - n * value) / ball
    return value


def _polygamma(x: Ball | float, *, n: float) -> Ball:
    return over_balls(partial(context.psi, int(n)))(x)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: over_balls(getattr(context, name))
        for name in (
            *("sin", "cos", "tan", "asin", "acos", "atan", "atan2"),
            *("asinh", "acosh", "atanh", "log", "log1p", "gamma", "digamma"),
        )
    },
    "exp": _bounded(context.exp, 0, None),
    "exp2": _bounded(lambda x: context.power(2, x), 0, None),
    "expm1": _bounded(context.expm1, -1, None),
    "sinh": _bounded(context.sinh, None, None),
    "cosh": _bounded(context.cosh, None, None),
    "tanh": _bounded(context.tanh, -1, 1),
    "erf": _bounded(context.erf, -1, 1),
    "erfc": _bounded(context.erfc, 2, 0),
    "hypot": lambda x, y: FUNCTIONS["sqrt"](exactly(x) * x + exactly(y) * y),
    "sqrt": _inverting(context.sqrt, lambda root: root * root),
    "log2": _inverting(lambda x: context.log(x, 2), lambda power: _power(2, power)),
    "log10": _inverting(context.log10, lambda power: _power(10, power)),
    "cbrt": _cube_root,
    "lgamma": over_balls(_log_gamma),
    "polygamma": _polygamma,
    "sinc": _sinc,
    "add": lambda x, y: total(exactly(x), exactly(y)),
    "sub": lambda x, y: total(exactly(x), -exactly(y)),
    "mul": lambda x, y: product(exactly(x), exactly(y)),
    "div": lambda x, y: quotient(exactly(x), exactly(y)),
    "neg": lambda x: -exactly(x),
    "pow": _power,
    "constant_pow": _power,
    "abs": _absolute,
    "sign": _sign,
    "floor": _whole(mpf_floor, 0),
    "ceil": _whole(mpf_ceil, 0),
    "round": _whole(mpf_nint, 0.5),
    "maximum": _maximum,
    "minimum": _minimum,
    "clip": lambda x, low, high: _minimum(_maximum(x, low), high),
    "where": _where,
    "greater": _comparison(1),
    "less": _comparison(-1),
    "greater_equal": _comparison(0, 1),
    "less_equal": _comparison(-1, 0),
    "equal": _comparison(0),
    "not_equal": _comparison(-1, 1),
}


class Exact(NumberSystem):
    """Balls of `working.bits` bits."""

    @property
    def pi(self) -> Ball:
        """π."""
        return _constant(mpf_pi)

    @property
    def e(self) -> Ball:
        """e, the base of the natural logarithm."""
        return _constant(mpf_e)

    def number(self, value: float) -> Ball:
        """A literal, exact."""
        return exactly(value)


def _constant(function: Callable[[int], Mpf]) -> Ball:
    return rounded(function(working.bits), fzero, is_exact=False)


exact = Exact("exact", None, FUNCTIONS)  # nothing by its name alone: every function is carried over balls
