"""Which nodes follow which variables: a gradient that nobody asks for is then not computed."""

from collections.abc import Collection

from bpcli.graph.node import Graph


def let_vary(graph: Graph, names: Collection[str]) -> None:
    """Let gradients flow to the variables of these names alone; the graph must be nobody else's, as it is marked."""
    for variable in graph.variables:
        variable.varies = variable.name in names
    for node in graph.nodes:
        node.varies = any(source.varies for source in node.inputs)
