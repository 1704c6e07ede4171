"""One gradient entry written out: the sum over what uses it directly, and path by path to the output."""

import math
from collections.abc import Callable, Iterator, Sequence

from bpcli.backprop.entries import Edge, Entry
from bpcli.backprop.entry_formulas import EntryFormulas
from bpcli.backprop.explanation import Explanation, entry_name
from bpcli.backprop.paths import Path
from bpcli.graph.node import Node
from bpcli.graph.notation import render
from bpcli.report.figures import UNICODE
from bpcli.report.formulas import FORMULA_LENGTH, formula_of, side_of
from bpcli.report.layout import Column, Line, Piece, Row, table, text_of
from bpcli.report.page import Page

MOST_STEPS = (6, 4, 2)  # of a path that is shown to the eye: as many as a line has room for
MOST_STEPS_IN_A_PIPE = 100
MOST_TERMS = 12  # of a sum of contributions
MOST_NAMED = 12  # nodes without a name of their own of which is said what they stand for
COLUMNS = (
    Column("right"),
    Column("left", "name"),
    Column("left", "", "   "),
    Column("left", "", " = "),
    Column("point", "gradient", " = "),
)
STACKED = (
    *COLUMNS[:2],
    Column("left", caption="product"),
    Column("left", caption="in numbers"),
    Column("left", "gradient", caption="contribution"),
)
NARROW = 0  # no row fits, so that each is set on several lines
HEADING = ("", "path", "product of local gradients", "", "contribution")
TIMES = {1: "once", 2: "twice"}
LONGEST_COUNT = 10**24


def explained(result: Explanation, page: Page, most_paths: int) -> list[Line]:
    """The gradient of an entry, one step deep and along its paths."""
    return _Writer(result, page, most_paths).lines()


def count_text(count: int) -> str:
    """A number of paths, in digits as long as somebody can read them."""
    if count < LONGEST_COUNT:
        return str(count)
    power = int(count.bit_length() * 0.30102999566398120)
    power = next(one for one in (power, power - 1) if 10**one <= count)
    return f"about {count // 10 ** (power - 3) / 1000:.3f}e{power}"


def formula_text(formula: Node | None, limit: int = FORMULA_LENGTH) -> str | None:
    """The formula of a local derivative, None where it is too long to be read."""
    text = None if formula is None else render(formula, limit=limit)
    return None if text is None or text.endswith("…") else text


def edge_name(edge: Edge, name: Callable[[Entry], str]) -> str:
    """The entry that an edge leads back to, and by which input where the op has it twice."""
    return name(edge.source) + side_of(edge.target.node, edge.position)


class _Writer:
    """Writes one explanation on a page."""

    def __init__(self, result: Explanation, page: Page, most: int) -> None:
        self._result = result
        self._page = page
        self._most = most
        self._formulas = EntryFormulas(result.labels, result.result.values)
        self._factors: dict[Edge, str] = {}
        self._times = "·" if page.signs == UNICODE else "*"
        self._gradient = self._derivative(result.entry)

    def lines(self) -> list[Line]:
        """All sections."""
        result, page = self._result, self._page
        if result.entry == result.output:
            about = f"  {self._gradient} = 1: the gradient that the way back starts with"
            return [*page.title("ONE STEP"), [Piece(about)]]
        if not result.path_count:
            names = f"{self._name(result.output)} to {self._name(result.entry)}"
            gradient = page.number(result.gradient)
            return [*page.title("PATHS"), [Piece(f"  no gradient flows from {names}: {self._gradient} = {gradient}")]]
        return [*self._one_step(), [], *self._paths()]

    # One step ------------------------------------------------------------------------------------------------------

    def _one_step(self) -> list[Line]:
        result, page = self._result, self._page
        name, value = self._name(result.entry), page.number(result.value_at(result.entry))
        count = len(result.uses)
        times = TIMES.get(count, f"{count} times")
        uses = result.uses[: self._most]
        symbols, numbers, terms = [], [], []
        for edge in uses:
            upstream = result.upstream_at(edge.target)
            symbols.append(f"{self._derivative(edge.target)}{self._times}{self._factor(edge)}")
            numbers.append(f"{page.number(upstream)}{self._times}{self._number(edge)}")
            terms.append(page.number(upstream * edge.local))
        rows = [symbols, numbers, terms] if count > 1 else [symbols, numbers]
        total = [page.number(result.gradient)]
        left_out = count - len(uses)
        ends = [f"{page.signs.ellipsis} ({left_out} more)"] if left_out else []
        sums = [*[[*row, *ends] for row in rows], total]
        lines = [line for place, row in enumerate(sums) for line in self._sum(row, is_first=place == 0)]
        return [*page.title("ONE STEP", f"{name} = {value} is used {times}"), *lines]

    def _sum(self, terms: Sequence[str], *, is_first: bool, total: str = "") -> Iterator[Line]:
        """`∂L/∂x = a + b`, and what it comes to, broken before a sign where the line is full."""
        lead = f"  {self._gradient if is_first else ' ' * len(self._gradient)} = "
        rest = [*[f"+ {term}" for term in terms[1:]], *([f"= {total}"] if total else [])]
        return self._joined(lead + terms[0], rest, " " * (len(lead) - 2), "" if is_first else "gradient")

    def _joined(self, text: str, rest: Sequence[str], indent: str, role: str) -> Iterator[Line]:
        """The parts on a line, or on as many as they take."""
        for part in rest:
            if len(text) + 1 + len(part) > self._page.line:
                yield [Piece(text, role)]
                text = indent + part
            else:
                text += f" {part}"
        yield [Piece(text, role)]

    # Paths ---------------------------------------------------------------------------------------------------------

    def _paths(self) -> list[Line]:
        result, page = self._result, self._page
        count = result.path_count
        many = "1 path" if count == 1 else f"{count_text(count)} paths"
        about = f"{many} to {self._name(result.output)}{', largest first' if count > 1 else ''}"
        return [*page.title("PATHS", about), *self._table(), *self._left_out(), *self._total(), *self._meanings()]

    def _table(self) -> list[Line]:
        """A row for each path; where the page is too narrow for it, a few lines for each."""
        rows = self._rows()
        wide = [Row((*row.cells[:3], _unless_said(row.cells), row.cells[4])) for row in rows]
        lines = table(COLUMNS, wide, math.inf, HEADING)
        if all(len(text_of(line)) <= self._page.width for line in lines):
            return lines
        return table(STACKED, rows, NARROW)

    def _rows(self) -> list[Row]:
        """A row for each path; long paths by their first and last steps, as many as fit."""
        rows: list[Row] = []
        for most in MOST_STEPS if self._page.is_short else (MOST_STEPS_IN_A_PIPE,):
            rows = [Row(self._cells(number, path, most)) for number, path in enumerate(self._result.paths, 1)]
            if all(len("".join(row.cells[:2])) + 6 <= self._page.width for row in rows):
                break
        return rows

    def _meanings(self) -> Iterator[Line]:
        """What the nodes on the paths stand for that have no name of their own."""
        on_paths = {edge.target.node for path in self._result.paths for edge in path.edges}
        named = [node for node in self._result.result.graph.nodes if node in on_paths and node.name is None]
        labels = self._result.labels
        for node in named[:MOST_NAMED]:
            yield [Piece("  "), Piece(f"{labels[node]} = {formula_of(node, labels)}", "note")]

    def _left_out(self) -> Iterator[Line]:
        left_out = self._result.paths_left_out
        if left_out:
            many = "1 more path contributes" if left_out == 1 else f"{count_text(left_out)} more paths contribute"
            amount = self._page.number(self._result.sum_left_out) + ("" if left_out == 1 else " together")
            start = f"  {self._page.signs.ellipsis} {many}"
            yield from self._joined(start, [f"{amount}:", "--max-paths shows more"], "    ", "note")

    def _total(self) -> Iterator[Line]:
        result, page = self._result, self._page
        summed = result.paths[:MOST_TERMS]
        terms = [page.number(path.contribution) for path in summed]
        if result.path_count > len(summed):
            rest = result.sum_beyond(len(summed))
            terms.append(f"{page.number(rest)} ({count_text(result.path_count - len(summed))} more)")
        if len(terms) > 1:
            yield from self._sum(terms, is_first=True, total=page.number(result.gradient))

    def _cells(self, number: int, path: Path, most: int) -> tuple[str, ...]:
        """A path from the output back, as the gradient flows, and its local derivatives in that order."""
        back = path.edges[::-1]
        gap = self._page.signs.ellipsis
        shown = _shown(len(back), most)
        names = [self._name(self._result.output)]
        names += [
            edge_name(back[place], self._name) if place >= 0 else f"{gap} {len(back) - most} more {gap}"
            for place in shown
        ]
        factors = [self._factor(back[place]) if place >= 0 else gap for place in shown]
        numbers = [self._number(back[place]) if place >= 0 else gap for place in shown]
        product, values = (f" {self._times} ".join(parts) for parts in (factors, numbers))
        route = f" {self._page.signs.arrow} ".join(names)
        return (str(number), route, product, values, self._page.number(path.contribution))

    # Words -----------------------------------------------------------------------------------------------------------

    def _name(self, entry: Entry) -> str:
        return entry_name(entry, self._result.labels)

    def _derivative(self, entry: Entry) -> str:
        sign = self._page.signs.partial
        return f"{sign}{self._name(self._result.output)}/{sign}{self._name(entry)}"

    def _number(self, edge: Edge) -> str:
        text = self._page.number(edge.local)
        return f"({text})" if text.startswith("-") else text

    def _factor(self, edge: Edge) -> str:
        """The local derivative as a factor: its formula, or its number where there is none."""
        if edge not in self._factors:
            formula = self._formulas.of(edge)
            text = formula_text(formula)
            if formula is None or text is None:
                self._factors[edge] = self._number(edge)
            else:
                is_open = text.startswith("-") or formula.op.name in ("add", "sub")
                self._factors[edge] = f"({text})" if is_open else text
        return self._factors[edge]


def _unless_said(cells: Sequence[str]) -> str:
    """The product in numbers, if that is not what stands before or after it."""
    *_, product, numbers, contribution = cells
    return "" if numbers == product or numbers.strip("()") == contribution else numbers


def _shown(count: int, most: int) -> list[int]:
    """The places of the first and the last steps of a long path, with -1 for those between."""
    if count <= most + 1:
        return list(range(count))
    return [*range(most // 2), -1, *range(count - most // 2, count)]
