"""The forward pass: the value of every node, in the order of the graph."""

from collections.abc import Iterable, Mapping
from typing import Any

from bpcli.errors import ShapeError, UsageError
from bpcli.graph.node import Constant, Graph, Node
from bpcli.graph.op import NO_ATTRIBUTES, Shape
from bpcli.numbers.floats import UNANSWERED, floats
from bpcli.numbers.system import Functions, NumberSystem

Values = dict[Node, Any]


def evaluate(graph: Graph, at: Mapping[str, Any], system: NumberSystem = floats) -> Values:
    """The value of each variable, constant and op node; `at` gives every variable its value.

    Over floats a step at which Python raises is taken again by IEEE 754, so infinities and NaN are values too.
    """
    values: Values = {variable: system.value(at[variable.name]) for variable in graph.variables}
    for constant in graph.constants:
        values[constant] = constant_in(system, constant)
    try:
        compute(graph.nodes, values, system)
    except UsageError as error:
        error.text = error.text or graph.text or None
        raise
    return values


def constant_in(system: NumberSystem, constant: Constant) -> Any:
    """A literal or a symbol such as pi as a number of the system."""
    return getattr(system, constant.symbol) if constant.symbol else system.number(constant.value)


def compute(nodes: Iterable[Node], values: Values, system: NumberSystem) -> None:
    """Add the value of each op node to `values`, which holds those of its inputs or finds them."""
    functions = Functions(system)
    value_of = values.__getitem__
    for node in nodes:
        try:
            if node.attributes is NO_ATTRIBUTES and len(node.inputs) == 2:  # noqa: PLR2004 - most ops, and faster so
                x, y = node.inputs
                values[node] = functions[node.op](value_of(x), value_of(y))
            elif node.attributes is NO_ATTRIBUTES:
                values[node] = functions[node.op](*map(value_of, node.inputs))
            else:
                values[node] = functions[node.op](*map(value_of, node.inputs), **node.attributes)
        except UNANSWERED:
            if system.value_beyond is None:
                raise
            values[node] = system.value_beyond(node.op, [*map(value_of, node.inputs)], dict(node.attributes))
        except UsageError as error:
            raise _at(node, error, [system.shape(value_of(source)) for source in node.inputs]) from None


def _at(node: Node, error: UsageError, shapes: Iterable[Shape]) -> UsageError:
    """The error with the place of the node that cannot be computed."""
    if isinstance(error, ShapeError):
        error = error.about([f"an array {shape}" for shape in shapes])
    if node.span and not error.spans:
        error.spans = (node.span,)
    return error
