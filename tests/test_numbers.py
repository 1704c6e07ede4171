"""Numbers that are hard to get right: special functions, IEEE 754 where Python raises, forms that keep their digits.

Special functions are held against mpmath at 50 digits; the rest goes through `bpcli.grad`, as a user does.
"""

import math
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf  # type: ignore[import-untyped]  # mpmath ships no types

from bpcli import grad
from bpcli.graph.node import Node
from bpcli.graph.notation import render
from bpcli.graph.order import graph_of
from bpcli.numbers.arrays import arrays
from bpcli.numbers.evaluate import evaluate
from bpcli.numbers.special import digamma, polygamma, sinc
from bpcli.ops import ELEMENTWISE
from bpcli.report.catalogue import sample_node

DIGITS = 50
EPSILON = 2.0**-52
UNDERFLOW = 2.0**-1022  # below it float64 has fewer digits, then none
SERIES = 32  # roundings of 12 terms of an asymptotic series, up to 18 of a recurrence, and powers
CANCELLED = 64  # the series and the recurrence of sinc, at worst where one takes over from the other
ROUNDING = 4  # one or two calls of the mathematical library
COMPOSED = 64  # a stable form is a composition of several calls

NAN, INF = math.nan, math.inf

BETWEEN_POLES = (-0.5, -1.3, -2.75, -6.1, -13.6, -14.5, -100.4, -1234.75)
NEXT_TO_POLES = tuple(pole + offset for pole in (0, -1, -3, -9) for offset in (1e-9, -1e-9, 1e-4, -1e-4))
MODERATE = (1e-12, 0.003, 0.25, 0.5, 1.0, 1.4616, 2.0, 3.7, 9.99, 11.5, 12.0, 30.25, 170.0)
LARGE = (1e3, 12345.678, 1e7, 1e12)
NEAR_ZERO = (0.0, -0.0, 1e-300, 1e-9, -1e-4, 0.01, 0.3, 0.35, -0.5)
HUGE = (1e13, 1e20, 1e45, 1e100)


def near(value: Any) -> Any:
    """Equal up to the rounding of the mathematical library; 0 and what is not finite must be met exactly."""
    return pytest.approx(value, rel=ROUNDING * EPSILON, abs=0, nan_ok=True)


@pytest.mark.parametrize("order", range(7))
@pytest.mark.parametrize("x", [*MODERATE, *LARGE, *HUGE, *BETWEEN_POLES, *NEXT_TO_POLES])
def test_polygamma_is_exact_up_to_rounding(order: int, x: float) -> None:
    """Polygamma of orders 0 to 6: small, moderate and huge arguments, left of zero, and next to poles."""
    with mp.workdps(DIGITS):
        value = mp.re(mp.polygamma(order, mpf(x)))
    # Left of 0 derivatives of π·cot(πx), which have zeros, are a part of it; right of 0 only digamma has one.
    part = math.factorial(order) * math.pi ** (order + 1) if x < 0 else float(order == 0)

    found = polygamma(x, n=order)

    assert abs(mpf(found) - value) <= SERIES * EPSILON * (abs(value) + part) + UNDERFLOW


def test_digamma_is_polygamma_of_order_zero() -> None:
    """Both names are one function."""
    found = [digamma(x) for x in MODERATE + BETWEEN_POLES]

    assert found == [polygamma(x, n=0) for x in MODERATE + BETWEEN_POLES]


@pytest.mark.parametrize(("order", "limit"), [(0, -math.inf), (1, math.inf), (2, -math.inf), (3, math.inf)])
def test_polygamma_is_infinite_at_zero(order: int, limit: float) -> None:
    """At 0 it has the limit from the right, as PyTorch has it for digamma."""
    found = polygamma(0.0, n=order)

    assert found == limit


@pytest.mark.parametrize("x", [-1.0, -7.0, -1e20])
def test_polygamma_has_poles(x: float) -> None:
    """At -1, -2, … there is no value."""
    with pytest.raises(ValueError, match=re.escape(str(x))):
        polygamma(x, n=1)


def sinc_derivative(x: Any, order: int) -> Any:
    """The derivative of sin(πx)/(πx) by its power series, at digits enough for what cancels in it."""
    with mp.workdps(DIGITS + int(3 * abs(x)) + 20):
        terms = range((order + 1) // 2, 40 + int(9 * abs(x)))
        powers = [mpf(x) ** (2 * j - order) * mp.ff(2 * j, order) for j in terms]
        return mp.fsum((-1) ** j * mp.pi ** (2 * j) / mp.fac(2 * j + 1) * p for j, p in zip(terms, powers, strict=True))


@pytest.mark.parametrize("order", range(9))
@pytest.mark.parametrize(
    "x",
    [*NEAR_ZERO, 0.637, 0.9999, 1.0, -1.5, 2.0, 2.5, 3.0, 3.2, -4.7, 10.1, 12.0]
    + [(2 + order) / math.pi for order in range(9)],
)
def test_sinc_and_its_derivatives_are_exact_up_to_rounding(order: int, x: float) -> None:
    """Orders 0 to 8 at 0, next to it, at whole numbers, and where the recurrence takes over from the series."""
    value = sinc_derivative(x, order)
    envelope = math.pi**order / max(1.0, math.pi * abs(x))  # the size of the oscillation, of which zeros are a part

    found = sinc(x, derivative=order)

    assert abs(mpf(found) - value) <= CANCELLED * EPSILON * envelope


@pytest.mark.parametrize("order", range(9))
@pytest.mark.parametrize("x", [20.3, -57.9, 1e3, 1e6 + 0.3, -1e9 - 0.25])
def test_sinc_of_a_large_argument_keeps_its_digits(order: int, x: float) -> None:
    """Far from 0 the phase is reduced exactly, so the oscillation is neither shifted nor scaled."""
    with mp.workdps(DIGITS):
        value = mp.diff(lambda t: mp.sinc(mp.pi * t), mpf(x), order)
    envelope = math.pi**order / (math.pi * abs(x))

    found = sinc(x, derivative=order)

    assert abs(mpf(found) - value) <= SERIES * EPSILON * envelope


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("gamma(0.5)", math.sqrt(math.pi)),
        ("gamma(5)", 24.0),
        ("gamma(-0.5)", -2 * math.sqrt(math.pi)),
        ("lgamma(-0.5)", 1.2655121234846454),
        ("lgamma(100)", 359.1342053695754),
        ("erf(1)", 0.8427007929497149),
        ("erfc(1)", 0.15729920705028513),
        ("erfc(10)", 2.088487583762545e-45),
        ("digamma(1)", -0.5772156649015329),
        ("digamma(0.5)", -1.9635100260214235),
        ("polygamma(1, 1)", math.pi**2 / 6),
        ("polygamma(1, 0.5)", math.pi**2 / 2),
        ("polygamma(2, 1)", -2.404113806319189),
        ("polygamma(3, 1)", math.pi**4 / 15),
        ("sinc(0.5)", 2 / math.pi),
        ("sinc(0)", 1.0),
        ("sinc(0, derivative=2)", -(math.pi**2) / 3),
        ("cbrt(-8)", -2.0),
        ("gelu(1)", 0.8413447460685429),
        ("softplus(0)", math.log(2)),
        ("atan2(1, -1)", 3 * math.pi / 4),
        ("asec(-2)", 2 * math.pi / 3),
        ("acot(-1)", -math.pi / 4),
    ],
)
def test_a_value_is_the_one_in_the_literature(text: str, value: float) -> None:
    """Closed forms and tables (DLMF chapters 4, 5, 7, 25: -γ, ζ(2), -2ζ(3), 6ζ(4)), and NumPy's principal values."""
    found = grad(text).value

    assert found == pytest.approx(value, rel=SERIES * EPSILON, abs=0)


@pytest.mark.parametrize(
    ("text", "at", "value", "slopes"),
    [
        ("1/x", {"x": 0.0}, INF, {"x": -INF}),
        ("-1/x", {"x": 0.0}, -INF, {"x": INF}),
        ("x/y", {"x": 0.0, "y": 0.0}, NAN, {"x": INF, "y": NAN}),
        ("log(x)", {"x": 0.0}, -INF, {"x": INF}),
        ("log(x)", {"x": -1.0}, NAN, {"x": -1.0}),
        ("sqrt(x)", {"x": -1.0}, NAN, {"x": NAN}),
        ("exp(x)", {"x": 1000.0}, INF, {"x": INF}),
        ("exp(-x)", {"x": 1000.0}, 0.0, {"x": 0.0}),
        ("cosh(x)", {"x": -1000.0}, INF, {"x": -INF}),
        ("sech(x)", {"x": 1000.0}, 0.0, {"x": 0.0}),
        ("coth(x)", {"x": -1000.0}, -1.0, {"x": 0.0}),
        ("lgamma(x)", {"x": -1.0}, INF, {"x": NAN}),
        ("lgamma(x)", {"x": 1e308}, INF, {"x": 709.1962086421661}),
        ("gamma(x)", {"x": 200.0}, INF, {"x": INF}),
        ("gamma(x)", {"x": -1.0}, NAN, {"x": NAN}),
        ("digamma(x)", {"x": -1.0}, NAN, {"x": NAN}),
        ("digamma(log(x))", {"x": 0.0}, NAN, {"x": NAN}),
        ("polygamma(1, x)", {"x": 1e-200}, INF, {"x": -INF}),
        ("polygamma(1, x)", {"x": -1e-200}, INF, {"x": INF}),
        ("x**2", {"x": 1e200}, INF, {"x": 2e200}),
        ("x**y", {"x": 10.0, "y": 400.0}, INF, {"x": INF, "y": INF}),
        ("x**y", {"x": -8.0, "y": 1 / 3}, NAN, {"x": NAN, "y": NAN}),
        ("x**(1/3)", {"x": -8.0}, NAN, {"x": NAN}),
        ("x**y", {"x": -2.0, "y": 3.0}, -8.0, {"x": 12.0, "y": NAN}),
        ("exp(x) - exp(x)", {"x": 1000.0}, NAN, {"x": NAN}),
        ("atan(x)", {"x": 1e200}, math.pi / 2, {"x": 0.0}),
        ("erf(x)", {"x": -1e200}, -1.0, {"x": 0.0}),
        ("logaddexp(log(x), log(x))", {"x": 0.0}, -INF, {"x": NAN}),
    ],
)
def test_where_python_raises_ieee_754_answers(
    text: str, at: dict[str, float], value: float, slopes: dict[str, float]
) -> None:
    """Overflow, poles and values that are not real give infinity, 0 or NaN, never an exception nor a complex number."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = grad(text, at)

    assert type(result.value) is float
    assert result.value == near(value)
    assert dict(result.gradients) == near(slopes)
    assert bool(result.warnings) != result.is_finite


@pytest.mark.parametrize(
    ("text", "x", "value", "slope"),
    [
        ("sigmoid(x)", 1000.0, 1.0, 0.0),
        ("sigmoid(x)", -1000.0, 0.0, 0.0),
        ("softplus(x)", 1000.0, 1000.0, 1.0),
        ("softplus(x)", -1000.0, 0.0, 0.0),
        ("softplus(x, 5)", 1e300, 1e300, 1.0),
        ("logsigmoid(x)", -1000.0, -1000.0, 1.0),
        ("logsigmoid(x)", 1000.0, 0.0, 0.0),
        ("logaddexp(x, x)", 1000.0, 1000.0 + math.log(2), 1.0),
        ("logaddexp(x, -x)", 1000.0, 1000.0, 1.0),
        ("logaddexp(x, x)", 1e17, 1e17, 1.0),
        ("tanh(x)", 1000.0, 1.0, 0.0),
        ("silu(x)", -1000.0, 0.0, 0.0),
        ("silu(x)", 1000.0, 1000.0, 1.0),
        ("mish(x)", -1000.0, 0.0, 0.0),
        ("mish(x)", 1000.0, 1000.0, 1.0),
        ("gelu(x)", -1000.0, 0.0, 0.0),
        ("gelu(x)", 1000.0, 1000.0, 1.0),
        ("gelu(x, approximate='tanh')", -1000.0, 0.0, 0.0),
        ("gelu(x, approximate='tanh')", 1000.0, 1000.0, 1.0),
        ("gelu(x, approximate='tanh')", -1e160, 0.0, 0.0),
        ("gelu(x, approximate='tanh')", 1e160, 1e160, 1.0),
        ("elu(x)", -1000.0, -1.0, 0.0),
        ("elu(x)", 1000.0, 1000.0, 1.0),
        ("softsign(x)", 1e200, 1.0, 0.0),
        ("hypot(x, 1)", 1e300, 1e300, 1.0),
        ("asinh(x)", -1e200, -461.2101657793691, 1e-200),
        ("acoth(x)", 1e200, 1e-200, 0.0),
        ("asec(x)", 1e200, math.pi / 2, 0.0),
        ("digamma(x)", 1e20, 46.051701859880914, 1e-20),
    ],
)
def test_an_extreme_argument_neither_overflows_nor_loses_the_answer(
    text: str, x: float, value: float, slope: float
) -> None:
    """Saturated functions have their limits, and slopes theirs, as finite numbers."""
    result = grad(text, {"x": x})

    assert result.value == near(value)
    assert result.gradients == near({"x": slope})


@pytest.mark.parametrize(
    ("text", "function", "x"),
    [
        ("gelu(x)", lambda t: t * mp.ncdf(t), -10.0),
        ("sigmoid(x)", lambda t: 1 / (1 + mp.exp(-t)), -40.0),
        ("logsigmoid(x)", lambda t: -mp.log1p(mp.exp(-t)), 40.0),
        ("softplus(x)", lambda t: mp.log1p(mp.exp(t)), -40.0),
        ("elu(x)", mp.expm1, -1e-12),
        ("silu(x)", lambda t: t / (1 + mp.exp(-t)), -40.0),
        ("mish(x)", lambda t: t * mp.tanh(mp.log1p(mp.exp(t))), -40.0),
        *[("asech(x)", mp.asech, x) for x in (1 - 2**-53, 1 - 1e-12, 1 - 1e-6, 0.5, 1e-300)],
        *[("asec(x)", mp.asec, x) for x in (1 + 2**-52, 1 + 1e-12, -1 - 1e-12, 1.5, -30.0)],
        *[("acsc(x)", mp.acsc, x) for x in (1 + 2**-52, 1 + 1e-12, -1 - 1e-12, 1.5, -30.0, 1e9, 1e200)],
        *[("acoth(x)", mp.acoth, x) for x in (1 + 2**-52, 1 + 1e-12, -1 - 1e-12, 1.5, -30.0, 1e9)],
        *[("acosh(x)", mp.acosh, x) for x in (1 + 2**-52, 1 + 1e-12, 1e9)],
        *[("atanh(x)", mp.atanh, x) for x in (1 - 2**-53, -1 + 1e-12)],
        *[("asin(x)", mp.asin, x) for x in (1 - 2**-53, -1 + 1e-12)],
        ("acsch(x)", mp.acsch, 1e-9),
        ("expm1(x)", mp.expm1, 1e-12),
        ("log1p(x)", mp.log1p, 1e-12),
    ],
)
def test_a_stable_form_keeps_its_digits(text: str, function: Callable[[Any], Any], x: float) -> None:
    """Value and slope have small relative errors next to branch points, in tails and next to zeros."""
    with mp.workdps(4 * DIGITS):  # differences at 1e200 need digits of their own
        value, slope = function(mpf(x)), mp.diff(function, mpf(x), h=mpf(x) * mpf(10) ** -60)

    result = grad(text, {"x": x})

    assert abs(mpf(result.value) - value) <= COMPOSED * EPSILON * abs(value) + UNDERFLOW
    assert abs(mpf(result.gradients["x"]) - slope) <= COMPOSED * EPSILON * abs(slope) + UNDERFLOW


@pytest.mark.parametrize("size", [1.0, 1e3, 1e8, 1e16])
def test_logaddexp_shares_the_gradient_between_equals_of_any_size(size: float) -> None:
    """The slopes are sigmoids of the difference, which do not depend on how large both are."""
    found = grad("logaddexp(x, y)", {"x": size, "y": size}).gradients

    assert found == near({"x": 0.5, "y": 0.5})


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e200])
def test_atan2_has_its_gradient_at_points_of_any_size(size: float) -> None:
    """The slopes are x/r² and -y/r², which are numbers where r² is none."""
    found = grad("atan2(y, x)", {"y": size, "x": size}).gradients

    assert found == near({"y": 0.5 / size, "x": -0.5 / size})


@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("case", [node for node in map(sample_node, ELEMENTWISE) if len(node.inputs) == 1], ids=render)
def test_arrays_say_the_same_as_floats_beyond_the_finite_numbers(case: Node, x: float) -> None:
    """An infinity or NaN that arose on the way is met alike by both number systems."""
    graph = graph_of(case)
    name = graph.variables[0].name
    with np.errstate(all="ignore"):
        several = evaluate(graph, {name: np.array([x])}, arrays)[case]
    one = evaluate(graph, {name: x})[case]

    assert float(several[0]) == near(float(one))
