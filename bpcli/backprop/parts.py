"""What each part of a layer, such as a time step, adds to the gradient of a parameter that all parts share."""

from collections.abc import Iterable, Mapping
from typing import Any

from bpcli.backprop.gradients import Gradients
from bpcli.backprop.sweep import Step, handed_back, local_numbers
from bpcli.graph.network import Layer
from bpcli.graph.node import Node, Variable

Parts = dict[str, Any]


def shared_parts(result: Gradients, steps: Iterable[Step]) -> list[tuple[Layer, Variable, Parts]]:
    """By layer and parameter, the contribution of each part of the layer, in the order in which they flow back.

    The parts of one parameter add up to its gradient and have its shape. A parameter that is made into another node
    once, such as a sum of biases, and that all parts use, is followed there. `steps` are those of the result. Only
    parameters with two parts or more, whose gradient was asked for, are there.
    """
    network = result.graph.network
    if network is None:
        return []
    arrivals: dict[Node, list[Step]] = {}
    for step in steps:
        arrivals.setdefault(step.input, []).append(step)
    found = []
    for layer in network.layers:
        part_of = _parts_by_node(result, layer)
        for parameter in layer.parameters if len(set(part_of.values())) > 1 else ():
            variable = parameter.variable
            parts = _parts(variable, arrivals, part_of, result) if variable.name in result.gradients else {}
            if len(parts) > 1:
                found.append((layer, variable, parts))
    return found


def _parts_by_node(result: Gradients, layer: Layer) -> dict[Node, str]:
    nodes = result.graph.nodes
    return {node: block.part for block in layer.blocks for node in nodes[block.start : block.stop]}


def _parts(
    variable: Variable, arrivals: Mapping[Node, list[Step]], part_of: Mapping[Node, str], result: Gradients
) -> Parts:
    """The contributions where they meet, summed by part, each handed back to the parameter."""
    node: Node = variable
    edges: list[Step] = []
    while len(arrivals.get(node, ())) == 1:
        (step,) = arrivals[node]
        edges.append(step)
        node = step.node
    sums: Parts = {}
    for step in arrivals.get(node, ()):
        part = part_of.get(step.node)
        if part is None:
            return {}  # what other layers use is no parameter of this one alone
        sums[part] = sums[part] + step.contribution if part in sums else step.contribution
    if len(sums) > 1:
        for edge in reversed(edges):
            sums = {part: _along(edge, contribution, result) for part, contribution in sums.items()}
    return sums


def _along(edge: Step, upstream: Any, result: Gradients) -> Any:
    """What an edge hands back of this upstream gradient."""
    node, position, system, value_of = edge.node, edge.position, result.system, result.values.__getitem__
    with system.at_work():
        if node.op.pullback is not None:
            return handed_back(node, upstream, value_of, system)[position]
        return system.times(upstream, local_numbers(node, value_of, system)[position])
