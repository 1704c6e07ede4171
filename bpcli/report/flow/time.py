"""A recurrence as lines: the norm of the product of Jacobians, step by step back, beside k^t and the line fitted to it."""

from collections.abc import Iterator, Sequence
from math import inf
from typing import NamedTuple

from bpcli.flow.results import Course
from bpcli.report.flow.bars import NARROWEST, WIDEST, bar_text, scale_of
from bpcli.report.flow.cutting import Cut, cut
from bpcli.report.layout import Column, Line, Piece, Row, table, text_of
from bpcli.report.page import Page
from bpcli.report.plain import one_line

COLUMNS = (
    Column("right", "name", caption="t"),
    Column("point", "gradient", caption="measured"),
    Column("point", "", caption="k^t of one step"),
    Column("point", "", caption="L*k^t fitted"),
)
BAR = Column("left", "gradient")
HEADING = tuple([column.caption for column in COLUMNS])


class Step(NamedTuple):
    """So many steps back: the norm as measured, as the one-step factor predicts it, and as the fitted line has it."""

    back: int
    measured: float
    predicted: float
    fitted: float | None


def steps_of(course: Course) -> list[Step]:
    """The steps of a course, from the last one, where the norm is 1, to the first."""
    return [
        Step(back, norm, power(course.factor, back), fitted_at(course, back)) for back, norm in enumerate(course.norms)
    ]


def fitted_at(course: Course, back: int) -> float | None:
    """L·k^t of the fitted line; None where there is none."""
    if course.fitted is None or course.scale is None:
        return None
    return course.scale * power(course.fitted, back)


def power(factor: float, steps: int) -> float:
    """The factor to the power of so many steps; infinite beyond float64."""
    try:
        return float(factor**steps)
    except OverflowError:
        return inf


def time_section(course: Course, page: Page) -> list[Line]:
    """The course as a table, and what it comes to in words."""
    norm, partial = page.signs.norm, page.signs.partial
    about = f"{one_line(course.name)}: measured is {norm}{partial}h(T)/{partial}h(T-t){norm}, t steps back from the last"
    shown = cut(steps_of(course), page.most_rows)
    more = [f"--max-rows {len(course.norms)} shows every step, --json has them"]
    notes = [*_said(course, page), *more * any(isinstance(step, Cut) for step in shown)]
    words = [[Piece(page.signs.written(line), "note")] for note in notes for line in page.wrapped(note, 2, 2)]
    return [*page.title("THROUGH TIME", about), *_set(shown, course, page), *words]


def _set(shown: Sequence[Step | Cut], course: Course, page: Page) -> list[Line]:
    rows = [Row(_cells(step, page)) for step in shown]
    bare = table(COLUMNS, rows, page.width, HEADING, needs_heading=True)
    room = page.width - max(len(text_of(line)) for line in bare) - len(BAR.before)
    if not page.is_short or room < NARROWEST:
        return bare
    width, scale = min(int(room), WIDEST), scale_of(course.norms)
    bars = ["" if isinstance(step, Cut) else bar_text(step.measured, scale, width, page.signs) for step in shown]
    barred = [Row((*row.cells, bar)) for row, bar in zip(rows, bars, strict=True)]
    return table([*COLUMNS, BAR], barred, page.width, (*HEADING, scale.ends(width)), needs_heading=True)


def _cells(step: Step | Cut, page: Page) -> tuple[str, ...]:
    if isinstance(step, Cut):
        return (page.signs.ellipsis, f"{step.count} more", "", "")
    fitted = "" if step.fitted is None else page.number(step.fitted)
    return (str(step.back), page.number(step.measured), page.number(step.predicted), fitted)


def _said(course: Course, page: Page) -> Iterator[str]:
    """The factors of a course, and after how many steps the gradient has vanished or exploded."""
    number = page.number
    yield f"one step: k = {number(course.factor)}, the geometric mean of ‖∂h(t)/∂h(t-1)‖"
    if course.radius is not None:
        yield f"spectral radius of the recurrent weight: {number(course.radius)}"
    if course.fitted is not None and course.scale is not None:
        yield f"fitted to what is measured: k = {number(course.fitted)}, L = {number(course.scale)}"
    yield f"{_after(course.falls_below, 'below 1e-6')}; {_after(course.rises_above, 'above 1e6')}"
    if course.samples < course.batch:
        yield f"of {course.samples} of {course.batch} samples"


def _after(steps: int | None, where: str) -> str:
    return f"never {where}" if steps is None else f"{where} after {steps} step{'' if steps == 1 else 's'}"
