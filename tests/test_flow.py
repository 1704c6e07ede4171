"""The rows of a flow: norms, ratios, and singular values against those of Jacobians that are found another way."""

from math import isfinite, isnan
from typing import Any
from unittest import mock

import numpy as np
import pytest
from numpy.typing import NDArray

import bpcli
from bpcli.backprop.gradients import Gradients, gradients_of
from bpcli.flow import jacobians
from bpcli.flow.looking import flow_of
from bpcli.flow.results import Flow, Row
from bpcli.graph.node import Node
from bpcli.numbers.evaluate import compute

Array = NDArray[Any]
RANDOM = np.random.default_rng(3)
IMAGES = RANDOM.normal(size=(4, 2, 6, 6))
ROWS = RANDOM.normal(size=(5, 6))
SEQUENCE = RANDOM.normal(size=(4, 3, 5))


def flow(text: str, at: dict[str, Any], **options: Any) -> Flow:
    """The flow of an expression at a point."""
    return flow_of(bpcli.grad(text, at, **options))


def row_of(found: Flow, name: str) -> Row:
    """The row of a layer, or of a statement."""
    return next(row for row in found.rows if row.name == name and not row.part)


def jacobian_by_differences(result: Gradients, output: Node, source: Node) -> Array:
    """∂output/∂source as a matrix by central differences: the nodes between are computed again, nothing else is."""
    step, value = 1e-5, np.asarray(result.values[source])
    columns = []
    for place in range(value.size):
        sides = []
        for sign in (1, -1):
            moved = value.copy()
            moved.reshape(-1)[place] += sign * step
            values = {**result.values, source: moved}
            start = result.graph.nodes.index(source) + 1 if source.inputs else 0
            compute(result.graph.nodes[start:], values, result.system)
            sides.append(np.asarray(values[output]).reshape(-1))
        columns.append((sides[0] - sides[1]) / (2 * step))
    return np.stack(columns, axis=1)


NETWORKS = {
    "linear": ("x -> Linear(3) -> MSELoss(t)", ROWS, (5, 3)),
    "tanh": ("x -> Tanh -> MSELoss(t)", ROWS, (5, 6)),
    "softmax": ("x -> Softmax -> MSELoss(t)", ROWS, (5, 6)),
    "layer normalisation": ("x -> LayerNorm -> MSELoss(t)", ROWS, (5, 6)),
    "batch normalisation": ("x -> BatchNorm1d -> MSELoss(t)", ROWS, (5, 6)),
    "dropout": ("x -> Dropout -> MSELoss(t)", ROWS, (5, 6)),
    "convolution": ("x -> Conv2d(3, 3) -> MSELoss(t)", IMAGES, (4, 3, 4, 4)),
    "pooling": ("x -> MaxPool2d(2) -> MSELoss(t)", IMAGES, (4, 2, 3, 3)),
    "flattening": ("x -> Flatten -> MSELoss(t)", IMAGES, (4, 72)),
    "attention": ("x -> nn.MultiheadAttention(5, 1) -> MSELoss(t)", SEQUENCE, (4, 3, 5)),
    "recurrence": ("x -> RNN(2) -> MSELoss(t)", SEQUENCE, (4, 3, 2)),
    "batch first": ("x -> nn.GRU(5, 2, batch_first=True) -> MSELoss(t)", SEQUENCE, (4, 3, 2)),
    "one sequence": ("x -> LSTM(2) -> MSELoss(t)", SEQUENCE[:, 0], (4, 2)),
}
every_network = pytest.mark.parametrize("name", NETWORKS)


def result_of(name: str) -> Gradients:
    """The gradients of a network of one layer."""
    text, x, shape = NETWORKS[name]
    return bpcli.grad(text, {"x": x, "t": np.zeros(shape)})


@every_network
def test_singular_values_are_those_of_the_whole_jacobian(name: str) -> None:
    """The largest of all samples is that of the whole; the smallest of them is not below that of the whole."""
    result = result_of(name)
    (layer, *_) = result.graph.network.layers if result.graph.network else ()
    expected = np.linalg.svd(jacobian_by_differences(result, layer.output, layer.inputs[0]), compute_uv=False)

    found = flow_of(result).rows[0].singular

    assert found is not None
    assert found.smallest is not None
    assert found.largest == pytest.approx(expected[0], rel=1e-7)
    assert found.smallest == pytest.approx(expected[-1], rel=1e-5, abs=1e-9)
    assert found.samples == found.batch


@every_network
def test_the_largest_alone_is_the_same(name: str) -> None:
    """A Jacobian that is too large to be written out has its largest singular value, and no smallest."""
    result = result_of(name)
    expected = flow_of(result).rows[0].singular

    with mock.patch.object(jacobians, "MOST_ENTRIES", 0), mock.patch.object(jacobians.Local, "of_samples", whole):
        found = flow_of(result).rows[0].singular

    assert found is not None
    assert expected is not None
    assert found.smallest is None
    assert found.largest == pytest.approx(expected.largest, rel=1e-8)


def whole(local: jacobians.Local, most: int) -> jacobians.Local:
    """The local Jacobian of all samples."""
    del most
    return local


def local_of_first_layer(result: Gradients) -> jacobians.Local:
    """The local Jacobian of a network's first layer."""
    network = result.graph.network
    assert network is not None
    layer = network.layers[0]
    values = {node: np.asarray(value)[None] for node, value in result.values.items()}
    nodes = result.graph.nodes[layer.blocks[0].start : layer.blocks[-1].stop]
    local = jacobians.local_of(layer.output, nodes, layer.inputs[:1], values)
    assert local is not None
    return local


@every_network
def test_the_first_samples_alone_are_the_same(name: str) -> None:
    """Narrowed to one sample, a layer has the Jacobian of that sample: the first of those of all."""
    result = result_of(name)
    local = local_of_first_layer(result)

    found = local.of_samples(1)

    assert found.samples == 1 or name in {"flattening", "attention"}
    np.testing.assert_allclose(found.matrices(1)[0], local.matrices(local.batch)[0], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("size", [2, 4, 9], ids=str)
def test_rows_are_entries_of_the_output(size: int) -> None:
    """The Jacobian of a Linear layer is its weight, whether it is swept forward or back."""
    result = bpcli.grad(f"x -> Linear({size}) -> MSELoss(t)", {"x": np.ones((3, 4)), "t": np.zeros((3, size))})
    local = local_of_first_layer(result)

    np.testing.assert_allclose(local.matrices(2), [result.at["0.weight"]] * 2, rtol=1e-14)


def test_what_cannot_be_narrowed_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reshape to lengths of its own is not taken as held at its value: ∂b/∂a is 3, not 1."""
    monkeypatch.setattr(jacobians, "WORK_OF_SAMPLES", 0)
    text = "a = 1*x; b = a + 2*reshape(reshape(a, (6,)), (3, 2)); c = sum(b)"

    found = flow(text, {"x": np.arange(6.0).reshape(3, 2)})

    assert row_of(found, "b").singular == (3, 3, 1, 6)


@pytest.mark.parametrize(
    ("name", "batch"),
    [
        ("linear", 5),
        ("tanh", 30),
        ("batch normalisation", 6),
        ("convolution", 4),
        ("recurrence", 3),
        ("one sequence", 1),
    ],
    ids=str,
)
def test_which_jacobians_are_apart(name: str, batch: int) -> None:
    """Linear keeps samples apart, tanh every unit, batch normalisation the features, a recurrence the sequences."""
    singular = flow_of(result_of(name)).rows[0].singular

    assert singular is not None
    assert singular.batch == batch


@pytest.mark.parametrize("count", [1, 64], ids=str)
def test_a_batch_of_any_size_has_the_same_weights(count: int) -> None:
    """The Jacobian of a Linear layer is its weight, for one sample and for many."""
    found = flow("x -> Linear(3) -> MSELoss(t)", {"x": np.ones((count, 4)), "t": np.zeros((count, 3))})
    weight = found.result.at["0.weight"]

    singular = found.rows[0].singular

    assert singular is not None
    assert singular[:2] == pytest.approx(np.linalg.svd(weight, compute_uv=False)[[0, -1]], rel=1e-13)
    assert singular.batch == count


def test_norms_and_ratios() -> None:
    """Of the value and of the gradient at each layer; the ratio is to the last layer before the loss."""
    found = flow("x -> Linear(3) -> Tanh -> Linear(2) -> MSELoss(t)", {"x": ROWS, "t": np.zeros((5, 2))})
    result = found.result
    norms = [np.linalg.norm(result.upstreams[row.node]) for row in found.rows]

    assert [row.name for row in found.rows] == ["0 Linear", "1 Tanh", "2 Linear", "MSELoss"]
    assert [row.gradient for row in found.rows] == pytest.approx(norms)
    assert [row.ratio for row in found.rows] == pytest.approx([norm / norms[2] for norm in norms])
    assert [row.value for row in found.rows] == pytest.approx(
        [np.linalg.norm(result.values[row.node]) for row in found.rows]
    )
    assert found.diagnoses == ()


def test_time_steps_stand_below_their_layer() -> None:
    """With the norms of their state h; the first has none before it."""
    found = flow("x -> LSTM(2) -> Linear(1) -> MSELoss(t)", {"x": SEQUENCE, "t": np.zeros((4, 3, 1))})

    assert [(row.name, row.part) for row in found.rows] == [
        ("0 LSTM", ""), *[("0 LSTM", f"t={t}") for t in range(1, 5)], ("1 Linear", ""), ("MSELoss", ""),
    ]  # fmt: skip
    assert found.rows[1].singular is None
    assert found.rows[2].singular is not None
    assert found.rows[2].node.shape == (3, 2)


def test_a_layer_of_which_only_the_last_state_is_used() -> None:
    """The row is about the state that is handed on."""
    found = flow("x -> GRU(2) -> h_n -> Linear(1) -> sum", {"x": SEQUENCE})

    assert [row.name for row in found.rows if not row.part] == ["0 GRU", "1 Linear", "f"]
    assert found.rows[0].node.shape == (1, 3, 2)
    assert found.rows[0].gradient


def test_statements_beside_layers_have_rows() -> None:
    """A residual connection is a row between its layers; its Jacobian is about what it is made of."""
    text = "y = x -> Linear(6) -> Tanh; z = y + x; L = mean(z**2)"
    found = flow(text, {"x": ROWS})

    assert [row.name for row in found.rows] == ["0 Linear", "1 Tanh", "z", "L"]
    assert row_of(found, "z").singular == (1, 1, 30, 30)
    assert row_of(found, "z").ratio == 1


def test_statements_without_layers_are_the_rows() -> None:
    """The ratio is to the gradient at the output, which is 1."""
    found = flow("a = x*y; b = sin(a); c = a*b; 3*c", {"x": 0.5, "y": 2})
    row = row_of(found, "c")

    assert [row.name for row in found.rows] == ["a", "b", "c", "f"]
    assert (row.value, row.gradient, row.ratio) == pytest.approx((np.sin(1), 3, 3))
    assert row_of(found, "a").singular is None
    assert row.singular is not None
    assert row.singular.largest == pytest.approx(np.hypot(1, np.sin(1)))


def test_two_sources_of_different_shapes() -> None:
    """Their Jacobians stand side by side, in either direction of the sweep."""
    text = "a = W @ x; b = sum(x**2); c = a*b; d = sum(c)*b; d"
    found = flow(text, {"W": RANDOM.normal(size=(3, 4)), "x": [0.5, 2.0, 1.0, -1.0]})
    values = found.result.values
    c, d = row_of(found, "c"), row_of(found, "d")
    a, b = (np.asarray(values[row_of(found, name).node]) for name in "ab")
    expected = np.linalg.svd(np.column_stack([b * np.eye(3), a]), compute_uv=False)

    assert c.singular is not None
    assert c.singular[:2] == pytest.approx((expected[0], expected[-1]))
    assert d.singular is not None
    assert d.singular.largest == pytest.approx(np.linalg.norm([b, b, b, (a * b).sum()]))


def test_an_index_has_no_derivative() -> None:
    """An Embedding has no singular values; what comes behind it has."""
    found = flow("x -> Embedding(5, 3) -> Linear(2) -> CrossEntropyLoss(t)", {"x": [1, 2, 3], "t": [0, 1, 0]})

    assert found.rows[0].singular is None
    assert found.rows[0].gradient
    assert found.rows[1].singular is not None


def test_a_gradient_that_does_not_arrive() -> None:
    """There is none behind an argmax, and no ratio."""
    found = flow("a = x*2; b = take(x, argmax(a)); c = b + sum(x)", {"x": [0.7, 0.2]})
    row = row_of(found, "a")

    assert row.gradient is row.ratio is None


NOT_FINITE: dict[str, tuple[str, dict[str, Any], float]] = {
    "expression": ("a = log(x); b = a*0; c = b + 1", {"x": 1.0}, 0.0),
    "infinite": ("x -> Linear(2) -> Softmax -> MSELoss(t)", {"x": np.ones((3, 2)), "t": np.ones((3, 2))}, np.inf),
    "recurrence": ("x -> RNN(2) -> MSELoss(t)", {"x": SEQUENCE, "t": np.ones((4, 3, 2))}, np.nan),
}


@pytest.mark.parametrize("name", NOT_FINITE)
def test_numbers_that_are_not_finite_are_no_error(name: str) -> None:
    """A figure that they spoil is None or NaN, and LAPACK hears nothing of them."""
    text, at, x = NOT_FINITE[name]
    plain = bpcli.grad(text, at)
    shape = np.shape(plain.at["x"])
    point = {**plain.at, "x": np.full(shape, x) if shape else x}

    found = flow_of(gradients_of(plain.graph, point, system=plain.system))

    assert not isfinite(found.rows[1].value)
    assert found.rows[1].singular is None
    assert all(isnan(norm) for course in found.courses for norm in course.norms[1:])
    assert all(course.fitted is course.factor is course.falls_below is None for course in found.courses)


def test_values_near_the_end_of_the_range_have_norms() -> None:
    """Squares of 1e200 would be infinite."""
    found = flow("x -> Linear(2) -> LayerNorm -> MSELoss(t)", {"x": np.full((3, 2), 1e200), "t": np.zeros((3, 2))})

    assert 1e199 < found.rows[0].value < 1e202


def test_single_precision_and_an_output_that_is_an_array() -> None:
    """Float32 values have Jacobians of float64; a seed is the gradient at the output."""
    found = flow("a = 2*x; b = a**2", {"x": [1.0, 3.0]}, seed=[1.0, 0.0], single_precision=True)

    assert [row.gradient for row in found.rows] == [4.0, 1.0]
    assert found.rows[1].singular == (12, 4, 2, 2)


def test_one_sample_of_float32() -> None:
    """Rounding of float32, and of another order of a sum, does not keep a layer from being narrowed."""
    at = {"x": RANDOM.normal(size=(8, 50)), "t": np.zeros((8, 3))}
    result = bpcli.grad("x -> Linear(3) -> MSELoss(t)", at, single_precision=True)

    assert local_of_first_layer(result).of_samples(1).samples == 1


@pytest.mark.parametrize(
    "text", ["x -> Linear(4) -> ReLU -> MSELoss(t)", "x -> LSTM(4) -> MSELoss(t, reduction='sum')"]
)
def test_a_batch_without_samples_has_no_singular_values(text: str) -> None:
    """There are no entries whose derivatives could be taken."""
    empty = np.zeros((0, 3) if "Linear" in text else (2, 0, 3))
    found = flow(text, {"x": empty, "t": np.zeros((*empty.shape[:-1], 4))})

    assert [row.singular for row in found.rows] == [None] * len(found.rows)
    assert found.courses == ()
    assert row_of(found, "MSELoss").gradient == 1


@pytest.mark.parametrize("text", ["x", "x*3"])
def test_the_output_always_has_a_row(text: str) -> None:
    """Of a variable alone too, whose gradient is 1; a constant alone has none, and is no error."""
    assert flow("2", {}).rows == ()
    found = flow(text, {"x": 2.0})

    assert (found.rows[-1].node, found.rows[-1].gradient, found.rows[-1].ratio) == (found.result.graph.output, 1, 1)
