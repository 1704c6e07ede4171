"""Gradients as graphs: `gradient_formulas` applies the chain rule to nodes and yields nodes.

The result is literal (`1*z*y`): what is shown is simplified elsewhere. As it is a graph, it can be printed, drawn and
differentiated again.
"""

from collections.abc import Iterable

from bpcli.errors import InternalError, UnknownNameError
from bpcli.graph.node import Constant, Graph, Node, node_from
from bpcli.graph.op import Op
from bpcli.graph.order import graph_of
from bpcli.ops.algebra import nodes


def local_formulas(node: Node) -> tuple[Node | None, ...]:
    """∂node/∂input for each input as a formula, None where no gradient flows."""
    locals_ = node.op.partials(nodes, node, *node.inputs, **node.attributes)
    require_one_per_input(node.op, locals_, node.inputs)
    return tuple(None if local is None else node_from(local) for local in locals_)


def gradient_formulas(graph: Graph | Node, wanted: Iterable[Node | str] | None = None) -> dict[Node, Node]:
    """∂output/∂node as a formula, for each wanted node; 0 for one that the output does not depend on.

    `wanted` holds nodes or names of variables, all variables by default. Raises UnknownNameError for another name.
    """
    if isinstance(graph, Node):
        graph = graph_of(graph)
    chosen = graph.variables if wanted is None else [_node_called(node, graph) for node in wanted]
    gradients: dict[Node, Node] = {graph.output: Constant(1.0)}
    for node in reversed(graph.nodes):
        upstream = gradients.get(node)
        if upstream is None:
            continue
        for source, local in zip(node.inputs, local_formulas(node), strict=True):
            if local is not None and source.varies:
                contribution = upstream * local
                gradients[source] = gradients[source] + contribution if source in gradients else contribution
    return {node: gradients.get(node) or Constant(0.0) for node in chosen}


def _node_called(node: Node | str, graph: Graph) -> Node:
    if isinstance(node, Node):
        return node
    found = next((variable for variable in graph.variables if variable.name == node), None)
    if found is None:
        message = f"'{node}' is no variable of the expression"
        raise UnknownNameError(message, node, hint=f"its variables are {', '.join(v.name for v in graph.variables)}")
    return found


def require_one_per_input(op: Op, locals_: tuple[object, ...], inputs: tuple[Node, ...]) -> None:
    """Raise InternalError where a rule returned more or fewer entries than the op has inputs."""
    if len(locals_) != len(inputs):
        message = f"the rule of {op.name} has {len(locals_)} entries for {len(inputs)} inputs"
        raise InternalError(message)
