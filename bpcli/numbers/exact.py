"""`exact`: mpmath at any number of digits, over balls, so that every result carries its own error bound.

Each function has NumPy's real-valued meaning; where that has no real value the result is undefined.
"""

from collections.abc import Callable
from functools import partial
from math import factorial
from typing import Any

from mpmath.libmp import (  # type: ignore[import-untyped]  # mpmath ships no types
    fone,
    fzero,
    mpf_ceil,
    mpf_e,
    mpf_floor,
    mpf_nint,
    mpf_pi,
)

from bpcli.numbers.balls import (
    UNDEFINED,
    UNRESOLVED,
    Ball,
    Mpf,
    at_most,
    context,
    exactly,
    product,
    quotient,
    rounded,
    total,
    within,
    working,
)
from bpcli.numbers.branches import absolute, chosen, comparison, maximum, minimum, sign_of, staircase
from bpcli.numbers.lifting import (
    LARGEST_ARGUMENT_OF_EXP,
    NO_PARTS,
    SMALLEST,
    between_poles,
    bounded,
    inverting,
    over_balls,
)
from bpcli.numbers.powers import exponential, logarithm, power
from bpcli.numbers.system import NumberSystem

LONGEST_ANGLE = 100_000  # bits before the point
FAR_OUT = 4  # erfc(4) is 2**-26
SMALLEST_PRECISION = 64
BITS_IN_E = 1.4426  # log2(e), rounded down
FURTHEST_LEFT = 10  # bits of a negative argument of polygamma


def _cube_root(x: Ball | float) -> Ball:
    ball = exactly(x)
    if ball.middle is None or not ball.middle[0]:
        return _positive_cube_root(ball)
    return -_positive_cube_root(-ball)


_positive_cube_root = inverting(context.cbrt, lambda root: root * root * root)


def _log_gamma(x: Any) -> Any:
    return context.log(abs(context.gamma(x))) if x < 0 else context.loggamma(x)


def _lgamma(x: Ball | float) -> Ball:
    """log|Γ(x)|; left open far to the left, where poles lie everywhere."""
    ball = exactly(x)
    is_far = ball.middle is not None and ball.middle[0] and ball.magnitude > LARGEST_ARGUMENT_OF_EXP
    return UNRESOLVED if is_far else between_poles(_log_gamma, lambda x: 2 if x[0] else NO_PARTS)(ball)


def _error_function(x: Any) -> Any:
    """erf; of a large argument as 1 - erfc, which needs no more digits than 1 leaves of it."""
    if abs(x) < FAR_OUT:
        return context.erf(x)
    with context.workprec(max(SMALLEST_PRECISION, context.prec - int(x * x * BITS_IN_E) + SMALLEST_PRECISION)):
        rest = context.erfc(abs(x))
    return context.sign(x) * (1 - rest)


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
    """The n-th derivative of digamma; left open far to the left, where mpmath adds up as many terms as x has units."""
    ball = exactly(x)
    if ball.middle is not None and ball.magnitude > (FURTHEST_LEFT if ball.middle[0] else LONGEST_ANGLE):
        return UNRESOLVED
    # What cancels at its zeros: right of 0 digamma's logarithm, left of it the n-th derivative of pi*cot(pi*x).
    left = 2 * (int(n) + 1) + factorial(int(n)).bit_length() + 4
    return between_poles(partial(context.psi, int(n)), lambda x: left if x[0] else NO_PARTS if n else 4)(ball)


def _angle(y: Ball | float, x: Ball | float) -> Ball:
    side, along = exactly(y), exactly(x)
    is_left = at_most(along, along.error) and not (along.is_exact and along.is_zero)
    if is_left and not side.is_exact and at_most(side.size, side.error):
        return within(0, 4)  # on either side of the cut
    return _exact_angle(side, along)


_exact_angle = over_balls(context.atan2)


def _gamma(x: Ball | float) -> Ball:
    ball = exactly(x)
    if ball.middle is None or ball.magnitude <= LARGEST_ARGUMENT_OF_EXP:
        return _bounded_gamma(ball)
    if not ball.middle[0]:
        return UNDEFINED
    if not ball.is_exact:
        return UNRESOLVED
    return UNDEFINED if ball.middle[2] >= 0 else Ball(fzero, SMALLEST)


_bounded_gamma = between_poles(context.gamma)


def _tangent(x: Ball | float) -> Ball:
    ball = exactly(x)
    return _exact_tangent(ball) if ball.is_exact else quotient(FUNCTIONS["sin"](ball), FUNCTIONS["cos"](ball))


def _periodic(function: Callable[..., Any], otherwise: Ball) -> Callable[..., Ball]:
    """A function of an angle, of which nothing is known where the angle is known to no better than 1.

    Nor is it worked out for angles that would take very many digits of pi.
    """
    lifted = over_balls(function)

    def of_ball(x: Ball | float) -> Ball:
        ball = exactly(x)
        if ball.middle is None:
            return ball
        is_lost = ball.magnitude > LONGEST_ANGLE or at_most(exactly(1), ball.error)
        return Ball(otherwise.middle, otherwise.radius) if is_lost else lifted(ball)

    return of_ball


_exact_tangent = _periodic(context.tan, UNRESOLVED)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: over_balls(getattr(context, name))
        for name in (
            *("asin", "acos", "atan"),
            *("asinh", "atanh", "log1p"),
        )
    },
    "sin": _periodic(context.sin, Ball(fzero, fone)),
    "cos": _periodic(context.cos, Ball(fzero, fone)),
    "tan": _tangent,
    "atan2": _angle,
    "acosh": over_balls(lambda x: 2 * context.asinh(context.sqrt((x - 1) / 2))),
    "digamma": between_poles(context.digamma, lambda x: 8 if x[0] else 4),
    "exp": exponential,
    "log": logarithm,
    "exp2": bounded(lambda x: context.power(2, x), 0, None),
    "expm1": bounded(context.expm1, -1, None),
    "sinh": bounded(context.sinh, None, None),
    "cosh": bounded(context.cosh, None, None),
    "tanh": bounded(context.tanh, -1, 1),
    "erf": bounded(_error_function, -1, 1),
    "erfc": bounded(context.erfc, 2, 0),
    "hypot": lambda x, y: FUNCTIONS["sqrt"](exactly(x) * x + exactly(y) * y),
    "sqrt": inverting(context.sqrt, lambda root: root * root),
    "log2": inverting(lambda x: context.log(x, 2), lambda n: power(2, n)),
    "log10": inverting(context.log10, lambda n: power(10, n)),
    "cbrt": _cube_root,
    "gamma": _gamma,
    "lgamma": _lgamma,
    "polygamma": _polygamma,
    "sinc": _sinc,
    "add": lambda x, y: total(exactly(x), exactly(y)),
    "sub": lambda x, y: total(exactly(x), -exactly(y)),
    "mul": lambda x, y: product(exactly(x), exactly(y)),
    "div": lambda x, y: quotient(exactly(x), exactly(y)),
    "neg": lambda x: -exactly(x),
    "pow": power,
    "constant_pow": power,
    "abs": absolute,
    "sign": sign_of,
    "floor": staircase(mpf_floor, 0),
    "ceil": staircase(mpf_ceil, 0),
    "round": staircase(mpf_nint, 0.5),
    "maximum": maximum,
    "minimum": minimum,
    "clip": lambda x, low, high: minimum(maximum(x, low), high),
    "where": chosen,
    "greater": comparison(1),
    "less": comparison(-1),
    "greater_equal": comparison(0, 1),
    "less_equal": comparison(-1, 0),
    "equal": comparison(0),
    "not_equal": comparison(-1, 1),
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
