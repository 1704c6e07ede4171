"""The story of one gradient as lines: forward, backward, gradients; or, without values, the graph and its formulas."""

from collections.abc import Collection, Mapping, Sequence
from itertools import islice

from bpcli.backprop.formulas import gradient_formulas
from bpcli.backprop.gradients import Gradients
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Graph, Node, Variable
from bpcli.graph.notation import render
from bpcli.graph.simplify import simplify
from bpcli.report.backward import backward_section
from bpcli.report.forward import forward_section, graph_section
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import LINE, Labels, Page, title

MOST_FORMULA_NODES = 300  # beyond it no formula would fit on a line
BESIDE = 30  # what stands on a line beside a formula: a derivative, a number, the signs
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


def formula_texts(
    graph: Graph, wanted: Collection[Variable], labels: Labels, line: int = LINE
) -> Mapping[Variable, str | None]:
    """The formula of each gradient: in the variables where that is short, else in the names of nodes, else None."""
    if len(graph.nodes) > MOST_FORMULA_NODES:
        return dict.fromkeys(wanted)
    formulas = gradient_formulas(graph, wanted)
    return {variable: _formula_text(formulas[variable], graph, labels, line - BESIDE) for variable in wanted}


def _formula_text(formula: Node, graph: Graph, labels: Labels, room: int) -> str | None:
    output = {graph.output: labels[graph.output]} if graph.output.inputs else {}
    steps = {node: labels[node] for node in graph.nodes}
    for names, most in (({}, room * 2 // 3), (output, room), (steps, room)):
        text = render(simplify(formula, names), limit=most)
        if not text.endswith("…"):
            return text
    return None
