"""`exact` where little is known, or nothing: wide balls, ops without a value, numbers that are too large to write out.

An op without a value is undefined; where the digits at hand cannot tell, the answer is unresolved or a wide ball, never
a wrong number.
"""

import math
from collections.abc import Callable
from typing import Any

import pytest
from exactness import (
    BITS,
    MANY,
    NARROW,
    applied,
    compute,
    fraction,
    holds,
    may_be,
    number,
    of_every_function,
    points,
    radius,
)
from mpmath import mp, mpf  # type: ignore[import-untyped]  # mpmath ships no types
from test_laws import CASES, Case

from bpcli.numbers.balls import LARGEST_EXPONENT, UNDEFINED, UNRESOLVED, Ball, exactly, power_of_two, recorded, within
from bpcli.numbers.exact import exact

NEGLIGIBLE = mpf(2) ** -90_000  # far below every number that a check looks at


# Balls that are wide ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sin", "cos"])
@pytest.mark.parametrize("reach", [1.0, 2 * math.pi, 1e100])
@pytest.mark.parametrize("x", [0.0, 1.0, -1e9])
def test_the_ends_of_a_wide_ball_do_not_speak_for_a_wave(name: str, x: float, reach: float) -> None:
    """A sine over more than a turn comes to all of [-1, 1], although its ends may lie anywhere in it, or coincide."""
    ball = getattr(exact, name)(within(x, reach))
    with mp.workprec(MANY):
        images = [getattr(mp, name)(mpf(x) + mpf(reach) * part / 64) for part in range(-64, 65)]

    assert all(may_be(ball, image) for image in images)


@pytest.mark.parametrize("k", [250, 268, 289, 307])
def test_the_sine_of_a_number_whose_digits_are_lost_is_not_known(k: int) -> None:
    """exp(k) is known to within 2**(k/log(2) - 320), which is more than a turn."""
    with mp.workprec(MANY):
        values = {"sin": mp.sin(mp.exp(k)), "cos": mp.cos(mp.exp(k))}

    for name, value in values.items():
        assert may_be(compute(f"{name}(exp({k}))"), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(name + "({})", 0) for name in ("tanh", "erf", "expm1", "log1p", "asin", "sqrt", "cbrt")],
        *[(name + "({})", 1) for name in ("exp", "exp2", "cosh", "erfc", "sech")],
        *[("exp(-{})", 1), ("exp(-abs({}))", 1), ("sigmoid({})", 0.5), ("acos({})", mp.pi / 2), ("atan2({}, 1)", 0)],
    ],
)
@pytest.mark.parametrize("k", [150, 159])
def test_what_rounding_leaves_of_a_zero_is_not_taken_for_a_number(text: str, value: float, k: int) -> None:
    """By exp(k)**2 - exp(2k), which is 0, noise of either sign is left, of up to 2**160, and its radius says so."""
    zero = f"(exp({k})**2 - exp({2 * k}))"

    ball = compute(text.format(zero))

    assert may_be(ball, mpf(value))


NOISE = "(exp(150)**2 - exp(300))"
POWERS = NOISE + "**64)" * 12  # a radius of 2**(10**23)


@pytest.mark.parametrize("function", ["sin", "exp", "log", "tanh", "floor", "gamma", "sqrt", "atan", "abs", "sign"])
@pytest.mark.parametrize(
    "text", [f"exp({NOISE})", f"cosh({NOISE})", "1 + " + "(" * 12 + POWERS], ids=["exp", "cosh", "pow"]
)
def test_a_radius_beyond_every_bound_breaks_nothing(function: str, text: str) -> None:
    """The noise around 0 makes one of 1 with a radius of 2**(2**120), which no number of bits writes out."""
    ball = compute(f"{function}({text})")
    value = getattr(exact, function)(1.0)

    assert may_be(ball, number(value))


@pytest.mark.parametrize(
    ("name", "x", "reach"),
    [
        *[(name, -1 + 2.0**-40, 2.0**-39) for name in ("gamma", "lgamma", "digamma", "polygamma")],
        *[(name, -2.5, 0.75) for name in ("gamma", "lgamma", "digamma", "polygamma")],
        *[(name, 0.5, 0.7) for name in ("gamma", "lgamma", "digamma", "polygamma")],
        *[(name, -3.0, 2.0**-60) for name in ("gamma", "lgamma", "digamma", "polygamma")],
        ("tan", math.pi / 2, 1e-3),
        ("tan", 1.0, 1.0),
        ("tan", 0.0, math.pi),
        *[(name, math.pi / 2, 1e-3) for name in ("sec",)],
        *[(name, math.pi, 1e-3) for name in ("csc", "cot")],
        *[(name, 2.0**-9, 2.0**-8) for name in ("reciprocal", "csch", "coth", "acsch", "acot")],
    ],
)
def test_a_ball_over_a_pole_has_no_finite_image(name: str, x: float, reach: float) -> None:
    """Values of either sign and of any size are possible; acot jumps there, and its ball may hold both sides."""
    ball = getattr(exact, name)(within(x, reach), **({"n": 1.0} if name == "polygamma" else {}))

    assert ball is UNRESOLVED


# No value, and none that is known -----------------------------------------------------------------------------------


NO_VALUE = """
log(-1) log(0) log2(0) log10(-3) log1p(-1) log1p(-2) sqrt(-1) 1/0 0/0 reciprocal(0) csc(0) cot(0) csch(0) coth(0)
(-8)**(1/3) (-8)**0.5 (-2)**pi 0**-1 0**-0.5 gamma(-1) gamma(0) lgamma(-2) digamma(0) digamma(-3) polygamma(1,0)
polygamma(2,-1) acos(2) asin(-1.5) acosh(0.5) acosh(-2) atanh(1) atanh(-2) asech(2) asech(0) asech(-0.5) acoth(0.5)
acoth(0) asec(0.5) acsc(0)
"""
# A third is not exact, and its digits tell all the same.
NO_VALUE_OF_A_BALL = """
log(-1/3) sqrt(-1/3) acos(4/3) asin(-4/3) acosh(1/3) atanh(4/3) log1p(-4/3) log(sin(4)) log2(-1/3) (-1/3)**0.5
(-1/3)**(1/3) asech(-1/3) asec(1/3)
"""


@pytest.mark.parametrize("text", (NO_VALUE + NO_VALUE_OF_A_BALL).split())
def test_what_has_no_value_is_undefined(text: str) -> None:
    """Where NumPy gives NaN or an infinity, and nothing but that."""
    assert compute(text) is UNDEFINED


@pytest.mark.parametrize(
    ("text", "x"),
    [
        *[(text, within(0, NARROW)) for text in ("1/x", "log(x)", "sqrt(x)", "x**0.5", "x**-1", "x**-2.5", "gamma(x)")],
        *[(text, within(NARROW, 2 * NARROW)) for text in ("1/x", "log(x)", "sqrt(x)", "x**0.5", "reciprocal(x)")],
        *[(text, within(-NARROW, 2 * NARROW)) for text in ("1/x", "log(x)", "sqrt(x)", "log10(x)", "x**0.5")],
        *[(text, within(1, NARROW)) for text in ("acos(x)", "asin(x)", "acosh(x)", "atanh(x)", "asech(x)", "acoth(x)")],
        *[(text, within(-1, NARROW)) for text in ("acos(x)", "log1p(x)", "gamma(x)", "digamma(x)", "polygamma(1, x)")],
        *[(text, within(2, 5)) for text in ("acos(x)", "asin(x)", "atanh(x)", "log(x)")],
        *[(text, within(-20, 25)) for text in ("acos(x)", "asin(x)", "atanh(x)", "log(x)", "sqrt(x)")],
        ("(-8)**x", within(3, NARROW)),
        ("0**x", within(0, NARROW)),
        ("(x - 1/3)**0.5", exactly(1) / 3),
        ("log(sqrt(2)**2 - 2)", exactly(0)),
    ],
)
def test_what_may_have_a_value_is_unresolved(text: str, x: Ball) -> None:
    """The ball reaches over the end of the domain: at more digits there may be a value, or none."""
    assert compute(text, x=x) is UNRESOLVED


@of_every_function
@pytest.mark.parametrize("nothing", [UNDEFINED, UNRESOLVED], ids=repr)
def test_what_is_no_number_passes_through(case: Case, nothing: Ball) -> None:
    """Whatever is computed from it is no number either, of the same kind."""
    point = next(points(case, 1))

    for position in range(case.arity):
        if case.op.name != "where" or (position == 0 and nothing is UNDEFINED):  # its own tests are below
            inputs = [*map(exactly, point[:position]), nothing, *map(exactly, point[position + 1 :])]

            assert applied(case, inputs) is nothing


@pytest.mark.parametrize("name", [case.op.name for case in CASES if case.op.is_condition])
@pytest.mark.parametrize("nothing", [UNDEFINED, UNRESOLVED], ids=repr)
def test_a_comparison_of_no_number_says_which_kind_it_met(name: str, nothing: Ball) -> None:
    """It neither holds nor fails, and is not put on record."""
    with recorded() as trail:
        found = [getattr(exact, name)(nothing, 1.0), getattr(exact, name)(1.0, nothing)]

    assert found == [nothing, nothing]
    assert trail == []


def test_undefined_outweighs_unresolved() -> None:
    """What has no value has none however the rest turns out."""
    pairs = ((UNDEFINED, UNRESOLVED), (UNRESOLVED, UNDEFINED))

    found = [getattr(exact, name)(x, y) for name in ("add", "mul", "div", "pow", "atan2", "maximum") for x, y in pairs]

    assert all(ball is UNDEFINED for ball in found)


@pytest.mark.parametrize("nothing", [UNDEFINED, UNRESOLVED], ids=repr)
def test_where_takes_the_other_branch(nothing: Ball) -> None:
    """The branch that is not chosen may have no value: where(x > 0, log(x), 0) at -1."""
    one = exactly(1)

    assert exact.where(True, one, nothing) is one  # noqa: FBT003 - as a comparison gives it
    assert exact.where(False, nothing, one) is one  # noqa: FBT003 - the same
    assert exact.where(True, nothing, one) is nothing  # noqa: FBT003 - the same
    assert fraction(compute("where(x > 0, log(x), 5)", x=-1)) == 5


def test_where_holds_both_branches_if_its_condition_is_open() -> None:
    """Nobody knows which it is, so the result holds either, and has no value where the condition has none."""
    both = compute("where(sqrt(2)**2 > 2, 3, 7)")

    assert holds(both, 3)
    assert holds(both, 7)
    assert compute("where(sqrt(2)**2 > 2, 3, 1/0)") is UNRESOLVED
    assert compute("where(1/0 > 2, 3, 7)") is UNDEFINED


# Without bounds -----------------------------------------------------------------------------------------------------


TOO_LARGE = """
exp(exp(exp(20))) gamma(1e300) sin(gamma(1e300)) sin(exp(exp(exp(20)))) 2.0**1e300 0.5**-1e300 exp(1e300) exp2(1e300)
sinh(-1e300) cosh(1e300) expm1(1e300) 3**3**40 (-3)**1e19 0.001**-1e15 (1+1e-10)**1e300 1e300**1e300 10**(10**20)
1/exp(-1e300) exp(exp(exp(20)))-exp(exp(exp(20))) tanh(exp(exp(exp(20)))) pow(2,exp2(99999.5)) exp(gamma(1e4))
"""


@pytest.mark.parametrize("text", TOO_LARGE.split())
def test_what_is_beyond_every_bound_is_undefined_at_once(text: str) -> None:
    """There is a largest exponent, so that nobody need write out how large a number is."""
    ball = compute(text)

    assert ball in (UNDEFINED, UNRESOLVED)


def test_a_product_may_leave_the_range_at_either_end() -> None:
    """Above the largest exponent there is no number, below the smallest one a 0 that is not exact."""
    large, small = [power_of_two(sign * LARGEST_EXPONENT * 3 // 4) for sign in (1, -1)]
    large, small = large * large, small * small

    assert large is UNDEFINED
    assert small.is_zero
    assert 0 < radius(small) < NEGLIGIBLE


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("tanh(1e300)", 1),
        ("tanh(-1e300)", -1),
        ("erf(1e300)", 1),
        ("erfc(-1e300)", 2),
        ("erfc(1e300)", 0),
        ("exp(-1e300)", 0),
        ("exp2(-1e300)", 0),
        ("expm1(-1e300)", -1),
        ("0.5**1e300", 0),
        ("2.0**-1e300", 0),
        ("(-0.5)**1e300", 0),
        ("(1 - 1e-10)**1e300", 0),
        ("gamma(-1e15 - 0.5)", 0),
        ("sigmoid(1e300)", 1),
        ("tanh(exp(exp(20)))", 1),
    ],
)
def test_a_limit_is_reached_to_within_the_smallest_number(text: str, limit: int) -> None:
    """The ball around the limit has a radius: the value is not the limit itself."""
    ball = compute(text)

    assert number(ball) == limit
    assert 0 < radius(ball) <= (mpf(2) ** (2 - BITS) if limit else NEGLIGIBLE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("lgamma(1e300)", lambda: mp.loggamma(mpf(1e300))),
        ("digamma(-1e15 - 0.5)", lambda: mp.digamma(mpf(-1e15) - 0.5)),
        ("sin(1e300)", lambda: mp.sin(mpf(1e300))),
        ("sin(exp2(20000))", lambda: mp.sin(mpf(2) ** 20000)),
        ("exp(exp(9))", lambda: mp.exp(mp.exp(9))),
        ("exp(-exp(9))", lambda: mp.exp(-mp.exp(9))),
        ("exp2(-60000)*exp2(-60000)*exp2(90000)", lambda: mpf(2) ** -30000),
        ("gamma(2000.5)", lambda: mp.gamma(mpf(2000.5))),
        ("gamma(-2000.5)", lambda: mp.gamma(mpf(-2000.5))),
        ("log(1e300**90)", lambda: 90 * mp.log(mpf(1e300))),
        ("asinh(1e308*1e308)", lambda: mp.asinh(mpf(1e308) ** 2)),
        ("exp2(99999)", lambda: mpf(2) ** 99999),
        ("(1 + 2**-200)**(2**60)", lambda: (1 + mpf(2) ** -200) ** (2**60)),
        ("1.1**399999", lambda: mpf(1.1) ** 399999),
        ("(-1.01)**400001", lambda: -(mpf(1.01) ** 400001)),
        ("(-1)**1e10", lambda: mpf(1)),
        ("(-1)**1e300", lambda: mpf(1)),
        ("(-1)**(2**64 + 1)", lambda: mpf(-1)),
        ("hypot(1e300, 1e300)", lambda: mp.sqrt(2) * mpf(1e300)),
        ("softplus(1e4)", lambda: mp.log1p(mp.exp(10000))),
    ],
)
def test_large_arguments_have_values(text: str, value: Callable[[], Any]) -> None:
    """What is within the bounds is computed, however large the argument."""
    with mp.workprec(2 * MANY):
        expected = value()

    assert holds(compute(text), expected)


@of_every_function
@pytest.mark.parametrize("exponent", [10**12, -(10**12), 10**5])
def test_an_argument_of_any_size_is_answered(case: Case, exponent: int) -> None:
    """A number such as 2**(10**12) has a ball, and no op writes its bits out, nor those of its inverse."""
    sizes = [power_of_two(exponent), compute(f"exp2({exponent})"), compute(f"exp({exponent})")]
    inputs = [(size, -size, exactly(1)) for size in sizes]

    with recorded():
        found = [applied(case, (one, *rest)[: case.arity]) for x in inputs for one in x for rest in (x, (x[2], x[1]))]

    assert all(isinstance(ball, Ball) for ball in found)
