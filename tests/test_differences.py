"""Float64 differences of arrays: the derivative lies within the estimated error, whatever the function does."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mpmath  # type: ignore[import-untyped]  # mpmath ships no types
import numpy as np
import pytest

import bpcli.check.differences
from bpcli.backprop.gradients import gradients_of
from bpcli.check.differences import Differences, differences
from bpcli.graph.node import Graph, Variable, applied
from bpcli.graph.op import Op, Sample
from bpcli.graph.order import graph_of
from bpcli.language.expressions import parse
from bpcli.language.shapes import with_shapes
from bpcli.numbers import perturbed, quotients
from bpcli.numbers.arrays import arrays
from bpcli.ops import structural_ops

ERRORS = 3.0  # estimated errors that the derivative may be off


def shaped(text: str, at: Mapping[str, Any]) -> Graph:
    """The graph of a text for values of these shapes."""
    return with_shapes(parse(text, at), {name: np.shape(value) for name, value in at.items()})


def at_point(text: str, x: float) -> Differences:
    """The differences of a function of one number."""
    return differences(shaped(text, {"x": x}), {"x": x})["x"]


def require_near(found: Differences, expected: Any) -> None:
    """Each entry is within the error that is estimated for it."""
    assert np.shape(found.estimate) == np.shape(found.error) == np.shape(expected)
    assert np.all(np.abs(found.estimate - expected) <= ERRORS * np.asarray(found.error))


def normal(*shape: int) -> Any:
    """Numbers that are the same every time."""
    return np.random.default_rng(sum(shape)).normal(size=shape)


# Honest errors -------------------------------------------------------------------------------------------------------

# A function, a point, and its derivative there as mpmath has it, or a number.
SMOOTH: list[tuple[str, float, Any]] = [
    ("x**2", 3.0, 6.0),
    ("x**3", 0.0, 0.0),
    ("sin(x)", 1.0, mpmath.cos(1)),
    ("cos(x)", 0.0, 0.0),
    ("exp(x)", 300.0, mpmath.exp(300)),
    ("exp(-x)", 300.0, -mpmath.exp(-300)),
    ("lgamma(x)", 1e-8, mpmath.digamma(1e-8)),
]
BADLY_SCALED: list[tuple[str, float, Any]] = [
    ("log(x)", 1e-10, 1e10),
    ("sqrt(x)", 1e-12, 5e5),
    ("1/x", 1e-6, -1e12),
    ("x*1e-300", 1.0, 1e-300),
    ("x*1e300", 1.0, 1e300),
    ("x**10", 1e-3, 1e-26),
    ("x**10", 1e3, 1e28),
    ("log(1 + x)", 1e-20, 1.0),
    ("exp(-1/x**2)", 0.05, 2 / mpmath.mpf(0.05) ** 3 * mpmath.exp(-1 / mpmath.mpf(0.05) ** 2)),
    ("sin(1e7*x)", 1.0, 1e7 * mpmath.cos(1e7)),
    ("sin(1e7*x)", 0.0, 1e7),
    ("sin(1e12*x)", 1.0, 1e12 * mpmath.cos(1e12)),
    ("x*sin(1/x)", 1e-3, mpmath.sin(1000) - 1000 * mpmath.cos(1000)),
    ("tanh(1e6*x)", 1e-6, 1e6 / mpmath.cosh(1) ** 2),
    ("sqrt(x**2 + 1e-20)", 0.0, 0.0),
    ("exp(1e5*x)", 0.0, 1e5),
]
NOISY: list[tuple[str, float, Any]] = [
    ("(x + 1e8) - 1e8", 1.0, 1.0),
    ("(x + 1e16) - 1e16", 1.0, 1.0),
    ("(x + 1e20) - 1e20", 1.0, 1.0),
    ("sum([1e20, 1, -1e20]*x)", 1.0, 1.0),
    ("(1 - cos(x))/x**2", 1e-4, -1e-4 / 12),
    ("abs(x) + 1e6", 1e-7, 1.0),
    ("x + 1e-9*sin(1e9*x)", 1.0, 1 + mpmath.cos(1e9)),
]
SATURATED: list[tuple[str, float, Any]] = [
    ("tanh(x)", 20.0, 1 / mpmath.cosh(20) ** 2),
    ("1e6*(1 - sigmoid(x))", 40.0, -1e6 * mpmath.exp(-40)),
    ("log(exp(x) + exp(50))*1e10", 0.0, 1e10 / (1 + mpmath.exp(50))),
    ("atan(log(exp(x)))", 3031.82, 1 / (1 + mpmath.mpf(3031.82) ** 2)),
    ("sigmoid(x*x*0.003)", -6.125, -0.03675 / (2 + 2 * mpmath.cosh(0.003 * 6.125**2))),
    ("relu(x)", -2.0, 0.0),
    ("floor(x)", 2.5, 0.0),
]
NEAR_KINKS: list[tuple[str, float, Any]] = [
    ("relu(x - 1e-3)", 0.0, 0.0),
    ("relu(x - 3e-6)", 0.0, 0.0),
    ("relu(x + 5e-6)", 0.0, 1.0),
    ("relu(x - 1e-9)", 0.0, 0.0),
    ("relu(x - 1e-14)", 0.0, 0.0),
    ("abs(x - 1)", 1 - 1e-7, -1.0),
    ("max(x, 2*x - 1)", 1 + 1e-6, 2.0),
    ("where(x > 1, x + 1, x)", 1 - 1e-8, 1.0),
    ("floor(x)", 2 + 1e-9, 0.0),
]


@pytest.mark.parametrize(("text", "x", "slope"), [*SMOOTH, *BADLY_SCALED, *NOISY, *SATURATED, *NEAR_KINKS])
def test_the_derivative_lies_within_the_error(text: str, x: float, slope: Any) -> None:
    """Also where digits are lost, the function is flat in float64, or a kink is near."""
    require_near(at_point(text, x), float(slope))


@pytest.mark.parametrize(("text", "x", "slope"), [*SMOOTH, *BADLY_SCALED[:9], *NEAR_KINKS[:8]])
def test_the_error_is_small_where_float64_has_the_digits(text: str, x: float, slope: Any) -> None:
    """An error that covers everything would say nothing."""
    assert at_point(text, x).error <= 1e-5 * abs(float(slope)) + 1e-5 * (slope == 0)


@pytest.mark.parametrize(
    ("text", "x", "left", "right"),
    [
        ("abs(x)", 0.0, -1.0, 1.0),
        ("relu(x)", 0.0, 0.0, 1.0),
        ("abs(x) + 1e6", 0.0, -1.0, 1.0),
        ("max(sin(x), 2*x)", 0.0, 1.0, 2.0),
        ("exp(abs(x - 3))", 3.0, -1.0, 1.0),
    ],
)
def test_a_kink_has_two_slopes(text: str, x: float, left: float, right: float) -> None:
    """The estimate is between them, and its error reaches both."""
    found = at_point(text, x)

    assert (found.left, found.right) == (pytest.approx(left, abs=1e-5), pytest.approx(right, abs=1e-5))
    require_near(found, left)
    require_near(found, right)
    assert found.error >= (right - left) / 2


def test_where_the_domain_ends_the_other_side_counts() -> None:
    """x**1.5 has a slope of 0 to the right of 0 only."""
    found = at_point("x**1.5", 0.0)

    assert np.isnan(found.left)
    require_near(found, 0.0)
    assert found.error < 1e-5


@pytest.mark.parametrize("text", ["sqrt(x)", "sqrt(x) + 1", "x*log(x)", "cbrt(x)", "log(x)", "1/x", "sqrt(abs(x))"])
def test_an_infinite_slope_has_no_estimate(text: str) -> None:
    """Quotients that grow with every step have no limit."""
    found = at_point(text, 0.0)

    assert np.isnan(found.estimate)
    assert np.isposinf(found.error)


# Every way through a graph -------------------------------------------------------------------------------------------


def point_of(op: Op, sample: Sample) -> list[Any]:
    """Values at which the op has a derivative."""
    random = np.random.default_rng(1)
    names = [op.inputs[min(place, len(op.inputs) - 1)] for place in range(len(sample.shapes))]
    values = [
        random.integers(0, 2, shape).astype(float) if name == "indices" else random.uniform(0.2, 2.0, shape)
        for name, shape in zip(names, sample.shapes, strict=True)
    ]
    if op.name in {"cholesky", "inv", "det", "solve", "cofactors"}:
        square = values[0]
        values[0] = square @ np.swapaxes(square, -1, -2) + np.eye(square.shape[-1])
    return values


CASES = [(op, sample) for op in structural_ops() for sample in op.samples]


@pytest.mark.parametrize(("op", "sample"), CASES, ids=[f"{op.name} {sample.shapes}" for op, sample in CASES])
@pytest.mark.parametrize("before", ["neg", "matrix_transpose"])
def test_every_op_over_arrays(op: Op, sample: Sample, before: str) -> None:
    """Differences through an op, and through one before it, are its gradient, for weights on an output of any shape."""
    values = point_of(op, sample)
    variables = [Variable(f"x{place}", shape=shape) for place, shape in enumerate(sample.shapes)]
    is_turned = before == "matrix_transpose" and all(len(shape) >= 2 for shape in sample.shapes)
    inputs = [applied(before, applied(before, one)) for one in variables] if is_turned else variables
    graph = graph_of(applied(op.name, *inputs, **sample.attributes))
    at = {variable.name: np.asarray(value) for variable, value in zip(variables, values, strict=True)}
    seed = np.asarray(np.random.default_rng(2).normal(size=graph.output.shape))
    gradients = gradients_of(graph, at, system=arrays, seed=seed).gradients

    for name, found in differences(graph, at, seed=seed).items():
        if not found.used.startswith("none"):
            require_near(found, gradients[name])
            assert np.all(found.error <= 1e-6 * (1 + np.abs(gradients[name])))


ARRAYS: list[tuple[str, dict[str, Any]]] = [
    ("sum(tanh(x@W + b)**2)", {"x": normal(3, 4), "W": normal(4, 5), "b": normal(5)}),
    ("sum(sin(x@W.T)*x)", {"x": normal(3, 4), "W": normal(4, 4)}),
    ("q = x@W; k = x@U; sum(softmax(q@k.T)@x)", {"x": normal(6, 4), "W": normal(4, 4), "U": normal(4, 4) / 2}),
    ("sum(conv2d(x, K, padding=1)**2)", {"x": normal(2, 3, 5, 5), "K": normal(4, 3, 3, 3)}),
    ("x@A@x + b@x", {"x": normal(5), "A": normal(5, 5), "b": normal(5)}),
    ("sum((T@A)**2, axis=(0, 2))[1]", {"T": normal(3, 2, 4), "A": normal(4, 3)}),
    ("sum(T@A)", {"T": normal(3, 2, 4), "A": normal(3, 4, 2)}),
    ("mean(exp(x), axis=0)@mean(x, axis=1)", {"x": normal(4, 4)}),
    ("sum(stack([x, y, x*y])**3)", {"x": normal(2, 3), "y": normal(2, 3) + 1}),
    ("sum(concatenate([x, x[::-1], 2*x], axis=1)**2)", {"x": normal(3, 2)}),
    ("x[0]*x[1] + x[2]**2 + sum(x[1:])", {"x": normal(4)}),
    ("mean((y - b*(1 - exp(-c*x)))**2)", {"x": normal(9), "y": normal(9), "b": 500.0, "c": 1e-4}),
    ("sum((s*A)@B + sum(s)*A)", {"s": 1.5, "A": normal(9, 8), "B": normal(8, 8)}),
    ("sum(relu(x)*mean(x))", {"x": normal(40, 40)}),
]


@pytest.mark.parametrize(("text", "at"), ARRAYS, ids=[text for text, _ in ARRAYS])
def test_every_entry_of_every_variable(text: str, at: dict[str, Any]) -> None:
    """Whatever of a graph changes, in few places or in many, the differences are the gradient."""
    graph = shaped(text, at)
    gradients = gradients_of(graph, at, system=arrays).gradients
    found = differences(graph, at)

    assert list(found) == list(gradients)
    for name, one in found.items():
        require_near(one, gradients[name])
        assert np.max(one.error) <= 1e-6 * (1 + np.max(np.abs(gradients[name])))


def test_entries_that_differ_much_have_steps_of_their_own() -> None:
    """The logarithm at 1e-6 and at 1e6, in one vector."""
    at = {"x": np.array([1e-6, 1.0, 1e6]), "c": np.array([1e-12, 1.0, 1e3])}
    found = differences(shaped("sum(c*log(x))", at), at)

    require_near(found["x"], at["c"] / at["x"])
    require_near(found["c"], np.log(at["x"]))


def test_only_what_is_wanted_is_differenced() -> None:
    """A variable that the output does not need has the derivative 0, and indices have none."""
    at = {"x": normal(3, 2), "unused": normal(2), "i": np.array([0.0, 2.0])}
    graph = shaped("v = sin(unused); sum(take(x, i))", at)
    found = differences(graph, at, ["unused", "i"])

    assert list(found) == ["unused", "i"]
    assert found["unused"].estimate.tolist() == [0.0, 0.0]
    assert found["unused"].used == "the output does not depend on it"
    assert np.isposinf(found["i"].error).all()
    assert found["i"].used.startswith("none")


def test_what_was_used_is_said() -> None:
    """Entries whose steps disagree are counted."""
    at = {"x": np.array([-1.0, 1e-9, 2.0])}
    smooth, kinked = differences(shaped("sum(exp(x))", at), at), differences(shaped("sum(abs(x)*x + relu(x))", at), at)

    assert smooth["x"].used == "central differences in float64, steps 8e-06 of an entry's size"
    assert kinked["x"].used.endswith(", a ladder of steps at 1 of 3 entries")


def test_chunks_change_nothing_but_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    """One entry after the other gives what all at once give."""
    at = {"x": normal(3, 4), "W": normal(4, 5)}
    graph = shaped("sum(tanh(x@W)**2)", at)
    together = differences(graph, at)
    monkeypatch.setattr(perturbed, "MOST_ENTRIES", 1)
    apart = differences(graph, at)

    for name, one in together.items():
        assert np.all(np.abs(one.estimate - apart[name].estimate) <= one.error + apart[name].error)
        assert apart[name].estimate.tolist() == differences(graph, at)[name].estimate.tolist()


def test_a_wrong_gradient_is_far_outside_the_error() -> None:
    """The error is small enough to find a factor of 1 + 1e-6 in every entry of a network."""
    at = {"x": normal(8, 20), "W1": normal(20, 15) / 4, "b": normal(15), "W2": normal(15, 2)}
    graph = shaped("sum((tanh(x@W1 + b)@W2)**2)/2", at)
    gradients = gradients_of(graph, at, system=arrays).gradients

    for name, one in differences(graph, at).items():
        assert np.max(np.abs(1e-6 * gradients[name]) / one.error) > ERRORS


def test_the_oracle_knows_no_rule() -> None:
    """Nothing that differences are computed with imports `backprop` or looks at `partials` or `pullback`."""
    for module in bpcli.check.differences, perturbed, quotients:
        tree = ast.parse(Path(module.__file__ or "").read_text("utf-8"))
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

        assert names.isdisjoint({"partials", "pullback"})
        assert not any(name and name.startswith("bpcli.backprop") for name in imported)
