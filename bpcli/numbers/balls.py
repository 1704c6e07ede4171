"""Balls: numbers of many digits that know their own error. A ball is a middle and a radius around the true value.

Arithmetic rounds the middle to `working.bits` bits and adds what was rounded away to the radius, so a result tells how
much of it is known (Johansson 2017, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic). Sums and
products of exact numbers stay exact while they fit. Where an op has no value the result is `UNDEFINED`, where the
digits do not tell whether it has one, `UNRESOLVED`; both pass through every further op.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from mpmath import MPContext  # type: ignore[import-untyped]  # mpmath ships no types
from mpmath.libmp import (  # type: ignore[import-untyped]  # the same
    from_float,
    from_int,
    fzero,
    mpf_abs,
    mpf_add,
    mpf_cmp,
    mpf_div,
    mpf_eq,
    mpf_le,
    mpf_mul,
    mpf_neg,
    mpf_shift,
    mpf_sub,
    to_float,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

Mpf = tuple[int, int, int, int]  # mpmath's own form: sign, mantissa, exponent, bits of the mantissa

NUMBER = (int, float)
RADIUS_BITS = 30
LARGEST_EXPONENT = 2**40  # values stay within 2**±2**40; exp(1e9) is among them
context = MPContext()


class Outcome(NamedTuple):
    """What a comparison, or a rounding, came to at one op: `tied` where the smallest change would alter it."""

    result: int | None
    tied: bool


class Working:
    """The precision at work, in bits, and the record of what was compared."""

    def __init__(self) -> None:
        self.bits = 320
        self.trail: list[Outcome] | None = None


working = Working()
context.prec = working.bits


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Work with so many bits for a while."""
    before = working.bits
    working.bits = context.prec = bits
    try:
        yield
    finally:
        working.bits = context.prec = before


@contextmanager
def recorded() -> Iterator[list[Outcome]]:
    """The outcome of every comparison that is made meanwhile, in order."""
    before = working.trail
    trail: list[Outcome] = []
    working.trail = trail
    try:
        yield trail
    finally:
        working.trail = before


class Ball:
    """A real number known to within a radius; `middle` is None where there is no number."""

    __slots__ = ("middle", "radius")

    def __init__(self, middle: Mpf | None, radius: Mpf = fzero) -> None:
        self.middle = middle
        self.radius = radius

    def __repr__(self) -> str:
        if self.middle is None:
            return "<undefined>" if self is UNDEFINED else "<unresolved>"
        return f"<{context.nstr(context.make_mpf(self.middle), 17)} ± {context.nstr(context.make_mpf(self.radius), 2)}>"

    def __float__(self) -> float:
        return float("nan") if self.middle is None else to_float(self.middle, rnd="n")

    @property
    def is_exact(self) -> bool:
        """Whether the middle is the number itself."""
        return self.middle is not None and self.radius == fzero

    @property
    def magnitude(self) -> int:
        """The exponent of the smallest power of two above the middle; very small for 0."""
        middle = self.middle
        return middle[2] + middle[3] if middle and middle[1] else -10 * LARGEST_EXPONENT

    @property
    def error(self) -> Ball:
        """The radius, as a number."""
        return Ball(self.radius)

    @property
    def centre(self) -> Ball:
        """The middle, without its radius."""
        return self if self.middle is None else Ball(self.middle)

    @property
    def size(self) -> Ball:
        """The absolute value of the middle."""
        return self if self.middle is None else Ball(mpf_abs(self.middle))

    @property
    def is_zero(self) -> bool:
        """Whether the middle is 0."""
        return self.middle is not None and not self.middle[1]

    def __neg__(self) -> Ball:
        return self if self.middle is None else Ball(mpf_neg(self.middle), self.radius)

    # Beside an array `NotImplemented` lets NumPy take the array entry by entry.

    def __add__(self, other: Ball | float) -> Ball:
        if type(other) is Ball:
            return total(self, other)
        return total(self, exactly(other)) if isinstance(other, NUMBER) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Ball | float) -> Ball:
        if type(other) is Ball:
            return total(self, -other)
        return total(self, -exactly(other)) if isinstance(other, NUMBER) else NotImplemented

    def __rsub__(self, other: float) -> Ball:
        return total(exactly(other), -self)

    def __mul__(self, other: Ball | float) -> Ball:
        if type(other) is Ball:
            return product(self, other)
        return product(self, exactly(other)) if isinstance(other, NUMBER) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, other: Ball | float) -> Ball:
        if type(other) is Ball:
            return quotient(self, other)
        return quotient(self, exactly(other)) if isinstance(other, NUMBER) else NotImplemented

    def __rtruediv__(self, other: float) -> Ball:
        return quotient(exactly(other), self)

    def widened(self, reach: Ball) -> Ball:
        """The same middle with a larger radius."""
        if self.middle is None or reach.middle is None:
            return worst(self, reach)
        return Ball(self.middle, mpf_add(self.radius, reach.middle, RADIUS_BITS, "u"))

    def shifted(self, bits: int) -> Ball:
        """The number times 2**bits, which rounds nothing."""
        return self if self.middle is None else Ball(mpf_shift(self.middle, bits), mpf_shift(self.radius, bits))

    def __pow__(self, exponent: int) -> Ball:
        power = exactly(1)
        for _ in range(exponent):
            power = product(power, self)
        return power


UNDEFINED = Ball(None)
UNRESOLVED = Ball(None)


def exactly(value: Ball | float) -> Ball:
    """A number of Python's own, which is what it is to the last bit."""
    if isinstance(value, Ball):
        return value
    if isinstance(value, int):
        return Ball(from_int(value))
    return Ball(from_float(value)) if value - value == 0 else UNDEFINED


def within(value: float, radius: float) -> Ball:
    """Some number no further than `radius` from `value`."""
    return Ball(from_float(value), from_float(radius))


def worst(*balls: Ball) -> Ball:
    """What an op over these comes to when one of them is no number."""
    return UNDEFINED if UNDEFINED in balls else UNRESOLVED


def rounded(middle: Mpf, radius: Mpf, *, is_exact: bool) -> Ball:
    """The ball around a middle that was rounded to the working precision; bounded in its exponent."""
    _, mantissa, exponent, bits = middle
    if not mantissa:
        return Ball(middle, radius)
    if exponent + bits > LARGEST_EXPONENT:
        return UNDEFINED
    if exponent + bits < -LARGEST_EXPONENT:
        return Ball(fzero, mpf_add(radius, (0, 1, -LARGEST_EXPONENT, 1), RADIUS_BITS, "u"))
    if not is_exact:
        radius = mpf_add(radius, (0, 1, exponent + bits - working.bits, 1), RADIUS_BITS, "u")
    return Ball(middle, radius)


def total(x: Ball, y: Ball) -> Ball:
    """X + y."""
    a, b = x.middle, y.middle
    if a is None or b is None:
        return worst(x, y)
    bits = working.bits
    middle = mpf_add(a, b, bits, "n")
    is_exact = x.radius is fzero and y.radius is fzero
    radius = fzero if is_exact else mpf_add(x.radius, y.radius, RADIUS_BITS, "u")
    if not a[1] or not b[1]:
        return rounded(middle, radius, is_exact=max(a[3], b[3]) <= bits)
    # Every bit of the exact sum lies between the lower end of the two and one above the higher top.
    span = max(a[2] + a[3], b[2] + b[3]) + 1 - min(a[2], b[2])
    return rounded(middle, radius, is_exact=span <= bits)


def product(x: Ball, y: Ball) -> Ball:
    """X · y."""
    a, b = x.middle, y.middle
    if a is None or b is None:
        return worst(x, y)
    middle = mpf_mul(a, b, working.bits, "n")
    if x.radius is fzero and y.radius is fzero:
        radius = fzero
    else:
        radius = _sum(_times(mpf_abs(a), y.radius), _times(mpf_abs(b), x.radius), _times(x.radius, y.radius))
    return rounded(middle, radius, is_exact=a[3] + b[3] <= working.bits)


def quotient(x: Ball, y: Ball) -> Ball:
    """X / y; undefined where y is 0, unresolved where it may be."""
    a, b = x.middle, y.middle
    if a is None or b is None:
        return worst(x, y)
    size = mpf_abs(b)
    if mpf_le(size, y.radius):
        return UNDEFINED if y.is_exact else UNRESOLVED
    middle = mpf_div(a, b, working.bits, "n")
    if x.radius is fzero and y.radius is fzero:
        return rounded(middle, fzero, is_exact=mpf_eq(mpf_mul(middle, b), a))
    # |x/y - a/b| <= (|a|·ry + |b|·rx) / (|b|·(|b| - ry))
    above = _sum(_times(mpf_abs(a), y.radius), _times(size, x.radius))
    below = mpf_mul(size, mpf_sub(size, y.radius, RADIUS_BITS, "d"), RADIUS_BITS, "d")
    return rounded(middle, mpf_div(above, below, RADIUS_BITS, "u"), is_exact=False)


def _times(x: Mpf, y: Mpf) -> Mpf:
    size: Mpf = mpf_mul(x, y, RADIUS_BITS, "u")
    return size


def _sum(*sizes: Mpf) -> Mpf:
    radius: Mpf = fzero
    for size in sizes:
        radius = mpf_add(radius, size, RADIUS_BITS, "u")
    return radius


def hull(x: Ball, y: Ball) -> Ball:
    """A ball that holds both."""
    if x.middle is None or y.middle is None:
        return UNRESOLVED
    apart = mpf_abs(mpf_sub(x.middle, y.middle, RADIUS_BITS, "u"))
    return Ball(x.middle, _sum(x.radius, y.radius, apart))


def ends(ball: Ball) -> tuple[Mpf, Mpf]:
    """The middle less and plus the radius, rounded outwards; a tiny radius takes no more digits than that."""
    bits = working.bits + RADIUS_BITS
    return (
        mpf_sub(ball.middle, ball.radius, bits, "f"),
        mpf_add(ball.middle, ball.radius, bits, "c"),
    )


def power_of_two(exponent: int) -> Ball:
    """2**exponent."""
    return Ball((0, 1, exponent, 1))


def distance(x: Ball, y: Ball) -> Ball:
    """|x - y| between the middles, rounded up, with no radius."""
    if x.middle is None or y.middle is None:
        return worst(x, y)
    return Ball(mpf_abs(mpf_sub(x.middle, y.middle, working.bits, "u")))


def at_most(x: Ball, y: Ball) -> bool:
    """Whether the middle of x is not above that of y; False where one is no number."""
    return x.middle is not None and y.middle is not None and bool(mpf_le(x.middle, y.middle))


def larger(x: Ball, y: Ball) -> Ball:
    """The one with the larger middle."""
    return y if at_most(x, y) else x


def smaller(x: Ball, y: Ball) -> Ball:
    """The one with the smaller middle."""
    return x if at_most(x, y) else y


def overlap(x: Ball, y: Ball) -> bool:
    """Whether two balls have a number in common."""
    return at_most(distance(x, y), x.error + y.error)


def compared(x: Ball, y: Ball) -> int | None:
    """The sign of x - y; None where the radii leave it open. What was found is put on record."""
    if x.middle is None or y.middle is None:
        return None
    sign: int | None = mpf_cmp(x.middle, y.middle)
    radius = fzero if x is y else mpf_add(x.radius, y.radius, RADIUS_BITS, "u")
    if radius != fzero and mpf_le(mpf_abs(mpf_sub(x.middle, y.middle, RADIUS_BITS, "d")), radius):
        sign = None
    if working.trail is not None:
        working.trail.append(Outcome(sign, sign == 0))
    return sign
