"""Jacobians and Hessians as the library gives them: held against calculus and single sweeps, op by op."""

from random import Random
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import expression_texts

import bpcli
from bpcli.backprop import jacobian as module
from bpcli.backprop import pullback
from bpcli.backprop.sweep import gradients_at
from bpcli.errors import ShapeError
from bpcli.graph.node import Graph, Node, Variable, applied
from bpcli.graph.op import Op, Sample
from bpcli.graph.order import graph_of
from bpcli.numbers.arrays import arrays, single
from bpcli.numbers.entries import ones_at
from bpcli.numbers.evaluate import evaluate
from bpcli.ops import structural_ops
from bpcli.ops.algebra import nodes

Array = NDArray[Any]
ROSENBROCK = "100*(x[1] - x[0]**2)**2 + (1 - x[0])**2"
SAMPLES = [(op, sample) for op in structural_ops() for sample in op.samples]
every_sample = pytest.mark.parametrize(
    ("op", "sample"), SAMPLES, ids=[f"{op.name}-{place}" for place, (op, _) in enumerate(SAMPLES)]
)


def point_of(op: Op, sample: Sample) -> dict[str, Any]:
    """A point for the inputs of an op, `x0`, `x1`, …: numbers that it has a value and derivatives at."""
    random = np.random.default_rng(7)
    point: dict[str, Any] = {}
    for place, shape in enumerate(sample.shapes):
        if op.inputs[min(place, len(op.inputs) - 1)] == "indices":
            point[f"x{place}"] = random.integers(0, 2, shape).astype(float)
            continue
        value = random.uniform(0.3, 2, shape)
        if op.name in ("cholesky", "inv", "det", "solve", "cofactors") and place == 0:
            value = value @ np.swapaxes(value, -1, -2) + 2 * np.eye(shape[-1])
        point[f"x{place}"] = value
    return point


def graph_with(op: Op, sample: Sample) -> tuple[Node, list[Variable]]:
    """The op applied to variables, and these."""
    variables = [Variable(f"x{place}", shape=shape) for place, shape in enumerate(sample.shapes)]
    return applied(op.name, *variables, **sample.attributes), variables


def rows_one_by_one(graph: Graph, at: dict[str, Any]) -> dict[str, Array]:
    """The Jacobian by a numeric sweep for each entry of the output."""
    values = evaluate(graph, at, arrays)
    size = int(np.prod(graph.output.shape))
    rows: dict[str, list[Any]] = {variable.name: [] for variable in graph.variables}
    for unit in np.eye(size):
        found = gradients_at(graph, values, arrays, unit.reshape(graph.output.shape)[()])
        for variable in graph.variables:
            rows[variable.name].append(found.get(variable, np.zeros(variable.shape)))
    return {
        variable.name: np.reshape(rows[variable.name], graph.output.shape + variable.shape)
        for variable in graph.variables
    }


# Known matrices ------------------------------------------------------------------------------------------------------


def test_the_jacobian_of_a_product_is_its_matrix() -> None:
    """Of y = W @ x: ∂y/∂x is W, ∂y/∂W has x in row i of block i."""
    weights, x = np.array([[1, -2], [0.5, 3]]), np.array([2.0, -1.0])

    found = bpcli.jacobian("y = W @ x", {"W": weights, "x": x})

    assert found.value.tolist() == [4, -2]
    assert found.blocks["x"].tolist() == weights.tolist()
    assert found.blocks["W"].shape == (2, 2, 2)
    assert found.matrix(["W"]).tolist() == [[2, -1, 0, 0], [0, 0, 2, -1]]
    assert found.matrix().tolist() == [[2, -1, 0, 0, 1, -2], [0, 0, 2, -1, 0.5, 3]]


def test_the_jacobian_of_softmax() -> None:
    """It is diag(p) - p pᵀ."""
    found = bpcli.jacobian("softmax(x)", {"x": [1, 2, 3]})
    p = found.value

    np.testing.assert_allclose(found.blocks["x"], np.diag(p) - np.outer(p, p), rtol=0, atol=1e-16)


def test_the_jacobian_of_an_activation_is_diagonal() -> None:
    """Entry k of tanh(x) depends on entry k of x, with 1 - tanh²."""
    found = bpcli.jacobian("tanh(x)", {"x": [-1, 0, 2]})

    np.testing.assert_allclose(found.blocks["x"], np.diag(1 - np.tanh([-1, 0, 2]) ** 2), rtol=1e-15)


@pytest.mark.parametrize(
    ("text", "at", "blocks"),
    [
        ("x**2*y", {"x": 2, "y": 3}, {"x": 12, "y": 4}),
        ("[x, 2, x*y]", {"x": 2, "y": 3}, {"x": [1, 0, 3], "y": [0, 0, 2]}),
        ("x", {"x": 5}, {"x": 1}),
        ("x", {"x": [5, 6]}, {"x": [[1, 0], [0, 1]]}),
        ("2 + 3", {}, {}),
        ("[1, pi]", {}, {}),
        ("0*x + y", {"x": [1, 2], "y": [3, 4]}, {"x": [[0, 0], [0, 0]], "y": [[1, 0], [0, 1]]}),
        ("a = y; x", {"x": 1, "y": [3, 4]}, {"x": 1, "y": [0, 0]}),
        ("x[::-1]", {"x": [1, 2]}, {"x": [[0, 1], [1, 0]]}),
        ("sum(x, axis=0)", {"x": [[1], [2]]}, {"x": [[[1], [1]]]}),
        ("b*x[0:0]", {"x": [1, 2], "b": 3}, {"b": [], "x": []}),
        ("sqrt(4)*x + [1, 2]", {"x": [1, 2]}, {"x": [[2, 0], [0, 2]]}),
        ("relu(x)", {"x": [0, 1]}, {"x": [[0, 0], [0, 1]]}),
        ("abs(x)", {"x": [0, -1]}, {"x": [[0, 0], [0, -1]]}),
        ("maximum(x, y)", {"x": [1, 1], "y": 1}, {"x": [[0.5, 0], [0, 0.5]], "y": [0.5, 0.5]}),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_the_blocks_of_a_jacobian(text: str, at: dict[str, Any], blocks: dict[str, Any]) -> None:
    """Output axes first, then those of the variable; zeros where nothing depends on it; conventions at kinks."""
    found = bpcli.jacobian(text, at)

    assert {name: np.asarray(block).tolist() for name, block in found.blocks.items()} == blocks
    assert all(np.shape(block) == np.shape(found.value) + np.shape(at[name]) for name, block in found.blocks.items())
    assert found.is_finite
    assert not found.warnings


def test_only_the_wanted_variables_are_derived() -> None:
    """`with_respect_to` takes names as `grad` does; an unknown one is an error with a suggestion."""
    at = {"W": [[1, 2]], "x": [3, 4]}

    assert list(bpcli.jacobian("W @ x", at, "x").blocks) == ["x"]
    assert list(bpcli.hessian("sum(W @ x)", at, ["x", "W"]).blocks) == ["W", "x"]
    with pytest.raises(bpcli.BindingError, match="'z'"):
        bpcli.jacobian("W @ x", at, "z")


def test_no_zero_has_a_sign() -> None:
    """0 · -4 is -0, which nobody wants to read in a matrix."""
    found = bpcli.jacobian("-4*x", {"x": [1, 2]})

    assert not np.signbit(found.blocks["x"][0, 1])


def test_single_precision() -> None:
    """Values, rows and Hessians of float32."""
    found = bpcli.jacobian("x/3", {"x": [1, 2]}, single_precision=True)
    second = bpcli.hessian("sum(x**3/3)", {"x": [1, 2]}, single_precision=True)

    assert (found.blocks["x"].dtype, found.value.dtype, second.matrix().dtype) == (np.float32,) * 3
    assert found.system is single
    np.testing.assert_array_equal(second.matrix(), np.diag([2, 4]))


# Every op ------------------------------------------------------------------------------------------------------------


@every_sample
def test_the_batch_says_what_single_sweeps_say(op: Op, sample: Sample) -> None:
    """For each op over arrays the Jacobian is the rows that come back from one unit vector after the other."""
    node, variables = graph_with(op, sample)
    graph, at = graph_of(node), point_of(op, sample)

    found = module.jacobian_of(graph, at)
    expected = rows_one_by_one(graph, at)

    assert list(found.blocks) == [variable.name for variable in graph.variables]
    assert len(variables) == len(graph.variables)
    for name, block in found.blocks.items():
        np.testing.assert_allclose(block, expected[name], rtol=1e-12, atol=1e-12)


@every_sample
def test_a_hessian_is_symmetric(op: Op, sample: Sample) -> None:
    """Second derivatives commute: for the sum of the squares of each op's entries, up to rounding."""
    node, _ = graph_with(op, sample)
    loss = nodes.sum(node * node) if node.shape else node * node

    found = module.hessian_of(graph_of(loss), point_of(op, sample))

    assert found.is_finite
    assert found.asymmetry <= 1e-12 * max(1.0, float(abs(found.matrix()).max(initial=0)))


@given(expression_texts(), st.randoms(use_true_random=False))
def test_the_jacobian_of_one_number_is_its_gradient(text: str, random: Random) -> None:
    """For any expression of the language, also where numbers stop being finite; second derivatives say so too."""
    at = {variable.name: random.choice([0, 1, -1, 2, -3, 0.5, -0.7, 2.5]) for variable in bpcli.parse(text).variables}
    assume("sin" not in at)  # which, once it is bound, can no longer be called
    expected = bpcli.grad(text, at)

    found, second = bpcli.jacobian(text, at), bpcli.hessian(text, at)

    assert list(found.blocks) == list(expected.gradients)
    np.testing.assert_allclose(list(found.blocks.values()), list(expected.gradients.values()), rtol=1e-8, atol=1e-300)
    assert bool(found.warnings) == bool(expected.warnings)
    assert second.is_finite != bool(second.warnings)


@pytest.mark.parametrize("at_once", [1, 7, 40])
def test_rows_in_chunks_are_the_same_rows(at_once: int) -> None:
    """However few numbers a sweep may hold, down to one row at a time, the matrix is the same to the last digit."""
    question = ("tanh(W @ x)*sum(x)", {"W": np.arange(12.0).reshape(4, 3) / 7, "x": [0.1, 0.2, 0.3]})
    expected = bpcli.jacobian(*question).matrix()

    with mock.patch.object(pullback, "AT_ONCE", at_once):
        found = bpcli.jacobian(*question)

    np.testing.assert_allclose(found.matrix(), expected, rtol=1e-15)


def test_memory_is_bounded() -> None:
    """No sweep holds more than it may: the batch shrinks as the graph grows."""
    widths: list[int] = []

    def counted(shape: Any, places: Any, dtype: Any) -> Any:
        widths.append(len(places))
        return ones_at(shape, places, dtype)

    with mock.patch.object(pullback, "AT_ONCE", 10_000), mock.patch.object(module, "ones_at", counted):
        bpcli.jacobian("tanh(tanh(x))", {"x": np.linspace(0, 1, 100)})

    assert sum(widths) == 100
    assert max(widths) * 3 * 100 <= 10_000  # the upstream gradient, and what each tanh makes of it


# Hessians ------------------------------------------------------------------------------------------------------------


def test_the_hessian_of_rosenbrock() -> None:
    """The textbook's numbers at (-1.2, 1): [[1330, 480], [480, 200]] (Nocedal & Wright 2006, problem 2.1)."""
    found = bpcli.hessian(ROSENBROCK, {"x": [-1.2, 1]})

    np.testing.assert_allclose(found.matrix(), [[1330, 480], [480, 200]], rtol=1e-14)
    np.testing.assert_allclose(found.gradients["x"], [-215.6, -88], rtol=1e-14)
    assert found.value == pytest.approx(24.2, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "at", "matrix"),
    [
        ("x**2*y", {"x": 2, "y": 3}, [[6, 4], [4, 0]]),
        ("x", {"x": 3}, [[0]]),
        ("7", {}, []),
        ("a*x", {"a": 1, "x": 2}, [[0, 1], [1, 0]]),
        ("sum(A @ x)", {"A": [[1, 2]], "x": [3, 4]}, [[0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]]),
        ("x @ A @ x", {"A": [[1, 2], [3, 4]], "x": [5, 6]}, None),
        ("relu(x)**2", {"x": 0}, [[0]]),
        ("relu(x)**2", {"x": 2}, [[2]]),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_hessians(text: str, at: dict[str, Any], matrix: list[Any] | None) -> None:
    """Rows and columns in the order of the text; linear parts are zeros; conventions at kinks."""
    found = bpcli.hessian(text, at)

    if matrix is None:
        assert found.blocks["x"]["x"].tolist() == (np.transpose(at["A"]) + at["A"]).tolist()
        assert found.blocks["A"]["x"].shape == (2, 2, 2)
    else:
        assert found.matrix().tolist() == matrix
    assert found.asymmetry == 0


@given(
    st.lists(st.floats(-2, 2), min_size=3, max_size=3),
    st.sampled_from(["logsumexp(x)", "sum(sin(x)*x[0])", "prod(x)*exp(x[1])", "norm(x + 3)", "x @ outer(x, x) @ x"]),
)
def test_a_hessian_agrees_with_differences_of_gradients(x: list[float], text: str) -> None:
    """Central differences of `grad`, which owe nothing to the batch."""
    found = bpcli.hessian(text, {"x": x}).matrix()
    step = 1e-5

    rows = []
    for unit in np.eye(3):
        up, down = (bpcli.grad(text, {"x": np.array(x) + way * step * unit}).gradients["x"] for way in (1, -1))
        rows.append((up - down) / (2 * step))

    np.testing.assert_allclose(found, rows, rtol=1e-6, atol=1e-7)


def test_a_hessian_needs_one_number() -> None:
    """The error says what to do, with the place."""
    with pytest.raises(
        ShapeError, match=r"^y is an array of shape \(2, 1\), not one number: it has no Hessian"
    ) as caught:
        bpcli.hessian("y = W @ X", {"W": [[1, 2], [3, 4]], "X": [[1], [2]]})

    assert caught.value.hint == "reduce it, as in sum(y), or take one entry, as in y[0, 0]"
    assert caught.value.spans == ((4, 9),)


# Limits and edges ----------------------------------------------------------------------------------------------------


def test_a_matrix_beyond_the_limit_is_refused_before_it_is_made() -> None:
    """It is told with its size; nothing of that size was allocated, which at 8 TB would have failed."""
    x = np.zeros(1_000_000)

    with pytest.raises(
        bpcli.LimitError, match=r"^the Jacobian of f \(1000000,\) .* 1000000000000 entries, 8 TB$"
    ) as one:
        bpcli.jacobian("2*x", {"x": x})
    with pytest.raises(bpcli.LimitError, match=r"^the Hessian of f with respect to x \(1000000,\) has"):
        bpcli.hessian("sum(x**2)", {"x": x})

    assert "--max-entries" in (one.value.hint or "")
    assert bpcli.jacobian("2*x[0]", {"x": x}).blocks["x"].shape == (1_000_000,)
    assert bpcli.jacobian("x", {"x": [1, 2]}, limits=bpcli.Limits(entries=4)).is_finite


def test_what_is_not_finite_is_told() -> None:
    """The step is named where one makes it so; else how many entries are."""
    pole = bpcli.jacobian("1/x", {"x": [0, 1]})
    edge = bpcli.jacobian("sqrt(x)", {"x": [0, 4]})
    second = bpcli.hessian("x**1.5", {"x": 0})

    assert not pole.is_finite
    assert "forward step" in pole.warnings[0].message
    assert (edge.is_finite, edge.blocks["x"][1, 1], edge.blocks["x"][0, 0]) == (False, 0.25, np.inf)
    assert "the step back from f to x is not finite" in edge.warnings[0].message
    assert second.matrix().tolist() == [[np.inf]]
    assert second.warnings[0].message == "the Hessian is not finite"


def test_they_say_what_they_are() -> None:
    """Their representation has the value and the blocks."""
    assert repr(bpcli.jacobian("3*x", {"x": 2})) == "Jacobian(value=6.0, blocks={'x': array(3.)})"
    assert repr(bpcli.hessian("x**2", {"x": 2})) == "Hessian(value=4.0, blocks={'x': {'x': array(2.)}})"


def test_a_graph_or_a_node_is_an_expression_too() -> None:
    """What `parse` gives is taken as it is, and one of its nodes."""
    graph = bpcli.parse("y = x**2; sum(y)", {"x": [1, 2]})

    assert bpcli.hessian(graph, {"x": [1, 2]}).matrix().tolist() == [[2, 0], [0, 2]]
    assert bpcli.jacobian(graph.names["y"], {"x": [1, 2]}).matrix().tolist() == [[2, 0], [0, 4]]


def test_the_work_of_unwanted_variables_is_not_done() -> None:
    """By x alone, tanh(W @ x) takes no outer product of each unit vector with x, which would be 8 GB here."""
    weights = np.ones((1000, 1000)) / 1000

    found = bpcli.jacobian("tanh(W @ x)", {"W": weights, "x": np.zeros(1000)}, "x")

    np.testing.assert_allclose(found.blocks["x"], weights)


def test_numbers_of_the_expression_have_the_axes_of_a_batch() -> None:
    """What moves axes meets literals too: the transpose of a number is the number."""
    assert bpcli.hessian("x.T", {"x": 0.0}).blocks["x"]["x"].tolist() == 0.0
    assert bpcli.jacobian("transpose(2) + x*[1, 2]", {"x": 3.0}).blocks["x"].tolist() == [1.0, 2.0]
