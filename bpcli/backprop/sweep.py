"""Gradients as numbers: one sweep back through the graph, with the same rules and no gradient graph.

`gradients_at` returns ∂output/∂node for every node that the output depends on; `steps` tells the story edge by edge.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bpcli.backprop.formulas import require_one_per_input
from bpcli.graph.node import Graph, Node
from bpcli.graph.op import NO_ATTRIBUTES
from bpcli.numbers.floats import UNANSWERED, floats, ieee_rule
from bpcli.numbers.system import NumberSystem


@dataclass(frozen=True, slots=True)
class Step:
    """One edge of the backward pass: node → input `position`, and contribution = upstream · local."""

    node: Node
    input: Node
    position: int
    upstream: float
    local: float
    contribution: float


def gradients_at(graph: Graph, values: Mapping[Node, Any], system: NumberSystem = floats) -> dict[Node, Any]:
    """∂output/∂node, as a number, for each node that the output depends on through a differentiable path."""
    gradients: dict[Node, Any] = {graph.output: 1.0}
    gradient_of = gradients.get
    for node in reversed(graph.nodes):
        upstream = gradient_of(node)
        if upstream is None or not node.varies:
            continue
        for source, local in zip(node.inputs, _local_numbers(node, values, system), strict=True):
            if local is not None and source.varies:
                contribution = upstream * local
                before = gradient_of(source)
                gradients[source] = contribution if before is None else before + contribution
    return gradients


def steps(
    graph: Graph,
    values: Mapping[Node, float],
    gradients: Mapping[Node, float],
    along: Collection[Node] | None = None,
) -> Iterator[Step]:
    """Each edge in the order of the backward pass; only edges into nodes of `along`, if it is given."""
    for node in reversed(graph.nodes):
        if node in gradients and node.varies:
            upstream = gradients[node]
            locals_ = _local_numbers(node, values, floats)
            for position, (source, local) in enumerate(zip(node.inputs, locals_, strict=True)):
                if local is not None and source.varies and (along is None or source in along):
                    yield Step(node, source, position, upstream, float(local), upstream * local)


def local_numbers(node: Node, values: Mapping[Node, float]) -> tuple[float | None, ...]:
    """∂node/∂input for each input as a number, None where no gradient flows."""
    return tuple(None if local is None else float(local) for local in _local_numbers(node, values, floats))


def _local_numbers(node: Node, values: Mapping[Node, Any], system: NumberSystem) -> tuple[Any, ...]:
    op = node.op
    value_of = values.__getitem__
    try:
        if node.attributes is NO_ATTRIBUTES:
            locals_ = op.partials(system, values[node], *map(value_of, node.inputs))
        else:
            locals_ = op.partials(system, values[node], *map(value_of, node.inputs), **node.attributes)
    except UNANSWERED:
        if system is not floats:
            raise
        locals_ = ieee_rule(op, values[node], [*map(value_of, node.inputs)], dict(node.attributes))
    if len(locals_) != len(node.inputs):
        require_one_per_input(op, locals_, node.inputs)
    return locals_
