"""Gradients as graphs: `gradient_formulas` applies the chain rule to nodes and yields nodes.

The result is literal (`1*z*y`): what is shown is simplified elsewhere. As it is a graph, it can be printed, drawn and
differentiated again.
"""

from collections.abc import Iterable

from bpcli.backprop.sweep import gradients_at, handed_back, local_numbers
from bpcli.errors import UnknownNameError
from bpcli.graph.node import Constant, Graph, Node, applied, node_from
from bpcli.graph.order import graph_of
from bpcli.ops.algebra import nodes


class _Itself(dict[Node, Node]):
    """The values of nodes in the graph's own algebra: each node stands for its own."""

    def __missing__(self, node: Node) -> Node:
        return node


ITSELF = _Itself()


def local_formulas(node: Node) -> tuple[Node | None, ...]:
    """∂node/∂input, entry by entry, for each input as a formula, None where no gradient flows."""
    locals_ = local_numbers(node, ITSELF.__getitem__, nodes)
    return tuple(None if local is None else node_from(local) for local in locals_)


def contribution_formulas(node: Node, upstream: Node) -> tuple[Node | None, ...]:
    """What a structural op hands back of an upstream gradient to each input, as a formula."""
    return handed_back(node, upstream, ITSELF.__getitem__, nodes)


def filled_like(node: Node, value: float) -> Node:
    """The number for each entry of a node's value."""
    number = Constant(value)
    return applied("broadcast_to", number, shape=node.shape) if node.shape else number


def gradient_formulas(
    graph: Graph | Node, wanted: Iterable[Node | str] | None = None, seed: Node | None = None
) -> dict[Node, Node]:
    """∂output/∂node as a formula, for each wanted node; 0 for one that the output does not depend on.

    `wanted` holds nodes or names of variables, all variables by default. `seed` is the upstream gradient of the output;
    1 by default, for each entry of an output that is an array. Raises UnknownNameError for another name.
    """
    if isinstance(graph, Node):
        graph = graph_of(graph)
    chosen = graph.variables if wanted is None else [_node_called(node, graph) for node in wanted]
    gradients = gradients_at(graph, ITSELF, nodes, seed or filled_like(graph.output, 1.0))
    return {node: gradients.get(node) or filled_like(node, 0.0) for node in chosen}


def _node_called(node: Node | str, graph: Graph) -> Node:
    if isinstance(node, Node):
        return node
    found = next((variable for variable in graph.variables if variable.name == node), None)
    if found is None:
        message = f"'{node}' is no variable of the expression"
        raise UnknownNameError(message, node, hint=f"its variables are {', '.join(v.name for v in graph.variables)}")
    return found
