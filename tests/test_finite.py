"""The two oracles at a point: differences of exact values, each slope with a bound that holds, and SymPy's derivatives.

A true slope is a closed form at 900 digits, more than any step of the oracles uses at these points.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from exactness import number
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf  # type: ignore[import-untyped]  # mpmath ships no types

from bpcli.check import oracles as oracles_module
from bpcli.check.finite import Kind, Side, Slopes, is_settled, slopes
from bpcli.check.oracles import LOCAL_DERIVATIVES, Oracles
from bpcli.check.point import Point
from bpcli.graph.node import Node
from bpcli.language.expressions import parse
from bpcli.numbers.balls import Ball

DIGITS = 900
OWN_ROUNDING = mpf(10) ** -(DIGITS - 20)  # of the closed forms
ACCURACY = 1e-15  # one unit or so of float64: what the oracles know goes far beyond what anybody claims
INVISIBLE = mpf(2) ** -1074  # of a slope that float64 cannot tell from 0
TINY = 1e-300  # a feature of this size is far below any fixed step

Closed = Callable[[Any], Any]


def point_of(text: str, **at: float) -> Point:
    """An expression at a point."""
    return Point(parse(text, at), at)


def node_called(point: Point, name: str) -> Node:
    """The variable, or the value of the statement, of that name."""
    variables = {variable.name: variable for variable in point.graph.variables}
    return variables[name] if name in variables else point.graph.names[name]


def slopes_at(text: str, along: Mapping[str, float] | str = "x", **at: float) -> Slopes:
    """The slopes of an expression at a point, with respect to a name or along a direction of several."""
    point = point_of(text, **at)
    direction = {along: 1.0} if isinstance(along, str) else along
    return slopes(point, {node_called(point, name): factor for name, factor in direction.items()})


def assert_holds(ball: Ball | None, truth: Any) -> None:
    """Assert that the true number is inside the ball, and is what the ball is in float64."""
    assert ball is not None
    with mp.workdps(DIGITS):
        apart = abs(number(ball) - truth)
        assert apart <= mp.make_mpf(ball.radius) + OWN_ROUNDING * abs(truth), (
            f"{ball} does not hold {mp.nstr(truth, 20)}"
        )
        assert apart <= ACCURACY * abs(truth) + INVISIBLE, f"{ball} is not {mp.nstr(truth, 20)}"
    assert is_settled(ball)


def assert_sides(found: Slopes, left: float, right: float) -> None:
    """Assert that each side has the slope that is given, and that its bound holds it."""
    assert_holds(found.left.slope, mpf(left))
    assert_holds(found.right.slope, mpf(right))


def sigmoid(x: Any) -> Any:
    """The logistic function."""
    return 1 / (1 + mp.exp(-x))


def sigmoid_slope(x: Any) -> Any:
    """σ(x)·σ(-x)."""
    return sigmoid(x) * sigmoid(-x)


def erf_slope(x: Any) -> Any:
    """DLMF 7.2.1."""
    return 2 / mp.sqrt(mp.pi) * mp.exp(-x * x)


SMOOTH: list[tuple[str, float, Closed]] = [
    # badly scaled
    ("x**2", 3e-8, lambda x: 2 * x),
    ("x**2", 1e8, lambda x: 2 * x),
    ("x**2", TINY, lambda x: 2 * x),
    ("exp(x)", -700.0, mp.exp),
    ("log(x)", TINY, lambda x: 1 / x),
    ("log(x)", 1e300, lambda x: 1 / x),
    ("1/x", 1e-8, lambda x: -1 / x**2),
    ("1/x", 1e-100, lambda x: -1 / x**2),
    ("x**-2", 1e-8, lambda x: -2 / x**3),
    ("sqrt(x)", TINY, lambda x: 1 / (2 * mp.sqrt(x))),
    ("cbrt(x)", -1e-12, lambda x: mp.cbrt(-x) ** -2 / 3),
    ("cos(x)", TINY, lambda x: -mp.sin(x)),
    ("hypot(x, 1e-300)", TINY, lambda x: x / mp.hypot(x, TINY)),
    ("hypot(x, 2.5)", TINY, lambda x: x / mp.hypot(x, 2.5)),
    ("sqrt(x**2 + 6.25)", TINY, lambda x: x / mp.hypot(x, 2.5)),
    ("1e-320*x", 2.0, lambda _: mpf(1e-320)),
    ("lgamma(x)", 1e8, mp.digamma),
    # cancelling
    ("x + 1e16 - 1e16", 0.1, lambda _: mpf(1)),
    ("(x + 1)**2 - x**2 - 2*x", 1e8, lambda _: mpf(0)),
    ("(x + 1)**10 - x**10", 1e6, lambda x: 10 * ((x + 1) ** 9 - x**9)),
    ("1 - cos(x)", 1e-8, mp.sin),
    ("exp(x) - 1 - x", 1e-8, mp.expm1),
    ("x - sin(x)", 1e-5, lambda x: 1 - mp.cos(x)),
    ("sqrt(x + 1) - sqrt(x)", 1e16, lambda x: (1 / mp.sqrt(x + 1) - 1 / mp.sqrt(x)) / 2),
    ("sin(x)", math.pi, mp.cos),
    ("log(1 + x)", 1e-200, lambda x: 1 / (1 + x)),
    # saturated
    ("sigmoid(x)", 40.0, sigmoid_slope),
    ("sigmoid(x)", -40.0, sigmoid_slope),
    ("sigmoid(x)", 700.0, sigmoid_slope),
    ("1 - sigmoid(x)", 200.0, lambda x: -sigmoid_slope(x)),
    ("logsigmoid(x)", 40.0, lambda x: sigmoid(-x)),
    ("softplus(x)", -40.0, sigmoid),
    ("tanh(x)", 20.0, lambda x: mp.sech(x) ** 2),
    ("tanh(x)", 350.0, lambda x: mp.sech(x) ** 2),
    ("tanh(x)", 1e6, lambda _: mpf(0)),  # 1e-868588
    ("erf(x)", 6.0, erf_slope),
    ("erf(x)", 27.0, erf_slope),
    ("exp(-1/x**2)", 0.05, lambda x: 2 / x**3 * mp.exp(-1 / x**2)),
    # highly curved
    ("sin(pi*x)", 1e100, lambda x: mp.pi * mp.cos(mp.pi * x)),
    ("sin(exp(x))", 300.0, lambda x: mp.exp(x) * mp.cos(mp.exp(x))),
    ("sin(1e8*x)", 1.0, lambda x: 10**8 * mp.cos(10**8 * x)),
    ("sin(1/x)", 1e-8, lambda x: -mp.cos(1 / x) / x**2),
    ("sin(x)", 1e22, mp.cos),
    ("sin(x)", 1e300, mp.cos),
    ("tanh(1e100*x)", 0.0, lambda _: mpf(1e100)),
    ("tanh(1e20*x)", 1e-20, lambda x: mpf(1e20) * mp.sech(mpf(1e20) * x) ** 2),
    ("atan(1e30*x)", 1e-30, lambda x: mpf(1e30) / (1 + (mpf(1e30) * x) ** 2)),
    ("exp(1e5*x)", 0.0, lambda _: mpf(1e5)),
    ("gamma(x)", 5.0, lambda x: mp.gamma(x) * mp.digamma(x)),
    ("asin(x)", 1 - 2**-53, lambda x: 1 / mp.sqrt((1 - x) * (1 + x))),
    ("log1p(x)", 2**-53 - 1, lambda x: 1 / (1 + x)),
    ("x**x", 2.0, lambda x: x**x * (mp.log(x) + 1)),
    # flat
    ("sin(x)**3", 0.0, lambda _: mpf(0)),
    ("cos(x)", 0.0, lambda _: mpf(0)),
    ("x**2", 0.0, lambda _: mpf(0)),
    ("x**9", 0.0, lambda _: mpf(0)),
    ("x*abs(x)", 0.0, lambda _: mpf(0)),
    ("sinc(x)", 0.0, lambda _: mpf(0)),
    ("x**2*sin(1e3*x)", 0.0, lambda _: mpf(0)),
    ("exp(-1/x**2)", 1e-3, lambda x: 2 / x**3 * mp.exp(-1 / x**2)),  # 1e-434285
    ("sqrt(x**2 + 1e-300)", 0.0, lambda _: mpf(0)),
    # next to a kink, on one side of it
    ("abs(x)", 3e-7, lambda _: mpf(1)),
    ("abs(x)", -TINY, lambda _: mpf(-1)),
    ("abs(x - 1)", 1 + 2**-52, lambda _: mpf(1)),
    ("relu(x)", 5e-324, lambda _: mpf(1)),
    ("relu(x - 1)", 1 - 2**-53, lambda _: mpf(0)),
    ("relu(x - 1 + 1e-300)", 1.0, lambda _: mpf(1)),
    ("max(x, 1 - 1e-300)", 1.0, lambda _: mpf(1)),
    ("where(x*1e300 > 1, 2*x, x)", 2 * TINY, lambda _: mpf(2)),
    ("floor(x)", 3 + 1e-12, lambda _: mpf(0)),
    ("floor(x)", 3 - 1e-12, lambda _: mpf(0)),
    ("floor(pi*x)", 1e100, lambda _: mpf(0)),
    ("relu(sqrt(2)**2 - 2 + 1e-90 + x)", 0.0, lambda _: mpf(1)),
    ("relu(sqrt(2)**2 - 2 - 1e-300 + x)", 0.0, lambda _: mpf(0)),
    # at a kink that the expression as a whole has not
    ("relu(x) - relu(-x)", 0.0, lambda _: mpf(1)),
    ("where(x == 3, 3, x)", 3.0, lambda _: mpf(1)),
    ("max(x, x)", 0.7, lambda _: mpf(1)),
    ("cbrt(x)**3", 0.0, lambda _: mpf(1)),
]


@pytest.mark.parametrize(("text", "x", "closed"), SMOOTH, ids=[f"{text} at {x:g}" for text, x, _ in SMOOTH])
def test_a_slope_is_right_and_its_bound_holds(text: str, x: float, closed: Closed) -> None:
    """Whatever the scale, both sides have the slope of the closed form, and it lies within the bound of each."""
    found = slopes_at(text, x=x)

    with mp.workdps(DIGITS):
        truth = closed(mpf(x))
    assert found.left.kind is found.right.kind is Kind.SLOPE
    assert not found.sign_is_open
    for slope in (found.left.slope, found.right.slope, found.derivative):
        assert_holds(slope, truth)


FAMILY: Mapping[str, Closed] = {
    "sin({})": mp.cos,
    "exp({})": mp.exp,
    "tanh({})": lambda u: mp.sech(u) ** 2,
    "atan({})": lambda u: 1 / (1 + u * u),
    "sigmoid({})": sigmoid_slope,
    "({})**3": lambda u: 3 * u * u,
    "asinh({})": lambda u: 1 / mp.hypot(u, 1),
    "{}/(1 + ({})**2)": lambda u: (1 - u * u) / (1 + u * u) ** 2,
}


@given(form=st.sampled_from(sorted(FAMILY)), x=st.floats(-20, 20), power=st.integers(-8, 8))
def test_a_slope_is_right_at_any_scale(form: str, x: float, power: int) -> None:
    """A function of s·x at x/s has s times its slope, for s from 1e-8 to 1e8, and the bound holds it."""
    at = x / 10.0**power
    found = slopes_at(form.replace("{}", f"1e{power}*x"), x=at)

    with mp.workdps(DIGITS):
        scale = mpf(float(f"1e{power}"))
        truth = scale * FAMILY[form](scale * mpf(at))
    assert_holds(found.derivative, truth)


def test_a_slope_that_saturates_is_the_one_in_the_design() -> None:
    """1 - sigmoid(x) at 200 is 0 at 80 digits; its slope is known to the last bit of float64, and shown so."""
    found = slopes_at("1 - sigmoid(x)", x=200.0)

    assert found.derivative is not None
    assert float(found.derivative) == -1.3838965267367375e-87


@pytest.mark.parametrize("text", ["exp(x)", "log(1 + x)", "sin(x)", "x + x**2"])
def test_a_slope_next_to_a_number_of_float64_is_shown_as_that_number(text: str) -> None:
    """A slope of 1 within 1e-24 is 1.0, from whichever side it is approached."""
    found = slopes_at(text, x=0.0)

    assert [float(side.slope) for side in (found.left, found.right) if side.slope] == [1.0, 1.0]


# Sides that differ. ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "x", "left", "right"),
    [
        ("abs(x)", 0.0, -1, 1),
        ("abs(x - 1)", 1.0, -1, 1),
        ("relu(x)", 0.0, 0, 1),
        ("-3*relu(-x)", 0.0, 3, 0),
        ("leaky_relu(x, 0.25)", 0.0, 0.25, 1),
        ("elu(x, 2)", 0.0, 2, 1),
        ("max(x, 1)", 1.0, 0, 1),
        ("min(x, 1)", 1.0, 1, 0),
        ("max(x, 2*x, 3*x)", 0.0, 1, 3),
        ("clip(x, 0, 1)", 1.0, 1, 0),
        ("hardswish(x)", 3.0, 1.5, 1),
        ("sqrt(x*x)", 0.0, -1, 1),
        ("hypot(x, 0)", 0.0, -1, 1),
        ("where(x > 3, x, 2*x - 3)", 3.0, 2, 1),
        ("where(x >= 3, x*x, 9)", 3.0, 0, 6),
        ("abs(x) + 1e300", 0.0, -1, 1),
        ("1e-300*abs(x)", 0.0, -TINY, TINY),
    ],
)
def test_a_corner_has_a_slope_on_each_side(text: str, x: float, left: float, right: float) -> None:
    """At a kink there is no derivative, but a slope to the left and one to the right, and what is between them."""
    found = slopes_at(text, x=x)

    assert_sides(found, left, right)
    assert found.derivative is None
    assert found.is_corner
    assert [float(slope) for slope in found.between] == sorted([left, right])


@pytest.mark.parametrize(
    ("along", "left", "right"),
    [
        ({"x": 1}, 0, 1),
        ({"y": 1}, 0, 1),
        ({"x": 1, "y": 1}, 1, 1),
        ({"x": 1, "y": -1}, -1, 1),
        ({"x": 2, "y": 0.5}, 0.5, 2),
        ({"x": -1, "y": -1}, -1, -1),
    ],
)
@pytest.mark.parametrize("size", [1.5, 1e-8, 1e8])
def test_a_tie_has_slopes_along_each_direction(
    along: Mapping[str, float], left: float, right: float, size: float
) -> None:
    """Of max(x, y) where x = y: along (1, 1) it is smooth, along (1, -1) it is |t|."""
    found = slopes_at("max(x, y)", along, x=size, y=size)

    assert_sides(found, left, right)
    assert found.is_corner == (left != right)


def test_a_direction_adds_up_the_slopes_of_its_variables() -> None:
    """Along (3, 4) a product has 3 times its slope in x and 4 times that in y; hypot at 0 has the length of (3, 4)."""
    product = slopes_at("x*y", {"x": 3, "y": 4}, x=2.0**-26, y=1e8)
    length = slopes_at("hypot(x, y)", {"x": 3, "y": 4}, x=0.0, y=0.0)

    assert_holds(product.derivative, mpf(3e8 + 2.0**-24))
    assert_sides(length, -5, 5)


@pytest.mark.parametrize(
    ("text", "x", "left", "right"),
    [
        ("floor(x)", 2.0, Kind.JUMP, Kind.SLOPE),
        ("ceil(x)", 2.0, Kind.SLOPE, Kind.JUMP),
        ("round(x)", 2.5, Kind.SLOPE, Kind.JUMP),
        ("round(x)", 1.5, Kind.JUMP, Kind.SLOPE),
        ("x - floor(x)", -1.0, Kind.JUMP, Kind.SLOPE),
        ("floor(x)", 1e25, Kind.JUMP, Kind.SLOPE),
        ("sign(x)", 0.0, Kind.JUMP, Kind.JUMP),
        ("where(x == 3, 5, x)", 3.0, Kind.JUMP, Kind.JUMP),
        ("where(x != 3, x, 4)", 3.0, Kind.JUMP, Kind.JUMP),
        ("where(x > 3, x + 1e-8, x)", 3.0, Kind.SLOPE, Kind.JUMP),
        ("atan2(x, -1)", 0.0, Kind.JUMP, Kind.SLOPE),
        ("sqrt(x)", 0.0, Kind.OUTSIDE, Kind.INFINITE),
        ("cbrt(x)", 0.0, Kind.INFINITE, Kind.INFINITE),
        ("cbrt(x*x)", 0.0, Kind.INFINITE, Kind.INFINITE),
        ("sqrt(abs(x))", 0.0, Kind.INFINITE, Kind.INFINITE),
        ("asin(x)", 1.0, Kind.INFINITE, Kind.OUTSIDE),
        ("asin(x)", -1.0, Kind.OUTSIDE, Kind.INFINITE),
        ("acosh(x)", 1.0, Kind.OUTSIDE, Kind.INFINITE),
        ("x**0.5", 0.0, Kind.OUTSIDE, Kind.INFINITE),
        ("sqrt(-x*x)", 0.0, Kind.OUTSIDE, Kind.OUTSIDE),
    ],
)
def test_a_side_without_a_slope_says_why(text: str, x: float, left: Kind, right: Kind) -> None:
    """Jumps, vertical tangents and ends of the domain are told apart, on each side; none of them is a derivative."""
    found = slopes_at(text, x=x)

    assert (found.left.kind, found.right.kind) == (left, right)
    assert found.derivative is None
    assert not found.is_corner
    assert found.value.middle is not None


@pytest.mark.parametrize(
    ("text", "x", "truth", "outside"),
    [
        ("x**1.5", 0.0, 0, "left"),
        ("x**2.5", 0.0, 0, "left"),
        ("x*sqrt(x)", 0.0, 0, "left"),
        ("sqrt(x)*sqrt(x)", 0.0, 1, "left"),
        ("(1 - x)**1.5 + x", 1.0, 1, "right"),
        ("asin(x)*0 + x**3", -1.0, 3, "left"),
        ("log(1 + x)*0 + 2*sqrt(x)**2 - x", 0.0, 1, "left"),
    ],
)
def test_at_the_end_of_a_domain_the_slope_is_that_of_the_inside(text: str, x: float, truth: int, outside: str) -> None:
    """Where only one side has values, its slope is the derivative."""
    found = slopes_at(text, x=x)

    assert getattr(found, outside) == Side(Kind.OUTSIDE)
    assert_holds(found.derivative, mpf(truth))


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("sin(x)/x", 0.0),
        ("(x*x - 1)/(x - 1)", 1.0),
        ("x*log(x)", 0.0),
        ("1/x", 0.0),
        ("log(x)", 0.0),
        ("acot(x)", 0.0),
        ("sqrt(x)", -1.0),
        ("abs(x)*sin(1/x)", 0.0),
    ],
)
def test_a_hole_has_no_slope(text: str, x: float) -> None:
    """Where the expression has no value at the point itself, the values around it say nothing."""
    found = slopes_at(text, x=x)

    assert found.value.middle is None
    assert found.derivative is None
    assert not found.is_corner


@pytest.mark.parametrize(
    "text", ["relu(sqrt(2)**2 - 2 + x)", "abs(sin(1)**2 + cos(1)**2 - 1 + x)", "max(exp(log(3)) - 3, x)"]
)
def test_a_sign_that_no_digits_resolve_stays_open(text: str) -> None:
    """What is 0 only by proof is noise at any precision: which side of the kink it is on is not guessed."""
    found = slopes_at(text, x=0.0)

    assert found.sign_is_open
    assert found.derivative is None


def test_an_open_sign_that_does_not_matter_does_no_harm() -> None:
    """|exp(log(3)) - 3| is 0 on both sides of its kink, so the slope is 0 all the same."""
    found = slopes_at("abs(exp(log(3)) - 3)*x", x=2.0)

    assert_holds(found.derivative, mpf(0))


@pytest.mark.parametrize(("text", "slope"), [("where(x == 0, 0, x/log(abs(x)))", 0), ("where(x > 0, x/log(x), 0)", 0)])
def test_the_bound_of_an_unresolved_slope_holds_too(text: str, slope: int) -> None:
    """1/log(h) is 0.0006 at the smallest step: what is said of a limit that is out of reach must not exclude it."""
    found = slopes_at(text, x=0.0)

    assert found.right.kind is Kind.UNRESOLVED
    assert found.right.slope is None or abs(number(found.right.slope) - slope) <= mp.make_mpf(found.right.slope.radius)


@pytest.mark.parametrize(
    ("text", "x", "closed"),
    [
        ("sin(pi*x)", 1e100, lambda x: mp.sin(mp.pi * x)),
        ("cos(pi*x)", 1e100, lambda x: mp.cos(mp.pi * x)),
        ("sin(exp(x))", 300.0, lambda x: mp.sin(mp.exp(x))),
        ("sin(x)", 1e300, mp.sin),
        ("sqrt(x**2 + 6.25)", TINY, lambda x: mp.hypot(x, 2.5)),
        ("cos(x + pi - pi)", TINY, mp.cos),
        ("exp(sqrt(2)**2 - 2)*x", 1.0, lambda _: mpf(1)),
        ("tan(pi/2 + x)", 1e-90, lambda x: -1 / mp.tan(x)),
        ("gamma(sqrt(x)**2)", 5.0, lambda _: mpf(24)),
    ],
)
def test_the_bound_of_a_value_holds(text: str, x: float, closed: Closed) -> None:
    """With 96 digits the value may be known to a few, or to none, as where a period is lost: the radius says so."""
    point = point_of(text, x=x)
    value = point.values()[point.graph.output]

    with mp.workdps(DIGITS):
        apart = abs(number(value) - closed(mpf(x)))
    assert apart <= mp.make_mpf(value.radius)
    assert not value.is_exact


# Inner nodes and single steps. ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "at", "truth"),
    [
        ("q = x + y; f = q*z", "q", {"x": -2.0, "y": 5.0, "z": -4.0}, mpf(-4)),
        ("q = x*y; q*x + q**2", "q", {"x": 3.0, "y": 0.5}, mpf(6)),
        ("a = abs(x); b = a*a; b + a", "a", {"x": 0.0}, mpf(1)),
        ("u = x - 1; relu(u + y)", "u", {"x": 1.0, "y": TINY}, mpf(1)),
        ("v = 1e-300*x; tanh(1e300*v)", "v", {"x": 0.0}, mpf(1e300)),
    ],
)
def test_an_inner_node_is_moved_like_a_variable(text: str, name: str, at: dict[str, float], truth: Any) -> None:
    """∂output/∂node: the node is moved, and what it is made from stays; every path from it counts."""
    found = slopes_at(text, name, **at)

    assert_holds(found.derivative, truth)


def test_the_slope_of_the_output_to_itself_is_1() -> None:
    """Nothing is computed anew, and the output moves by what it is moved."""
    found = slopes_at("f = x*y; f", "f", x=2.0, y=3.0)

    assert_holds(found.derivative, mpf(1))


def test_another_output_may_be_asked_for() -> None:
    """The slope of an inner value with respect to an earlier one."""
    point = point_of("a = x*x; b = sin(a); b*y", x=0.5, y=7.0)
    moved, output = node_called(point, "a"), node_called(point, "b")

    found = slopes(point, {moved: 1}, [output], output)

    with mp.workdps(DIGITS):
        truth = mp.cos(mpf(0.25))
    assert_holds(found.derivative, truth)


def test_a_local_slope_is_that_of_one_op() -> None:
    """Of x*x both places move together in a local slope, each alone in a local difference."""
    point = point_of("x*x", x=3.0)
    oracles = Oracles(point)
    node, x = point.graph.output, point.graph.variables[0]

    assert_holds(oracles.local_slopes(node, x).derivative, mpf(6))
    assert_holds(oracles.local_symbolic(node, x), mpf(6))
    assert [float(part) for place in (0, 1) if (part := oracles.local_difference(node, place))] == [3.0, 3.0]


# Budgets: whole and step by step. ------------------------------------------------------------------------------------

TEXTS: list[tuple[str, dict[str, float]]] = [
    ("1/(1 + exp(-(w*x + b)))", {"w": 2.0, "x": -1.0, "b": -3.0}),
    ("A = x*y; F = A*sin(A) + A/x", {"x": 0.7, "y": -1.9}),
    ("1 - sigmoid(x)", {"x": 200.0}),
    ("log(x)*exp(-y) + hypot(x, y)*atan2(y, x)", {"x": 1e-8, "y": 1e-3}),
    ("x**y + gamma(x) - x*x*x + sqrt(y)*cbrt(-x)", {"x": 2.3, "y": 1.4}),
    ("sin(x)**3 + cos(x*y)", {"x": 0.0, "y": 2.0}),
    ("mish(x)*gelu(y) + softplus(x - y)", {"x": 0.7, "y": -0.3}),
    ("x*x*y - x*(y + 1) + y*1e-300", {"x": 1e8, "y": 1.0}),
]
PIECEWISE: list[tuple[str, dict[str, float]]] = [
    ("relu(x)*y + abs(y)*max(x, y, 1)", {"x": 0.7, "y": -1.3}),
    ("where(x > y, x*y, floor(x) + y)*clip(x, 0, 1)", {"x": 0.25, "y": 0.75}),
    ("leaky_relu(x)*round(y) + min(x, y)", {"x": -0.4, "y": 2.2}),
]
of_both = pytest.mark.parametrize(("text", "at"), TEXTS + PIECEWISE, ids=[text for text, _ in TEXTS + PIECEWISE])


@of_both
def test_differences_step_by_step_are_those_of_the_whole(
    monkeypatch: pytest.MonkeyPatch, text: str, at: dict[str, float]
) -> None:
    """A graph beyond the budget is answered by the chain rule over differences of each step, to the same number."""
    whole = Oracles(point_of(text, **at))
    expected = [whole.slopes(variable).derivative for variable in whole.graph.variables]
    monkeypatch.setattr(oracles_module, "MOST_EVALUATIONS", 0)
    stepwise = Oracles(point_of(text, **at))
    monkeypatch.setattr(oracles_module, "slopes", only_of_one_op)

    found = [stepwise.slopes(variable) for variable in stepwise.graph.variables]

    assert (whole.is_small, stepwise.is_small) == (True, False)
    for slope, derivative in zip(found, expected, strict=True):
        assert derivative is not None
        assert slope.derivative is not None
        assert_near(slope.derivative, derivative)
        assert float(slope.value) == pytest.approx(float(whole.point.values()[whole.graph.output]), rel=1e-15, abs=0)


@pytest.mark.parametrize(
    ("text", "x", "truth"),
    [
        ("x*x - x*x", 3.0, 0.0),
        ("sin(x)**2 + cos(x)**2", 0.3, 0.0),
        ("log(exp(x)) - x", 0.7, 0.0),
        ("x*1e8 - 1e8*x + x*1e-300", 3.0, TINY),
    ],
)
def test_contributions_that_cancel_are_settled_by_the_whole(
    monkeypatch: pytest.MonkeyPatch, text: str, x: float, truth: float
) -> None:
    """Where the steps add up to no more than their errors, the whole is moved, beyond the budget too."""
    monkeypatch.setattr(oracles_module, "MOST_EVALUATIONS", 0)
    oracles = Oracles(point_of(text, x=x))

    found = oracles.slopes(oracles.graph.variables[0])

    assert_holds(found.derivative, mpf(truth))


def only_of_one_op(
    point: Point, direction: Mapping[Node, float], through: Any = None, output: Any = None, **where: Any
) -> Slopes:
    """Differences of a single op, and of nothing larger."""
    assert through is not None
    assert len(through) == 1
    return slopes(point, direction, through, output, **where)


def test_paths_that_cancel_are_still_taken_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sum over paths has lost the digits of the first steps; smaller ones tell it, not differences of the whole."""
    point = point_of("sin(x) - sin(x + 2**-50)", x=0.5)
    expected = Oracles(point).slopes(point.graph.variables[0]).derivative
    monkeypatch.setattr(oracles_module, "MOST_EVALUATIONS", 0)
    stepwise = Oracles(point)
    monkeypatch.setattr(oracles_module, "slopes", only_of_one_op)

    found = stepwise.slopes(stepwise.graph.variables[0])

    assert expected is not None
    assert found.derivative is not None
    assert not found.is_whole
    assert_near(found.derivative, expected)


def assert_near(found: Ball, expected: Ball) -> None:
    """Assert that two answers are one number, as near as what is known of both."""
    with mp.workdps(DIGITS):
        apart, size = abs(number(found) - number(expected)), abs(number(expected))
        assert apart <= mp.make_mpf(found.radius) + mp.make_mpf(expected.radius) + INVISIBLE
        assert apart <= ACCURACY * size + INVISIBLE


@pytest.mark.parametrize("budget", [0, 200_000])
@pytest.mark.parametrize(
    ("text", "left", "right"), [("abs(x)*3", -3, 3), ("relu(x) - relu(-x)", 1, 1), ("x*relu(x)", 0, 0)]
)
def test_at_a_kink_the_whole_is_moved_whatever_the_budget(
    monkeypatch: pytest.MonkeyPatch, text: str, left: int, right: int, budget: int
) -> None:
    """The chain rule fails at a kink, so there it is not used."""
    monkeypatch.setattr(oracles_module, "MOST_EVALUATIONS", budget)
    oracles = Oracles(point_of(text, x=0.0))

    found = oracles.slopes(oracles.graph.variables[0])

    assert_sides(found, left, right)


@pytest.mark.parametrize(("text", "at"), TEXTS, ids=[text for text, _ in TEXTS])
def test_sympy_step_by_step_is_sympy_of_the_whole(
    monkeypatch: pytest.MonkeyPatch, text: str, at: dict[str, float]
) -> None:
    """The derivative of the expression and the chain rule over derivatives of its ops are the same number."""
    whole = Oracles(point_of(text, **at))
    expected = [whole.symbolic(variable) for variable in whole.graph.variables]
    monkeypatch.setattr("bpcli.check.symbolic.LARGEST_TREE", 0)
    stepwise = Oracles(point_of(text, **at))

    found = [stepwise.symbolic(variable) for variable in stepwise.graph.variables]

    assert [one.is_whole for one in expected] == [True] * len(expected)
    assert [one.is_whole for one in found] == [False] * len(found)
    for one, other in zip(found, expected, strict=True):
        assert one.value is not None
        assert other.value is not None
        assert_near(one.value, other.value)


@of_both
def test_the_oracles_agree_with_each_other(text: str, at: dict[str, float]) -> None:
    """SymPy's derivative and the differences are one number, for variables and for every inner node."""
    oracles = Oracles(point_of(text, **at))
    nodes = [*oracles.graph.variables, *[node for node in oracles.graph.nodes if not node.op.is_condition]]

    for node in nodes:
        derivative, symbolic = oracles.slopes(node).derivative, oracles.symbolic(node).value
        assert derivative is not None
        assert symbolic is not None
        assert_near(symbolic, derivative)


@pytest.mark.parametrize("largest", [0, 250])
@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("abs(x)", 0.0),
        ("relu(x)*5", 0.0),
        ("relu(x) - relu(-x)", 0.0),
        ("max(x, 1)", 1.0),
        ("max(x, x)", 0.7),
        ("floor(x)", 2.0),
        ("sign(x)", 0.0),
        ("where(x == 3, 5, x)", 3.0),
        ("clip(x, 0, 1)", 1.0),
        ("sqrt(x)", 0.0),
        ("cbrt(x)", 0.0),
        ("cbrt(x)**3", 0.0),
        ("hypot(x, 0)", 0.0),
        ("sqrt(x*x)", 0.0),
        ("atan2(x, -1)", 0.0),
        ("acosh(x)", 1.0),
        ("relu(sqrt(2)**2 - 2 + x)", 0.0),
    ],
)
def test_at_a_kink_sympy_has_no_answer(monkeypatch: pytest.MonkeyPatch, text: str, x: float, largest: int) -> None:
    """SymPy's derivative of a kink is a convention of its own, so it is not asked, neither whole nor step by step."""
    monkeypatch.setattr("bpcli.check.symbolic.LARGEST_TREE", largest)
    oracles = Oracles(point_of(text, x=x))

    assert oracles.symbolic(oracles.graph.variables[0]).value is None


def nested(depth: int) -> str:
    """sin(sin(…sin(x)…))."""
    return "sin(" * depth + "x" + ")" * depth


def logistic(steps: int) -> str:
    """The logistic map, step after step: its formula in x has 2**steps terms, its slope grows like 2**steps."""
    return "; ".join(["c = x", *["c = 4*c*(1 - c)"] * steps])


def slope_of_nested(depth: int, x: Any) -> Any:
    """The product of the cosines."""
    slope = mpf(1)
    for _ in range(depth):
        x, slope = mp.sin(x), slope * mp.cos(x)
    return slope


def slope_of_logistic(steps: int, x: Any) -> Any:
    """The product of 4·(1 - 2c)."""
    slope = mpf(1)
    for _ in range(steps):
        x, slope = 4 * x * (1 - x), slope * 4 * (1 - 2 * x)
    return slope


LARGE: list[tuple[str, str, float, Closed, int]] = [
    ("sin nested 1000 deep", nested(1000), 1.25, lambda x: slope_of_nested(1000, x), 1),
    ("a logistic map of 100 steps", logistic(100), 0.3, lambda x: slope_of_logistic(100, x), 3),
    ("sixty times c = c*c/2", "; ".join(["c = x", *["c = c*c/2"] * 60]), 2.0, lambda _: mpf(2) ** 60, 2),
    ("sixty times c = c + c", "; ".join(["c = x", *["c = c + c"] * 60]), 2.0, lambda _: mpf(2) ** 60, 1),
    ("a sum of 400 terms", " + ".join(["x*x"] * 400), 1.5, lambda x: 800 * x, 2),
]


@pytest.mark.parametrize(
    ("text", "x", "closed", "kinds"), [case[1:] for case in LARGE], ids=[case[0] for case in LARGE]
)
def test_what_is_too_large_for_sympy_is_answered_step_by_step(
    monkeypatch: pytest.MonkeyPatch, text: str, x: float, closed: Closed, kinds: int
) -> None:
    """SymPy never sees an expression whose tree is beyond the budget: it derives each op once, for each place."""
    monkeypatch.setattr(LOCAL_DERIVATIVES, "_formulas", {})
    oracles = Oracles(point_of(text, x=x))
    variable = oracles.graph.variables[0]

    symbolic, found = oracles.symbolic(variable), oracles.slopes(variable)

    with mp.workdps(DIGITS):
        truth = closed(mpf(x))
    assert not oracles.whole.is_possible
    assert not symbolic.is_whole
    assert_holds(symbolic.value, truth)
    assert_holds(found.derivative, truth)
    assert len(vars(LOCAL_DERIVATIVES)["_formulas"]) <= 2 * kinds


@pytest.mark.parametrize(
    ("text", "is_possible"),
    [
        ("x*y + sin(x)", True),
        (nested(60), True),
        (nested(61), False),
        (" + ".join(["x"] * 125), False),  # deeper than it is large
        ("; ".join(["c = x", *["c = c*c"] * 7]), True),
        ("; ".join(["c = x", *["c = c*c"] * 8]), False),
        ("abs(x) + y", False),
        ("where(x > 1, x, y)", False),
        ("sqrt(x) + hypot(x, y)", True),
    ],
)
def test_the_budget_of_sympy_counts_the_tree(text: str, is_possible: bool) -> None:  # noqa: FBT001 - a parameter
    """Size and depth are those of the tree that SymPy would hold, counted without building it; kinks rule it out."""
    at = {"x": 2.0, "y": 1.0} if "y" in text else {"x": 2.0}

    assert Oracles(point_of(text, **at)).whole.is_possible is is_possible


def test_the_budget_of_differences_counts_ops_and_variables() -> None:
    """Four evaluations of every op for each variable: 25,000 ops of two variables are the most."""
    small = " + ".join(["x*y"] * 500)
    large = "; ".join(["c = x*y", *["c = c + x"] * 25_000])

    assert Oracles(point_of(small, x=2.0, y=3.0)).is_small
    assert not Oracles(point_of(large, x=2.0, y=3.0)).is_small
