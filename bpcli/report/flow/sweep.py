"""A sweep as lines: a row for each value, with a bar of the first layer's gradient on a logarithmic scale."""

from collections.abc import Sequence

from bpcli.flow.sweeps import Point, Sweep
from bpcli.report.flow.bars import NARROWEST, WIDEST, bar_text, power_of, scale_of
from bpcli.report.layout import Column, Line, Piece, Row, table, text_of
from bpcli.report.page import Page
from bpcli.report.plain import one_line

ABOUT = "ratio: gradient at the first layer over that at the last"
SAID = "largest, smallest: singular values of all local Jacobians"
OF_TIME = "in time: ‖∂h(T)/∂h(1)‖, with its bar; k: the factor of a step fitted to the gradient through time"
BAR = Column("left", "gradient")
NOT_FINITE = "not finite"


def sweep_lines(sweep: Sweep, points: Sequence[Point], page: Page) -> list[Line]:
    """The table of a sweep; behind a row, or below it, what is wrong at that value."""
    has_time = any(point.fitted for point in points)
    name = one_line(sweep.name)
    heading = (name, "ratio", "largest", "smallest", *(["k", "in time"] if has_time else []))
    columns = [
        Column("point", "name", caption=name),
        Column("point", "gradient", caption="ratio"),
        *[Column("point", "", caption=word) for word in heading[2:5]],
        *[Column("point", "gradient", caption=word) for word in heading[5:]],
    ]
    cells = [_cells(point, page)[: len(heading)] for point in points]
    notes = [_notes(point, page) for point in points]
    lines = _set(columns, cells, notes, heading, points, page)
    said = [SAID, *[OF_TIME] * has_time]
    return [
        *page.title(f"SWEEP over {name}", ABOUT),
        *lines,
        *[[Piece(f"  {line}", "note")] for text in said for line in page.wrapped(page.signs.written(text))],
    ]


def _set(  # noqa: PLR0913, PLR0917 - what is set, and how
    columns: Sequence[Column],
    cells: Sequence[tuple[str, ...]],
    notes: Sequence[tuple[str, ...]],
    heading: tuple[str, ...],
    points: Sequence[Point],
    page: Page,
) -> list[Line]:
    bare = table(columns, [Row(row) for row in cells], page.width, heading, needs_heading=True)
    beside = page.width - max(len(text_of(line)) for line in bare) - len(BAR.before)
    longest = max(len(note) for (note,) in notes)
    room = beside - longest - 3 if longest and beside - longest - 3 >= NARROWEST else beside
    if not page.is_short or room < NARROWEST:
        rows = [Row(row, note) for row, note in zip(cells, notes, strict=True)]
        return table(columns, rows, page.width, heading, needs_heading=True)
    width, powers = (
        min(int(room), WIDEST),
        [power_of(point.ratio if point.in_time is None else point.in_time) for point in points],
    )
    scale = scale_of(powers)
    rows = [
        Row((*row, bar_text(power, scale, width, page.signs)), note)
        for row, power, note in zip(cells, powers, notes, strict=True)
    ]
    return table([*columns, BAR], rows, page.width, (*heading, scale.ends(width)), needs_heading=True)


def _cells(point: Point, page: Page) -> tuple[str, ...]:
    sizes = (point.ratio, point.largest, point.smallest, point.factor, point.in_time)
    return (page.number(point.value), *["" if size is None else page.number(size) for size in sizes])


def _notes(point: Point, page: Page) -> tuple[str, ...]:
    words = [*point.diagnoses, *([] if point.is_finite or NOT_FINITE in point.diagnoses else [NOT_FINITE])]
    return (page.signs.written(one_line(", ".join(words))),)
