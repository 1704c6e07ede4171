"""Special functions that neither `math` nor NumPy has, for one float: polygamma and the derivatives of sinc."""

import math
from functools import cache

# Bernoulli numbers B_2, B_4, …, B_24 (Abramowitz & Stegun 1964, table 23.2).
BERNOULLI = (
    1 / 6,
    -1 / 30,
    1 / 42,
    -1 / 30,
    5 / 66,
    -691 / 2730,
    7 / 6,
    -3617 / 510,
    43867 / 798,
    -174611 / 330,
    854513 / 138,
    -236364091 / 2730,
)

SERIES_REACH = 0.35  # where the Taylor series and the recurrence of sinc lose equally many digits, per derivative


def digamma(x: float) -> float:
    """The logarithmic derivative of gamma, Γ'(x)/Γ(x). Infinite at 0; raises ValueError at the poles -1, -2, …."""
    return polygamma(x, n=0)


def polygamma(x: float, *, n: float) -> float:
    """The n-th derivative of digamma at x.

    Infinite at 0; raises ValueError at the poles -1, -2, …. Recurrence up to where the asymptotic series converges,
    reflection from the left half-line (Abramowitz & Stegun 1964, 6.4.6, 6.4.7, 6.4.11; n = 0: 6.3.5, 6.3.7, 6.3.18).
    """
    order = int(n)
    if x == 0:
        return math.copysign(math.inf, order % 2 - 0.5)  # the limit from the right, as PyTorch has it
    if x < 0 and (math.isinf(x) or x == math.floor(x)):
        raise ValueError(x)
    if x < -order - 1:
        return _reflected(order, x)
    total = 0.0
    sign = -1.0 if order % 2 == 0 else 1.0
    while x < 12 + order:
        total += sign * math.factorial(order) * _power(1 / x, order + 1)
        x += 1
    return total + _asymptotic(order, 1 / x)


def _power(base: float, exponent: int) -> float:
    """base**exponent, infinite where Python would raise."""
    try:
        return base**exponent
    except OverflowError:
        return math.copysign(math.inf, base) if exponent % 2 else math.inf


def _asymptotic(order: int, inverse: float) -> float:
    """The asymptotic series at x = 1/inverse; in powers of the inverse, so that a large x overflows nothing."""
    square = inverse * inverse
    if order == 0:
        series = math.fsum(-number / (2 * k) * square**k for k, number in enumerate(BERNOULLI, 1))
        return -math.log(inverse) - inverse / 2 + series
    sign = -1.0 if order % 2 == 0 else 1.0
    leading = math.factorial(order - 1) + math.factorial(order) * inverse / 2
    series = math.fsum(
        number * (math.factorial(2 * k + order - 1) / math.factorial(2 * k)) * square**k
        for k, number in enumerate(BERNOULLI, 1)
    )
    # In two halves: 1600**-100 alone would leave the range of float64, where the product does not.
    return sign * (leading + series) * inverse ** (order // 2) * inverse ** (order - order // 2)


def _reflected(order: int, x: float) -> float:
    # ψ_n(1-x) + (-1)^(n+1) ψ_n(x) = (-1)^n π (d/dx)^n cot(πx), the derivative a polynomial in cot(πx).
    # cot has period 1 in x; the smaller of an angle and its complement keeps its digits, and cot(π/2) is 0 exactly.
    offset = x - round(x)
    tangent = math.tan(math.pi * min(abs(offset), 0.5 - abs(offset)))
    cotangent = math.copysign(tangent if abs(offset) > 1 / 4 else 1 / tangent, offset)
    value = 0.0
    for coefficient in reversed(_cotangent_derivative(order)):
        value = value * cotangent + coefficient
    sign = 1.0 if order % 2 == 0 else -1.0
    return sign * polygamma(1 - x, n=order) - math.pi ** (order + 1) * value


@cache
def _cotangent_derivative(order: int) -> tuple[float, ...]:
    """Coefficients, lowest first, of the polynomial p with d^n cot(u)/du^n = p(cot u): p' = -(1 + c²) dp/dc."""
    polynomial = [0.0, 1.0]
    for _ in range(order):
        slope = [k * coefficient for k, coefficient in enumerate(polynomial)][1:]
        lifted = [*slope, 0.0, 0.0]
        for k, coefficient in enumerate(slope):
            lifted[k + 2] += coefficient
        polynomial = [-coefficient for coefficient in lifted]
    return tuple(polynomial)


def sinc(x: float, *, derivative: float = 0) -> float:
    """The derivative of the given order of sin(πx)/(πx), which is 1 at 0 (NumPy's normalised sinc).

    From the integral sinc(x) = ∫₀¹ cos(πxt) dt: a Taylor series near 0, the recurrence
    x·S_n + n·S_(n-1) = π^(n-1)·sin(πx + nπ/2) where it is stable.
    """
    order = int(derivative)
    if abs(math.pi * x) <= 2 + SERIES_REACH * order:
        return _sinc_series(x, order)
    value = _sine(x, 0) / (math.pi * x)
    for k in range(1, order + 1):
        value = (math.pi ** (k - 1) * _sine(x, k) - k * value) / x
    return value


def _sine(x: float, quarter_turns: int) -> float:
    angle = math.pi * math.fmod(x, 2)
    return (math.sin(angle), math.cos(angle), -math.sin(angle), -math.cos(angle))[quarter_turns % 4]


def _sinc_series(x: float, order: int) -> float:
    # The (order)-th derivative of Σ (-1)^j (πx)^(2j)/(2j+1)!, term by term.
    angle = math.pi * x
    terms = []
    for j in range((order + 1) // 2, (order + 1) // 2 + 40 + order):
        power = 2 * j - order
        terms.append((-1.0) ** j * angle**power / (math.factorial(power) * (2 * j + 1)))
    return math.pi**order * math.fsum(terms)
