"""What the rows of a flow are about: each layer, each time step of a recurrent one, each statement beside layers."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bpcli.graph.labels import labels_of
from bpcli.graph.network import Layer, Network, outputs_of
from bpcli.graph.node import Graph, Node
from bpcli.graph.order import ancestors_first

TIME_STEP = re.compile(r"(?:(.*) · )?(t=\d+)")


class Subject(NamedTuple):
    """What one row is about: a node, what it is made of, and the op nodes from the one to the other, in order.

    A time step is a part of its layer; its Jacobian is that of the recurrence, and it has no sources here.
    """

    name: str
    layer: Layer | None
    part: str
    node: Node
    sources: tuple[Node, ...]
    nodes: Sequence[Node]


def subjects_of(graph: Graph) -> list[Subject]:
    """The subjects in the order of computation; the last is the output of the graph."""
    network = graph.network
    return _statements(graph, graph.nodes or graph.variables, set()) if network is None else _of_network(graph, network)


def _of_network(graph: Graph, network: Network) -> list[Subject]:
    place = {node: at for at, node in enumerate(graph.nodes)}
    outputs = outputs_of(graph, network)
    placed = [
        (place.get(output, -1), subject)
        for layer, output in zip(network.layers, outputs, strict=True)
        for subject in _of_layer(graph, layer, output)
    ]
    within = {node for layer in network.layers for node in _nodes_of(graph, layer)}
    beside = _statements(graph, [node for node in graph.nodes if node not in within], set(outputs))
    placed += [(place[subject.node], subject) for subject in beside]
    return [subject for _, subject in sorted(placed, key=lambda one: one[0])]


def _of_layer(graph: Graph, layer: Layer, output: Node) -> Iterator[Subject]:
    yield Subject(layer.title, layer, "", output, layer.inputs[:1], _nodes_of(graph, layer))
    for block in layer.blocks:
        if TIME_STEP.fullmatch(block.part):
            yield Subject(layer.title, layer, block.part, block.outputs[0], (), ())


def _nodes_of(graph: Graph, layer: Layer) -> Sequence[Node]:
    return graph.nodes[layer.blocks[0].start : layer.blocks[-1].stop] if layer.blocks else ()


def _statements(graph: Graph, nodes: Sequence[Node], others: set[Node]) -> list[Subject]:
    """Named statements among nodes, and the output; each made of statements, and outputs of layers, before it."""
    labels = labels_of(graph)
    chosen = [node for node in nodes if node not in others and (node.name is not None or node is graph.output)]
    known = {*chosen, *others}
    found = []
    for node in chosen:
        ops = ancestors_first([node], known - {node})
        sources = tuple([one for one in ops if one in known and one is not node])
        found.append(
            Subject(labels[node], None, "", node, sources, [one for one in ops if one.inputs and one not in sources])
        )
    return found
