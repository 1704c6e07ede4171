"""Matrices with labelled rows and columns: those of `jacobian` and `hessian`, as lines."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import inf
from typing import Any, NamedTuple

from bpcli.backprop.jacobian import Hessian, Jacobian
from bpcli.graph.labels import entry_label, labels_of
from bpcli.graph.node import Variable
from bpcli.graph.op import Shape
from bpcli.numbers.spectrum import ends_of_spectrum
from bpcli.report.arrays import summary_text
from bpcli.report.figures import aligned, short
from bpcli.report.layout import Column, Line, Piece, Row, table
from bpcli.report.page import Page
from bpcli.report.structure import definiteness, is_symmetric, structure_of

GAP = "  "
INDENT = "    "
MOST_NAMED = 6  # variables in the name of a matrix
NO_VARIABLES = "  none: the expression has no variables"


class Matrix(NamedTuple):
    """The entries of a matrix, and the nodes that its rows and columns are the entries of."""

    entries: Any
    rows: Sequence[tuple[str, Shape]]
    columns: Sequence[tuple[str, Shape]]

    def row_labels(self) -> list[str]:
        """What each row is called: `f[0]`, `y[1,0]`."""
        return [label for name, shape in self.rows for label in entry_labels(name, shape)]

    def column_labels(self) -> list[str]:
        """What each column is called."""
        return [label for name, shape in self.columns for label in entry_labels(name, shape)]


def entry_labels(name: str, shape: Shape) -> Iterator[str]:
    """What each entry of an array is called, in the order of rows; a number by its name."""
    return (entry_label(name, index) for index in product(*map(range, shape)))


def output_name(result: Jacobian | Hessian) -> str:
    """What the output is called."""
    return labels_of(result.graph).get(result.graph.output, "f")


def jacobian_matrix(result: Jacobian, variables: Sequence[Variable] | None = None) -> Matrix:
    """The Jacobian by these variables, all wanted ones by default: rows are outputs, columns are inputs."""
    chosen = result.wanted if variables is None else variables
    rows = [(output_name(result), result.graph.output.shape)]
    return Matrix(result.matrix({variable.name for variable in chosen}), rows, _named(chosen))


def hessian_matrix(result: Hessian) -> Matrix:
    """The Hessian: rows and columns are inputs."""
    return Matrix(result.matrix(), _named(result.wanted), _named(result.wanted))


def _named(nodes: Sequence[Variable]) -> list[tuple[str, Shape]]:
    return [(node.name, node.shape) for node in nodes]


# Reports -------------------------------------------------------------------------------------------------------------


def jacobian_lines(result: Jacobian, page: Page) -> list[Line]:
    """The value of the output, and a matrix for each variable; one for all of them where each is a single number."""
    lines = [*_value(result, page), [], *page.title("JACOBIAN", "rows are outputs, columns are inputs")]
    for place, variables in enumerate(_groups(result.wanted)):
        matrix = jacobian_matrix(result, variables)
        name = f"{page.signs.partial}{output_name(result)}/{page.signs.partial}{_together(variables, page)}"
        lines += [[]] * bool(place) + [*_heading(name, matrix.entries, page), *_set(matrix, page)]
    return lines if result.wanted else [*lines, [Piece(NO_VARIABLES, "note")]]


def hessian_lines(result: Hessian, page: Page) -> list[Line]:
    """The value of the output, the matrix of all wanted variables, and what its eigenvalues say."""
    lines = [*_value(result, page), [], *page.title("HESSIAN", "rows and columns are inputs")]
    if not result.wanted:
        return [*lines, [Piece(NO_VARIABLES, "note")]]
    matrix = hessian_matrix(result)
    name = f"second derivatives of {output_name(result)} by {_together(result.wanted, page)}"
    lines += [*_heading(name, matrix.entries, page), *_set(matrix, page)]
    return [*lines, *_curvature(result, matrix.entries, page)]


def _value(result: Jacobian | Hessian, page: Page) -> list[Line]:
    name, value = output_name(result), page.value(result.value)
    if getattr(result.value, "shape", ()) and len(f"{GAP}{name} = {value}") > page.width:
        value = summary_text(result.value, page.number)
    return [*page.title("VALUE"), *_said(Piece(f"{name} =", "name"), Piece(value, "value"), page)]


def _groups(variables: Sequence[Variable]) -> list[Sequence[Variable]]:
    """The variables of each matrix."""
    return [[one] for one in variables] if any(one.shape for one in variables) else [variables] * bool(variables)


def _together(variables: Sequence[Variable], page: Page) -> str:
    """The names of some variables: `x`, `(x, y)`."""
    names = [one.name for one in variables[:MOST_NAMED]]
    names += [page.signs.ellipsis] * (len(variables) > MOST_NAMED)
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def _heading(name: str, entries: Any, page: Page) -> list[Line]:
    """What a matrix is, its size, and its structure in words."""
    words = ", ".join([f"{entries.shape[0]}x{entries.shape[1]}", *filter(None, [structure_of(entries)])])
    return _said(Piece(f"{name}:", "name"), Piece(words, "note"), page)


def _said(what: Piece, words: Piece, page: Page) -> list[Line]:
    """What something is, and what is said of it, on a line of its own where the page is narrow."""
    if len(GAP) + len(what.text) + 1 + len(words.text) > page.width:
        return [[Piece(GAP), what], [Piece(INDENT), words]]
    return [[Piece(GAP), what, Piece(" "), words]]


def _curvature(result: Hessian, entries: Any, page: Page) -> list[Line]:
    """What the eigenvalues say, and how far the matrix is from its mirror image where that is more than rounding."""
    lines: list[Line] = []
    ends = ends_of_spectrum(entries)
    if ends is not None and any(ends):
        smallest, largest = map(short, ends)
        numbers = f"eigenvalues {smallest} to {largest}" if len(entries) > 1 else f"eigenvalue {smallest}"
        lines += _said(Piece(f"{definiteness(*ends)}:", "verdict"), Piece(numbers, "note"), page)
    if result.is_finite and not is_symmetric(entries):
        note = f"entries and their mirror images differ by up to {short(result.asymmetry)}"
        lines += _said(Piece("not symmetric:", "verdict"), Piece(note, "note"), page)
    return lines


# Cells ---------------------------------------------------------------------------------------------------------------


def _set(matrix: Matrix, page: Page) -> list[Line]:
    """The matrix in columns, in blocks of them that keep within the page; a large one as what sums it up."""
    rows, columns = matrix.entries.shape
    if not matrix.entries.size:
        return [[Piece(f"{INDENT}it has no entries", "note")]]
    if max(rows, columns) > page.most_rows:
        many = int((matrix.entries != 0).sum())
        notes = (
            f"{many} of {matrix.entries.size} entries are not 0",
            f"--max-rows {max(rows, columns)} shows it, --json has it",
        )
        summed = Piece(summary_text(matrix.entries, page.number), "gradient")
        return [[Piece(INDENT), summed], *[[Piece(INDENT), Piece(note, "note")] for note in notes]]
    labels, heads = matrix.row_labels(), matrix.column_labels()
    texts = [[page.number(entry) for entry in column] for column in matrix.entries.T.tolist()]
    lines: list[Line] = []
    for first, last in _blocks(heads, texts, page.width - len(INDENT) - max(map(len, labels))):
        cells = [Row((label, *row)) for label, row in zip(labels, zip(*texts[first:last], strict=True), strict=True)]
        block = [Column("left", "name", INDENT), *[Column("point", "gradient", GAP)] * (last - first)]
        lines += [[]] * bool(first) + table(block, cells, inf, ("", *heads[first:last]))
    return lines


def _blocks(heads: Sequence[str], texts: Sequence[list[str]], room: float) -> Iterator[tuple[int, int]]:
    """The first column and the one past the last of each block that keeps within a width; at least one a block."""
    first, taken = 0, 0
    for place, (head, column) in enumerate(zip(heads, texts, strict=True)):
        width = len(GAP) + max(len(head), len(aligned(column)[0]))
        if taken and taken + width > room:
            yield first, place
            first, taken = place, 0
        taken += width
    yield first, len(heads)
