"""The order of a graph's nodes: `ancestors_first` is the order of the forward pass; reversed, of the backward pass.

Nothing here recurses, so depth costs memory and never the stack.
"""

from collections.abc import Collection, Container, Iterable

from bpcli.graph.node import Constant, Graph, Node, Variable


def ancestors_first(roots: Iterable[Node], stop_at: Container[Node] = ()) -> list[Node]:
    """Every node that the roots need, inputs before what uses them; nothing upstream of a node in `stop_at`."""
    ordered: list[Node] = []
    seen: set[Node] = set()
    waiting: list[tuple[Node, bool]] = [(root, False) for root in reversed(list(roots))]
    while waiting:
        node, inputs_done = waiting.pop()
        if inputs_done:
            ordered.append(node)
        elif node not in seen:
            seen.add(node)
            waiting.append((node, True))
            if node not in stop_at:
                waiting.extend([(source, False) for source in reversed(node.inputs) if source not in seen])
    return ordered


def downstream_of(graph: Graph, nodes: Collection[Node]) -> set[Node]:
    """The nodes, and every node that depends on one of them."""
    reached = set(nodes)
    for node in graph.nodes:
        if not reached.isdisjoint(node.inputs):
            reached.add(node)
    return reached


def unused_nodes(graph: Graph) -> list[Node]:
    """The op nodes, in order, that neither another node nor the output uses; of layers none, which nobody typed."""
    used = {source for node in graph.nodes for source in node.inputs}
    for layer in graph.network.layers if graph.network else ():
        used.update([node for block in layer.blocks for node in graph.nodes[block.start : block.stop]])
    return [node for node in graph.nodes if node not in used and node is not graph.output]


def graph_of(output: Node) -> Graph:
    """The graph that computes one node which was built, not typed."""
    nodes = ancestors_first([output])
    return Graph(
        output,
        [node for node in nodes if node.inputs],
        [node for node in nodes if isinstance(node, Variable)],
        [node for node in nodes if isinstance(node, Constant)],
    )
