"""A folded group as one row of the backward pass: what arrives at its output, and what it hands back to one node."""

from collections.abc import Sequence
from functools import reduce
from operator import add

from bpcli.backprop.gradients import Gradients
from bpcli.backprop.sweep import Step
from bpcli.graph.node import Node
from bpcli.report.backward import Meetings
from bpcli.report.folding import Group
from bpcli.report.formulas import Labels
from bpcli.report.layout import Row
from bpcli.report.page import Page


def folded_row(  # noqa: PLR0913, PLR0917 - what is told, and how
    group: Group,
    numbered: Sequence[tuple[int, Step]],
    result: Gradients,
    labels: Labels,
    page: Page,
    meetings: Meetings,
) -> Row:
    """The steps of a group in one row, under the numbers that they have when they are shown."""
    first, last = numbered[0][0], numbered[-1][0]
    starts = {step.node for _, step in numbered}
    node = group.output if group.output in starts else numbered[0][1].node
    inputs = _handed_to(group, [step for _, step in numbered])
    arrivals = [(number, step) for number, step in numbered if step.input is inputs[0]]
    is_one = len(inputs) == 1
    contribution = (
        page.value(reduce(add, [step.contribution for _, step in arrivals])) if is_one else page.signs.ellipsis
    )
    number, step = arrivals[-1]
    meet = is_one and meetings.at(step.input) > len(arrivals) and step.input not in group.states  # its upstream follows
    total = meetings.notes(number - 1, step)[1][-1:] if meet else ()
    cells = (
        str(first) if first == last else f"{first}-{last}",
        labels[node],
        labels[inputs[0]] + ("" if is_one else f", {page.signs.ellipsis}"),
        page.of_factors.value(result.upstreams[node]),
        f"({page.signs.written(group.title)}: {len(numbered)} steps)",
        "",
        contribution,
    )
    return Row(cells, total)


def _handed_to(group: Group, steps: Sequence[Step]) -> list[Node]:
    """The nodes before the group that the story goes on with: the state before, else the input, else parameters."""
    inside = set(group.nodes)
    inputs = list(dict.fromkeys([step.input for step in steps if step.input not in inside]))
    ranks = [_rank(node, group) for node in inputs]
    return [node for node, rank in zip(inputs, ranks, strict=True) if rank == min(ranks)]


def _rank(node: Node, group: Group) -> int:
    if node in group.states:
        return 0
    layer = group.layer
    if layer is None or node not in group.of_layer:
        return 1
    return 2 if node.inputs else 3
