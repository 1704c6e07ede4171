"""Where conditions may stand: a comparison chooses in `where(…)`, or is the mask of a function; it is no number."""

from collections.abc import Collection

from bpcli.errors import ParseError
from bpcli.graph.node import Node


def require_conditions_in_place(output: Node, nodes: Collection[Node], text: str) -> None:
    """Raise ParseError where a comparison is used as a number, or a number as the condition of `where`."""
    if not any(op.is_condition or op.name == "where" for op in {node.op for node in nodes}):
        return
    for node in nodes:
        if node.op.name == "where" and not node.inputs[0].op.is_condition:
            raise _out_of_place(
                node.inputs[0], node, text, "the first argument of where must be a comparison", "where(x > 0, x, 0)"
            )
        for position, source in enumerate(node.inputs):
            if source.op.is_condition and not node.takes_condition(position):
                raise _used_as_number(source, node, text)
    if output.op.is_condition:
        raise _out_of_place(
            output, output, text, "a comparison is true or false; it has no gradient", "where(x > 0, 1, 0)"
        )


def _used_as_number(condition: Node, user: Node, text: str) -> ParseError:
    if user.op.is_condition:
        return _out_of_place(
            condition, user, text, "comparisons cannot be chained", "where(a < b, where(b < c, 1, 0), 0)"
        )
    return _out_of_place(condition, user, text, "a comparison is true or false, not a number", "where(x > 0, 1, 0)")


def _out_of_place(node: Node, user: Node, text: str, message: str, example: str) -> ParseError:
    span = node.span or user.span
    return ParseError(message, text=text, spans=(span,) if span else (), hint=f"write it as in {example}")
