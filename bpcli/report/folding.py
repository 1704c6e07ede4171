"""The nodes of a network in groups: those of a short layer are shown one by one, a long one is folded into a row."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

from bpcli.errors import UsageError
from bpcli.language.complaints import shortened, suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from bpcli.graph.network import Block, Layer, Network
    from bpcli.graph.node import Graph, Node

MOST_STEPS_OF_PARTS = 12  # of a layer that has parts, such as time steps, before these are folded
MOST_STEPS = 60  # of a whole network, before every layer of several steps is folded
ALL = "all"
DOT = " · "
BESIDE = "beside the layers"
MOST_NAMED = 10


class Group(NamedTuple):
    """Consecutive nodes that are shown together: those of a layer, of a part of one, or what was typed beside layers.

    It is folded where it takes more rows than `most_rows`. `handed_on` is what the layer gives, `of_layer` are the
    nodes and the parameters of the whole layer but for what its parts hand on, `states` what is handed on along its
    own row of parts, from t=1 to t=2, say.
    """

    nodes: Sequence[Node]
    title: str = ""
    layer: Layer | None = None
    handed_on: Node | None = None
    most_rows: float = inf
    of_layer: Collection[Node] = frozenset()
    states: Collection[Node] = frozenset()

    @property
    def output(self) -> Node:
        """What the group hands on."""
        return self.handed_on if self.handed_on and self.handed_on in self.nodes else self.nodes[-1]


def groups_of(graph: Graph, expanded: Collection[str] = ()) -> list[Group]:
    """The groups of a graph in the order of computation; one, without a title, where there is no network.

    `expanded` names the layers that are not folded: `0`, `0 LSTM`, `0 LSTM · t=3`, `LSTM`, or `all`. Raises UsageError
    for a name of no layer.
    """
    network = graph.network
    if network is None:
        if expanded:
            message = f"there is no layer '{shortened(next(iter(expanded)))}' to expand: the expression has no layers"
            raise UsageError(message, hint="leave out --expand-layer")
        return [Group(graph.nodes)]
    opened = _opened(network, expanded)
    return list(_groups(graph, network, opened))


def _groups(graph: Graph, network: Network, opened: set[str]) -> Iterator[Group]:
    from bpcli.graph.network import outputs_of  # noqa: PLC0415 - an expression without layers has no network

    nodes = graph.nodes
    is_long = len(nodes) > MOST_STEPS
    at = 0
    for layer, output in zip(network.layers, outputs_of(graph, network), strict=True):
        size = sum(block.stop - block.start for block in layer.blocks)
        has_long_parts = size > MOST_STEPS_OF_PARTS and any(block.part for block in layer.blocks)
        of_layer = {node for block in layer.blocks for node in nodes[block.start : block.stop]}
        of_layer |= {parameter.variable for parameter in layer.parameters}
        states = _states(layer, nodes)
        of_layer.difference_update(*states.values())
        for block in layer.blocks:
            if block.start > at:
                yield Group(nodes[at : block.start], BESIDE)
            at = block.stop
            most_rows: float = 1 if is_long or (block.part and has_long_parts) else MOST_STEPS_OF_PARTS
            if not (is_long or has_long_parts) or not opened.isdisjoint(_names(layer, block)):
                most_rows = inf
            inside = nodes[block.start : block.stop]
            title = title_of(layer, block)
            yield Group(inside, title, layer, output, most_rows, of_layer, states.get(_row_of(block), ()))
    if at < len(nodes):
        yield Group(nodes[at:], BESIDE)


def _states(layer: Layer, nodes: Sequence[Node]) -> dict[str, set[Node]]:
    """What the parts of a layer hand on, by the row of parts that they stand in."""
    states: dict[str, set[Node]] = {}
    for block in layer.blocks:
        if block.part:
            states.setdefault(_row_of(block), set()).add(nodes[block.stop - 1])
    return states


def _row_of(block: Block) -> str:
    """Which parts a part stands in a row with: `layer 1` of `layer 1 · t=3`."""
    return block.part.rpartition(DOT)[0]


def title_of(layer: Layer, block: Block) -> str:
    """`0 Linear`, `0 LSTM · t=3`."""
    return f"{layer.title}{DOT}{block.part}" if block.part else layer.title


def layer_titles(graph: Graph, network: Network) -> dict[Node, str]:
    """What each node of a layer belongs to, `0 LSTM · t=3`."""
    return {
        node: title_of(layer, block)
        for layer in network.layers
        for block in layer.blocks
        for node in graph.nodes[block.start : block.stop]
    }


def _opened(network: Network, expanded: Collection[str]) -> set[str]:
    """The names that are expanded, as they are compared."""
    opened = {_plain(name) for name in expanded}
    known = {name for layer in network.layers for block in layer.blocks for name in _names(layer, block)}
    for typed in expanded:
        if _plain(typed) not in known:
            titles = [layer.title for layer in network.layers]
            listed = ", ".join(titles[:MOST_NAMED]) + (", …" if len(titles) > MOST_NAMED else "")
            message = f"no layer with steps is called '{shortened(typed)}'"
            names = [layer.name for layer in network.layers if layer.name]
            parts = [title_of(layer, block) for layer in network.layers for block in layer.blocks]
            raise UsageError(message, hint=suggestion(typed, [*names, *titles, *parts], f"the layers are {listed}"))
    return opened


def _names(layer: Layer, block: Block) -> set[str]:
    """What a block may be called by who wants to see its steps."""
    names = {ALL, layer.name, layer.kind, layer.title}
    if block.part:
        names |= {f"{layer.name} {block.part}", f"{layer.title} {block.part}"}
    return {_plain(name) for name in names if name}


def _plain(name: str) -> str:
    return " ".join(name.replace("·", " ").split()).lower()
