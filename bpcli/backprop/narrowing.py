"""The first few samples of a computation: the same ops over the first places along the axis of the samples."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from bpcli.errors import UsageError
from bpcli.graph.node import Node, Variable, applied
from bpcli.graph.op import Shape
from bpcli.numbers.arrays import Arrays
from bpcli.numbers.entries import first_along, is_near
from bpcli.numbers.evaluate import Values, compute

TAKES_EQUALS = {"concatenate", "stack"}  # structural ops whose inputs all have the samples along the same axis


class Narrowed(NamedTuple):
    """The op nodes from sources to an output, over the first samples only, and the values of all of them."""

    output: Node
    nodes: Sequence[Node]
    sources: tuple[Node, ...]
    values: Values


def narrowed(  # noqa: PLR0913, PLR0917 - a computation, and how it is narrowed
    output: Node,
    nodes: Iterable[Node],
    sources: Sequence[Node],
    values: Mapping[Node, Any],
    axis: int,
    count: int,
    m: Arrays,
) -> Narrowed | None:
    """The same computation with the first `count` places along an axis, which sources and output share; or None.

    Each op is built again on the narrowed inputs, and says along which axis it has become shorter. What is found is
    computed and held against the values that are known: None where they differ, or an op cannot be narrowed.
    """
    narrow = _Narrowing(values, count)
    for source in sources:
        narrow.enter(source, Variable("x", shape=_shortened(source.shape, axis, count)), axis)
    made: list[Node] = []
    for node in nodes:
        if node in narrow.twins or narrow.twins.keys().isdisjoint(node.inputs):
            continue
        if not narrow.op(node):
            return None
        made.append(narrow.twins[node])
    if narrow.axes.get(output) != axis:
        return None
    twins = tuple([narrow.twins[source] for source in sources])
    computed = {twin: narrow.values[twin] for twin in twins} | narrow.held
    compute(made, computed, m)
    if not is_near(computed[narrow.twins[output]], narrow.values[narrow.twins[output]]):
        return None
    return Narrowed(narrow.twins[output], made, twins, narrow.values)


class _Narrowing:
    """Nodes, what became of them, and along which axis."""

    def __init__(self, values: Mapping[Node, Any], count: int) -> None:
        self.twins: dict[Node, Node] = {}
        self.axes: dict[Node, int] = {}
        self.values: Values = {}
        self.held: Values = {}
        self._known = values
        self._count = count

    def enter(self, node: Node, twin: Node, axis: int) -> None:
        """Keep what a node became."""
        self.twins[node], self.axes[node] = twin, axis
        self.values[twin] = first_along(self._known[node], axis + 1, self._count)

    def op(self, node: Node) -> bool:
        """Build an op on its narrowed inputs, of which it has one or more; whether that could be done."""
        first = next(one for one in node.inputs if one in self.twins)
        axis = self.axes[first]
        is_entrywise = not node.op.is_structural or node.op.name in TAKES_EQUALS
        taken = [
            self.twins.get(one) or self._leaf(one, axis, is_narrowed=is_entrywise and one.shape == first.shape)
            for one in node.inputs
        ]
        attributes = dict(node.attributes)
        if "shape" in attributes:
            attributes["shape"] = _shortened(node.shape, axis, self._count)
        try:
            twin = applied(node.op.name, *taken, **attributes)
        except UsageError:
            return False
        shorter = [
            place
            for place, length in enumerate(node.shape)
            if twin.shape != node.shape and twin.shape[place : place + 1] != (length,)
        ]
        if len(twin.shape) != len(node.shape) or len(shorter) != 1 or twin.shape[shorter[0]] != self._count:
            return False
        self.enter(node, twin, shorter[0])
        return True

    def _leaf(self, node: Node, axis: int, *, is_narrowed: bool) -> Node:
        shape = _shortened(node.shape, axis, self._count) if is_narrowed else node.shape
        leaf = Variable("held", shape=shape)
        leaf.varies = False
        known = self._known[node]
        self.held[leaf] = self.values[leaf] = first_along(known, axis + 1, self._count) if is_narrowed else known
        return leaf


def _shortened(shape: Shape, axis: int, count: int) -> Shape:
    return (*shape[:axis], count, *shape[axis + 1 :])
