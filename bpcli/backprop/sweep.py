"""Gradients as numbers: one sweep back through the graph, with the same rules and no gradient graph.

`gradients_at` returns ∂output/∂node for every node that the output depends on; `steps` tells the story edge by edge.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

from bpcli.backprop.formulas import require_one_per_input
from bpcli.graph.node import Graph, Node
from bpcli.graph.op import NO_ATTRIBUTES
from bpcli.numbers.floats import UNANSWERED, floats
from bpcli.numbers.system import NumberSystem


class Step(NamedTuple):
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
    value_of = values.__getitem__
    for node in reversed(graph.nodes):
        upstream = gradient_of(node)
        if upstream is None or not node.varies:
            continue
        locals_ = local_numbers(node, value_of, system)
        for source, local in zip(node.inputs, locals_):  # noqa: B905 - as many, local_numbers has counted; a keyword is slow
            if local is not None and source.varies:
                before = gradient_of(source)
                gradients[source] = upstream * local if before is None else before + upstream * local
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
            locals_ = local_numbers(node, values.__getitem__)
            for position, (source, local) in enumerate(zip(node.inputs, locals_, strict=True)):
                if local is not None and source.varies and (along is None or source in along):
                    yield Step(node, source, position, upstream, float(local), upstream * local)


def local_numbers(node: Node, value_of: Callable[[Node], Any], system: NumberSystem = floats) -> tuple[Any, ...]:
    """∂node/∂input for each input as a number, None where no gradient flows."""
    inputs = node.inputs
    try:
        if node.attributes is NO_ATTRIBUTES and len(inputs) == 2:  # noqa: PLR2004 - most ops, and faster so
            x, y = inputs
            locals_ = node.op.partials(system, value_of(node), value_of(x), value_of(y))
        elif node.attributes is NO_ATTRIBUTES:
            locals_ = node.op.partials(system, value_of(node), *map(value_of, inputs))
        else:
            locals_ = node.op.partials(system, value_of(node), *map(value_of, inputs), **node.attributes)
    except UNANSWERED:
        if system.locals_beyond is None:
            raise
        locals_ = system.locals_beyond(node.op, value_of(node), [*map(value_of, inputs)], dict(node.attributes))
    if len(locals_) != len(inputs):
        require_one_per_input(node.op, locals_, inputs)
    return locals_
