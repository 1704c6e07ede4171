"""The forward pass as a section: each step with its formula, numbers and value, and the local gradients it keeps."""

from itertools import islice

from bpcli.backprop.gradients import Gradients
from bpcli.backprop.sweep import local_numbers
from bpcli.graph.labels import is_literal
from bpcli.graph.node import Graph, Node
from bpcli.report.formulas import Labels, flowing_locals, formula_of, side_of
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page, title

COLUMNS = (
    Column("right"),
    Column("right", "name"),
    Column("left", "", " = "),
    Column("right", "", " = "),
    Column("point", "value", " = "),
)


def forward_section(result: Gradients, labels: Labels, page: Page) -> list[Line]:
    """One row a node, in the order of computation."""
    nodes = result.graph.nodes
    if not nodes:
        output = result.graph.output
        name = f"{labels[output]} = " if output in labels else ""
        return [title("FORWARD"), [Piece(f"  {name}"), Piece(page.number(result.value), "value")]]
    rows = [
        Row(
            (
                str(number),
                labels[node],
                formula_of(node, labels),
                _with_numbers(node, result, page),
                page.number(result.values[node]),
            ),
            _kept(node, result, labels, page),
        )
        for number, node in islice(enumerate(nodes, 1), page.most_rows)
    ]
    about = "local gradients, kept for the way back" if any(row.notes for row in rows) else ""
    return [title("FORWARD", about), *table(COLUMNS, rows, page.width), *page.left_out(len(nodes))]


def graph_section(graph: Graph, labels: Labels, page: Page) -> list[Line]:
    """The same for an expression without values: formulas only."""
    rows = [
        Row(
            (str(number), labels[node], formula_of(node, labels)),
            tuple(
                f"{page.derivative(node, source, labels)}{side_of(node, position)} = {formula}"
                for position, source, formula in flowing_locals(node, labels)
            ),
        )
        for number, node in islice(enumerate(graph.nodes, 1), page.most_rows)
    ]
    about = "local gradients of each step" if rows else ""
    return [title("GRAPH", about), *table(COLUMNS[:3], rows, page.width), *page.left_out(len(graph.nodes))]


def _with_numbers(node: Node, result: Gradients, page: Page) -> str:
    """The op with numbers in place of its inputs, `6 * -2`; nothing where the formula has the numbers already."""
    if all(map(is_literal, node.inputs)):
        return ""
    numbers = [page.number(result.values[source]) for source in node.inputs]
    infix = node.op.infix
    if infix is None:
        words = [f"{name}={value}" for name, value in node.attributes.items()]
        return f"{node.op.written}({', '.join([*numbers, *words])})"
    if numbers[0].startswith("-") and (infix.symbol == "**" or len(numbers) == 1):
        numbers[0] = f"({numbers[0]})"
    return f" {infix.symbol} ".join(numbers) if len(numbers) > 1 else f"{infix.symbol}{numbers[0]}"


def _kept(node: Node, result: Gradients, labels: Labels, page: Page) -> tuple[str, ...]:
    locals_ = local_numbers(node, result.values.__getitem__)
    numbers = [None if number is None else page.number(number) for number in locals_]
    return tuple(
        f"{page.derivative(node, source, labels)}{side_of(node, position)} = "
        + (f"{formula} = {numbers[position]}" if formula != numbers[position] else formula)
        for position, source, formula in flowing_locals(node, labels)
    )
