"""A network at a glance: where its parameters come from, and of each layer what it holds, gives, and is told back."""

from collections.abc import Collection, Sequence
from math import inf

from bpcli.backprop.gradients import Gradients
from bpcli.backprop.statistics import running_statistics
from bpcli.graph.network import Network
from bpcli.graph.shapes import shape_text
from bpcli.report.backward import backward_section
from bpcli.report.drawn import drawn_words
from bpcli.report.folding import Group
from bpcli.report.formulas import Labels
from bpcli.report.forward import forward_section
from bpcli.report.layout import INDENT, Column, Line, Piece, Row, flowed, table
from bpcli.report.page import Page
from bpcli.report.shared import shared_section
from bpcli.report.summaries import Summary, summaries
from bpcli.report.walkthrough import gradients_section

NUMBER = "a number"  # the shape of a loss
UNUSED = "no gradient reaches its output"
COLUMNS = (
    Column("right", "name"),
    Column("left", "name", " "),
    Column("right", caption="parameters"),
    Column("left", caption="output"),
    Column("point", "value", caption="‖value‖"),
    Column("point", "gradient", caption="‖gradient‖"),
)


def network_walkthrough(
    result: Gradients, network: Network, labels: Labels, page: Page, groups: Sequence[Group]
) -> list[Line]:
    """The summary of a network, both passes in the groups of its layers, and its gradients."""
    steps = list(result.steps())  # once for all sections: each of them is a pullback
    brief = page.brief
    sections = [
        _network_section(result, network, page),
        forward_section(result, labels, brief, groups),
        backward_section(result, labels, brief, groups, lambda: steps),
        shared_section(result, page, steps),
        _statistics_section(result, page),
        gradients_section(result, labels, page),
    ]
    if any(group.most_rows != inf for group in groups):
        hint = f"(…) are folded: --expand-layer {_folded_name(groups)}, or --expand-layer all, shows their steps"
        sections[2].append([Piece("  "), Piece(page.signs.written(hint), "note")])
    return [line for section in sections if section for line in (*section, [])][:-1]


def _folded_name(groups: Collection[Group]) -> str:
    """A layer that has been folded, as it is named."""
    first = next(group.layer for group in groups if group.most_rows != inf and group.layer)
    return first.name or first.kind


def origin_of(network: Network) -> str:
    """Where the parameters come from, and the mode, where it matters."""
    own = [parameter for parameter in network.parameters if parameter.kind == "parameter"]
    are_given = bool(own) and all(parameter.variable.name not in network.drawn for parameter in own)
    mode = "evaluation mode" if not network.is_training else ""
    if network.is_training and any(parameter.kind in {"buffer", "draw"} for parameter in network.parameters):
        mode = "training mode"
    return ", ".join(filter(None, ["parameters given" if are_given else "", drawn_words(network), mode]))


def _network_section(result: Gradients, network: Network, page: Page) -> list[Line]:
    """One row a layer, and one for all parameters; nothing for a Sequential without layers."""
    found = summaries(result, network)
    if not found:
        return []
    sign = page.signs.norm
    words = ("", "layer", "parameters", "output", f"{sign}value{sign}", f"{sign}gradient{sign}")
    rows = [_row(summary, page) for summary in found[: page.most_rows]]
    total = sum(summary.size for summary in found)
    if total:
        rows.append(Row(("", "in all", str(total), "", "", "")))
    columns = [column._replace(caption=page.signs.written(column.caption)) for column in COLUMNS]
    lines = table(columns, rows, page.width, words, needs_heading=True)
    return [*page.title("NETWORK", origin_of(network)), *lines, *page.left_out(len(found))]


def _row(summary: Summary, page: Page) -> Row:
    layer, prefix = summary.layer, f"{summary.layer.name}."
    shapes = [f"{name.removeprefix(prefix)} {shape_text(shape)}" for name, shape in summary.parameters.items()]
    notes = [*shapes, *([UNUSED] if summary.gradient_norm is None else [])]
    cells = (
        layer.name,
        layer.kind,
        str(summary.size) if shapes else "",
        shape_text(summary.output.shape) if summary.output.shape else NUMBER,
        page.number(summary.value_norm),
        "" if summary.gradient_norm is None else page.number(summary.gradient_norm),
    )
    return Row(cells, (", ".join(notes),), flowed(notes, page.width - INDENT))


def _statistics_section(result: Gradients, page: Page) -> list[Line]:
    """What the buffers of normalising layers are after this step."""
    rows = [Row((name, page.shaped(value))) for name, value in running_statistics(result).items()]
    if not rows:
        return []
    columns = (Column("left", "name"), Column("left", "value", " = "))
    heading = page.title("RUNNING STATISTICS", "after this training step")
    return [*heading, *table(columns, rows[: page.most_rows], page.width), *page.left_out(len(rows))]
