"""Literal values of the ops over arrays: from the literature or by hand, at kinks and ties, and far out.

They are the statement that the laws cannot make: that the op is the one that its name says.
"""

import math
from typing import Any

import numpy as np
import pytest

from bpcli import grad, hessian
from bpcli.backprop.formulas import gradient_formulas
from bpcli.graph.node import Variable
from bpcli.graph.order import graph_of
from bpcli.numbers.arrays import arrays
from bpcli.numbers.evaluate import evaluate
from bpcli.ops.algebra import nodes

INF, NAN = math.inf, math.nan
M = [[1.0, 2.0], [3.0, 4.0]]
A = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
E = math.e
IMAGE = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]

VALUES: list[tuple[str, Any, Any]] = [
    ("sum(x)", A, 21),
    ("sum(x, axis=0)", A, [5, 7, 9]),
    ("sum(x, axis=1, keepdims=True)", A, [[6], [15]]),
    ("mean(x, axis=1)", A, [2, 5]),
    ("prod(x)", A, 720),
    ("prod(x, axis=0)", A, [4, 10, 18]),
    ("max(x, axis=0)", [[1, 5], [3, 2]], [3, 5]),
    ("min(x)", A, 1),
    ("amax(x, axis=(0, 1))", A, 6),
    ("argmax(x, axis=1)", [[1, 5], [7, 7]], [1, 0]),
    ("argmax(x)", [[1, 5], [7, 7]], 2),
    ("norm(x)", [3, 4], 5),
    ("norm(x, ord=1)", [3, -4], 7),
    ("norm(x, ord=inf)", [3, -4], 4),
    ("norm(x, ord=3)", [3, 4, 5], 6),  # 27 + 64 + 125 = 216
    ("norm(x)", [[1, 2], [4, 10]], 11),  # of matrices, Frobenius'
    ("var(x)", [2, 4, 4, 4, 5, 5, 7, 9], 4),  # the well-known example of Wikipedia's "Standard deviation"
    ("std(x)", [2, 4, 4, 4, 5, 5, 7, 9], 2),
    ("var(x, ddof=1)", [1, 2, 3, 4], 5 / 3),
    ("var(x, ddof=4)", [1, 2, 3, 4], INF),
    ("var(x, ddof=9)", [1, 2, 3, 4], INF),
    ("logsumexp(x)", [0, 0, 0, 0], math.log(4)),
    ("logsumexp(x)", [1000, 1000], 1000 + math.log(2)),
    ("logsumexp(x)", [-1000, -1000], -1000 + math.log(2)),
    ("logsumexp(x)", [], -INF),
    ("softmax(x)", [0, 0, 0, 0], [0.25] * 4),
    ("softmax(x)", [1000, 1001], [1 / (1 + E), E / (1 + E)]),
    ("softmax(x)", [math.log(1), math.log(2), math.log(5)], [0.125, 0.25, 0.625]),
    ("masked_softmax(x, [1, 0, 1])", [math.log(1), 5, math.log(3)], [0.25, 0, 0.75]),
    ("masked_softmax(x, [1, 0, 1])", [-1000, 1000, -1000], [0.5, 0, 0.5]),
    ("masked_softmax(x, [0, 0])", [1, 2], [0, 0]),  # as in PyTorch, where nothing takes part all weights are 0
    ("log_softmax(x)", [0, -1000], [0, -1000]),
    ("log_softmax(x)", [1000, 0], [0, -1000]),
    ("cumsum(x, axis=0)", [1, 2, 3, 4], [1, 3, 6, 10]),
    ("cumsum(x, axis=1)", A, [[1, 3, 6], [4, 9, 15]]),
    ("x @ x", M, [[7, 10], [15, 22]]),
    ("x @ [1, -1]", M, [-1, -1]),
    ("[1, -1] @ x", M, [-2, -2]),
    ("dot(x, [4, 5, 6])", [1, 2, 3], 32),
    ("outer(x, [1, 10])", [1, 2], [[1, 10], [2, 20]]),
    ("einsum('ij,j->i', x, [1, 0, -1])", A, [-2, -2]),
    ("einsum('ij->ji', x)", M, [[1, 3], [2, 4]]),
    ("einsum('ij,jk', x, x)", M, [[7, 10], [15, 22]]),
    ("einsum('ji', x)", M, [[1, 3], [2, 4]]),  # without an arrow the indices are sorted
    ("x.T", A, [[1, 4], [2, 5], [3, 6]]),
    ("reshape(x, (3, 2))", A, [[1, 2], [3, 4], [5, 6]]),
    ("flatten(x)", A, [1, 2, 3, 4, 5, 6]),
    ("squeeze(x)", [[[1], [2]]], [1, 2]),
    ("squeeze(x, axis=0)", A, A),  # PyTorch: an axis that is longer than 1 stays
    ("unsqueeze(x, 0)", [1, 2], [[1, 2]]),
    ("concatenate([x, x], axis=1)", M, [[1, 2, 1, 2], [3, 4, 3, 4]]),
    ("stack([x, 2*x])", [1, 2], [[1, 2], [2, 4]]),
    ("stack([x, 2*x], axis=1)", [1, 2], [[1, 2], [2, 4]]),
    ("broadcast_to(x, (2, 2))", [1, 2], [[1, 2], [1, 2]]),
    ("sum_to(x, (1, 3))", A, [[5, 7, 9]]),
    ("pad(x, (1, 2), value=9)", [1], [9, 1, 9, 9]),
    ("flip(x)", [1, 2, 3], [3, 2, 1]),
    ("x[::-2]", [1, 2, 3, 4], [4, 2]),
    ("x[[0, 1], [1, 0]]", M, [2, 3]),
    ("x[1, ::-1]", A, [6, 5, 4]),
    ("x[[1, 1, 0]]", [7, 8], [8, 8, 7]),
    ("trace(x)", M, 5),
    ("det(x)", M, -2),
    ("det(x)", [[2, 0, 0], [0, 3, 0], [0, 0, 4]], 24),
    ("inv(x)", M, [[-2, 1], [1.5, -0.5]]),
    ("inv(x)", [[1, 2], [2, 4]], [[NAN, NAN], [NAN, NAN]]),
    ("solve(x, [5, 11])", M, [1, 2]),
    ("cholesky(x)", [[4, 12, -16], [12, 37, -43], [-16, -43, 98]], [[2, 0, 0], [6, 1, 0], [-8, 5, 3]]),  # Wikipedia
    ("cholesky(x)", [[1, 2], [2, 1]], [[NAN, NAN], [NAN, NAN]]),
    ("diag(x)", M, [1, 4]),
    ("diag(x)", [1, 2], [[1, 0], [0, 2]]),
    ("diag(x, k=1)", A, [2, 6]),
    ("tril(x)", M, [[1, 0], [3, 4]]),
    ("triu(x, k=1)", M, [[0, 2], [0, 0]]),
    ("cofactors(x)", M, [[4, -3], [-2, 1]]),
    ("products_of_others(x, axis=0)", [2, 3, 5], [15, 10, 6]),
    ("conv1d(x, [1, -1])", [1, 4, 9, 16], [-3, -5, -7]),  # correlation: the kernel is not turned
    ("conv2d(x, [[1, 0], [0, -1]])", IMAGE, [[-4, -4], [-4, -4]]),
    ("conv2d(x, [[1, 1], [1, 1]], stride=2, padding=1)", IMAGE, [[1, 5], [11, 28]]),
    ("conv1d(x, [1, 10], dilation=2)", [1, 2, 3, 4], [31, 42]),
    ("max_pool(x, 2, stride=1)", IMAGE, [[5, 6], [8, 9]]),
    ("avg_pool(x, 2, stride=1)", IMAGE, [[3, 4], [6, 7]]),
    ("max_pool(x, 2)", IMAGE, [[5]]),
    ("avg_pool1d(x, 2, stride=1, padding=1)", [2, 4], [1, 3, 2]),  # the padding counts, as in PyTorch
    ("one_hot(x, 3)", [2, 0], [[0, 0, 1], [1, 0, 0]]),
    ("embedding(x, [[1, 2], [3, 4]])", [1, 1, 0], [[3, 4], [3, 4], [1, 2]]),
    ("where(x > 2, x, 0)", M, [[0, 0], [3, 4]]),
    ("clip(x, 2, 3)", M, [[2, 2], [3, 3]]),
    ("maximum(x, 2.5)", M, [[2.5, 2.5], [3, 4]]),
    ("minimum(x, [1, 3])", M, [[1, 2], [1, 3]]),
    ("mean(x)", [], NAN),
    ("sum(x)", [], 0),
    ("prod(x)", [], 1),
    ("norm(x)", [], 0),
    ("max(x, axis=1)", np.zeros((0, 3)), []),
]


@pytest.mark.parametrize(("text", "x", "expected"), VALUES, ids=[f"{text} at {x}" for text, x, _ in VALUES])
def test_a_value_is_the_known_one(text: str, x: Any, expected: Any) -> None:
    """No warning of NumPy's comes with it."""
    value = grad(text, {"x": x}, seed=np.ones(np.shape(expected))).value

    assert np.shape(value) == np.shape(expected)
    assert np.asarray(value) == pytest.approx(np.asarray(expected, float), rel=1e-13, abs=1e-14, nan_ok=True)


GRADIENTS: list[tuple[str, Any, Any]] = [
    ("max(x)", [3, 1, 3], [0.5, 0, 0.5]),
    ("sum(max(x, axis=1))", [[2, 2], [1, 0]], [[0.5, 0.5], [1, 0]]),
    ("min(x)", [1, 1, 1, 2], [1 / 3, 1 / 3, 1 / 3, 0]),
    ("sum(maximum(x, 2))", [1, 2, 3], [0, 0.5, 1]),
    ("max_pool(x, 2)[0, 0]", [[1, 1], [1, 1]], [[1, 0], [0, 0]]),
    ("sum(max_pool(x, 2, stride=1))", [[1, 1, 0], [0, 0, 0]], [[1, 1, 0], [0, 0, 0]]),
    ("argmax(x)*sum(x)", [1, 3, 2], [1, 1, 1]),
    ("norm(x)", [3, 4], [0.6, 0.8]),
    ("norm(x)", [0, 0], [0, 0]),
    ("sum(norm(x, axis=1))", [[0, 0], [3, 4]], [[0, 0], [0.6, 0.8]]),
    ("norm(x, ord=3)", [0, 0], [0, 0]),
    ("norm(x, ord=1)", [0, -2], [0, -1]),
    ("norm(x, ord=inf)", [2, -2, 1], [0.5, -0.5, 0]),
    ("std(x)", [1, 1, 1], [0, 0, 0]),
    ("std(x)", [1, 3], [-0.5, 0.5]),
    ("var(x)", [1, 1], [0, 0]),
    ("prod(x)", [2, 0, 5], [0, 10, 0]),
    ("prod(x)", [0, 0, 5], [0, 0, 0]),
    ("prod(x)", [2, 3, 5], [15, 10, 6]),
    ("logsumexp(x)", [0, 0], [0.5, 0.5]),
    ("logsumexp(x)", [1000, -1000], [1, 0]),
    ("softmax(x)[0]", [1, 1], [0.25, -0.25]),
    ("log_softmax(x)[0]", [1000, 0], [0, 0]),
    ("log_softmax(x)[1]", [1000, 0], [-1, 1]),
    ("det(x)", [[1, 2], [2, 4]], [[4, -2], [-2, 1]]),
    ("det(x)", [[0, 0], [0, 0]], [[0, 0], [0, 0]]),
    ("det(x)", [[1, 0, 0], [0, 1, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 0], [0, 0, 1]]),
    ("det(x)", [[1, 0, 0], [0, 0, 0], [0, 0, 0]], [[0] * 3] * 3),
    ("trace(inv(x))", [[2, 0], [0, 4]], [[-0.25, 0], [0, -0.0625]]),
    ("log(det(x))", M, [[-2, 1.5], [1, -0.5]]),  # Petersen & Pedersen 2012, The Matrix Cookbook (57): x⁻ᵀ
    ("cholesky(x)[0, 0]", [[4, 0], [0, 1]], [[0.25, 0], [0, 0]]),
    ("x[[0, 0, 1]] @ [1, 10, 100]", [5, 6], [11, 100]),
    ("sum(embedding([1, 1, 0], x))", [[1, 2], [3, 4], [5, 6]], [[1, 1], [2, 2], [0, 0]]),
    ("hypot(x[0], x[1])", [0, 0], [0, 0]),
    ("sum(clip(x, 0, 1))", [-1, 0, 0.5, 1, 2], [0, 1, 1, 1, 0]),
    ("sum(conv2d(x, [[1, 1], [1, 1]]))", IMAGE, [[1, 2, 1], [2, 4, 2], [1, 2, 1]]),  # the article's fan-out map
    ("sum(where(x > 0, x**2, 0))", [-1, 0, 3], [0, 0, 6]),
    ("sum(x @ x)", M, [[7, 11], [9, 13]]),
    ("sum(cumsum(x, 0))", [1, 2, 3], [3, 2, 1]),
]


@pytest.mark.parametrize(("text", "x", "expected"), GRADIENTS, ids=[f"{text} at {x}" for text, x, _ in GRADIENTS])
def test_a_gradient_is_the_known_one(text: str, x: Any, expected: Any) -> None:
    """At ordinary points, kinks, ties, and where other rules divide by 0."""
    gradient = grad(text, {"x": x}).gradients["x"]

    assert np.asarray(gradient) == pytest.approx(np.asarray(expected, float), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([2.0, 3.0, 5.0], [[0, 5, 3], [5, 0, 2], [3, 2, 0]]),
        ([0.0, 3.0, 5.0], [[0, 5, 3], [5, 0, 0], [3, 0, 0]]),
        ([0.0, 0.0, 5.0], [[0, 5, 0], [5, 0, 0], [0, 0, 0]]),
        ([0.0, 0.0, 0.0], [[0, 0, 0], [0, 0, 0], [0, 0, 0]]),
    ],
)
def test_the_second_derivative_of_a_product_needs_no_division(x: list[float], expected: list[list[float]]) -> None:
    """∂²(∏x)/∂xᵢ∂xⱼ is the product of all others, also where some are 0."""
    variable = Variable("x", shape=(3,))
    gradient = gradient_formulas(nodes.prod(variable))[variable]
    rows = [gradient_formulas(nodes.getitem(gradient, key=(place,)))[variable] for place in range(3)]
    found = [evaluate(graph_of(row), {"x": np.array(x)}, arrays)[row] for row in rows]

    assert np.array(found).tolist() == expected


def test_two_rows_have_their_cofactors_without_a_rounding() -> None:
    """[[d, -c], [-b, a]], also of a singular matrix, and the second derivatives are 1 and -1."""
    singular = [[1.0, 2.0], [2.0, 4.0]]
    second = hessian("det(x)", {"x": singular}).blocks["x"]["x"].reshape(4, 4)

    assert grad("det(x)", {"x": singular}).gradients["x"].tolist() == [[4.0, -2.0], [-2.0, 1.0]]
    assert second.tolist() == [[0, 0, 0, 1], [0, 0, -1, 0], [0, -1, 0, 0], [1, 0, 0, 0]]


def test_what_is_no_number_in_a_matrix_is_no_number_in_its_cofactors() -> None:
    """NaN, which has no singular values, and no error; of two rows nothing is decomposed."""
    result = grad("det(x/0)", {"x": np.eye(3) + 1})

    assert math.isnan(result.value)
    assert np.isnan(result.gradients["x"]).all()
    assert result.warnings
