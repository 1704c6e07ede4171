"""Sums of a sweep that grow in place: the same as sums that are made anew, and nothing else is written over."""

import platform
import resource
from typing import Any

import numpy as np
import pytest

from bpcli.backprop.gradients import gradients_of
from bpcli.language.build import at_point, graph_from
from bpcli.numbers.arrays import Arrays, arrays
from bpcli.numbers.sums import Placed, SumsInPlace
from bpcli.numbers.system import Sums


class Plain(Arrays):
    """The same numbers, each sum a new array, each zero written out."""

    sums = Sums
    in_sweep = property(lambda self: self)


POINT = {"x": np.arange(12.0).reshape(3, 4) / 7, "y": np.linspace(-1, 2, 4), "W": np.arange(16.0).reshape(4, 4) / 9}
TEXTS = [
    "sum(x[0]*x[1]) + sum(x[:, 1:3]*x[:, ::2]) + sum(x[2]*y)",
    "sum(x) + sum(x[0]**2) + sum(x[0]*x[0])",
    "sum(x[[0, 2, 0]]**2) + sum(x[[1, 1]]*y) + x[1, 2]*x[-1, -1]",
    "sum(tanh(tanh(y@W)@W)@W) + sum(W.T@y)",
    "h = x + y; sum(h*h) + sum(h@W) + sum(h[0]) + sum(h.T@x)",
    "sum(x[..., None, 1]*x[None, 0, 1]) + y[0] + y[0]*y[3]",
    "sum(transpose(x)@x) + sum(reshape(x, (4, 3))@x) + sum(x[1:]*x[:-1])",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sums_in_place_are_sums(text: str, dtype: type[np.floating[Any]]) -> None:
    """Gradients of every node, with sums that grow and with sums that do not; no value and no input is changed."""
    graph, point, _ = at_point(graph_from(text, POINT), {name: POINT[name] for name in POINT if name in text})
    found, expected = (gradients_of(graph, point, system=system) for system in (Arrays(dtype), Plain(dtype)))

    assert found.upstreams.keys() == expected.upstreams.keys()
    for node, gradient in expected.upstreams.items():
        assert np.array_equal(found.upstreams[node], gradient)
        assert np.asarray(found.upstreams[node]).dtype == np.asarray(gradient).dtype
    for node, value in expected.values.items():
        assert np.array_equal(found.values[node], value)


def test_a_contribution_is_left_as_it_is() -> None:
    """The first contribution to a node may be another node's upstream: the sum is a new array, later ones grow it."""
    first, second, third = (np.full((2, 2), value) for value in (1.0, 2.0, 4.0))
    sums = SumsInPlace({})
    for contribution in (first, second):
        sums.add("node", contribution)
    total = sums.gradients["node"]
    sums.add("node", third)

    assert sums.gradients["node"] is total
    assert total.tolist() == [[7, 7], [7, 7]]
    assert (first[0, 0], second[0, 0], third[0, 0]) == (1, 2, 4)


def test_a_sum_of_one_length_in_a_batch_takes_longer_ones() -> None:
    """What is the same for the whole batch has length 1 there; what is added may differ within it."""
    m = Arrays(batch=1)
    sums = m.sums({})
    placed = Placed(m, np.ones(2), (2,), (3,))
    for part in (np.ones((1, 3)), np.ones((1, 3)), np.arange(6.0).reshape(2, 3), placed):
        sums.add("node", part)

    assert sums.gradients["node"].tolist() == [[2, 3, 5], [5, 6, 8]]


def test_a_placed_array_is_written_out_for_whatever_else_is_done_with_it() -> None:
    """A rule may go on to compute with what it has scattered."""
    placed: Any = Placed(arrays, np.array([5.0, 6.0]), (1,), (2, 2))

    assert (2 * placed - 1).tolist() == [[-1, -1], [9, 11]]
    assert np.sum(placed) == 11
    assert placed[:, 0].tolist() == [0, 5]
    assert arrays.tril(placed).tolist() == arrays.matmul(placed, np.eye(2)).tolist() == [[0, 0], [5, 6]]
    assert arrays.sum_to(arrays.transpose(placed), shape=(2, 1)).tolist() == [[5], [6]]
    assert np.ones((2, 2)).__add__(placed).tolist() == [[1, 1], [6, 7]]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries go on as they are")
def test_a_second_pass_takes_the_memory_of_the_first() -> None:
    """150 MiB of values are not asked for again, page by page."""
    text = "y = x + 1; " + "y = y + x; " * 149 + "sum(y)"
    graph, point, system = at_point(graph_from(text, {"x": 0}), {"x": np.ones(1 << 17)})
    gradients_of(graph, point, system=system)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    gradients_of(graph, point, system=system)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 5000  # pages; 38,400 are 150 MiB
