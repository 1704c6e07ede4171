"""The pullback from one node to others before it, u ↦ Jᵀu, for many upstream gradients at once.

The gradient for an upstream gradient that is not known yet is a graph, of which only what leads to the asked nodes is
computed: what does not depend on the upstream gradient once, the rest for each batch of them. Whatever else the node
depends on is held at its value.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any

from bpcli.backprop.formulas import ITSELF
from bpcli.backprop.sweep import gradients_at
from bpcli.graph.node import Constant, Graph, Node, Variable
from bpcli.graph.order import ancestors_first, downstream_of
from bpcli.numbers.arrays import Arrays
from bpcli.numbers.evaluate import Values, compute, constant_in
from bpcli.ops.algebra import NodeAlgebra

AT_ONCE = 1 << 22  # numbers that one sweep may hold: 32 MB as float64


class _WithoutOnes(NodeAlgebra):
    """Builds nodes that are computed, not shown: nothing is multiplied by a local derivative of 1."""

    times = staticmethod(Arrays.times)


without_ones = _WithoutOnes()


class Pullback:
    """u ↦ Jᵀu for the Jacobian J of `output` with respect to `sources`, at a point.

    `nodes` are the op nodes from the sources to the output, in order, `values` those of all that these are made of,
    each with a batch axis of length 1, and `m` is the algebra of arrays with a batch axis. A source that no
    derivative reaches, such as an index, is not `reached`.
    """

    def __init__(
        self, output: Node, nodes: Sequence[Node], sources: Iterable[Node], values: Mapping[Node, Any], m: Arrays
    ) -> None:
        self.output = output
        self._m = m
        self._upstream = Variable("upstream", shape=output.shape)
        found = gradients_at(Graph(output, nodes, (), ()), ITSELF, without_ones, self._upstream)
        self._formulas = {source: found[source] for source in sources if source in found}
        self._swept, self._held = _prepared(self._formulas.values(), self._upstream, values, m)

    @property
    def reached(self) -> tuple[Node, ...]:
        """The sources that a gradient flows back to."""
        return tuple(self._formulas)

    @property
    def size(self) -> int:
        """How many numbers are computed for one upstream gradient."""
        return sum(prod(node.shape) for node in (self._upstream, *self._swept))

    @property
    def at_once(self) -> int:
        """How many upstream gradients may be swept back together."""
        return max(1, AT_ONCE // max(1, self.size))

    def __call__(self, upstreams: Any) -> dict[Node, Any]:
        """What flows back to each reached source, for each upstream gradient along the first axis."""
        here = {**self._held, self._upstream: upstreams}
        compute(self._swept, here, self._m)
        return {source: here[formula] for source, formula in self._formulas.items()}

    def adjoint(self, source: Node) -> "Pullback | None":
        """The pullback of the pullback, v ↦ Jv, of one reached source; None where nothing flows.

        A pullback is linear in the upstream gradient, and built of ops that have pullbacks themselves.
        """
        zeros: Values = {self._upstream: self._m.lifted(self._m.zeros(self.output.shape))}
        held = {**self._held, **zeros}
        found = Pullback(self._formulas[source], self._swept, [self._upstream], held, self._m)
        return found if found.reached else None


def _prepared(
    roots: Iterable[Node], upstream: Variable, values: Mapping[Node, Any], m: Arrays
) -> tuple[list[Node], Values]:
    """The nodes to compute for each upstream gradient, and the values of what they need beside, the same for all."""
    needed = ancestors_first(roots, stop_at=values)
    held = {node: values[node] for node in needed if node in values}
    held |= {node: constant_in(m, node) for node in needed if isinstance(node, Constant) and node not in held}
    ops = [node for node in needed if node.inputs and node not in held]
    swept = downstream_of(Graph(upstream, ops, (), ()), [upstream])
    compute([node for node in ops if node not in swept], held, m)
    return [node for node in ops if node in swept], held
