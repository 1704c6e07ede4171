"""The local derivatives of a structural op, entry by entry, without its whole Jacobian.

An op has a pullback u ↦ Jᵀu only. That is linear in u and built of ops that have pullbacks themselves, so the pullback
of the pullback, v ↦ Jv, gives the column of J that belongs to one entry of an input, at the cost of the op itself.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from math import prod
from typing import Any

from bpcli.backprop.entries import Edge, Entry
from bpcli.backprop.pullback import held
from bpcli.backprop.sweep import gradients_at, handed_back
from bpcli.graph.node import Node, Variable
from bpcli.graph.order import graph_of
from bpcli.numbers.arrays import Arrays, arrays
from bpcli.numbers.entries import columns_of, moved_a_little, not_zero, ones_at
from bpcli.numbers.evaluate import evaluate
from bpcli.ops.algebra import nodes

MOST_AT_ONCE = 1 << 20  # numbers of the columns that are computed together
BATCHED = Arrays(batch=1)


def edges_of_structural(
    node: Node, reached: Mapping[Node, Collection[int]], values: Mapping[Node, Any]
) -> Iterator[Edge]:
    """The edges from reached entries of its inputs to the entries of a structural op."""
    columns = _Columns(node, values)
    for position, source in enumerate(node.inputs):
        places = list(reached.get(source, ()))
        step = max(1, MOST_AT_ONCE // max(1, prod(node.shape), prod(source.shape)))
        for first in range(0, len(places), step):
            for place, to, local in columns.entries(position, places[first : first + step]):
                yield Edge(Entry(source, place), Entry(node, to), position, local)


class _Columns:
    """The columns of the Jacobian of one op at one point."""

    def __init__(self, node: Node, values: Mapping[Node, Any]) -> None:
        self._node = node
        self._values = [values[source] for source in node.inputs]
        self._inputs = tuple(held(f"x{position}", source.shape) for position, source in enumerate(node.inputs))
        self._out = held("out", node.shape)
        self._upstream = Variable("upstream", shape=node.shape)
        twin = node.over(self._inputs)
        self._parts = handed_back(twin, self._upstream, lambda one: self._out if one is twin else one, nodes)

    def entries(self, position: int, places: Sequence[int]) -> Iterator[tuple[int, int, float]]:
        """Place in the input, place in the value, and number, wherever the op depends on these entries of an input.

        A derivative that is 0 at this point alone counts, too: it is not 0 next to it. Next to a kink other entries
        may be chosen, so there the point itself decides.
        """
        part = self._parts[position]
        if part is None or not places:
            return
        rows = self._rows(part, places, self._values)
        if not arrays.is_finite(rows):
            rows = self._rows_of_rule(position, places, rows)
        nearby = None
        if not self._node.op.kinks and not rows.all():
            nearby = self._rows(part, places, self._nearby())
        for row, to, local in not_zero(rows, nearby):
            yield places[row], to, local

    def _rows_of_rule(self, position: int, places: Sequence[int], rows: Any) -> Any:
        """The same rows by the rule itself, one upstream 1 for each entry of the value, where these are few.

        A rule may have a guard, as for a norm that is 0, whose derivative is NaN although what the rule gives is not.
        """
        node, size = self._node, prod(self._node.shape)
        if size * prod(node.inputs[position].shape) > MOST_AT_ONCE:
            return rows
        values = dict(
            zip((node, *node.inputs), map(arrays.lifted, (self._out_of(self._values), *self._values)), strict=True)
        )
        with arrays.at_work():
            found = handed_back(node, ones_at(node.shape, range(size)), values.__getitem__, BATCHED)[position]
        return columns_of(found, size, places, node.shape)

    def _out_of(self, inputs: Sequence[Any]) -> Any:
        """The value of the op at these inputs."""
        with arrays.at_work():
            return getattr(arrays, self._node.op.name)(*inputs, **self._node.attributes)

    def _nearby(self) -> list[Any]:
        """The values next to the point; those of inputs without a gradient, such as indices, stay."""
        return [
            value if back is None else moved_a_little(value)
            for value, back in zip(self._values, self._parts, strict=True)
        ]

    def _rows(self, part: Node, places: Sequence[int], inputs: Sequence[Any]) -> Any:
        """The columns of the Jacobian for these places of an input, as rows."""
        node, pullback = self._node, graph_of(part)
        seeds = ones_at(part.shape, places)
        zeros = arrays.lifted(arrays.zeros(node.shape))
        at = {variable.name: arrays.lifted(value) for variable, value in zip(self._inputs, inputs, strict=True)}
        with arrays.at_work():
            at |= {"out": arrays.lifted(self._out_of(inputs)), "upstream": zeros}
            found = gradients_at(pullback, evaluate(pullback, at, BATCHED), BATCHED, seeds).get(self._upstream)
        rows = zeros if found is None else found
        return rows if len(rows) == len(seeds) else rows.repeat(len(seeds), axis=0)
