"""`exact`: a ball holds the true number, says how far it may be off, and never claims to be exact when it is not.

The independent statements are fractions, mpmath's own functions at many more bits, and values from the literature. An
op without a value is undefined; where the digits at hand cannot tell, the answer is unresolved or a wide ball, never a
wrong number.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import islice, pairwise, product
from typing import Any

import pytest
from exactness import (
    BITS,
    EVERY_BIT,
    FUNCTIONS,
    LOST,
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
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf  # type: ignore[import-untyped]  # mpmath ships no types
from test_laws import CASES, Case

from bpcli import graph_of, parse
from bpcli.numbers.balls import (
    LARGEST_EXPONENT,
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
from bpcli.numbers.floats import floats

NEGLIGIBLE = mpf(2) ** -90_000  # far below every number that a check looks at
FEW = 60  # so few that products of binary64 numbers must round
DIGITS = mpf(10) ** -39  # relative: half a unit in the fortieth digit of a value from the literature
ORDINARY = 1e-11  # floats err by some 1e-15 times the condition of a formula, as in `test_laws`
MODERATE = 2.0**-12  # a radius of inputs that the product of two makes visible
STEEP = 10**9  # beyond the slopes at all points: next to a pole of polygamma they come to 10**7

POINTS = 6
# Short numbers, at which a value may be exact, or look so: erf(15) is 1 - 2**-329.
SHORT = [*range(-16, 17), 0.5, -0.5, 0.25, 1.5, -1.5, 2.5, -2.5, 7.5, 14.75, 15.25, 15.5, 15.75, 2.0**-15, 1 - 2.0**-20]
# Rounded by bpcli to binary64, whose literals are exact; these values differ from the paper's in the 17th digit.
CONSTANTS_OF_PAPERS = {"selu", "gelu-approximate=tanh"}


def short_points(case: Case) -> Iterator[tuple[float, ...]]:
    """Points of short numbers inside the op's domain, each number once as each input."""
    for shift in range(len(SHORT)):
        point = tuple(float(SHORT[(shift + 7 * position) % len(SHORT)]) for position in range(case.arity))
        if case.op.domain.contains(*point):
            yield point


def corners(point: Sequence[float], reach: float) -> Iterator[tuple[Any, ...]]:
    """The ends of balls of this radius around the coordinates, and what lies halfway, all with all."""
    with mp.workprec(EVERY_BIT):
        yield from product(*[[mpf(x) + part * mpf(reach) for part in (-1, mpf("0.5"), 1)] for x in point])


def ball_of(value: Any) -> Ball:
    """An exact ball of mpmath's number."""
    return Ball(value._mpf_)


# A ball holds the number ------------------------------------------------------------------------------------------


@of_every_function
def test_a_ball_holds_the_value_at_many_more_bits(case: Case) -> None:
    """At points of the domain the result is known to almost every bit, and right to within its radius."""
    for point in points(case, POINTS):
        with precision(MANY):
            sharp = applied(case, point)

        ball = applied(case, point)

        assert holds(ball, number(sharp), radius(sharp)), point
        assert radius(ball) <= mpf(2) ** (LOST - BITS) * (1 + abs(number(sharp))), point


@pytest.mark.parametrize(
    "case", [case for case in FUNCTIONS if case.name not in CONSTANTS_OF_PAPERS], ids=lambda case: case.name
)
def test_a_ball_holds_the_value_that_mpmath_computes(case: Case) -> None:
    """The function is the one of that name, by mpmath's own functions at 1500 bits."""
    for point in points(case, POINTS):
        with mp.workprec(MANY):
            value = case.value(*map(mpf, point))

        ball = applied(case, point)

        assert holds(ball, value, mpf(2) ** (2 * LOST - MANY) * (1 + abs(value))), point


@of_every_function
def test_a_ball_of_short_numbers_holds_the_value(case: Case) -> None:
    """At whole numbers, halves and the like, where a value may be exact, it is not claimed to be when it is not."""
    for point in short_points(case):
        ball = applied(case, point)
        with precision(MANY):
            sharp = applied(case, point)

        assert (ball.middle is None) == (sharp.middle is None), point
        if sharp.middle is not None:
            assert holds(ball, number(sharp), radius(sharp)), point


@of_every_function
@pytest.mark.parametrize("reach", [NARROW, MODERATE])
def test_a_ball_holds_the_image_of_what_is_known_of_the_inputs(case: Case, reach: float) -> None:
    """Wherever in their balls the inputs are, the value lies in the result, which is not much wider than they are."""
    for point in islice(points(case, POINTS), POINTS):
        ball = applied(case, [within(x, reach) for x in point])
        for corner in corners(point, reach):
            with precision(MANY):
                sharp = applied(case, [ball_of(x) for x in corner])

            assert holds(ball, number(sharp), radius(sharp)), (point, corner)

        if reach == NARROW:
            assert radius(ball) <= STEEP * reach, point


@of_every_function
def test_floats_and_exact_agree(case: Case) -> None:
    """At ordinary points both number systems compute the same function."""
    for point in points(case, POINTS):
        value = float(applied(case, point))

        found = getattr(floats, case.op.name)(*case.inputs(point), **case.attributes)

        assert found == pytest.approx(value, rel=ORDINARY, abs=ORDINARY)


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
}
ordinary = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6)


@pytest.mark.parametrize("name", OPERATIONS)
@given(x=ordinary, y=ordinary, wide=st.booleans(), bits=st.sampled_from([FEW, BITS]))
def test_arithmetic_holds_what_fractions_give(name: str, x: float, y: float, wide: bool, bits: int) -> None:  # noqa: FBT001
    """Sums, differences, products and quotients, also of balls, and with few bits, so that they must round."""
    reach = MODERATE if wide else 0.0
    with precision(bits):
        ball = getattr(exact, name)(within(x, reach), within(y, reach))
    if name == "div" and abs(y) <= reach:
        assert ball is (UNRESOLVED if wide else UNDEFINED)
        return
    middle, slack = fraction(ball), fraction(ball.error)
    images = [
        OPERATIONS[name](Fraction(x) + one * Fraction(reach), Fraction(y) + other * Fraction(reach))
        for one, other in product((-1, 0, 1), repeat=2)
    ]

    assert all(abs(image - middle) <= slack for image in images)
    assert wide or slack <= abs(images[0]) * Fraction(2) ** (2 - bits)
    assert ball.is_exact <= (middle == images[0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("pow(3.1, 5000.3)", lambda: mpf(3.1) ** mpf(5000.3)),
        ("pow(3.1, -50000.3)", lambda: mpf(3.1) ** mpf(-50000.3)),
        ("pow(3.1, 30000)", lambda: mpf(3.1) ** 30000),
        ("exp2(50000.3)", lambda: 2 ** mpf(50000.3)),
        ("exp2(-50000.3)", lambda: 2 ** mpf(-50000.3)),
        ("exp(-50000.3)", lambda: mp.exp(mpf(-50000.3))),
        ("expm1(1e-300)", lambda: mp.expm1(mpf(1e-300))),
        ("log1p(1e-300)", lambda: mp.log1p(mpf(1e-300))),
        ("acosh(1 + 2**-300)", lambda: mp.acosh(1 + mpf(2) ** -300)),
        ("erfc(200)", lambda: mp.erfc(200)),
    ],
)
def test_a_large_or_small_value_is_held_too(text: str, value: Callable[[], Any]) -> None:
    """Powers and exponentials of large size, whose exponent takes bits of the argument, and numbers next to 0."""
    with mp.workprec(MANY):
        expected = value()

    ball = compute(text)

    assert holds(ball, expected)
    assert 0 < radius(ball) <= abs(expected) * mpf(2) ** (LOST - BITS)


@pytest.mark.parametrize(
    ("name", "x", "function"),
    [
        *[("acosh", 1 + distance, mp.acosh) for distance in (2.0**-52, 1e-12, 1e-10, 1e-6)],
        *[("acos", 1 - distance, mp.acos) for distance in (2.0**-53, 1e-12)],
        *[("lgamma", x, lambda t: mp.log(abs(mp.gamma(t)))) for x in (-2.4570247382208006, -2.7476826467274127)],
        *[("lgamma", x, mp.loggamma) for x in (1 + 2.0**-52, 2 - 2.0**-52, 1e-300, 1e300)],
        *[("digamma", x, mp.digamma) for x in (1.4616321449683622, -0.5040830082644554, -1.57349847316239, -1e9 - 0.5)],
        *[("sin", n * math.pi, mp.sin) for n in (1, 2, -3, 8, -8, 1000, 10**6)],
        *[("cos", (n + 0.5) * math.pi, mp.cos) for n in (0, 1, -3, 7)],
        *[("tan", n * math.pi / 2, mp.tan) for n in (1, 2, 8, 16, -16)],
        ("sin", 1e300, mp.sin),
        ("log", 1 + 2.0**-52, mp.log),
        ("log2", 1 - 2.0**-53, lambda t: mp.log(t, 2)),
        ("polygamma", -2.4999999, lambda t: mp.polygamma(1, t)),
        ("gamma", -9.000000001, mp.gamma),
        ("gamma", 1e-300, mp.gamma),
        ("erf", 15.0, mp.erf),
        ("tanh", 15.9, mp.tanh),
    ],
)
def test_a_ball_holds_the_value_next_to_a_zero_a_pole_or_a_limit(
    name: str, x: float, function: Callable[[Any], Any]
) -> None:
    """Where mpmath loses bits by cancellation, relative to a small value, the radius says so, or none are lost."""
    with mp.workprec(MANY):
        expected = mp.re(function(mpf(x)))

    ball = getattr(exact, name)(x, **({"n": 1.0} if name == "polygamma" else {}))

    assert holds(ball, expected)
    assert radius(ball) <= mpf(2) ** (LOST - BITS) * (1 + abs(expected))


@pytest.mark.parametrize("x", [-900.75, -2000.75, -1e6 - 0.25, -1e12 - 0.5, -1e300])
def test_trigamma_of_a_large_negative_number_does_not_step_all_the_way(x: float) -> None:
    """In mpmath it adds up as many terms as there are poles on the way; the reflection formula says what comes out."""
    ball = exact.polygamma(x, n=1.0)

    if x == x // 1:
        assert ball.middle is None  # a pole
    else:
        with mp.workprec(MANY):
            assert may_be(ball, (mp.pi / mp.sinpi(mpf(x))) ** 2 - mp.polygamma(1, 1 - mpf(x)))


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


# Values from the literature -----------------------------------------------------------------------------------------

PI_3, PI_4 = "1.0471975511965977461542144610931676280657", "0.7853981633974483096156608458198757210493"
PI_6, TWO_PI_3 = "0.5235987755982988730771072305465838140329", "2.0943951023931954923084289221863352561314"
LOG_2, ACOSH_2 = "0.6931471805599453094172321214581765680755", "1.3169578969248167086250463473079684440270"
ATANH_HALF, ASINH_1 = "0.5493061443340548456976226184612628523238", "0.8813735870195430252326093249797923090282"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # Abramowitz & Stegun 1964, tables 1.1 and 4; DLMF 4.2, 4.14, 4.23, 4.28, 4.37
        ("e", "2.7182818284590452353602874713526624977572"),
        ("exp(-1)", "0.3678794411714423215955237701614608674458"),
        ("expm1(1)", "1.7182818284590452353602874713526624977572"),
        ("log(2)", LOG_2),
        ("log(10)", "2.3025850929940456840179914546843642076011"),
        ("log1p(2)", "1.0986122886681096913952452369225257046475"),
        ("log2(10)", "3.3219280948873623478703194294893901758648"),
        ("log10(2)", "0.3010299956639811952137388947244930267682"),
        ("logaddexp(0, 0)", LOG_2),
        ("sqrt(2)", "1.4142135623730950488016887242096980785697"),
        ("2**0.5", "1.4142135623730950488016887242096980785697"),
        ("exp2(0.5)", "1.4142135623730950488016887242096980785697"),
        ("hypot(1, 1)", "1.4142135623730950488016887242096980785697"),
        ("cbrt(2)", "1.2599210498948731647672106072782283505703"),
        ("cbrt(-2)", "-1.2599210498948731647672106072782283505703"),
        ("cbrt(-3)", "-1.4422495703074083823216383107801095883919"),
        ("sin(1)", "0.8414709848078965066525023216302989996226"),
        ("cos(1)", "0.5403023058681397174009366074429766037323"),
        ("sec(1)", "1.8508157176809256179117532413986501934704"),
        ("cot(1)", "0.6420926159343307030064199865942656202303"),
        ("tan(pi/4)", "1"),
        ("csc(pi/6)", "2"),
        ("atan(1)", PI_4),
        ("asin(0.5)", PI_6),
        ("acos(0.5)", PI_3),
        ("acos(-0.5)", TWO_PI_3),
        ("asec(2)", PI_3),
        ("asec(-2)", TWO_PI_3),
        ("acsc(2)", PI_6),
        ("acsc(-2)", "-" + PI_6),
        ("acot(2)", "0.4636476090008061162142562314612144020285"),
        ("acot(1)", PI_4),
        ("acot(-1)", "-" + PI_4),
        ("atan2(1, -1)", "2.3561944901923449288469825374596271631479"),
        ("atan2(-1, -1)", "-2.3561944901923449288469825374596271631479"),
        ("atan2(0, -1)", "3.1415926535897932384626433832795028841972"),
        ("tanh(1)", "0.7615941559557648881194582826047935904128"),
        ("coth(1)", "1.3130352854993313036361612469308478329120"),
        ("asinh(1)", ASINH_1),
        ("asinh(-1)", "-" + ASINH_1),
        ("acosh(2)", ACOSH_2),
        ("atanh(0.5)", ATANH_HALF),
        ("asech(0.5)", ACOSH_2),
        ("acsch(1)", ASINH_1),
        ("acsch(-1)", "-" + ASINH_1),
        ("acoth(2)", ATANH_HALF),
        ("acoth(-2)", "-" + ATANH_HALF),
        # DLMF 5.4: Γ(1/2), Γ(1/4); log|Γ| left of 0, log(2·sqrt(π)) and so on; -γ; ψ(1/2) = -γ - 2·log(2)
        ("gamma(0.5)", "1.7724538509055160272981674833411451827975"),
        ("gamma(0.25)", "3.6256099082219083119306851558676720029951"),
        ("gamma(-0.5)", "-3.5449077018110320545963349666822903655951"),
        ("lgamma(-0.5)", "1.2655121234846453964889457971347059238992"),
        ("lgamma(-1.5)", "0.8600470153764810145109326816703567873271"),
        ("lgamma(-2.5)", "-0.05624371649767405067259453009765428412294"),
        ("lgamma(100)", "359.1342053695753987760440104602869096126"),
        ("digamma(1)", "-0.5772156649015328606065120900824024310422"),
        ("digamma(0.5)", "-1.9635100260214234794409763329987555671932"),
        # DLMF 5.15, 25.6: ζ(2), π²/2, -2ζ(3), -14ζ(3), π⁴/15
        ("polygamma(0, 1)", "-0.5772156649015328606065120900824024310422"),
        ("polygamma(1, 1)", "1.6449340668482264364724151666460251892189"),
        ("polygamma(1, 0.5)", "4.9348022005446793094172454999380755676568"),
        ("polygamma(2, 1)", "-2.4041138063191885707994763230228999815300"),
        ("polygamma(2, 0.5)", "-16.82879664423431999559633426116029987071"),
        ("polygamma(3, 1)", "6.4939394022668291490960221792470074166485"),
        # Abramowitz & Stegun 1964, table 7.1; DLMF 7.2
        ("erf(1)", "0.8427007929497148693412206350826092592961"),
        ("erf(0.5)", "0.5204998778130465376827466538919645287365"),
        ("erf(-1)", "-0.8427007929497148693412206350826092592961"),
        ("erfc(1)", "0.1572992070502851306587793649173907407039"),
        ("erfc(10)", "2.088487583762544757000786294957788611561e-45"),
        # sin(πx)/(πx): 2/π, -4/π, -π²/3, π⁴/5, and at 1, from the product rule, -1 and 2
        ("sinc(0.5)", "0.6366197723675813430755350534900574481378"),
        ("sinc(0.5, derivative=1)", "-1.2732395447351626861510701069801148962757"),
        ("sinc(0, derivative=2)", "-3.2898681336964528729448303332920503784379"),
        ("sinc(0, derivative=4)", "19.481818206800487447288066537741022249946"),
        ("sinc(1, derivative=1)", "-1"),
        ("sinc(1, derivative=2)", "2"),
        ("sinc(-1, derivative=1)", "1"),
        # Φ(1), the logistic function at 1
        ("gelu(1)", "0.8413447460685429485852325456320379224779"),
        ("sigmoid(1)", "0.7310585786300048792511592418218362743651"),
        ("silu(1)", "0.7310585786300048792511592418218362743651"),
        ("softplus(0)", LOG_2),
        ("logsigmoid(0)", "-" + LOG_2),
    ],
)
def test_a_value_is_the_one_in_the_literature(text: str, value: str) -> None:
    """Closed forms and tables, to forty digits."""
    ball = compute(text)
    with mp.workprec(BITS):
        expected = mpf(value)

        assert abs(number(ball) - expected) <= DIGITS * abs(expected)
        assert radius(ball) <= DIGITS * abs(expected)


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
    point = next(points(case, POINTS))

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
    missing = [case.name for case in CASES if applied(case, next(points(case, POINTS))) is None]

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
