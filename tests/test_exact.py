"""`exact`: a ball holds the true number, and says how far it may be off.

The independent statements are fractions, mpmath's own functions at many more bits, and values from the literature.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import islice, product
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
from test_laws import Case

from bpcli.numbers.balls import UNDEFINED, UNRESOLVED, Ball, precision, within
from bpcli.numbers.exact import exact
from bpcli.numbers.floats import floats

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
