"""Powers of balls, as NumPy has them for reals: of a negative base only whole powers, and 0**0 is 1."""

from mpmath.libmp import (  # type: ignore[import-untyped]  # mpmath ships no types
    fone,
    fzero,
    mpf_abs,
    mpf_add,
    mpf_le,
    mpf_nint,
    mpf_pow,
    mpf_pow_int,
    mpf_sub,
    to_int,
)

from bpcli.numbers.balls import (
    RADIUS_BITS,
    UNDEFINED,
    UNRESOLVED,
    Ball,
    context,
    exactly,
    product,
    quotient,
    rounded,
    working,
    worst,
)
from bpcli.numbers.lifting import SHORT, bounded, over_balls

LARGEST_WHOLE_POWER = 100_000  # that is multiplied out
WORKED_OUT = 20  # bits of y*log(x) up to which mpmath takes the power
exponential = bounded(context.exp, 0, None)
logarithm = over_balls(context.log)


def power(base: Ball | float, exponent: Ball | float) -> Ball:  # noqa: PLR0911 - a case each
    """base**exponent as NumPy has it for reals: of a negative base only whole powers, and 0**0 is 1."""
    x, y = exactly(base), exactly(exponent)
    if x.middle is None or y.middle is None:
        return worst(x, y)
    if y.is_exact and y.middle[2] >= 0 and y.magnitude <= SHORT:
        return _whole_power(x, to_int(y.middle))
    if x.is_exact and x.is_zero:
        return _power_of_zero(y)
    if x.is_exact and x.middle == fone:
        return exactly(1)
    if mpf_le(mpf_abs(x.middle), x.radius):
        return UNRESOLVED
    if x.middle[0]:
        if y.is_exact and y.middle[2] >= 0:  # a whole number beyond those that are multiplied out
            size = tame_power(-x, y)
            return -size if y.middle[2] == 0 else size
        return UNDEFINED if y.is_exact or not _holds_whole(y) else UNRESOLVED
    grows = y.magnitude + max(x.magnitude.bit_length(), 1) > WORKED_OUT
    return tame_power(x, y) if grows else _real_power(x, y)


def _power_of_zero(exponent: Ball) -> Ball:
    if exponent.middle is None or mpf_le(mpf_abs(exponent.middle), exponent.radius):
        return UNRESOLVED
    return UNDEFINED if exponent.middle[0] else Ball(fzero)


_real_power = over_balls(lambda x, y: context.make_mpf(mpf_pow(x._mpf_, y._mpf_, context.prec, "n")))


def tame_power(x: Ball, y: Ball) -> Ball:
    """exp(y·log(x)), for a positive base and a result that may be beyond every bound."""
    return exponential(product(y, logarithm(x)))


def _holds_whole(y: Ball) -> bool:
    nearest = mpf_nint(y.middle)
    return bool(mpf_le(mpf_abs(mpf_sub(nearest, y.middle)), y.radius))


def _whole_power(x: Ball, n: int) -> Ball:
    if x.middle is None:
        return x
    if not x.middle[1] and x.is_exact:
        return UNDEFINED if n < 0 else exactly(int(n == 0))
    if abs(n) > LARGEST_WHOLE_POWER:
        size = tame_power(Ball(mpf_abs(x.middle), x.radius), exactly(n))
        return -size if x.middle[0] and n % 2 else size
    if n < 0:
        return quotient(exactly(1), _whole_power(x, -n))
    middle = mpf_pow_int(x.middle, n, working.bits, "n")
    is_exact = x.middle[3] * n <= working.bits
    if x.radius is fzero or n == 0:
        return rounded(middle, fzero, is_exact=is_exact or n == 0)
    # |(a ± r)**n - a**n| <= (|a| + r)**n - |a|**n
    size, bits = mpf_abs(x.middle), working.bits + RADIUS_BITS
    above, below = mpf_pow_int(mpf_add(size, x.radius, bits, "u"), n, bits, "u"), mpf_pow_int(size, n, bits, "d")
    return rounded(middle, mpf_sub(above, below, RADIUS_BITS, "u"), is_exact=is_exact)
