"""Each layer of a network in a few figures: its parameters, and the norms of its value and of its gradient."""

from math import prod
from typing import NamedTuple

from bpcli.backprop.gradients import Gradients
from bpcli.graph.network import Layer, Network, outputs_of
from bpcli.graph.node import Node
from bpcli.graph.op import Shape
from bpcli.numbers.norms import norm_of


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
    for layer, output in zip(network.layers, outputs_of(result.graph, network), strict=True):
        upstream = result.upstreams.get(output)
        shapes = {
            parameter.variable.name: parameter.variable.shape
            for parameter in layer.parameters
            if parameter.kind == "parameter"
        }
        gradient_norm = None if upstream is None else norm_of(upstream)
        found.append(Summary(layer, shapes, output, norm_of(result.values[output]), gradient_norm))
    return found
