"""Derivatives at kinks, edges and ends of domains, as PyTorch 2.13 has them; and literal values from textbooks.

Everything goes through `bpcli.grad`, as a user does.
"""

import math
from typing import Any

import pytest

from bpcli import grad

SELU_LEFT = 1.0507009873554804934 * 1.6732632423543772848  # Klambauer et al. 2017, scale times alpha: 1.758…
ROUNDING = 1e-13  # the literals have 16 digits, and tens of operations lead to them


def near(value: Any) -> Any:
    """Equal up to rounding; 0 must be met exactly."""
    return pytest.approx(value, rel=ROUNDING, abs=0)


def gradient(text: str, **at: float) -> dict[str, float]:
    """The gradients of an expression at a point, by variable."""
    return dict(grad(text, at).gradients)


@pytest.mark.parametrize("x", [0.0, -0.0])
@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("relu(x)", 0.0),
        ("relu6(x)", 0.0),
        ("abs(x)", 0.0),
        ("sign(x)", 0.0),
        ("floor(x)", 0.0),
        ("ceil(x)", 0.0),
        ("round(x)", 0.0),
        ("leaky_relu(x)", 0.01),
        ("leaky_relu(x, 0.3)", 0.3),
        ("elu(x)", 1.0),
        ("elu(x, 1.7)", 1.7),
        ("selu(x)", SELU_LEFT),
        ("softsign(x)", 1.0),
        ("relu(x) - relu(-x)", 0.0),
    ],
)
def test_a_kink_at_zero_takes_the_slope_of_the_convention(text: str, slope: float, x: float) -> None:
    """At 0 each op with a kink has the one slope that PyTorch gives it, whichever zero it is."""
    found = gradient(text, x=x)

    assert found == {"x": slope}


@pytest.mark.parametrize("text", ["floor(x)", "ceil(x)", "round(x)", "sign(x)"])
@pytest.mark.parametrize("x", [-2.0, -0.5, 0.5, 1.0, 1.25, 2.5])
def test_a_step_has_slope_zero_everywhere(text: str, x: float) -> None:
    """Rounding and sign have slope 0 on their steps and at their jumps."""
    found = gradient(text, x=x)

    assert found == {"x": 0.0}


@pytest.mark.parametrize(
    ("text", "at", "slope"),
    [
        ("hardtanh(x)", -1.0, 0.0),
        ("hardtanh(x)", 1.0, 0.0),
        ("hardtanh(x, -2, 0.5)", -2.0, 0.0),
        ("hardtanh(x, -2, 0.5)", 0.5, 0.0),
        ("hardtanh(x, -2, 0.5)", -1.0, 1.0),
        ("relu6(x)", 6.0, 0.0),
        ("relu6(x)", 5.0, 1.0),
        ("hardsigmoid(x)", -3.0, 0.0),
        ("hardsigmoid(x)", 3.0, 0.0),
        ("hardsigmoid(x)", 0.0, 1 / 6),
        ("hardswish(x)", -3.0, 0.0),
        ("hardswish(x)", 3.0, 1.0),
        ("hardswish(x)", 0.0, 0.5),
        ("clip(x, -1, 2)", -1.0, 1.0),
        ("clip(x, -1, 2)", 2.0, 1.0),
        ("clip(x, -1, 2)", 2.5, 0.0),
        ("clip(x, -1, 2)", -1.5, 0.0),
    ],
)
def test_an_edge_takes_the_slope_of_the_convention(text: str, at: float, slope: float) -> None:
    """Edges of activations have slope 0, except that hardswish has 1 at 3; `clip` passes the gradient at its edges."""
    found = gradient(text, x=at)

    assert found == {"x": slope}


@pytest.mark.parametrize(
    ("point", "shares"),
    [
        ({"x": 2.0, "low": 2.0, "high": 3.0}, {"x": 1.0, "low": 0.0, "high": 0.0}),
        ({"x": 3.0, "low": 2.0, "high": 3.0}, {"x": 1.0, "low": 0.0, "high": 0.0}),
        ({"x": 1.0, "low": 2.0, "high": 3.0}, {"x": 0.0, "low": 1.0, "high": 0.0}),
        ({"x": 4.0, "low": 2.0, "high": 3.0}, {"x": 0.0, "low": 0.0, "high": 1.0}),
        ({"x": 2.5, "low": 3.0, "high": 2.0}, {"x": 0.0, "low": 0.0, "high": 1.0}),
        ({"x": 2.0, "low": 3.0, "high": 2.0}, {"x": 0.0, "low": 0.0, "high": 1.0}),
    ],
)
def test_the_bounds_of_clip_take_the_gradient_that_its_input_does_not(
    point: dict[str, float], shares: dict[str, float]
) -> None:
    """Beyond an edge the bound has slope 1, at the edge the input has; where low is above high, high always has."""
    found = gradient("clip(x, low, high)", **point)

    assert found == shares


@pytest.mark.parametrize("name", ["max", "min", "maximum", "minimum"])
@pytest.mark.parametrize("count", [2, 3, 4])
def test_ties_share_the_gradient_evenly(name: str, count: int) -> None:
    """Inputs that tie for the largest, or the smallest, have one part each of the gradient."""
    names = ["w", "x", "y", "z"][:count]
    found = gradient(f"{name}({', '.join(names)})", **dict.fromkeys(names, 1.5))

    assert found == dict.fromkeys(names, 1 / count)


def test_only_the_inputs_that_tie_share() -> None:
    """An input that does not win has no part, wherever it stands."""
    largest = gradient("max(x, y, z)", x=2.0, y=-1.0, z=2.0)
    smallest = gradient("min(x, y, z)", x=2.0, y=-1.0, z=2.0)

    assert largest == {"x": 0.5, "y": 0.0, "z": 0.5}
    assert smallest == {"x": 0.0, "y": 1.0, "z": 0.0}


def test_the_shares_of_one_variable_that_ties_with_itself_add_up() -> None:
    """`max(x, x)` is x, so the parts that its two paths carry add up to 1."""
    found = gradient("max(x, x) + min(x, x, x)", x=0.7)

    assert found == {"x": near(2.0)}


def test_a_choice_passes_the_gradient_to_what_was_chosen() -> None:
    """`where` gives the whole gradient to the chosen side and none to the other, nor to its condition."""
    chosen = gradient("where(x > 0, 3*x, y*x)", x=2.0, y=5.0)
    at_the_turn = gradient("where(x > 0, 3*x, y*x)", x=0.0, y=5.0)

    assert chosen == {"x": 3.0, "y": 0.0}
    assert at_the_turn == {"x": 5.0, "y": 0.0}


@pytest.mark.parametrize(
    ("text", "x", "slope"),
    [
        ("sqrt(x)", 0.0, math.inf),
        ("log(x)", 0.0, math.inf),
        ("log2(x)", 0.0, math.inf),
        ("log10(x)", 0.0, math.inf),
        ("log1p(x)", -1.0, math.inf),
        ("cbrt(x)", 0.0, math.inf),
        ("asin(x)", 1.0, math.inf),
        ("asin(x)", -1.0, math.inf),
        ("acos(x)", 1.0, -math.inf),
        ("acosh(x)", 1.0, math.inf),
        ("atanh(x)", 1.0, math.inf),
        ("asech(x)", 1.0, -math.inf),
        ("asec(x)", 1.0, math.inf),
        ("asec(x)", -1.0, math.inf),
        ("acsc(x)", 1.0, -math.inf),
        ("acsc(x)", -1.0, -math.inf),
        ("x**0.5", 0.0, math.inf),
    ],
)
def test_a_slope_at_the_end_of_a_domain_is_infinite_and_said_to_be(text: str, x: float, slope: float) -> None:
    """Where the tangent is vertical the gradient is infinite, with its sign, and a warning names it."""
    result = grad(text, {"x": x})

    assert result.gradients == {"x": slope}
    assert result.warnings


@pytest.mark.parametrize(
    ("text", "at", "slopes"),
    [
        ("x**y", {"x": 0.0, "y": 2.0}, {"x": 0.0, "y": 0.0}),
        ("x**y", {"x": 0.0, "y": 1.0}, {"x": 1.0, "y": 0.0}),
        ("x**y", {"x": 0.0, "y": 0.0}, {"x": 0.0, "y": 0.0}),
        ("x**y", {"x": 3.0, "y": 0.0}, {"x": 0.0, "y": math.log(3.0)}),
        ("x**2", {"x": -2.0}, {"x": -4.0}),
        ("x**3", {"x": -2.0}, {"x": 12.0}),
        ("x**2", {"x": 0.0}, {"x": 0.0}),
        ("x**1", {"x": 0.0}, {"x": 1.0}),
        ("x**0", {"x": 0.0}, {"x": 0.0}),
        ("x**-1", {"x": -2.0}, {"x": -0.25}),
        ("2**y", {"y": 3.0}, {"y": 8.0 * math.log(2.0)}),
        ("0**y", {"y": 3.0}, {"y": 0.0}),
        ("hypot(x, y)", {"x": 0.0, "y": 0.0}, {"x": 0.0, "y": 0.0}),
        ("atan2(y, x)", {"x": 0.0, "y": 0.0}, {"x": 0.0, "y": 0.0}),
        ("hypot(x, y)", {"x": 0.0, "y": -2.0}, {"x": 0.0, "y": -1.0}),
    ],
)
def test_powers_and_lengths_have_gradients_at_zero_and_left_of_it(
    text: str, at: dict[str, float], slopes: dict[str, float]
) -> None:
    """No logarithm is taken of a base that is 0 or has a constant exponent; length and angle have 0 at the origin."""
    result = grad(text, at)

    assert result.gradients == near(slopes)
    assert not result.warnings


def test_the_cube_root_of_a_negative_number_is_real() -> None:
    """cbrt(-8) is -2, and its slope 1/12."""
    result = grad("cbrt(x)", {"x": -8.0})

    assert result.value == -2.0
    assert result.gradients == {"x": near(1 / 12)}


@pytest.mark.parametrize(
    ("text", "at", "value", "slopes"),
    [
        pytest.param(
            "q = x + y; f = q*z",
            {"x": -2.0, "y": 5.0, "z": -4.0},
            -12.0,
            {"x": -4.0, "y": -4.0, "z": 3.0},
            id="CS231n notes, backpropagation, compound expressions",
        ),
        pytest.param("x*y*z", {"x": 6.0, "y": -2.0, "z": -3.0}, 36.0, {"x": 6.0, "y": -18.0, "z": -12.0}, id="product"),
        pytest.param(
            "1/(1 + exp(-(w0*x0 + w1*x1 + w2)))",
            {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0},
            0.7310585786300049,
            {
                "w0": -0.19661193324148185,
                "x0": 0.3932238664829637,
                "w1": -0.3932238664829637,
                "x1": -0.5898357997244456,
                "w2": 0.19661193324148185,
            },
            id="CS231n notes, backpropagation, sigmoid neuron",
        ),
        pytest.param(
            "2*(x*y + max(z, w))",
            {"x": 3.0, "y": -4.0, "z": 2.0, "w": -1.0},
            -20.0,
            {"x": -8.0, "y": 6.0, "z": 2.0, "w": 0.0},
            id="CS231n notes, backpropagation, patterns in backward flow",
        ),
        pytest.param(
            "c = a + b; d = a*b + b**3; c = c + (c + 1); c = c + (1 + c + (-a)); d = d + (d*2 + relu(b + a)); "
            "d = d + (3*d + relu(b - a)); e = c - d; f = e**2; g = f/2.0; g = g + 10.0/f",
            {"a": -4.0, "b": 2.0},
            24.70408163265306,
            {"a": 138.8338192419825, "b": 645.5772594752186},
            id="micrograd README",
        ),
        pytest.param(
            "v1 = x1/x2; v2 = sin(v1); v3 = exp(x2); v4 = v1 - v3; v5 = v2 + v4; y = v5*v4",
            {"x1": 1.5, "x2": 0.5},
            2.0166466694282015,
            {"x1": 3.0118433276739065, "x2": -13.723961509314075},
            id="Griewank & Walther, Evaluating Derivatives, chapter 1",
        ),
        pytest.param(
            "log(x1) + x1*x2 - sin(x2)",
            {"x1": 2.0, "x2": 5.0},
            11.652071455223084,
            {"x1": 5.5, "x2": 1.7163378145367738},
            id="Baydin et al. 2018, Automatic differentiation in machine learning, table 2",
        ),
        pytest.param("(a + b)*(b + 1)", {"a": 2.0, "b": 1.0}, 6.0, {"a": 2.0, "b": 5.0}, id="Olah 2015"),
    ],
)
def test_a_textbook_example_gives_the_numbers_of_the_textbook(
    text: str, at: dict[str, float], value: float, slopes: dict[str, float]
) -> None:
    """Worked examples from courses, papers and READMEs come out as printed there."""
    result = grad(text, at)

    assert result.value == near(value)
    assert result.gradients == near(slopes)


def test_a_sum_of_contributions_that_overflows_is_said() -> None:
    """Where each contribution is finite and their sum is not, the warning names the node where they meet."""
    result = grad("1.5e308*x + 1.5e308*x", {"x": 0.1})

    assert [warning.message.split(":")[0] for warning in result.warnings] == [
        "the contributions that meet at x add up beyond float64"
    ]


def test_every_first_place_is_warned_of_and_nothing_that_the_output_does_not_need() -> None:
    """Two steps that leave the finite numbers are two warnings; an unused statement is none."""
    result = grad("unused = log(0*x); log(x) + 1/x", {"x": 0})

    assert [warning.message.split(";")[0].split(" = ")[-1] for warning in result.warnings] == [
        "log(0) is infinite",
        "1/0 is infinite",
    ]
