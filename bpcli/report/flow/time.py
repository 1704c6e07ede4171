"""A recurrence as lines: the norm of the product of Jacobians, step by step back, beside k^t and a fitted line."""

from collections.abc import Callable, Iterator, Sequence
from math import floor, inf, isfinite, isnan
from typing import NamedTuple

from bpcli.flow.results import Course
from bpcli.report.flow.bars import NARROWEST, WIDEST, bar_text, power_of, scale_of
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
LEFT_OUT = (
    "the Jacobians of its steps are too large, or too many, to be multiplied: gradients that vanish or explode through "
    "time are not looked for; fewer steps (--sweep-over time=…) or units have them"
)
LOWEST, HIGHEST = -307.0, 308.0  # powers of ten that float64 holds with all its digits
HEADING = tuple([column.caption for column in COLUMNS])


class Step(NamedTuple):
    """So many steps back: the norm as measured, as the one-step factor predicts it, and as the fitted line has it.

    All are powers of ten, which float64 holds where it would not hold the norms themselves.
    """

    back: int
    measured: float
    predicted: float | None
    fitted: float | None


def steps_of(course: Course) -> list[Step]:
    """The steps of a course, from the last one, where the norm is 1, to the first."""
    factor, fitted, scale = map(power_of, (course.factor, course.fitted, course.scale))
    return [
        Step(
            back,
            power,
            None if factor is None else back * factor if back else 0.0,
            None if fitted is None or scale is None else scale + back * fitted if back else scale,
        )
        for back, power in enumerate(course.log10_norms)
    ]


def size_of(power: float | None) -> float | None:
    """The size that is a power of ten, as near as float64 comes; None where there is none."""
    if power is None or isnan(power):
        return power
    return 0.0 if power < LOWEST else inf if power > HIGHEST else 10.0**power


def size_text(power: float | None, number: Callable[[float], str]) -> str:
    """The size that is a power of ten, also where float64 does not hold it; nothing where there is none."""
    if power is None:
        return ""
    if not isfinite(power) or LOWEST < power < HIGHEST:
        return number(size_of(power) or 0.0)
    digits, ten = f"{10 ** (power - floor(power)):.3e}".split("e")  # 9.9996 is written as 1.000, and ten times as much
    return f"{digits}e{floor(power) + int(ten):+d}"


def time_section(course: Course, page: Page) -> list[Line]:
    """The course as a table, and what it comes to in words."""
    norm, partial = page.signs.norm, page.signs.partial
    about = f"{one_line(course.name)}: {norm}{partial}h(T)/{partial}h(T-t){norm}, t steps back"
    shown = cut(steps_of(course), page.most_rows)
    more = [f"--max-rows {len(course.norms)} shows every step, --json has them"]
    notes = [*_said(course, page), *more * any(isinstance(step, Cut) for step in shown)]
    words = [[Piece(page.signs.written(line), "note")] for note in notes for line in page.wrapped(note, 2, 2)]
    return [*page.title("THROUGH TIME", about), *_set(shown, course, page), *words]


def left_out_section(name: str, page: Page) -> list[Line]:
    """What is said of a recurrence whose Jacobians are too large to be multiplied."""
    return [
        *page.title("THROUGH TIME", one_line(name)),
        *[[Piece(line, "note")] for line in page.wrapped(page.signs.written(LEFT_OUT), 2, 2)],
    ]


def _set(shown: Sequence[Step | Cut], course: Course, page: Page) -> list[Line]:
    rows = [Row(_cells(step, page)) for step in shown]
    bare = table(COLUMNS, rows, page.width, HEADING, needs_heading=True)
    room = page.width - max(len(text_of(line)) for line in bare) - len(BAR.before)
    if not page.is_short or room < NARROWEST:
        return bare
    width, scale = min(int(room), WIDEST), scale_of(course.log10_norms)
    bars = ["" if isinstance(step, Cut) else bar_text(step.measured, scale, width, page.signs) for step in shown]
    barred = [Row((*row.cells, bar)) for row, bar in zip(rows, bars, strict=True)]
    return table([*COLUMNS, BAR], barred, page.width, (*HEADING, scale.ends(width)), needs_heading=True)


def _cells(step: Step | Cut, page: Page) -> tuple[str, ...]:
    if isinstance(step, Cut):
        return (page.signs.ellipsis, f"{step.rows} more", "", "")
    return (str(step.back), *[size_text(power, page.number) for power in step[1:]])


def _said(course: Course, page: Page) -> Iterator[str]:
    """The factors of a course, and after how many steps the gradient has vanished or exploded."""
    number = page.number
    if course.factor is not None:
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
