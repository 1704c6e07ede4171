"""What every finding is made from: a flow, the thresholds, and where each node stands, in the user's words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bpcli.flow.results import Diagnosis
from bpcli.graph.notation import render
from bpcli.numbers.arrays import arrays

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bpcli.backprop.gradients import Gradients
    from bpcli.flow.diagnoses.thresholds import Thresholds
    from bpcli.flow.results import Flow
    from bpcli.graph.network import Layer, Parameter
    from bpcli.graph.node import Node

MOST_CHARACTERS = 60


@dataclass(frozen=True)
class Scene:
    """A flow and the thresholds by which it is judged."""

    flow: Flow
    thresholds: Thresholds

    @property
    def result(self) -> Gradients:
        """The values and gradients of all nodes."""
        return self.flow.result

    @property
    def layers(self) -> Sequence[Layer]:
        """The layers of the network, in the order of computation; none for an expression without layers."""
        network = self.result.graph.network
        return network.layers if network else ()

    @cached_property
    def owners(self) -> Mapping[Node, tuple[Layer, str]]:
        """The layer that a node belongs to, and the part of it, such as the time step `t=3`."""
        nodes = self.result.graph.nodes
        return {
            node: (layer, block.part)
            for layer in self.layers
            for block in layer.blocks
            for node in nodes[block.start : block.stop]
        }

    @cached_property
    def parameters(self) -> Mapping[str, tuple[Layer, Parameter]]:
        """What is learned, by its name in a `state_dict`, with its layer."""
        return {
            parameter.variable.name: (layer, parameter)
            for layer in self.layers
            for parameter in layer.parameters
            if parameter.kind == "parameter"
        }

    @cached_property
    def labels(self) -> Mapping[Node, str]:
        """What nodes are called in tables."""
        return self.result.labels()

    def value(self, node: Node) -> Any:
        """The value of a node in float64."""
        return arrays.value(self.result.values[node])

    def upstream(self, node: Node) -> Any:
        """The gradient that arrived at a node in float64; None where none did."""
        found = self.result.upstreams.get(node)
        return None if found is None else arrays.value(found)

    @property
    def gradients(self) -> list[Any]:
        """The gradients of all parameters; of an expression without layers, of what was asked for."""
        found = self.result.gradients
        names = [name for name in self.parameters if name in found] or list(found)
        return [arrays.value(found[name]) for name in names]

    def is_reached(self, node: Node) -> bool:
        """Whether a gradient arrives that is not 0 everywhere."""
        upstream = self.upstream(node)
        return upstream is not None and bool((upstream != 0).any())

    def title(self, node: Node) -> str:
        """The layer of a node, `1 ReLU`, or what the node is called and says, `h = relu(z)`."""
        owner = self.owners.get(node)
        return owner[0].title if owner else self.formula(node)

    def formula(self, node: Node) -> str:
        """What a node is called and says, `h = relu(z)`; a variable by its name."""
        label = self.labels.get(node, "")
        if not node.inputs:
            return label or render(node, self.labels, limit=MOST_CHARACTERS)
        formula = render(node, self.labels, limit=MOST_CHARACTERS)
        return f"{label} = {formula}" if label else formula

    def place(self, node: Node) -> str:
        """Its layer and time step, `0 RNN, t=3`, or what the node says."""
        layer, part = self.owners.get(node, (None, ""))
        return self.title(node) if layer is None or not part else f"{layer.title}, {part}"

    def finding(self, kind: str, where: str, evidence: str, threshold: str, remedy: str) -> Diagnosis:
        """A diagnosis, with what the threshold was."""
        return Diagnosis(kind, where, evidence, threshold, remedy, self.thresholds[threshold] if threshold else None)
