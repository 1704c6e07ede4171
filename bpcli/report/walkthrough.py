"""The story of one gradient as lines: forward, backward, gradients; or, without values, the graph and its formulas."""

from collections.abc import Sequence
from itertools import islice

from bpcli.backprop.gradients import Gradients
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Graph, Variable
from bpcli.report.backward import backward_section
from bpcli.report.formulas import Labels, formula_texts
from bpcli.report.forward import forward_section, graph_section
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page, title

TOO_LONG = "its formula is longer than a line"
COLUMNS = (Column("left", "gradient"), Column("left", "", " = "), Column("point", "gradient", " = "))


def walkthrough(result: Gradients, page: Page) -> list[Line]:
    """The forward pass, the backward pass edge by edge, and the gradients with their formulas."""
    labels = result.labels()
    lines = forward_section(result, labels, page)
    if not result.gradients:
        return [*lines, [], title("GRADIENTS"), [Piece("  none: the expression has no variables", "note")]]
    return [*lines, [], *backward_section(result, labels, page), [], *_gradients(result, labels, page)]


def formula_walkthrough(graph: Graph, wanted: Sequence[Variable], page: Page) -> list[Line]:
    """The graph and the gradient formulas of an expression that has no values yet."""
    labels = labels_of(graph)
    texts = formula_texts(graph, wanted, labels, page.line)
    rows = [
        Row((page.derivative(graph.output, variable, labels), text or "", ""), ("" if text else TOO_LONG,))
        for variable, text in texts.items()
    ]
    return [*graph_section(graph, labels, page), [], title("GRADIENTS"), *table(COLUMNS, rows, page.width)]


def _gradients(result: Gradients, labels: Labels, page: Page) -> list[Line]:
    texts = formula_texts(result.graph, result.wanted, labels, page.line)
    rows = []
    for variable in islice(result.wanted, page.most_rows):
        number, formula = page.number(result.gradients[variable.name]), texts[variable]
        derivative = page.derivative(result.graph.output, variable, labels)
        cells = (derivative, "" if formula in (None, number) else formula or "", number)
        rows.append(Row(cells, (TOO_LONG if formula is None else "",)))
    return [title("GRADIENTS"), *table(COLUMNS, rows, page.width), *page.left_out(len(result.wanted))]
