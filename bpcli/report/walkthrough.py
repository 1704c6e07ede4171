"""The story of one gradient as lines: forward, backward, gradients; or, without values, the graph and its formulas."""

from collections.abc import Collection, Sequence

from bpcli.backprop.gradients import Gradients
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Graph, Variable
from bpcli.graph.order import downstream_of
from bpcli.report.backward import backward_section
from bpcli.report.folding import groups_of
from bpcli.report.formulas import Labels, formula_texts
from bpcli.report.forward import forward_section, graph_section
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page

SHORTEST = 30  # characters of a formula that has room beside whatever array
TOO_LONG = "its formula is longer than a line"
COLUMNS = (Column("left", "gradient"), Column("left", "", " = "), Column("point", "gradient", " = "))


ARRAY_COLUMNS = (*COLUMNS[:2], Column("left", "gradient", " = "))


def walkthrough(result: Gradients, page: Page, expanded: Collection[str] = ()) -> list[Line]:
    """The forward pass, the backward pass edge by edge, and the gradients with their formulas.

    Of a network, whose long layers are folded but for those that `expanded` names, also a summary. Raises UsageError
    for a name of no layer.
    """
    labels, groups = result.labels(), groups_of(result.graph, expanded)
    if result.graph.network is not None:
        from bpcli.report.network import network_walkthrough  # noqa: PLC0415 - most graphs have no layers

        return network_walkthrough(result, result.graph.network, labels, page, groups)
    lines = forward_section(result, labels, page, groups)
    if not result.gradients:
        return [*lines, [], *page.title("GRADIENTS"), [Piece("  none: the expression has no variables", "note")]]
    backward = backward_section(result, labels, page, groups, result.steps)
    return [*lines, [], *backward, [], *gradients_section(result, labels, page)]


def formula_walkthrough(graph: Graph, wanted: Sequence[Variable], page: Page) -> list[Line]:
    """The graph and the gradient formulas of an expression that has no values yet."""
    labels = labels_of(graph)
    shown = wanted[: page.most_rows]
    names = [page.derivative(graph.output, variable, labels) for variable in shown]
    texts = formula_texts(graph, shown, labels, _room(page, names, [""]))
    rows = [
        Row((name, texts[variable] or "", ""), ("" if texts[variable] else TOO_LONG,))
        for name, variable in zip(names, shown, strict=True)
    ]
    gradients = [*page.title("GRADIENTS"), *table(COLUMNS, rows, page.width), *page.left_out(len(wanted))]
    return [*graph_section(graph, labels, page), [], *gradients]


def gradients_section(result: Gradients, labels: Labels, page: Page) -> list[Line]:
    """One row a gradient: its formula, where that is no longer than a line, and its number.

    Those of a network have shapes in place of a word about long formulas, which nearly all of them have.
    """
    graph = result.graph
    is_network = graph.network is not None
    written = page.shaped if is_network else page.value
    shown = result.wanted[: page.most_rows]
    names = [page.derivative(graph.output, variable, labels) for variable in shown]
    numbers = [written(result.gradients[variable.name]) for variable in shown]
    room = _room(page, names, numbers)
    texts = formula_texts(graph, shown, labels, room, result.values, is_seeded=result.is_seeded)
    rows = []
    for variable, name, number in zip(shown, names, numbers, strict=True):
        formula = texts[variable]
        note = TOO_LONG if formula is None and not is_network else ""
        if variable not in result.upstreams:
            note = _unreached(variable, result, labels)
        rows.append(Row((name, "" if formula in (None, number) else formula or "", number), (note,)))
    columns = ARRAY_COLUMNS if result.has_arrays else COLUMNS
    lines = [*page.title("GRADIENTS"), *table(columns, rows, page.width), *page.left_out(len(result.wanted))]
    if any(number.startswith("(") for number in numbers):
        lines.append([Piece("  "), Piece("every entry: --output-format csv, or --json", "note")])
    return lines


def _unreached(variable: Variable, result: Gradients, labels: Labels) -> str:
    """Why no gradient reached a variable: the output does not use it, or uses it as an index, say."""
    if result.graph.output in downstream_of(result.graph, [variable]):
        return f"no gradient flows back to {variable.name}"
    return f"{labels.get(result.graph.output, 'f')} does not depend on {variable.name}"


def _room(page: Page, names: Sequence[str], numbers: Sequence[str]) -> int:
    """The characters that a line leaves for a formula between the longest name and the longest number."""
    signs = len("   =  = ")
    room = page.line - signs - max(map(len, names), default=0) - max(map(len, numbers), default=0)
    return max(room, SHORTEST)
