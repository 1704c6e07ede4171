"""Grades for the eye: one student item by item with hints, or a class with a row a student and what went wrong."""

from collections.abc import Sequence

from bpcli.check.homework.grades import ClassGrades, Grade, ItemGrade, Mark, ProblemGrade
from bpcli.report.explanations import Release
from bpcli.report.figures import short
from bpcli.report.grades.tallies import HEADS, MOST_NAMED, ItemTally, hardest_first, marks_of, mistakes_made, tallies
from bpcli.report.grades.telling import (
    class_text,
    grade_notes,
    mark_text,
    name_of,
    points_text,
    safe,
    tidy,
    told,
    waiting_text,
)
from bpcli.report.layout import INDENT, Column, Line, Piece, Row, table
from bpcli.report.page import Page
from bpcli.report.plain import plain_text

LONGEST_ANSWER = 28  # characters in a column of a page; longer ones stand whole below it
BELOW = "below"


def screen_text(grades: ClassGrades, release: Release, page: Page) -> str:
    """The same lines as text."""
    return plain_text(grade_lines(grades, release, page))


def grade_lines(grades: ClassGrades, release: Release, page: Page) -> list[Line]:
    """One submission in detail, or several as a class."""
    is_class = len(grades.grades) != 1 or grades.waiting
    lines = _class(grades, release, page) if is_class else _student(grades.grades[0], grades, release, page)
    return [[piece._replace(text=page.signs.written(piece.text)) for piece in line] for line in lines]


# One student ----------------------------------------------------------------------------------------------------------


def _student(grade: Grade, grades: ClassGrades, release: Release, page: Page) -> list[Line]:
    total = f"{points_text(grade.points, grade.out_of or grades.out_of)} points"
    lines = page.headline(f"{safe(grades.homework)} · {name_of(grade)}", total)
    lines += [[Piece(line)] for note in grade_notes(grade) for line in page.wrapped(note)]
    for problem in grade.problems if grade.unreadable is None else ():
        lines += [[], *_problem(problem, release, page)]
    return lines


def _problem(problem: ProblemGrade, release: Release, page: Page) -> list[Line]:
    title = safe(problem.title) if problem.title == problem.problem else f"{problem.problem}  {safe(problem.title)}"
    columns = [Column("left", "name"), Column("right", caption="answered")]
    heading = ["", "answered"]
    if release.to_staff:
        columns.append(Column("right", "value", caption="right"))
        heading.append("right")
    columns += [Column("left", "verdict", "   ", caption="mark"), Column("right", "", "   ", caption="points")]
    heading += ["mark", "points"]
    rows = [_row(item, release, page) for item in problem.items]
    return [
        *page.headline(title, points_text(problem.points, problem.out_of)),
        *table(columns, rows, page.width, tuple(heading), needs_heading=True),
    ]


def _row(item: ItemGrade, release: Release, page: Page) -> Row:
    shown = {"answered": item.answer} | ({"right": item.truth} if release.to_staff else {})
    whole = {what: safe(text, max(len(text), 1)) for what, text in shown.items()}
    long = {what: text for what, text in whole.items() if page.is_short and len(text) > LONGEST_ANSWER}
    cells = [safe(item.title), *[BELOW if what in long else text for what, text in whole.items()]]
    said = [f"{what}: {text}" for what, text in long.items()] + [safe(text, len(text)) for text in told(item, release)]
    below = [line for text in said for line in page.wrapped(text, INDENT)]
    return Row(
        (*cells, mark_text(item), points_text(item.points, item.out_of)),
        (" ".join(said),) if said else (),
        tuple([line.removeprefix(" " * INDENT) for line in below]),
    )


# A class --------------------------------------------------------------------------------------------------------------


def _class(grades: ClassGrades, release: Release, page: Page) -> list[Line]:
    lines = page.headline(safe(grades.homework), class_text(grades))
    waiting = waiting_text(grades)
    lines += [[Piece(f"{waiting[0].upper()}{waiting[1:]}.")]] if waiting else []
    lines += [[], *page.title("STUDENTS"), *_students(grades, page)]
    items = tallies(grades)
    if items:
        lines += [[], *page.title("ITEMS", "the hardest first"), *_items(hardest_first(items), page)]
    if release.to_staff or release.tells("cause"):
        lines += _mistakes(items, page)
    return lines


def _students(grades: ClassGrades, page: Page) -> list[Line]:
    shown = grades.grades[: page.most_rows]
    found = set().union(*map(marks_of, grades.grades))
    kept = [mark for mark in HEADS if mark in found]
    columns = [Column("left", "name"), Column("point", "value", caption="points")]
    columns += [Column("right", caption=HEADS[mark]) for mark in kept]
    rows = [_student_row(grade, kept, page) for grade in shown]
    heading = ("", "points", *[HEADS[mark] for mark in kept])
    return [*table(columns, rows, page.width, heading, needs_heading=True), *page.left_out(len(grades.grades))]


def _student_row(grade: Grade, kept: Sequence[Mark], page: Page) -> Row:
    """The counts of a submission, and why it could not be read, or what is noted about it."""
    unreadable = [] if grade.unreadable is None else [grade.unreadable]
    notes = tuple([safe(note, len(note)) for note in (*unreadable, *grade.notes)])
    below = [line.removeprefix(" " * INDENT) for note in notes for line in page.wrapped(note, INDENT)]
    return Row((name_of(grade), *_counts(grade, kept)), (" ".join(notes),) if notes else (), tuple(below))


def _counts(grade: Grade, kept: Sequence[Mark]) -> list[str]:
    marks = marks_of(grade)
    return [short(tidy(grade.points)), *[str(marks[mark] or "") for mark in kept]]


def _items(items: list[ItemTally], page: Page) -> list[Line]:
    kept = [mark for mark in HEADS if any(item.marks[mark] for item in items)]
    columns = [Column("left", "name"), Column("left", "name"), Column("right", "value", caption="reached")]
    columns += [Column("right", "", caption="mean"), *[Column("right", caption=HEADS[mark]) for mark in kept]]
    rows = [
        Row(
            (
                item.problem,
                safe(item.title),
                f"{100 * item.ease:.0f}%",
                points_text(round(item.mean, 2), item.out_of),
                *[str(item.marks[mark] or "") for mark in kept],
            )
        )
        for item in items[: page.most_rows]
    ]
    heading = ("", "", "reached", "mean", *[HEADS[mark] for mark in kept])
    return [*table(columns, rows, page.width, heading, needs_heading=True), *page.left_out(len(items))]


def _mistakes(items: list[ItemTally], page: Page) -> list[Line]:
    made = mistakes_made(items)
    if not made:
        return []
    columns = [Column("right", "value"), Column("left", "name")]
    most = MOST_NAMED if page.is_short else None
    rows = [
        Row((f"{one.times} ×", one.mistake), (safe(where, len(where)),)) for one in made for where in [one.where(most)]
    ]
    shown = table(columns, rows[: page.most_rows], page.width)
    return [[], *page.title("MISTAKES", "answers are consistent with"), *shown, *page.left_out(len(made))]
