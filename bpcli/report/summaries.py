"""Each layer of a network in a few figures: its parameters, and the norms of its value and of its gradient."""

from math import prod
from typing import NamedTuple

from bpcli.backprop.gradients import Gradients
from bpcli.graph.network import Layer, Network
from bpcli.graph.node import Node
from bpcli.graph.op import Shape
from bpcli.report.arrays import norm_of


class Summary(NamedTuple):
    """What a layer holds, and how large what it hands on and the gradient that reaches it are; None where none does."""

    layer: Layer
    parameters: dict[str, Shape]
    output: Node
    value_norm: float
    gradient_norm: float | None

    @property
    def size(self) -> int:
        """How many numbers its parameters are."""
        return sum(map(prod, self.parameters.values()))


def summaries(result: Gradients, network: Network) -> list[Summary]:
    """A summary of each layer, in the order of computation."""
    found = []
    for layer in network.layers:
        output = _handed_on(layer, result)
        upstream = result.upstreams.get(output)
        shapes = {
            parameter.variable.name: parameter.variable.shape
            for parameter in layer.parameters
            if parameter.kind == "parameter"
        }
        gradient_norm = None if upstream is None else norm_of(upstream)
        found.append(Summary(layer, shapes, output, norm_of(result.values[output]), gradient_norm))
    return found


def _handed_on(layer: Layer, result: Gradients) -> Node:
    """The output of a layer; where only another result is used, such as the `h_n` of an LSTM, the last of these."""
    nodes = result.graph.nodes
    if layer.output in result.upstreams:
        return layer.output
    inside = {node for block in layer.blocks for node in nodes[block.start : block.stop]}
    used = {source for node in nodes if node not in inside and node in result.upstreams for source in node.inputs}
    return next((node for node in reversed(nodes) if node in inside and node in used), layer.output)
