"""The forward pass: the value of every node, in the order of the graph."""

from collections.abc import Mapping
from typing import Any

from bpcli.graph.node import Graph, Node
from bpcli.graph.op import NO_ATTRIBUTES
from bpcli.numbers.floats import UNANSWERED, floats, ieee
from bpcli.numbers.system import Functions, NumberSystem

Values = dict[Node, Any]


def evaluate(graph: Graph, at: Mapping[str, Any], system: NumberSystem = floats) -> Values:
    """The value of each variable, constant and op node; `at` gives every variable its value.

    Over floats a step at which Python raises is taken again by IEEE 754, so infinities and NaN are values too.
    """
    values: Values = {variable: at[variable.name] for variable in graph.variables}
    for constant in graph.constants:
        values[constant] = getattr(system, constant.symbol) if constant.symbol else constant.value
    functions = Functions(system)
    value_of = values.__getitem__
    for node in graph.nodes:
        try:
            if node.attributes is NO_ATTRIBUTES and len(node.inputs) == 2:  # noqa: PLR2004 - most ops, and faster so
                x, y = node.inputs
                values[node] = functions[node.op](value_of(x), value_of(y))
            elif node.attributes is NO_ATTRIBUTES:
                values[node] = functions[node.op](*map(value_of, node.inputs))
            else:
                values[node] = functions[node.op](*map(value_of, node.inputs), **node.attributes)
        except UNANSWERED:
            if system is not floats:
                raise
            values[node] = ieee(node.op, [*map(value_of, node.inputs)], dict(node.attributes))
    return values
