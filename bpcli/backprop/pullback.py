"""The pullback from one node to others before it, u ↦ Jᵀu, for many upstream gradients at once; and v ↦ Jv.

The op nodes between them are built again over leaves of their own, of which only the asked ones vary. So a sweep back
computes nothing but what flows to those, and whatever else the node depends on is held at its value.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from typing import Any

from bpcli.backprop.narrowing import narrowed
from bpcli.backprop.sweep import gradients_at, handed_back
from bpcli.graph.node import Constant, Graph, Node, Variable
from bpcli.graph.op import Shape
from bpcli.graph.order import ancestors_first, graph_of
from bpcli.numbers.arrays import Arrays
from bpcli.numbers.evaluate import Values, compute, constant_in
from bpcli.ops.algebra import NodeAlgebra, nodes

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


class _Partly:
    """The pullback of a structural op of which some inputs are held, as formulas for the others.

    What does not depend on the upstream gradient, such as the transpose of a weight, is computed once.
    """

    def __init__(self, node: Node, values: Mapping[Node, Any], m: Arrays) -> None:
        self._m = m
        self._upstream = Variable("upstream", shape=node.shape)
        inputs = tuple([held("input", one.shape) for one in node.inputs])
        twin, out = node.over(inputs), held("out", node.shape)
        parts = handed_back(twin, self._upstream, lambda one: out if one is twin else one, nodes)
        self._parts = [part if one.varies else None for one, part in zip(node.inputs, parts, strict=True)]
        needed = ancestors_first([part for part in self._parts if part is not None])
        self._held: Values = {leaf: values[one] for leaf, one in zip(inputs, node.inputs, strict=True)}
        self._held |= {out: values[node]} | {one: constant_in(m, one) for one in needed if isinstance(one, Constant)}
        compute([one for one in needed if one.inputs and not one.varies], self._held, m)
        self._swept = [one for one in needed if one.inputs and one.varies]

    def handed_back(self, upstream: Any) -> tuple[Any, ...]:
        """What flows back to each input, None to one that is held."""
        here = {**self._held, self._upstream: upstream}
        compute(self._swept, here, self._m)
        return tuple([None if part is None else here[part] for part in self._parts])


class Pullback:
    """u ↦ Jᵀu for the Jacobian J of `output` with respect to `sources`, at a point.

    `ops` are the op nodes from the sources to the output, in order, `values` those of all that these are made of,
    each with a batch axis, of length 1, and `m` is the algebra of arrays with a batch axis. `reached` are the sources
    that a derivative reaches, unlike an index.
    """

    def __init__(
        self, output: Node, ops: Iterable[Node], sources: Sequence[Node], values: Mapping[Node, Any], m: Arrays
    ) -> None:
        self.output = output
        self._m = m
        self._leaves = {source: Variable("x", shape=source.shape) for source in sources}
        twins: dict[Node, Node] = dict(self._leaves)
        self._values: Values = {leaf: values[source] for source, leaf in self._leaves.items()}
        made: list[Node] = []
        for node in ops:
            if node in twins or twins.keys().isdisjoint(node.inputs):
                continue
            twins[node] = twin = node.over(tuple([twins.get(one) or self._held(one, values) for one in node.inputs]))
            self._values[twin] = values[node]
            made.append(twin)
        self._partly: dict[Node, _Partly] = {}
        self._graph = Graph(twins.get(output) or held("out", output.shape), made, (), ())
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
        return gradients_at(self._graph, self._values, self._m, upstreams, self._pulled)

    def _pulled(self, node: Node, upstream: Any, value_of: Callable[[Node], Any], algebra: Arrays) -> tuple[Any, ...]:
        """What an op hands back to those of its inputs that vary: the gradient of a weight would be larger by far."""
        if all(one.varies for one in node.inputs):
            return handed_back(node, upstream, value_of, algebra)
        if node not in self._partly:
            self._partly[node] = _Partly(node, self._values, self._m)
        return self._partly[node].handed_back(upstream)

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
