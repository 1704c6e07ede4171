"""The flow of gradients as lines: a row for each layer and time step, courses through time, and what is wrong."""

from collections.abc import Sequence
from math import inf

from bpcli.flow.results import Flow, Row
from bpcli.report.drawn import drawn_words
from bpcli.report.flow.bars import NARROWEST, WIDEST, Scale, bar_text, power_of, scale_of
from bpcli.report.flow.cutting import Cut, cut_rows
from bpcli.report.flow.findings import diagnosis_section
from bpcli.report.flow.time import left_out_section, time_section
from bpcli.report.layout import Column, Line, Piece, table, text_of
from bpcli.report.layout import Row as Cells
from bpcli.report.page import Page
from bpcli.report.plain import one_line

SINGULAR = "largest, smallest: singular values of the local Jacobian"
COLUMNS = (
    Column("right", "name"),
    Column("left", "name", " "),
    Column("point", "value", caption="‖value‖"),
    Column("point", "gradient", caption="‖gradient‖"),
    Column("point", "gradient", caption="ratio"),
    Column("point", "", caption="largest"),
    Column("point", "", caption="smallest"),
)
BAR = Column("left", "gradient")
BESIDE_A_BAR = (0, 1, 3, 4)  # the columns that stay beside it on a narrow page


def flow_lines(flow: Flow, page: Page, looked_for: Sequence[str]) -> list[Line]:
    """The three sections of a flow; the second where there is a recurrence."""
    sections = [
        _rows_section(flow, page),
        *[time_section(course, page) for course in flow.courses],
        *[left_out_section(name, page) for name in flow.too_large],
        diagnosis_section(flow.diagnoses, page, looked_for),
    ]
    return [line for section in sections for line in (*section, [])][:-1]


def _rows_section(flow: Flow, page: Page) -> list[Line]:
    network = flow.result.graph.network
    title = page.title("GRADIENT FLOW", page.signs.written(drawn_words(network) if network else ""))
    shown = cut_rows(flow.rows, page.most_rows)
    scale = scale_of([power_of(row.gradient) for row in flow.rows])
    lines = _set(shown, scale, page)
    left_out = sum(row.rows for row in shown if isinstance(row, Cut))
    more = [f"--max-rows {len(flow.rows)} shows every row, --json has them"] if left_out else []
    notes = [SINGULAR, *_of_samples(flow.rows), *more]
    return [*title, *lines, *[[Piece(f"  {line}", "note")] for note in notes for line in page.wrapped(note)]]


def _of_samples(rows: Sequence[Row]) -> list[str]:
    """Of how many samples the singular values are, where these are not all."""
    found = [row.singular for row in rows if row.singular is not None and row.singular.samples < row.singular.batch]
    return [f"singular values of {one.samples} of {one.batch} samples" for one in found[:1]]


def _set(shown: Sequence[Row | Cut], scale: Scale, page: Page) -> list[Line]:
    """The rows in columns, on a terminal with a bar; where that is narrow, some numbers stand below their rows."""
    columns = [column._replace(caption=page.signs.written(column.caption)) for column in COLUMNS]
    has_layers = any(isinstance(row, Row) and row.layer is not None for row in shown)
    if not has_layers:
        columns[1] = columns[1]._replace(before=columns[0].before)
    heading = ("", "layer" if has_layers else "name", *[column.caption for column in columns[2:]])
    cells = [_cells(row, page) for row in shown]
    if not page.is_short:
        return table(columns, [Cells(row) for row in cells], page.width, heading, needs_heading=True)
    room = page.width - _width(columns, cells, heading)
    beside = range(len(columns)) if room >= NARROWEST else BESIDE_A_BAR
    kept = [columns[place] for place in beside]
    words = tuple([heading[place] for place in beside])
    left = [tuple([row[place] for place in beside]) for row in cells]
    room = page.width - _width(kept, left, words)
    width = min(max(int(room), NARROWEST), WIDEST)
    below = [place for place in range(len(columns)) if place not in beside]
    rows = [
        Cells(
            (*few, "" if isinstance(row, Cut) else bar_text(power_of(row.gradient), scale, width, page.signs)),
            (", ".join([f"{heading[place]} {every[place]}" for place in below if every[place]]),),
        )
        for row, every, few in zip(shown, cells, left, strict=True)
    ]
    return table([*kept, BAR], rows, page.width, (*words, scale.ends(width)), needs_heading=True)


def _width(columns: Sequence[Column], cells: Sequence[tuple[str, ...]], heading: tuple[str, ...]) -> int:
    """How wide a table is, with the gap to a bar."""
    lines = table(columns, [Cells(row) for row in cells], inf, heading, needs_heading=True)
    return max(len(text_of(line)) for line in lines) + len(BAR.before)


def _cells(row: Row | Cut, page: Page) -> tuple[str, ...]:
    if isinstance(row, Cut):
        return ("", f"{page.signs.ellipsis} {row.rows} more", "", "", "", "", "")
    largest = "" if row.singular is None else page.number(row.singular.largest)
    smallest = "" if row.singular is None or row.singular.smallest is None else page.number(row.singular.smallest)
    number = row.layer.name if row.layer is not None and not row.part else ""
    return (
        number,
        label_of(row),
        page.number(row.value),
        "" if row.gradient is None else page.number(row.gradient),
        "" if row.ratio is None else page.number(row.ratio),
        largest,
        smallest,
    )


def label_of(row: Row) -> str:
    """What a row is called: the kind of a layer, the time step of one, or the name of a statement."""
    if row.part:
        return f"  {one_line(row.part)}"
    return one_line(row.layer.kind if row.layer is not None else row.name)
