"""Lines of styled text, and rows of cells set in columns.

A report is a list of lines; a line is a list of pieces, each with a role (`value`, `gradient`, …) that a terminal may
colour. Nothing is ever cut to fit: where a row is wider than the page, its note moves to a line of its own, and then
its cells do.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bpcli.report.figures import aligned, before_point

INDENT = 7  # characters before what stands below a row
NAMES = 2  # columns that stay columns where a row is broken, if no column has a caption: a number and a name


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
    `above` is a line over the row, the title of what begins with it.
    """

    cells: tuple[str, ...]
    notes: tuple[str, ...] = ()
    notes_below: tuple[str, ...] | None = None
    above: str = ""


def text_of(line: Line) -> str:
    """The text of a line without its roles."""
    return "".join([piece.text for piece in line]).rstrip()


def table(  # noqa: PLR0913 - what is set, and how
    columns: Sequence[Column],
    rows: Sequence[Row],
    width: float,
    heading: tuple[str, ...] = (),
    *,
    needs_heading: bool = False,
    wraps: bool = False,
) -> list[Line]:
    """The rows in columns, within `width` characters if they can be.

    Where they are wider, the notes go below their rows; then, with `wraps`, the widest rows are broken between their
    cells; else the heading goes, unless the table needs it, and then each row is stacked.
    """
    cells = [row.cells for row in rows]
    notes = _notes_in_columns([row.notes for row in rows])
    for words in dict.fromkeys([heading] if needs_heading or wraps else [heading, ()]):
        lines = _set_in_columns(columns, cells, words)
        header, body = lines[: bool(words)], lines[bool(words) :]
        beside = [[*line, *note] for line, note in zip(body, notes, strict=True)]
        if words == heading and _fits([*header, *beside], width):
            return [*header, *_with_titles([[line] for line in beside], rows)]
        if _fits(lines, width):
            return [*header, *_with_notes_below([[line] for line in body], rows)]
    if wraps:
        header, groups = _broken(columns, cells, width, heading)
        return [*header, *_with_notes_below(groups, rows)]
    return _with_notes_below([_stacked(columns, row) for row in cells], rows)


def _with_notes_below(groups: Sequence[list[Line]], rows: Sequence[Row]) -> list[Line]:
    noted = [
        [*group, *[[Piece(" " * INDENT), Piece(note, "note")] for note in _below(row) if note]]
        for group, row in zip(groups, rows, strict=True)
    ]
    return _with_titles(noted, rows)


def _with_titles(groups: Sequence[list[Line]], rows: Sequence[Row]) -> list[Line]:
    return [
        line
        for group, row in zip(groups, rows, strict=True)
        for line in ([[Piece(" "), Piece(row.above, "title")], *group] if row.above else group)
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
            widest = max(map(len, (heading[position], *texts)))
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
        if column.caption and not cell.strip():
            continue
        if column.caption:
            lines.append([Piece(" " * INDENT), Piece(f"{column.caption:<12}", "heading")])
        if cell.strip():
            before = " " if column.caption else column.before
            lines[-1].extend((Piece(before), Piece(cell.strip(), column.role)))
    return lines


def _broken(
    columns: Sequence[Column], cells: Sequence[tuple[str, ...]], width: float, heading: tuple[str, ...]
) -> tuple[list[Line], list[list[Line]]]:
    """The heading, and the rows: those that fit there together in columns, the wider ones broken.

    A broken row has its first cells in their columns, the others one behind the other, from where they pass the width
    below. Where all are broken there is no heading.
    """
    lead = next((place for place, column in enumerate(columns) if column.caption), NAMES)
    padded = [_padded([row[place] for row in (heading, *cells) if row], columns[place].side) for place in range(lead)]
    leads = [names[bool(heading) :] for names in padded]
    led = [(*names, *row[lead:]) for names, row in zip(zip(*leads, strict=True), cells, strict=True)]
    kept = _fitting(columns, led, width, heading)
    lines = iter(_set_in_columns(columns, [led[place] for place in sorted(kept)], heading))
    header = [next(lines)] if heading else []
    groups = [
        [next(lines)] if place in kept else _broken_row(columns, row, lead, width) for place, row in enumerate(led)
    ]
    return header if kept else [], groups


def _fitting(
    columns: Sequence[Column], cells: Sequence[tuple[str, ...]], page: float, heading: tuple[str, ...]
) -> set[int]:
    """The places of rows that fit in columns together: each is taken or left, from that with the narrowest cells on."""
    kept: set[int] = set()
    so_far = [(len(word), 0) for word in heading] or [(0, 0)] * len(columns)
    for place in sorted(range(len(cells)), key=lambda place: sorted(map(len, cells[place]), reverse=True)):
        widths = [
            (max(before, len(head)), max(behind, len(text) - len(head)))
            for (before, behind), text, column in zip(so_far, cells[place], columns, strict=True)
            for head in [before_point(text) if column.side == "point" else text]
        ]
        used = [sum(width) + len(column.before) for width, column in zip(widths, columns, strict=True) if any(width)]
        if sum(used) <= page:
            so_far = widths
            kept.add(place)
    return kept


def _broken_row(columns: Sequence[Column], cells: tuple[str, ...], lead: int, width: float) -> list[Line]:
    lines: list[Line] = [[]]
    for place, (column, cell) in enumerate(zip(columns, cells, strict=True)):
        text = cell if place < lead else cell.strip()
        if not text:
            continue
        before = column.before
        if place >= lead and len("".join([piece.text for piece in lines[-1]])) + len(before) + len(text) > width:
            lines.append([])
            before = " " * INDENT + before.lstrip()
        lines[-1].extend((Piece(before), Piece(text, column.role)))
    return lines


def flowed(words: Sequence[str], width: float) -> tuple[str, ...]:
    """The words, with commas between them, in lines of at most this width where they can be."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(word) + 2 <= width:
            lines[-1] += f", {word}"
        else:
            lines.append(word)
    return tuple([f"{line}," for line in lines[:-1]] + lines[-1:])
