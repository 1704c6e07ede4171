"""The backward pass as a section: one row an edge, upstream × local = contribution, and the sum where paths meet."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import groupby, islice
from math import inf
from typing import Any, NamedTuple

from bpcli.backprop.gradients import Gradients
from bpcli.backprop.sweep import Step
from bpcli.graph.node import Node
from bpcli.report.folding import Group
from bpcli.report.formulas import Labels, LocalFormulas, formula_of, side_of, style_of
from bpcli.report.layout import INDENT, Column, Line, Piece, Row, table
from bpcli.report.page import Page

MOST_TERMS = 12


def backward_section(
    result: Gradients, labels: Labels, page: Page, groups: Sequence[Group], steps: Callable[[], Iterable[Step]]
) -> list[Line]:
    """One row a step, in the order in which backpropagation runs; a folded group is one row.

    A brief page says nothing again: what a node is stands in the forward pass, a single contribution in its row.
    """
    seed = page.derivative(result.graph.output, result.graph.output, labels)
    heading = page.title("BACKWARD", f"starts with {seed} = {page.value(result.seed)}")
    chunks = list(_chunks(steps(), groups))
    folded = {node for group, some in chunks if _is_folded(group, some) for node in group.nodes}
    meetings = Meetings(result, labels, page, steps(), folded)
    if not meetings.count:
        return [*heading, [Piece("  no step: no gradient flows to a variable through an op", "note")]]
    rows = list(islice(_rows(result, labels, page, chunks, meetings), page.most_rows))
    count = meetings.count - sum(len(some) - 1 for group, some in chunks if _is_folded(group, some))
    columns = _columns(page, "left" if result.has_arrays else "point")
    local = ("local", "") if page.is_brief else ("", "local")
    words = ("", "node", "input", "upstream", *local, "contribution")
    return [*heading, *table(columns, rows, page.width, words, wraps=page.is_brief), *page.left_out(count)]


def _chunks(steps: Iterable[Step], groups: Sequence[Group]) -> Iterator[tuple[Group, Any]]:
    """The steps of each group with their numbers, from the last group to the first."""
    numbered = enumerate(steps, 1)
    if len(groups) == 1:
        yield groups[0], numbered
        return
    place = {node: at for at, group in enumerate(groups) for node in group.nodes}
    for at, some in groupby(numbered, key=lambda pair: place[pair[1].node]):
        yield groups[at], list(some)


def _is_folded(group: Group, some: Any) -> bool:
    return group.most_rows != inf and len(some) > group.most_rows


def _rows(
    result: Gradients, labels: Labels, page: Page, chunks: Iterable[tuple[Group, Any]], meetings: "Meetings"
) -> Iterator[Row]:
    locals_ = LocalFormulas(labels, result.values, style=style_of(result, page))
    local_of = _array_local if result.has_arrays else _local
    for group, some in chunks:
        if _is_folded(group, some):
            from bpcli.report.folded import folded_row  # noqa: PLC0415 - only layers are folded

            yield folded_row(group, some, result, labels, page, meetings)
            continue
        title = page.signs.written(group.title)
        for number, step in some:
            local = local_of(step, page, locals_)
            yield Row(_cells(number, step, labels, page, local), *meetings.notes(number - 1, step), above=title)
            title = ""


def _columns(page: Page, side: str) -> tuple[Column, ...]:
    """Numbers are aligned at their points, arrays to the left, where the sign of the product stands in its cell."""
    signs = page.signs
    is_of_numbers = side == "point"
    return (
        Column("right"),
        Column("right", "name"),
        Column("left", "name", f" {signs.arrow} "),
        Column(side, "gradient", caption="upstream"),
        Column(
            "right" if is_of_numbers else "left", "", f" {signs.times} " if is_of_numbers else "  ", caption="local"
        ),
        Column(side, "", " "),
        Column(side, "gradient", " = ", caption="contribution"),
    )


def _cells(number: int, step: Step, labels: Labels, page: Page, local: tuple[str, str]) -> tuple[str, ...]:
    return (
        str(number),
        labels[step.node],
        labels[step.input] + side_of(step.node, step.position),
        page.of_factors.value(step.upstream),
        *local,
        page.value(step.contribution),
    )


def _local(step: Step, page: Page, locals_: LocalFormulas) -> tuple[str, str]:
    """The local derivative as a formula and as a number, once where they say the same."""
    formula, local = locals_.of(step.node, step.position), page.number(step.local)
    return f"{formula} =" if formula != local else "", local


def _array_local(step: Step, page: Page, locals_: LocalFormulas) -> tuple[str, str]:
    """What the upstream is multiplied by, entry by entry; of a structural op, what it hands back of the upstream."""
    formula = page.signs.written(locals_.of(step.node, step.position))
    if step.local is None:
        return formula, ""
    local = page.of_factors.value(step.local)
    sign = page.signs.times
    formula = f"({formula})" if " " in formula and formula[-1] not in ")]" else formula
    if page.is_brief:  # one column, as every character counts
        return f"{sign} {formula}" + (f" = {local}" if local.startswith("[") and local != formula else ""), ""
    return (f"{sign} {formula} =", local) if formula != local else (f"{sign} {local}", "")


class Arrival(NamedTuple):
    """A contribution to a node, the number of the step that brings it, and whether that has a row of its own."""

    number: int
    contribution: Any
    is_shown: bool


class Meetings:
    """Where several paths meet: the contributions that reach each node, in the order of the steps."""

    def __init__(
        self, result: Gradients, labels: Labels, page: Page, steps: Iterable[Step], folded: Container[Node]
    ) -> None:
        self._result = result
        self._labels = labels
        self._page = page
        self._arrivals: dict[Node, list[Arrival]] = {}
        self._ranks: list[int] = []
        for number, step in enumerate(steps):
            arrivals = self._arrivals.setdefault(step.input, [])
            self._ranks.append(len(arrivals))
            arrivals.append(Arrival(number, step.contribution, step.node not in folded))

    @property
    def count(self) -> int:
        """How many steps there are."""
        return len(self._ranks)

    def at(self, node: Node) -> int:
        """How many paths meet at a node."""
        return len(self._arrivals[node])

    def notes(self, number: int, step: Step) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What is said beside a step, and what below it: the sum where paths meet, else what the input stands for."""
        node = step.input
        if self.at(node) > 1:
            return self._meeting(node, self._ranks[number])
        note = ""
        if node.inputs and node.name is None:
            note = "" if self._page.is_brief else f"{self._labels[node]} = {formula_of(node, self._labels)}"
        elif node.inputs and not self._page.is_brief:
            upstream = self._page.value(self._result.upstreams[node])
            note = f"{self._gradient(node)} = {upstream}, upstream of {self._labels[node]}"
        return (note,), (note,)

    def _meeting(self, node: Node, rank: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        arrivals = self._arrivals[node]
        count = len(arrivals)
        is_last = rank == count - 1
        label = self._labels[node]
        total = f"{self._gradient(node)} = {self._sum(node)}" if is_last else ""
        below = (f"path {rank + 1} of {count} to {label}" + (", add:" if is_last else ""), total)
        are_together = arrivals[-1].number - arrivals[0].number == count - 1
        are_shown = all(arrival.is_shown for arrival in arrivals)
        if self._page.is_brief and not are_shown and not is_last:
            return (), ()  # the others are in folded rows, and the sum is the upstream of a later one
        if not are_together or not are_shown:
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
        terms = [self._page.value(arrival.contribution) for arrival in arrivals[:MOST_TERMS]]
        total = self._page.value(self._result.upstreams[node])
        if len(arrivals) > MOST_TERMS:
            terms.append(f"{self._page.signs.ellipsis} ({len(arrivals) - MOST_TERMS} more)")
        written = f"{' + '.join(terms)} = {total}"
        is_long = self._page.is_brief and INDENT + len(f"{self._gradient(node)} = {written}") > self._page.width
        if is_long or any(term.startswith("(") for term in terms):  # arrays that are summed up in words
            return f"the sum of {len(arrivals)} contributions, {total}"
        return written
