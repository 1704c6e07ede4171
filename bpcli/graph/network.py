"""A network within a graph: the layers that its nodes belong to, and the arrays that belong to layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bpcli.graph.node import Graph, Node, Variable


class Draw(NamedTuple):
    """How entries are drawn where no value is given: `law` says from what, `first` and `second` are its parameters.

    `uniform` from `first` to `second`; `normal` with mean `first` and standard deviation `second`; `kept`, which is
    1/(1 - `first`) with probability 1 - `first`, else 0; `constant`, which is `first`; `row`, which is not drawn but
    is that row of another parameter; `integers` from `first` up to, not including, `second`; `distinct`, no two of
    which are alike; `orthogonal`, a matrix whose shorter side is orthonormal, times `first`. `zero_row` is a row that
    is 0. `blocks` is the number of matrices, one above another, of which an array is made: a weight of an LSTM has one
    for each of its four gates.
    """

    law: str
    first: float
    second: float = 0.0
    zero_row: int | None = None
    blocks: int = 1


class Parameter(NamedTuple):
    """An array that belongs to a layer.

    `kind` is `parameter` where gradients are taken, `buffer` where the state of a layer is kept, such as a running
    mean, and `draw` where chance enters, such as the mask of dropout; the first two stand in a `state_dict`. Of kind
    `row` is a row of the parameter `row_of` that is held fast, with one axis more in front.
    """

    variable: Variable
    kind: str
    draw: Draw
    row_of: Variable | None = None

    @property
    def is_saved(self) -> bool:
        """Whether it stands in a `state_dict`."""
        return self.kind in {"parameter", "buffer"}


class Block(NamedTuple):
    """Consecutive nodes of a layer: `part` is what it calls them, such as the time step `t=3`, or nothing.

    `outputs` are what the part hands on: of a time step its states, h, or h and c.
    """

    part: str
    start: int  # places in Graph.nodes
    stop: int
    outputs: tuple[Node, ...] = ()


class Layer(NamedTuple):
    """What one layer became: its name as in a `state_dict`, its kind, parameters, nodes by their places, and output.

    `inputs` are the nodes that it was applied to: what came before it, and behind that the target of a loss.
    """

    name: str
    kind: str
    parameters: tuple[Parameter, ...]
    blocks: tuple[Block, ...]
    output: Node
    inputs: tuple[Node, ...]
    is_loss: bool = False

    @property
    def title(self) -> str:
        """`0 Linear`; a loss has no number."""
        return f"{self.name} {self.kind}".lstrip()


class Network(NamedTuple):
    """The layers of a graph in the order of computation.

    `statistics` are the values that buffers take after a training step, by name; `beside` are the nodes that lead to
    them, in order, which are no part of the graph. `fixed` are the variables that gradients are not asked
    for unless they are named: the targets of losses, and indices. `drawn` names the parameters, buffers and masks whose
    values come from `random_seed`, weights by the scheme `initial_weights` times `initial_scale`.
    """

    layers: Sequence[Layer]
    statistics: Mapping[str, Node]
    beside: Sequence[Node]
    fixed: frozenset[str]
    is_training: bool = True
    drawn: frozenset[str] = frozenset()
    random_seed: int = 0
    initial_weights: str = "default"
    initial_scale: float = 1.0

    @property
    def decided_by_chance(self) -> frozenset[str]:
        """The kinds of what was drawn, `parameter` and `draw`; a state of a layer always begins as the same value."""
        kinds = {one.kind for one in self.parameters if one.variable.name in self.drawn}
        return frozenset(kinds & {"parameter", "draw"})

    @property
    def parameters(self) -> list[Parameter]:
        """The parameters, buffers and draws of all layers, in their order."""
        return [parameter for layer in self.layers for parameter in layer.parameters]


def outputs_of(graph: Graph, network: Network) -> list[Node]:
    """What each layer hands on: its output, or, where only other results are used, such as `h_n`, the last of these."""
    nodes = graph.nodes
    layer_of: dict[Node, int] = {}
    for place, layer in enumerate(network.layers):
        for block in layer.blocks:
            layer_of |= dict.fromkeys(nodes[block.start : block.stop], place)
    used = {graph.output}
    for node in nodes:
        used.update([source for source in node.inputs if layer_of.get(source) != layer_of.get(node)])
    last = {layer_of[node]: node for node in nodes if node in used and node in layer_of}
    return [
        layer.output if layer.output in used else last.get(place, layer.output)
        for place, layer in enumerate(network.layers)
    ]
