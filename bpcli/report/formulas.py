"""Formulas as they are shown: simplified, over the names of nodes, and no longer than a line."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from bpcli.backprop.formulas import contribution_formulas, gradient_formulas, local_formulas
from bpcli.graph.node import Graph, Node, Variable
from bpcli.graph.notation import TEXT, Style, render
from bpcli.graph.simplify import simplify

if TYPE_CHECKING:
    from bpcli.backprop.gradients import Gradients
    from bpcli.report.page import Page

FORMULA_LENGTH = 60
DOCUMENT_LENGTH = 1000  # of a formula in JSON, where no line ends
LINE = 100
SHORT = 30  # a formula over the variables alone is shown up to here, then one that names the output
BESIDE = 30  # what stands on a line beside a formula: a derivative, a number, the signs
UPSTREAM = "upstream"
MOST_NODES = 300  # beyond it no formula of a gradient would fit on a line
MOST_NODES_OF_LAYERS = 60  # the same of a network, whose formulas have matrices that are named by steps

Labels = Mapping[Node, str]


def formula_of(node: Node, labels: Labels, style: Style = TEXT) -> str:
    """The op of a node over the names of its inputs."""
    return render(node, labels, style=style, limit=FORMULA_LENGTH)


def style_of(result: "Gradients", page: "Page") -> Style:
    """How local gradients are written: those of arrays with `xᵀ`, on a brief page without shapes."""
    if not result.has_arrays:
        return TEXT
    from bpcli.report.screen import BRIEF, SCREEN  # noqa: PLC0415 - numbers are not turned

    return BRIEF if page.is_brief else SCREEN


def flowing_locals(
    node: Node,
    labels: Labels,
    values: Mapping[Node, float] | None = None,
    limit: int = FORMULA_LENGTH,
    style: Style = TEXT,
) -> list[tuple[int, Node, str]]:
    """The inputs through which a gradient flows: position, input, local derivative as people write it.

    With `values`, guards of special cases that do not apply there are left out. Of a structural op the formula is what
    it hands back of `upstream`.
    """
    if node.op.is_structural:
        upstream = Variable(UPSTREAM, shape=node.shape)
        formulas = contribution_formulas(node, upstream)
        # Only these are named: what lies further back is no part of this step.
        labels = {one: labels[one] for one in (node, *node.inputs) if one in labels}
    else:
        formulas = local_formulas(node)
    return [
        (position, source, render(simplify(formula, labels, values), style=style, limit=limit))
        for position, (source, formula) in enumerate(zip(node.inputs, formulas, strict=True))
        if formula is not None and source.varies
    ]


class LocalFormulas:
    """The local derivatives of nodes as people write them, each node's once however many of its edges are shown."""

    def __init__(
        self,
        labels: Labels,
        values: Mapping[Node, float] | None = None,
        limit: int = FORMULA_LENGTH,
        style: Style = TEXT,
    ) -> None:
        self._arguments = labels, values, limit, style
        self._found: dict[Node, dict[int, str]] = {}

    def of(self, node: Node, position: int) -> str:
        """∂node/∂input at a position through which a gradient flows."""
        if node not in self._found:
            flowing = flowing_locals(node, *self._arguments)
            self._found[node] = {place: formula for place, _, formula in flowing}
        return self._found[node][position]


def side_of(node: Node, position: int) -> str:
    """Which of its inputs a position is, where a node uses the same one more than once: ` (left)`, else nothing."""
    source = node.inputs[position]
    if sum(other is source for other in node.inputs) == 1:
        return ""
    if len(node.inputs) == 2:  # noqa: PLR2004 - the two sides of an operator
        return " (left)" if position == 0 else " (right)"
    return f" (input {position + 1})"


def formula_texts(  # noqa: PLR0913 - what is shown, and how
    graph: Graph,
    wanted: Collection[Variable],
    labels: Labels,
    room: int = LINE - BESIDE,
    values: Mapping[Node, float] | None = None,
    *,
    is_seeded: bool = False,
) -> Mapping[Variable, str | None]:
    """The formula of each gradient: in the variables where that is short, else in the names of nodes, else None.

    `is_seeded` says that the output has an upstream gradient that is not 1, which is called `upstream`.
    """
    if len(graph.nodes) > (MOST_NODES if graph.network is None else MOST_NODES_OF_LAYERS):
        return dict.fromkeys(wanted)
    seed = Variable(UPSTREAM, shape=graph.output.shape) if is_seeded else None
    formulas = gradient_formulas(graph, wanted, seed)
    return {variable: _formula_text(formulas[variable], graph, labels, room, values or {}) for variable in wanted}


def _formula_text(formula: Node, graph: Graph, labels: Labels, room: int, values: Mapping[Node, float]) -> str | None:
    output = {graph.output: labels[graph.output]} if graph.output.inputs else {}
    steps = {node: labels[node] for node in graph.nodes if node in labels and not node.op.is_condition}
    for names, most in (({}, min(SHORT, room)), (output, room), (steps, room)):
        text = render(simplify(formula, names, values), limit=most)
        if not text.endswith("…"):
            return text
    return None
