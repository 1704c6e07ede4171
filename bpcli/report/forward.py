"""The forward pass as a section: each step with its formula, numbers and value, and the local gradients it keeps."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import islice

from bpcli.backprop.gradients import Gradients
from bpcli.backprop.sweep import local_numbers
from bpcli.graph.labels import is_literal
from bpcli.graph.node import Constant, Graph, Node
from bpcli.graph.notation import TEXT, render
from bpcli.report.folding import Group
from bpcli.report.formulas import Labels, flowing_locals, formula_of, side_of, style_of
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page

COLUMNS = (
    Column("right"),
    Column("right", "name"),
    Column("left", "", " = "),
    Column("right", "", " = "),
    Column("point", "value", " = "),
)
ARRAY_COLUMNS = (*COLUMNS[:3], Column("left", "", " = "), Column("left", "value", " = "), Column("left", "note"))
LONGEST_NUMBERS = 40  # characters of an op with arrays in place of its inputs


def forward_section(result: Gradients, labels: Labels, page: Page, groups: Sequence[Group]) -> list[Line]:
    """One row a node, in the order of computation; a folded group is one row."""
    shown = [group._replace(nodes=[node for node in group.nodes if node in labels]) for group in groups]
    count = sum(1 if len(group.nodes) > group.most_rows else len(group.nodes) for group in shown)
    if not count:
        return [*page.title("FORWARD"), _leaf(result.graph, labels, page.value(result.value))]
    rows = list(islice(_rows(result, labels, page, shown), page.most_rows))
    about = "local gradients, kept for the way back" if any(row.notes for row in rows) else ""
    columns = ARRAY_COLUMNS if result.has_arrays else COLUMNS
    return [
        *page.title("FORWARD", about),
        *table(columns, rows, page.width, wraps=page.is_brief),
        *page.left_out(count),
    ]


def _rows(result: Gradients, labels: Labels, page: Page, groups: Sequence[Group]) -> Iterator[Row]:
    written = cache(partial(_value, result=result, page=page))  # a value stands in the row of each op that uses it
    number, style = 0, style_of(result, page) if page.is_brief else TEXT
    for group in groups:
        title = page.signs.written(group.title)
        if len(group.nodes) > group.most_rows:
            first, number = number + 1, number + len(group.nodes)
            node = group.output
            value = written(node)
            steps = f"({title}: {len(group.nodes)} steps)"
            yield Row((f"{first}-{number}", labels.get(node, ""), steps, "", value, _shape(node, value)))
            continue
        for node in group.nodes:
            number += 1
            cells = (
                str(number),
                labels[node],
                "" if (formula := page.signs.written(formula_of(node, labels, style))) == labels[node] else formula,
                "" if page.is_brief else _with_numbers(node, written, has_arrays=result.has_arrays),
                written(node),
                *([_shape(node, written(node))] if result.has_arrays else []),
            )
            yield Row(cells, _kept(node, result, labels, page), above=title)
            title = ""


def _shape(node: Node, value: str) -> str:
    """The shape of an array whose entries are written out; a sum-up says it itself."""
    return str(node.shape) if node.shape and value.startswith("[") else ""


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


def _with_numbers(node: Node, written: Callable[[Node], str], *, has_arrays: bool) -> str:
    """The op with numbers in place of its inputs, `6 * -2`; nothing where that would say the same again."""
    if all(map(is_literal, node.inputs)):
        return ""
    numbers = [written(source) for source in node.inputs]
    if has_arrays and (sum(map(len, numbers)) > LONGEST_NUMBERS or any(text.startswith("(") for text in numbers)):
        return ""
    infix = node.op.infix
    if infix is None:
        values = [Constant(0.0) for _ in node.inputs]
        return render(node.over(tuple(values)), dict(zip(values, numbers, strict=True)))
    if numbers[0].startswith("-") and (infix.symbol == "**" or len(numbers) == 1):
        numbers[0] = f"({numbers[0]})"
    text = f" {infix.symbol} ".join(numbers) if len(numbers) > 1 else f"{infix.symbol}{numbers[0]}"
    return "" if text == written(node) else text


def _kept(node: Node, result: Gradients, labels: Labels, page: Page) -> tuple[str, ...]:
    if node.shape or node.op.is_structural:
        from bpcli.report.jacobians import kept_jacobians  # noqa: PLC0415 - numbers have no matrices

        return kept_jacobians(node, result, labels, page)
    with result.system.at_work():
        locals_ = local_numbers(node, result.values.__getitem__, result.system)
    numbers = [None if number is None else page.number(number) for number in locals_]
    return tuple(
        f"{page.derivative(node, source, labels)}{side_of(node, position)} = "
        + (f"{formula} = {numbers[position]}" if formula != numbers[position] else formula)
        for position, source, formula in flowing_locals(node, labels, result.values)
    )
