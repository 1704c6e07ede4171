"""Balls by themselves: which are exact, how they compare and what is put on record, their precision, their numbers."""

import math
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from exactness import BITS, EVERY_BIT, LOST, MANY, NARROW, applied, compute, fraction, holds, number, points, radius
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf  # type: ignore[import-untyped]  # mpmath ships no types
from test_laws import CASES

from bpcli import graph_of, parse
from bpcli.numbers.balls import (
    RADIUS_BITS,
    UNDEFINED,
    UNRESOLVED,
    Ball,
    Outcome,
    compared,
    context,
    exactly,
    hull,
    power_of_two,
    precision,
    recorded,
    within,
    working,
)
from bpcli.numbers.evaluate import evaluate
from bpcli.numbers.exact import exact

# What is exact, and what is not -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1*3 - 0.3", Fraction(0.1) * 3 - Fraction(0.3)),
        ("0.1 + 0.2", Fraction(0.1) + Fraction(0.2)),
        ("1e16 + 1 - 1e16", 1),
        ("1e40 + 1e-20 - 1e40", Fraction(1e-20)),
        ("0.1*0.2*0.3", Fraction(0.1) * Fraction(0.2) * Fraction(0.3)),
        ("5e-324*5e-324", Fraction(2) ** -2148),
        ("1e308*1e308", Fraction(1e308) ** 2),
        ("3/8", Fraction(3, 8)),
        ("0.3/0.1*0.1 - 0.3", None),
        ("1.5**3", Fraction(27, 8)),
        ("0.1**3", Fraction(0.1) ** 3),
        ("(-3)**3", -27),
        ("(-0.5)**-3", -8),
        ("2**300", 2**300),
        ("0**0", 1),
        ("0**0.5", 0),
        ("1**0.3", 1),
        ("1**1e300", 1),
        ("4**0.5", 2),
        ("exp(0)", 1),
        ("exp2(3)", 8),
        ("exp2(-2)", Fraction(1, 4)),
        ("expm1(0)", 0),
        ("cos(0)", 1),
        ("sin(0)", 0),
        ("tanh(0)", 0),
        ("erf(0)", 0),
        ("erfc(0)", 1),
        ("cosh(0)", 1),
        ("asinh(0)", 0),
        ("acos(1)", 0),
        ("acosh(1)", 0),
        ("log(1)", 0),
        ("log2(8)", 3),
        ("log2(1024)", 10),
        ("log10(1000)", 3),
        ("log1p(0)", 0),
        ("sqrt(4)", 2),
        ("sqrt(0)", 0),
        ("sqrt(1e16)", 10**8),
        ("sqrt(0.1*0.1)", Fraction(0.1)),
        ("cbrt(-27)", -3),
        ("cbrt(0)", 0),
        ("hypot(3, 4)", 5),
        ("gamma(5)", 24),
        ("gamma(1)", 1),
        ("lgamma(1)", 0),
        ("lgamma(2)", 0),
        ("sinc(0)", 1),
        ("sinc(0, derivative=1)", 0),
        ("sinc(0, derivative=3)", 0),
        ("sigmoid(0)", Fraction(1, 2)),
        ("sigmoid(1000*0)", Fraction(1, 2)),
        ("relu(0.1)", Fraction(0.1)),
        ("relu(-0.1)", 0),
        ("hardtanh(0.3)", Fraction(0.3)),
        ("floor(-0.5)", -1),
        ("ceil(-0.5)", 0),
        ("round(0.5)", 0),
        ("round(1.5)", 2),
        ("round(-2.5)", -2),
        ("sign(-1e-300)", -1),
        ("sign(0)", 0),
        ("abs(-0.1)", Fraction(0.1)),
        ("atan2(0, 1)", 0),
        ("where(0.1 + 0.2 > 0.3, 7, 8)", 7),
        ("max(0.1, 0.3, 0.2)", Fraction(0.3)),
    ],
)
def test_what_fits_is_exact(text: str, value: Fraction | int | None) -> None:
    """Arithmetic of binary64 numbers rounds nothing while it fits; round values at round arguments are known.

    None: the value does not fit, or nobody knows, and the ball does not claim it; but it is the true one.
    """
    ball = compute(text)

    assert ball.is_exact == (value is not None)
    if value is not None:
        assert fraction(ball) == value


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("tanh(100)", lambda: mp.tanh(100)),
        ("tanh(150)", lambda: mp.tanh(150)),
        ("tanh(1e5)", None),
        ("tanh(1e300)", None),
        ("erf(14.75)", lambda: mp.erf(mpf(14.75))),
        ("erf(15)", lambda: mp.erf(15)),
        ("erf(15.5)", lambda: mp.erf(mpf(15.5))),
        ("erf(50)", lambda: mp.erf(50)),
        ("erfc(-15)", lambda: mp.erfc(-15)),
        ("erfc(-50)", lambda: mp.erfc(-50)),
        ("cos(1e-200)", lambda: mp.cos(mpf(1e-200))),
        ("exp(1e-300)", lambda: mp.exp(mpf(1e-300))),
        ("exp(-1e-300)", lambda: mp.exp(mpf(-1e-300))),
        ("sigmoid(500)", lambda: 1 / (1 + mp.exp(-500))),
        ("expm1(-500)", lambda: mp.expm1(-500)),
        ("sinc(1e-200)", lambda: mp.sinc(mp.pi * mpf(1e-200))),
        ("1e200 + 1e-200", lambda: mpf(1e200) + mpf(1e-200)),
        ("sqrt(1 + 2**-319)", lambda: mp.sqrt(1 + mpf(2) ** -319)),
        ("cbrt(1 + 2**-319)", lambda: mp.cbrt(1 + mpf(2) ** -319)),
        ("(1 + 2**-200)**2", lambda: (1 + mpf(2) ** -200) ** 2),
        ("hypot(1, 1e-200)", lambda: mp.sqrt(1 + mpf(1e-200) ** 2)),
        ("1/3*3", lambda: mpf(1)),
        ("exp2(1e-200)", lambda: 2 ** mpf(1e-200)),
        ("pow(2, 1e-200)", lambda: 2 ** mpf(1e-200)),
        ("gelu(50)", lambda: 50 * mp.ncdf(50)),
        ("sin(pi)", lambda: mpf(0)),
        ("pi", lambda: +mp.pi),
        ("e", lambda: +mp.e),
    ],
)
def test_what_is_next_to_a_round_number_is_not_taken_for_it(text: str, function: Callable[[], Any] | None) -> None:
    """1 - 2**-329 rounds to 1 at 320 bits; the ball has a radius, and holds the true value."""
    ball = compute(text)

    assert not ball.is_exact
    assert 0 < radius(ball) < mpf(2) ** (LOST - BITS) * (1 + abs(number(ball)))
    if function is not None:
        with mp.workprec(2 * MANY):
            assert holds(ball, function())


@pytest.mark.parametrize("bits", [128, BITS])
@pytest.mark.parametrize(
    "text", ["exp(1)", "sin(0.5)", "log(3)", "sqrt(2)", "erf(8)", "tanh(15)", "atan(1)", "pow(2, 0.5)"]
)
def test_few_bits_do_not_make_a_result_exact(text: str, bits: int) -> None:
    """A value with few digits is the number itself only if more digits would not change it."""
    with precision(MANY):
        sharp = compute(text)

    with precision(bits):
        ball = compute(text)

    assert not ball.is_exact
    assert holds(ball, number(sharp), radius(sharp))


@pytest.mark.parametrize(
    "compute_it", [lambda x: x + 0, lambda x: 0 + x, lambda x: x - 0, lambda x: x * 1, lambda x: x / 1]
)
def test_a_number_of_more_bits_than_are_at_work_is_rounded_with_notice(compute_it: Callable[[Ball], Ball]) -> None:
    """A whole number of 400 bits, from a fraction of SymPy's, loses its last bit at 320, also where 0 is added."""
    whole = 2**400 + 1

    ball = compute_it(exactly(whole))

    assert abs(fraction(ball) - whole) <= fraction(ball.error)
    assert not ball.is_exact


# Comparisons, steps and corners -------------------------------------------------------------------------------------

SIGNS = {
    "greater": (False, False, True),
    "less": (True, False, False),
    "greater_equal": (False, True, True),
    "less_equal": (True, True, False),
    "equal": (False, True, False),
    "not_equal": (True, False, True),
}


@pytest.mark.parametrize("name", SIGNS)
def test_comparisons_of_exact_numbers_are_decided(name: str) -> None:
    """A tie is one only where both numbers are the same to the last bit."""
    sides = (math.nextafter(0.3, 0), 0.3, math.nextafter(0.3, 1))

    assert tuple(getattr(exact, name)(x, 0.3) for x in sides) == SIGNS[name]
    assert getattr(exact, name)(exactly(0.1) * 3, 0.3) is SIGNS[name][2]


@pytest.mark.parametrize("name", SIGNS)
def test_a_comparison_that_rounding_leaves_open_is_unresolved(name: str) -> None:
    """sqrt(2)**2 is 2 to within its radius; that it is 2 the digits do not tell."""
    root = exact.sqrt(2.0)

    assert compared(root * root, exactly(2)) is None
    assert getattr(exact, name)(root * root, 2.0) is UNRESOLVED
    assert getattr(exact, name)(root, 1.4142135623730951) is SIGNS[name][0]


def test_balls_that_touch_are_not_told_apart() -> None:
    """[0, 2] and [2, 4] have 2 in common."""
    assert compared(within(1, 1), within(3, 1)) is None
    assert compared(within(1, 1), within(3.5, 1)) == -1
    assert compared(within(3.5, 1), exactly(2)) == 1


def test_a_trail_records_each_comparison_in_order() -> None:
    """What was greater, tied or left open; rounding puts down where it came to, and only inside `recorded`."""
    exact.abs(-1.0)
    with recorded() as trail:
        compute("where(1 > 2, 1, 2)")
        compute("max(3, 2, 3)")
        compute("abs(-3) + sign(0) + where(sqrt(2)**2 < 2, 1, 2)")
        compute("floor(2.5) + ceil(2) + round(0.5)")
        exact.floor(within(3, NARROW))
    exact.abs(-1.0)

    assert trail == [
        Outcome(-1, tied=False),
        *[Outcome(1, tied=False), Outcome(0, tied=True)],
        *[Outcome(-1, tied=False), Outcome(0, tied=True), Outcome(None, tied=False)],
        *[Outcome(2, tied=False), Outcome(2, tied=True), Outcome(0, tied=True)],
        Outcome(None, tied=False),
    ]


def test_trails_nest() -> None:
    """The inner one is its own; the outer one goes on after it, also where the inner one was left by an error."""
    with recorded() as outer:
        exact.sign(1.0)
        with suppress(KeyError), recorded() as inner:
            exact.sign(-1.0)
            raise KeyError
        exact.sign(0.0)

    assert [outcome.result for outcome in outer] == [1, 0]
    assert [outcome.result for outcome in inner] == [-1]
    assert working.trail is None


@pytest.mark.parametrize(
    ("found", "low", "high"),
    [
        (lambda: exact.floor(within(3, NARROW)), 2, 3),
        (lambda: exact.ceil(within(3, NARROW)), 3, 4),
        (lambda: exact.round(within(2.5, NARROW)), 2, 3),
        (lambda: exact.floor(within(3, 5)), -2, 8),
        (lambda: exact.sign(within(NARROW, 1)), -1, 1),
        (lambda: exact.abs(within(NARROW, 1)), 0, 1),
        (lambda: exact.maximum(within(1, 1), within(2, 1)), 1, 3),
        (lambda: exact.minimum(within(1, 1), within(2, 1)), 0, 2),
        (lambda: exact.clip(within(0, 1), within(-0.5, 1), 0.25), -0.5, 0.25),
        (lambda: exact.relu(within(0, 1)), 0, 1),
        (lambda: exact.cbrt(within(8, 7)), 1, 2.46),
        (lambda: exact.pow(within(-2, 1), 2.0), 1, 9),
        (lambda: exact.pow(within(0, 1), 3.0), -1, 1),
        (lambda: exact.pow(within(2, 1), -1.0), 0.34, 1),
        (lambda: exact.pow(within(2, 1), within(1, 1)), 1, 9),
        (lambda: exact.atan2(within(0, 1), -2.0), -3.14, 3.14),
        (lambda: exact.atan2(within(0, 1), within(0, 1)), -3.14, 3.14),
        (lambda: exact.cosh(within(0.5, 1)), 1, 2.35),
        (lambda: exact.gamma(within(1.5, 1)), 0.8857, 1.77),
        (lambda: hull(exactly(-1), within(4, 2)), -1, 6),
    ],
)
def test_a_wide_ball_holds_both_ends_of_what_it_may_be(found: Callable[[], Ball], low: float, high: float) -> None:
    """Steps, corners and powers of balls that reach over a border."""
    ball = found()

    assert holds(ball, mpf(low))
    assert holds(ball, mpf(high))


# The precision ------------------------------------------------------------------------------------------------------


def test_the_precision_is_restored() -> None:
    """After the block, after blocks in blocks, and after an error; mpmath's own context is left alone."""
    digits = mp.prec
    with precision(1000):
        assert (working.bits, context.prec) == (1000, 1000)
        with precision(64):
            assert (working.bits, context.prec) == (64, 64)
        assert (working.bits, context.prec) == (1000, 1000)
    with suppress(KeyError), precision(500):
        raise KeyError

    assert (working.bits, context.prec, mp.prec) == (BITS, BITS, digits)


@pytest.mark.parametrize(("bits", "known"), [(BITS, 20), (1000, 690), (3600, 3290)])
def test_a_ball_tells_how_much_a_cancellation_left(bits: int, known: int) -> None:
    """1 - sigmoid(200) is 1.4e-87, 2**-289: of 320 bits some 30 are left, and the radius says so."""
    with mp.workprec(EVERY_BIT):
        expected = mp.exp(-200) / (1 + mp.exp(-200))

    with precision(bits):
        ball = compute("1 - sigmoid(200)")

    assert holds(ball, expected)
    assert mpf(2) ** -(known + 20) <= radius(ball) / expected <= mpf(2) ** -known


@pytest.mark.parametrize("bits", [BITS, 1000, 3600, 6400])
def test_more_bits_make_a_narrower_ball_inside_the_wider_one(bits: int) -> None:
    """Each rung of the ladder holds the next."""
    text = "exp(0.3)*sin(1/3) - atan(0.1)**1.5 + erf(0.7)/sqrt(3) - cbrt(0.1)"
    with precision(bits):
        ball = compute(text)
    with precision(2 * bits):
        sharper = compute(text)

    assert holds(ball, number(sharper), radius(sharper))
    assert radius(sharper) < radius(ball) * mpf(2) ** (RADIUS_BITS - bits)


# The numbers themselves ---------------------------------------------------------------------------------------------


@given(x=st.floats(-1e300, 1e300), shift=st.integers(-3000, 3000))
def test_a_float_is_what_it_is_to_the_last_bit(x: float, shift: int) -> None:
    """Into a ball, out of it, with its sign turned and shifted, nothing is rounded, however few the bits at work."""
    with precision(24):
        ball = exactly(x)

        assert float(ball) == x
        assert fraction(-ball) == -Fraction(x)
        assert fraction(ball.shifted(shift)) == Fraction(x) * Fraction(2) ** shift
        assert ball.is_exact


@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite_is_undefined(x: float) -> None:
    """Infinities and NaN are no real numbers, and neither comes back from them."""
    assert exactly(x) is UNDEFINED
    assert math.isnan(float(exactly(x)))
    assert exactly(x) + 1 is UNDEFINED


def test_balls_and_numbers_mix() -> None:
    """Rules and meanings are written with Python's own numbers on either side."""
    x = exactly(3)

    found = [1 + x, x + 0.5, 1 - x, x - 0.5, 2 * x, x * 0.5, 6 / x, x / 2, -x, x**3]

    assert [float(ball) for ball in found] == [4, 3.5, -2, 2.5, 6, 1.5, 2, 1.5, -3, 27]
    assert all(ball.is_exact for ball in found)


def test_a_ball_shows_its_radius() -> None:
    """As a debugger prints it; what is no number says which kind it is."""
    shown = [repr(within(1.5, 2.0**-10)), repr(exactly(-2)), repr(UNDEFINED), repr(UNRESOLVED)]

    assert shown == ["<1.5 ± 0.00098>", "<-2.0 ± 0.0>", "<undefined>", "<unresolved>"]


@pytest.mark.parametrize(
    ("value", "magnitude"), [(1.0, 1), (0.75, 0), (0.5, 0), (-8.0, 4), (7.9, 3), (2.0**-1074, -1073)]
)
def test_the_magnitude_is_the_exponent_of_the_power_of_two_above(value: float, magnitude: int) -> None:
    """2**(m - 1) <= |x| < 2**m; that of 0 is below every number's."""
    assert exactly(value).magnitude == magnitude
    assert power_of_two(magnitude - 1).magnitude == magnitude
    assert exactly(0).magnitude < -(10**5)


def test_every_op_is_computed() -> None:
    """No op of the registry is left without a function over balls."""
    missing = [case.name for case in CASES if applied(case, next(points(case, 1))) is None]

    assert missing == []


def test_neighbours_are_told_apart_after_many_operations() -> None:
    """One unit in the last place of an input is visible through a graph of thirty operations."""
    text = "exp(sin(x))*log(x + 3) - tanh(x)**2/sqrt(x + 1) + gelu(x) - softplus(x)"
    graph = graph_of(parse(text).output)
    values = [
        exactly(evaluate(graph, {"x": exactly(x)}, exact)[graph.output])
        for x in (0.7, math.nextafter(0.7, 1), math.nextafter(math.nextafter(0.7, 1), 1))
    ]

    assert all(abs(number(y) - number(x)) > 2 * (radius(x) + radius(y)) for x, y in pairwise(values))
