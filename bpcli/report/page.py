"""What the sections of a report share: how they are set, and the names of nodes and derivatives."""

from collections.abc import Callable
from math import inf
from typing import Any, NamedTuple

from bpcli.graph.node import Node
from bpcli.report.figures import UNICODE, Signs, full, short
from bpcli.report.formulas import LINE, Labels
from bpcli.report.layout import Line, Piece

ROWS_ON_A_TERMINAL = 50
ROWS_IN_A_PIPE = 10_000  # as many as JSON has steps
MOST_ENTRIES = 12  # of an array that is written out in a table; JSON and CSV have them all
OF_A_RESULT, OF_A_FACTOR = 0.4, 0.25  # of the width of a brief page, for what a step gives, and what it is made of
NEXT_TO_ONE = 1e-3
TITLE = 36  # characters before what a section is about


class Page(NamedTuple):
    """How a report is set: the width to keep within, how numbers and signs are written, how many rows a table has.

    Arrays of at most `most_entries` are written out; larger ones are summed up. A brief page does so by shape and norm
    alone, and writes out nothing longer than `longest_array` characters. It tells of options where it `has_options`.
    """

    width: float = inf
    number: Callable[[float], str] = full
    signs: Signs = UNICODE
    most_rows: int = ROWS_ON_A_TERMINAL
    most_entries: int = MOST_ENTRIES
    is_brief: bool = False
    longest_array: float = inf
    has_options: bool = True

    @property
    def is_short(self) -> bool:
        """Whether this is a page for the eye, which may point to JSON for more."""
        return self.width != inf

    def value(self, value: Any) -> str:
        """A number, or an array: a small one entry by entry, a large one by what sums it up."""
        if not getattr(value, "shape", ()):
            return self.number(float(value))
        from bpcli.report.arrays import norm_text, value_text  # noqa: PLC0415 - numbers need none

        text = value_text(value, self.number, self.most_entries) if value.size <= self.most_entries else ""
        if self.is_brief and value.dtype != bool and (not text or len(text) > self.longest_array):
            return norm_text(value, self.number)
        return text or value_text(value, self.number, self.most_entries)

    def shaped(self, value: Any) -> str:
        """The same with the shape of an array whose entries are written out."""
        text = self.value(value)
        if not text.startswith("["):
            return text
        from bpcli.graph.shapes import shape_text  # noqa: PLC0415 - the same

        return f"{text} {shape_text(value.shape)}"

    @property
    def brief(self) -> "Page":
        """The same page for the steps of a network, whose arrays are many."""
        return self._replace(is_brief=True, longest_array=OF_A_RESULT * self.width)

    @property
    def of_factors(self) -> "Page":
        """The same page for what a step is made of: on a brief one it has stood in an earlier row."""
        return self._replace(longest_array=OF_A_FACTOR * self.width) if self.is_brief else self

    def ratio(self, value: float) -> str:
        """A ratio in four digits; one next to 1 by how far it is off."""
        return f"off by {abs(value - 1):.1g}" if abs(value - 1) < NEXT_TO_ONE else f"ratio {short(value)}"

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
        rows, them, has = ("row", "it", "has it") if more == 1 else ("rows", "them", "has them")
        advice = f": --max-rows {count} shows {them}, --json {has}" if self.has_options else ""
        note = f"{self.signs.ellipsis} {more} more {rows}{advice}"
        return [[Piece("  "), Piece(note, "note")]]

    def title(self, name: str, about: str = "") -> list[Line]:
        """The name of a section, and what it is about, at a fixed distance or as near as the width asks for."""
        if not about:
            return [[Piece(name, "title")]]
        gap = min(TITLE, int(min(self.width, LINE)) - len(about)) - len(name)
        if gap < 2:  # noqa: PLR2004 - two words would run together
            return [[Piece(name, "title")], [Piece(f"  {about}", "note")]]
        return [[Piece(name, "title"), Piece(" " * gap + about, "note")]]

    def headline(self, left: str, right: str) -> list[Line]:
        """A title with something at the right end of its line; else below it."""
        gap = self.line - len(left) - len(right)
        if gap < 2:  # noqa: PLR2004 - two words would run together
            return [[Piece(line, "title")] for line in (*self.wrapped(left), *self.wrapped(right))]
        return [[Piece(left, "title"), Piece(" " * gap), Piece(right, "title")]]

    def wrapped(self, text: str, indent: int = 0, below: int = 0) -> list[str]:
        """The lines of a text behind an indent, those `below` the first behind more; one line where no page ends."""
        before = " " * indent
        if not self.is_short:
            return [before + text]
        from textwrap import wrap  # noqa: PLC0415 - most reports have no sentences

        return wrap(
            text,
            max(int(self.width), 2 * indent + 20),
            initial_indent=before,
            subsequent_indent=before + " " * below,
            break_on_hyphens=False,
            break_long_words=False,
        )
