"""What the rows of a flow are about: each layer, each time step of a recurrent one, each statement beside layers."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bpcli.graph.labels import labels_of
from bpcli.graph.network import Layer, Network, outputs_of
from bpcli.graph.node import Graph, Node
from bpcli.graph.order import ancestors_first


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
    return _statements(graph, graph.nodes, set()) if network is None else _of_network(graph, network)


def _of_network(graph: Graph, network: Network) -> list[Subject]:
    place = {node: at for at, node in enumerate(graph.nodes)}
    of_layers = [(layer, output) for layer, output in zip(network.layers, outputs_of(graph, network), strict=True)]
    subjects = [subject for layer, output in of_layers for subject in _of_layer(graph, layer, output)]
    within = {
        node for layer in network.layers for block in layer.blocks for node in graph.nodes[block.start : block.stop]
    }
    outputs = {output for _, output in of_layers}
    beside = _statements(graph, [node for node in graph.nodes if node not in within], outputs)
    if not beside:
        return subjects
    starts = {id(subject): place.get(subject.node, -1) for subject in subjects}
    return sorted([*subjects, *beside], key=lambda one: starts.get(id(one), place.get(one.node, -1)))


def _of_layer(graph: Graph, layer: Layer, output: Node) -> Iterator[Subject]:
    first, last = (layer.blocks[0].start, layer.blocks[-1].stop) if layer.blocks else (0, 0)
    yield Subject(layer.title, layer, "", output, layer.inputs[:1], graph.nodes[first:last])
    for block in layer.blocks:
        if block.part and block.outputs and "t=" in block.part:
            yield Subject(layer.title, layer, block.part, block.outputs[0], (), ())


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
