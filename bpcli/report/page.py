"""What the sections of a report share: how they are set, and the names of nodes and derivatives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bpcli.backprop.formulas import local_formulas
from bpcli.graph.node import Node
from bpcli.graph.notation import render
from bpcli.graph.simplify import simplify
from bpcli.report.figures import UNICODE, Signs, full
from bpcli.report.layout import Line, Piece

FORMULA_LENGTH = 60
DEFAULT_ROWS = 50
LINE = 100

Labels = Mapping[Node, str]


@dataclass(frozen=True, slots=True)
class Page:
    """How a report is set: the width to keep within, how numbers and signs are written, how many rows a table has."""

    width: float = float("inf")
    number: Callable[[float], str] = full
    signs: Signs = UNICODE
    most_rows: int = DEFAULT_ROWS

    @property
    def line(self) -> int:
        """The length of a line that formulas keep within."""
        return int(min(self.width, LINE))

    def derivative(self, node: Node, source: Node, labels: Labels) -> str:
        """`∂node/∂source` in the names that the nodes have."""
        sign = self.signs.partial
        return f"{sign}{labels.get(node, 'f')}/{sign}{labels.get(source, 'f')}"

    def left_out(self, count: int) -> list[Line]:
        """A line that says how many of `count` rows the table does not show, if it leaves any out."""
        more = count - self.most_rows
        if more <= 0:
            return []
        note = f"{self.signs.ellipsis} {more} more rows: --max-rows {count} shows them, --json has them"
        return [[Piece("  "), Piece(note, "note")]]


def title(name: str, about: str = "") -> Line:
    """The name of a section, and what it is about at a fixed distance."""
    return [Piece(name, "title"), Piece(" " * max(3, 36 - len(name)) + about, "note")]


def formula_of(node: Node, labels: Labels) -> str:
    """The op of a node over the names of its inputs."""
    return render(node, labels, limit=FORMULA_LENGTH)


def flowing_locals(node: Node, labels: Labels) -> list[tuple[int, Node, str]]:
    """The inputs through which a gradient flows: position, input, local derivative as people write it."""
    return [
        (position, source, render(simplify(local, labels), limit=FORMULA_LENGTH))
        for position, (source, local) in enumerate(zip(node.inputs, local_formulas(node), strict=True))
        if local is not None and source.varies
    ]
