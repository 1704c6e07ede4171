"""Lines of styled text, and rows of cells set in columns.

A report is a list of lines; a line is a list of pieces, each with a role (`value`, `gradient`, …) that a terminal may
colour. Nothing is ever cut to fit: where a row is wider than the page, its note moves to a line of its own, and then
its cells do.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bpcli.report.figures import aligned


class Piece(NamedTuple):
    """Text in one role."""

    text: str
    role: str = ""


Line = list[Piece]


class Column(NamedTuple):
    """How a column of cells is set: to the left, to the right, or at the decimal point; and what stands before it.

    Where the page is too narrow for rows, a column with a caption begins a line of its own.
    """

    side: str = "left"
    role: str = ""
    before: str = "  "
    caption: str = ""


class Row(NamedTuple):
    """Cells for the columns, and notes that belong to the row.

    Notes stand behind the row; where the page is too narrow, `notes_below` or else the same notes stand below it.
    """

    cells: tuple[str, ...]
    notes: tuple[str, ...] = ()
    notes_below: tuple[str, ...] | None = None


def text_of(line: Line) -> str:
    """The text of a line without its roles."""
    return "".join([piece.text for piece in line]).rstrip()


def table(
    columns: Sequence[Column],
    rows: Sequence[Row],
    width: float,
    heading: tuple[str, ...] = (),
    *,
    needs_heading: bool = False,
) -> list[Line]:
    """The rows in columns, within `width` characters if they can be.

    Where they are wider, the notes go below their rows, then the heading goes, unless the table needs it, then each
    row is stacked.
    """
    cells = [row.cells for row in rows]
    notes = _notes_in_columns([row.notes for row in rows])
    for words in dict.fromkeys([heading] if needs_heading else [heading, ()]):
        lines = _set_in_columns(columns, cells, words)
        header, body = lines[: bool(words)], lines[bool(words) :]
        beside = [[*line, *note] for line, note in zip(body, notes, strict=True)]
        if words == heading and _fits([*header, *beside], width):
            return [*header, *beside]
        if _fits(lines, width):
            return [*header, *_with_notes_below([[line] for line in body], rows)]
    return _with_notes_below([_stacked(columns, row) for row in cells], rows)


def _with_notes_below(groups: Sequence[list[Line]], rows: Sequence[Row]) -> list[Line]:
    return [
        line
        for group, row in zip(groups, rows, strict=True)
        for line in (*group, *[[Piece("       "), Piece(note, "note")] for note in _below(row) if note])
    ]


def _below(row: Row) -> tuple[str, ...]:
    return row.notes if row.notes_below is None else row.notes_below


def _fits(lines: Sequence[Line], width: float) -> bool:
    return all(len(text_of(line)) <= width for line in lines)


def _set_in_columns(
    columns: Sequence[Column],
    cells: Sequence[tuple[str, ...]],
    heading: tuple[str, ...],
) -> list[Line]:
    lines: list[Line] = [[] for _ in range(len(cells) + bool(heading))]
    for position, column in enumerate(columns):
        texts = _padded([row[position] for row in cells], column.side)
        if heading:
            widest = max(len(texts[0]), len(heading[position]))
            pad = str.ljust if column.side == "left" else str.rjust
            texts = [pad(text, widest) for text in (heading[position], *texts)]
        if any(map(str.strip, texts)) or column.caption:
            for row, (line, text) in enumerate(zip(lines, texts, strict=True)):
                role = "heading" if heading and row == 0 else column.role
                is_open = text.strip() or column.caption
                line.extend((Piece(column.before if is_open else " " * len(column.before)), Piece(text, role)))
    return lines


def _padded(texts: list[str], side: str) -> list[str]:
    if side == "point":
        return aligned(texts)
    widest = max(map(len, texts), default=0)
    return [text.rjust(widest) if side == "right" else text.ljust(widest) for text in texts]


def _notes_in_columns(notes: Sequence[tuple[str, ...]]) -> list[Line]:
    most = max(map(len, notes), default=0)
    filled = [(*row, *[""] * (most - len(row))) for row in notes]
    widths = [max(len(row[position]) for row in filled) for position in range(most)]
    return [
        [Piece(f"   {text.ljust(width)}", "note") for text, width in zip(row, widths, strict=True)] for row in filled
    ]


def _stacked(columns: Sequence[Column], cells: tuple[str, ...]) -> list[Line]:
    lines: list[Line] = [[]]
    for column, cell in zip(columns, cells, strict=True):
        if column.caption:
            lines.append([Piece("       "), Piece(f"{column.caption:<12}", "heading")])
        if cell.strip():
            before = " " if column.caption else column.before
            lines[-1].extend((Piece(before), Piece(cell.strip(), column.role)))
    return lines
