"""The chain rule over local derivatives from any source: how an oracle answers for a graph too large to take whole.

Not `backprop`, which is what is being checked: one pass back over the graph that knows no rule.
"""

from collections.abc import Callable
from typing import Any

from bpcli.graph.node import Graph, Node

Local = Callable[[Node, int], Any]


def chained(graph: Graph, local: Local, one: Any) -> dict[Node, Any]:
    """∂output/∂node for every node that the output depends on; `local(node, position)` may be None for no number.

    A node that is reached through a missing local derivative has None.
    """
    found: dict[Node, Any] = {graph.output: one}
    for node in reversed(graph.nodes):
        if node not in found or not node.varies or node.op.is_condition:
            continue
        upstream = found[node]
        for position, source in enumerate(node.inputs):
            if source.varies and not source.op.is_condition:
                factor = local(node, position)
                part = None if factor is None or upstream is None else upstream * factor
                if source not in found:
                    found[source] = part
                elif found[source] is not None:
                    found[source] = None if part is None else found[source] + part
    return found
