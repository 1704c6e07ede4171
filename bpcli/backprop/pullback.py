"""The pullback from one node to others before it, u ↦ Jᵀu, for many upstream gradients at once; and v ↦ Jv.

The op nodes between them are built again over leaves of their own, of which only the asked ones vary. So a sweep back
computes nothing but what flows to those, and whatever else the node depends on is held at its value.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any

from bpcli.backprop.narrowing import narrowed
from bpcli.backprop.sweep import gradients_at
from bpcli.graph.node import Graph, Node, Variable
from bpcli.graph.op import Shape
from bpcli.graph.order import graph_of
from bpcli.numbers.arrays import Arrays
from bpcli.numbers.evaluate import Values, compute, constant_in
from bpcli.ops.algebra import NodeAlgebra

AT_ONCE = 1 << 22  # numbers that one sweep may hold: 32 MB as float64


class _WithoutOnes(NodeAlgebra):
    """Builds nodes that are computed, not shown: nothing is multiplied by a local derivative of 1."""

    times = staticmethod(Arrays.times)


without_ones = _WithoutOnes()


def held(name: str, shape: Shape = ()) -> Variable:
    """A variable through which no gradient flows."""
    variable = Variable(name, shape=shape)
    variable.varies = False
    return variable


class Pullback:
    """u ↦ Jᵀu for the Jacobian J of `output` with respect to `sources`, at a point.

    `nodes` are the op nodes from the sources to the output, in order, `values` those of all that these are made of,
    each with a batch axis, of length 1, and `m` is the algebra of arrays with a batch axis. `reached` are the sources
    that a derivative reaches, unlike an index.
    """

    def __init__(
        self, output: Node, nodes: Iterable[Node], sources: Sequence[Node], values: Mapping[Node, Any], m: Arrays
    ) -> None:
        self.output = output
        self._m = m
        self._leaves = {source: Variable("x", shape=source.shape) for source in sources}
        twins: dict[Node, Node] = dict(self._leaves)
        self._values: Values = {leaf: values[source] for source, leaf in self._leaves.items()}
        ops: list[Node] = []
        for node in nodes:
            if node in twins or twins.keys().isdisjoint(node.inputs):
                continue
            twins[node] = twin = node.over(tuple([twins.get(one) or self._held(one, values) for one in node.inputs]))
            self._values[twin] = values[node]
            ops.append(twin)
        self._graph = Graph(twins.get(output) or held("out", output.shape), ops, (), ())
        self.reached = tuple(sources)
        found = self._swept(m.lifted(m.zeros(output.shape)))
        self.reached = tuple([source for source in sources if self._leaves[source] in found])

    def _held(self, node: Node, values: Mapping[Node, Any]) -> Node:
        leaf = held("held", node.shape)
        self._values[leaf] = values[node]
        return leaf

    @property
    def size(self) -> int:
        """How many numbers are computed for one upstream gradient."""
        return sum([prod(node.shape) for node in (self.output, *self._graph.nodes)])

    @property
    def at_once(self) -> int:
        """How many upstream gradients may be swept back together."""
        return max(1, AT_ONCE // max(1, self.size))

    def __call__(self, upstreams: Any) -> dict[Node, Any]:
        """What flows back to each reached source, for each upstream gradient along the first axis."""
        found = self._swept(upstreams)
        return {source: found[self._leaves[source]] for source in self.reached}

    def _swept(self, upstreams: Any) -> dict[Node, Any]:
        return gradients_at(self._graph, self._values, self._m, upstreams)

    def adjoint(self, source: Node) -> "Pullback | None":
        """The pullback of the pullback, v ↦ Jv, of one reached source; None where nothing flows.

        A pullback is linear in the upstream gradient, and built of ops that have pullbacks themselves.
        """
        upstream = Variable("upstream", shape=self.output.shape)
        stand_ins: dict[Node, Node] = {node: held("held", node.shape) for node in self._values}
        formula = gradients_at(self._graph, stand_ins, without_ones, upstream)[self._leaves[source]]
        graph = graph_of(formula)
        values: Values = {stand_ins[node]: value for node, value in self._values.items()}
        values[upstream] = self._m.lifted(self._m.zeros(upstream.shape))
        values |= {constant: constant_in(self._m, constant) for constant in graph.constants}
        compute(graph.nodes, values, self._m)
        found = Pullback(formula, graph.nodes, [upstream], values, self._m)
        return found if found.reached else None

    def narrowed(self, axis: int, count: int) -> "Pullback | None":
        """The same for the first places along an axis that output and sources share; None where that cannot be done."""
        found = narrowed(
            self._graph.output, self._graph.nodes, tuple(self._leaves.values()), self._values, axis, count, self._m
        )
        return found and Pullback(found.output, found.nodes, found.sources, found.values, self._m)
