"""The backward pass as a section: one row an edge, upstream × local = contribution, and the sum where paths meet."""

from itertools import islice
from typing import NamedTuple

from bpcli.backprop.gradients import Gradients
from bpcli.backprop.sweep import Step
from bpcli.graph.node import Node
from bpcli.report.formulas import Labels, LocalFormulas, formula_of, side_of
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page

MOST_TERMS = 12


def backward_section(result: Gradients, labels: Labels, page: Page) -> list[Line]:
    """One row a step, in the order in which backpropagation runs."""
    seed = page.derivative(result.graph.output, result.graph.output, labels)
    heading = page.title("BACKWARD", f"starts with {seed} = 1")
    shown = list(islice(result.steps(), page.most_rows))
    if not shown:
        return [*heading, [Piece("  no step: no gradient flows to a variable through an op", "note")]]
    meetings = Meetings(result, labels, page)
    locals_ = LocalFormulas(labels, result.values)
    rows = [
        Row(_cells(number, step, labels, page, locals_), *meetings.notes(number - 1, step))
        for number, step in enumerate(shown, 1)
    ]
    signs = page.signs
    columns = (
        Column("right"),
        Column("right", "name"),
        Column("left", "name", f" {signs.arrow} "),
        Column("point", "gradient", caption="upstream"),
        Column("right", "", f" {signs.times} ", caption="local"),
        Column("point", "", " "),
        Column("point", "gradient", " = ", caption="contribution"),
    )
    words = ("", "node", "input", "upstream", "", "local", "contribution")
    return [*heading, *table(columns, rows, page.width, words), *page.left_out(meetings.count)]


def _cells(number: int, step: Step, labels: Labels, page: Page, locals_: LocalFormulas) -> tuple[str, ...]:
    formula, local = locals_.of(step.node, step.position), page.number(step.local)
    return (
        str(number),
        labels[step.node],
        labels[step.input] + side_of(step.node, step.position),
        page.number(step.upstream),
        f"{formula} =" if formula != local else "",
        local,
        page.number(step.contribution),
    )


class Arrival(NamedTuple):
    """A contribution to a node, and the number of the step that brings it."""

    number: int
    contribution: float


class Meetings:
    """Where several paths meet: the contributions that reach each node, in the order of the steps."""

    def __init__(self, result: Gradients, labels: Labels, page: Page) -> None:
        self._result = result
        self._labels = labels
        self._page = page
        self._arrivals: dict[Node, list[Arrival]] = {}
        self._ranks: list[int] = []
        for number, step in enumerate(result.steps()):
            arrivals = self._arrivals.setdefault(step.input, [])
            self._ranks.append(len(arrivals))
            arrivals.append(Arrival(number, step.contribution))

    @property
    def count(self) -> int:
        """How many steps there are."""
        return len(self._ranks)

    def notes(self, number: int, step: Step) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What is said beside a step, and what below it: the sum where paths meet, else what the input stands for."""
        node = step.input
        if len(self._arrivals[node]) > 1:
            return self._meeting(node, self._ranks[number])
        note = ""
        if node.inputs and node.name is None:
            note = f"{self._labels[node]} = {formula_of(node, self._labels)}"
        elif node.inputs:
            upstream = self._page.number(self._result.upstreams[node])
            note = f"{self._gradient(node)} = {upstream}, upstream of {self._labels[node]}"
        return (note,), (note,)

    def _meeting(self, node: Node, rank: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        arrivals = self._arrivals[node]
        count = len(arrivals)
        is_last = rank == count - 1
        label = self._labels[node]
        total = f"{self._gradient(node)} = {self._sum(node)}" if is_last else ""
        below = (f"path {rank + 1} of {count} to {label}" + (", add:" if is_last else ""), total)
        if arrivals[-1].number - arrivals[0].number != count - 1:
            return (" ".join(below).rstrip(),), below
        # The rows stand side by side, so a bracket can join them; below a row it could not.
        signs = self._page.signs
        sign = signs.last if is_last else signs.first if rank == 0 else signs.middle
        word = total if is_last else f"paths meet at {label}: add" if rank == (count - 1) // 2 else ""
        return (f"{sign} {word}".rstrip(),), below

    def _gradient(self, node: Node) -> str:
        return self._page.derivative(self._result.graph.output, node, self._labels)

    def _sum(self, node: Node) -> str:
        arrivals = self._arrivals[node]
        terms = [self._page.number(arrival.contribution) for arrival in arrivals[:MOST_TERMS]]
        if len(arrivals) > MOST_TERMS:
            terms.append(f"{self._page.signs.ellipsis} ({len(arrivals) - MOST_TERMS} more)")
        return f"{' + '.join(terms)} = {self._page.number(self._result.upstreams[node])}"
