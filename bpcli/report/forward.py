"""The forward pass as a section: each step with its formula, numbers and value, and the local gradients it keeps."""

from itertools import islice
from math import prod
from typing import Any

from bpcli.backprop.gradients import Gradients
from bpcli.backprop.local import local_jacobian
from bpcli.backprop.sweep import local_numbers
from bpcli.graph.labels import is_literal
from bpcli.graph.node import Constant, Graph, Node
from bpcli.graph.notation import render
from bpcli.report.arrays import nested_text
from bpcli.report.formulas import Labels, flowing_locals, formula_of, side_of
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page
from bpcli.report.structure import structure_of

COLUMNS = (
    Column("right"),
    Column("right", "name"),
    Column("left", "", " = "),
    Column("right", "", " = "),
    Column("point", "value", " = "),
)
ARRAY_COLUMNS = (*COLUMNS[:3], Column("left", "", " = "), Column("left", "value", " = "), Column("left", "note"))
LONGEST_NUMBERS = 40  # characters of an op with arrays in place of its inputs
MOST_OF_A_JACOBIAN = 16  # entries of a local gradient that is written out as a matrix


def forward_section(result: Gradients, labels: Labels, page: Page) -> list[Line]:
    """One row a node, in the order of computation."""
    nodes = [node for node in result.graph.nodes if node in labels]
    if not nodes:
        return [*page.title("FORWARD"), _leaf(result.graph, labels, page.value(result.value))]
    rows = [
        Row(
            (
                str(number),
                labels[node],
                "" if (formula := formula_of(node, labels)) == labels[node] else formula,
                _with_numbers(node, result, page),
                _value(node, result, page),
                *([shape_of(node)] if result.has_arrays else []),
            ),
            _kept(node, result, labels, page),
        )
        for number, node in islice(enumerate(nodes, 1), page.most_rows)
    ]
    about = "local gradients, kept for the way back" if any(row.notes for row in rows) else ""
    columns = ARRAY_COLUMNS if result.has_arrays else COLUMNS
    return [*page.title("FORWARD", about), *table(columns, rows, page.width), *page.left_out(len(nodes))]


def shape_of(node: Node) -> str:
    """The shape of a node's value; nothing for a single number."""
    return str(node.shape) if node.shape else ""


def graph_section(graph: Graph, labels: Labels, page: Page) -> list[Line]:
    """The same for an expression without values: formulas only."""
    if not graph.nodes:
        return [*page.title("GRAPH"), _leaf(graph, labels, "")]
    rows = [
        Row(
            (str(number), labels[node], "" if (text := formula_of(node, labels)) == labels[node] else text),
            tuple(
                f"{page.derivative(node, source, labels)}{side_of(node, position)} = {formula}"
                for position, source, formula in flowing_locals(node, labels)
            ),
        )
        for number, node in islice(enumerate(graph.nodes, 1), page.most_rows)
    ]
    lines = table(COLUMNS[:3], rows, page.width)
    return [*page.title("GRAPH", "local gradients of each step"), *lines, *page.left_out(len(graph.nodes))]


def _leaf(graph: Graph, labels: Labels, value: str) -> Line:
    """A graph of one leaf: its name, if it has one, and its value."""
    return [Piece(f"  {' = '.join([text for text in (labels.get(graph.output, ''), value) if text])}", "value")]


def _value(node: Node, result: Gradients, page: Page) -> str:
    value = result.values[node]
    is_one_condition = node.op.is_condition and not node.shape
    return page.value(value) if not is_one_condition else "true" if value else "false"


def _with_numbers(node: Node, result: Gradients, page: Page) -> str:
    """The op with numbers in place of its inputs, `6 * -2`; nothing where that would say the same again."""
    if all(map(is_literal, node.inputs)):
        return ""
    numbers = [_value(source, result, page) for source in node.inputs]
    if result.has_arrays and (sum(map(len, numbers)) > LONGEST_NUMBERS or any(" to " in text for text in numbers)):
        return ""
    infix = node.op.infix
    if infix is None:
        values = [Constant(0.0) for _ in node.inputs]
        return render(node.over(tuple(values)), dict(zip(values, numbers, strict=True)))
    if numbers[0].startswith("-") and (infix.symbol == "**" or len(numbers) == 1):
        numbers[0] = f"({numbers[0]})"
    text = f" {infix.symbol} ".join(numbers) if len(numbers) > 1 else f"{infix.symbol}{numbers[0]}"
    return "" if text == _value(node, result, page) else text


def _kept(node: Node, result: Gradients, labels: Labels, page: Page) -> tuple[str, ...]:
    if node.shape or node.op.is_structural:
        return _kept_jacobians(node, result, labels, page)
    locals_ = local_numbers(node, result.values.__getitem__)
    numbers = [None if number is None else page.number(number) for number in locals_]
    return tuple(
        f"{page.derivative(node, source, labels)}{side_of(node, position)} = "
        + (f"{formula} = {numbers[position]}" if formula != numbers[position] else formula)
        for position, source, formula in flowing_locals(node, labels, result.values)
    )


def _kept_jacobians(node: Node, result: Gradients, labels: Labels, page: Page) -> tuple[str, ...]:
    """The local gradients of an op on arrays: diagonal ones where it works entry by entry, else small Jacobians."""
    if not node.varies:
        return ()
    flowing = [place for place, source in enumerate(node.inputs) if source.varies]
    if node.op.is_structural:
        small = [place for place in flowing if prod(node.shape) * prod(node.inputs[place].shape) <= MOST_OF_A_JACOBIAN]
        texts = _jacobian_texts(node, small, result, labels, page)
    else:
        texts = _diagonal_texts(node, result, labels, page)
    return tuple(
        f"{page.derivative(node, node.inputs[place], labels)}{side_of(node, place)} = {text}"
        for place, text in texts.items()
    )


def _diagonal_texts(node: Node, result: Gradients, labels: Labels, page: Page) -> dict[int, str]:
    """The local gradients of an op that works entry by entry: a diagonal each."""
    with result.system.at_work():
        locals_ = local_numbers(node, result.values.__getitem__, result.system)
    texts = {}
    for place, _, formula in flowing_locals(node, labels, result.values):
        values = page.value(locals_[place])
        is_short = getattr(locals_[place], "shape", ()) and len(values) <= LONGEST_NUMBERS
        texts[place] = "identity" if formula == "1" else f"diag({formula})" + (f" = diag({values})" if is_short else "")
    return texts


def _jacobian_texts(node: Node, places: list[int], result: Gradients, labels: Labels, page: Page) -> dict[int, str]:
    """Jacobians as matrices, a row for each entry of the node: the name of an input that it is, and its structure."""
    if not places:
        return {}
    with result.system.at_work():
        jacobians = local_jacobian(node, result.values, result.system)
    texts = {}
    for place in places:
        matrix = jacobians[place]
        if matrix is None:
            continue
        same = [labels[one] for one in node.inputs if one in labels and _is_same(result.values[one], matrix)]
        words = structure_of(matrix)
        parts = [*same[:1], nested_text(matrix.tolist(), page.number)]
        texts[place] = " = ".join(parts) + (f", {words}" if words else "")
    return texts


def _is_same(value: Any, matrix: Any) -> bool:
    return getattr(value, "shape", ()) == matrix.shape and bool((value == matrix).all())
