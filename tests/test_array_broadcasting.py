"""Ops that work entry by entry, over arrays of every constellation of shapes: a loop over single numbers.

What flows back to an input is the sum of what flows back to the entries that it was repeated to.
"""

from itertools import product
from typing import Any

import numpy as np
import pytest
from exactness import FUNCTIONS, points
from test_laws import Case

from bpcli.backprop.gradients import gradients_of
from bpcli.graph.node import Constant, Node, Variable
from bpcli.graph.order import graph_of
from bpcli.language.shapes import with_shapes
from bpcli.numbers.arrays import arrays
from bpcli.numbers.floats import floats
from bpcli.ops.algebra import nodes

Shape = tuple[int, ...]
CONSTELLATIONS: dict[int, list[tuple[Shape, ...]]] = {
    1: [((2, 3),), ((1, 1),), ((0, 2),)],
    2: [((3, 1), (4,)), ((), (2, 3)), ((2, 3), ()), ((2, 1, 3), (5, 1)), ((1,), (0,)), ((2, 2), (2, 2))],
    3: [((2, 1), (3,), ()), ((), (2,), (2, 1)), ((2, 1, 2), (3, 1), (2,))],
}
of_every_constellation = pytest.mark.parametrize(
    ("case", "shapes"),
    [(case, shapes) for case in FUNCTIONS for shapes in CONSTELLATIONS[case.arity]],
    ids=lambda part: getattr(part, "name", str(part)),
)


def drawn(case: Case, shapes: tuple[Shape, ...]) -> list[Any]:
    """Arrays filled from points of the op's domain."""
    size = max(int(np.prod(shape, dtype=int)) for shape in shapes) or 1
    columns = list(zip(*points(case, size), strict=True))
    return [np.resize(column, shape) for column, shape in zip(columns, shapes, strict=True)]


def looped(case: Case, arrays_: list[Any], seed: Any) -> tuple[Any, list[Any]]:
    """Value and gradients by floats, entry by entry."""
    spread = np.broadcast_arrays(*arrays_)
    value = np.empty(spread[0].shape)
    gradients = [np.zeros(np.shape(x)) for x in arrays_]
    for place in np.ndindex(value.shape):
        point = tuple(float(x[place]) for x in spread)
        inputs = case.inputs(point)
        value[place] = getattr(floats, case.op.name)(*inputs, **case.attributes)
        for position, (local, x) in enumerate(zip(case.rule(point), arrays_, strict=True)):
            own = place[len(place) - np.ndim(x) :]
            at = tuple(0 if length == 1 else index for length, index in zip(np.shape(x), own, strict=True))
            gradients[position][at] += seed[place] * (local or 0.0)
    return value, gradients


def applied(case: Case, inputs: list[Node]) -> Node:
    """The op of a case; the condition of `where` is that its first input is positive."""
    chosen = [nodes.greater(inputs[0], 0), *inputs[1:]] if case.op.name == "where" else inputs
    return Node(case.op, tuple(chosen), case.attributes)


@of_every_constellation
def test_broadcasting_is_a_loop(case: Case, shapes: tuple[Shape, ...]) -> None:
    """Of values and gradients, for every op of the registry."""
    filled = drawn(case, shapes)
    names = [f"x{place}" for place in range(case.arity)]
    graph = with_shapes(graph_of(applied(case, [*map(Variable, names)])), dict(zip(names, shapes, strict=True)))
    seed = np.arange(2.0, 2 + np.prod(graph.output.shape)).reshape(graph.output.shape)
    at = {name: x[()] for name, x in zip(names, filled, strict=True)}
    result = gradients_of(graph, at, system=arrays, seed=seed[()])
    value, gradients = looped(case, filled, seed)

    assert np.asarray(result.value) == pytest.approx(value, rel=1e-12, abs=1e-14)
    for position, name in enumerate(names):
        if name in result.gradients and (case.op.name, position) != ("constant_pow", 1):
            assert np.asarray(result.gradients[name]) == pytest.approx(gradients[position], rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("case", [case for case in FUNCTIONS if case.arity > 1], ids=lambda case: case.name)
def test_a_constant_goes_with_any_shape(case: Case) -> None:
    """A literal in the place of each input, as in clip(x, 0, 1) and where(x > 0, x, 0), needs no broadcasting."""
    point = next(points(case, 1))
    names = [f"x{place}" for place in range(case.arity)]
    for chosen in product((False, True), repeat=case.arity):
        if not any(chosen):
            continue
        inputs: list[Node] = [
            Variable(name) if is_variable else Constant(x)
            for name, x, is_variable in zip(names, point, chosen, strict=True)
        ]
        at = {
            name: np.full((2, 3), x) for name, x, is_variable in zip(names, point, chosen, strict=True) if is_variable
        }
        graph = with_shapes(graph_of(applied(case, inputs)), dict.fromkeys(at, (2, 3)))
        result = gradients_of(graph, at, system=arrays, seed=np.ones((2, 3)))
        locals_ = dict(zip(names, case.rule(point), strict=True))

        assert np.asarray(result.value) == pytest.approx(
            np.full((2, 3), float(getattr(floats, case.op.name)(*case.inputs(point), **case.attributes))), rel=1e-13
        )
        for name in at:
            if (case.op.name, name) != ("constant_pow", "x1"):
                assert result.gradients[name] == pytest.approx(np.full((2, 3), locals_[name] or 0.0), rel=1e-12)
