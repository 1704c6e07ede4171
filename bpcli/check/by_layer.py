"""The groups of a check by the layers of a network: inputs first, then each layer in the order of computation."""

from collections.abc import Sequence

from bpcli.check.groups import Group
from bpcli.graph.network import Network
from bpcli.graph.node import Graph, Node


def by_layer(groups: Sequence[Group], graph: Graph) -> list[Group]:
    """The groups with the titles of their layers, in the order of these; as they are where there is no network."""
    if graph.network is None:
        return list(groups)
    places = _places(graph, graph.network)
    titles = ["", *[layer.title for layer in graph.network.layers]]
    ordered = sorted(groups, key=lambda group: places.get(group.item.node, 0))
    return [group.but(layer=titles[places.get(group.item.node, 0)]) for group in ordered]


def _places(graph: Graph, network: Network) -> dict[Node, int]:
    """The place of the layer, counted from 1, that each parameter and each computed node belongs to."""
    found: dict[Node, int] = {}
    for place, layer in enumerate(network.layers, 1):
        for block in layer.blocks:
            found |= dict.fromkeys(graph.nodes[block.start : block.stop], place)
        found |= {parameter.variable: place for parameter in layer.parameters}
    return found
