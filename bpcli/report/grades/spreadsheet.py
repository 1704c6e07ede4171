"""Grades as CSV: a row a student, with the points of each problem and the mark of each item."""

import csv
from io import StringIO

from bpcli.check.homework.grades import ClassGrades, Grade
from bpcli.report.grades.telling import safe, tidy

# A spreadsheet takes a cell that begins so for a formula. Source: OWASP, CSV Injection,
# https://owasp.org/www-community/attacks/CSV_Injection (full-width forms too, which spreadsheets read alike).
FORMULA = tuple("=+-@\t\r\n|%＝＋－＠")


def csv_text(grades: ClassGrades) -> str:
    """`student,points,out_of`, then a column a problem (points) and, after it, one an item (mark).

    Numbers are numbers; a text that a spreadsheet would take for a formula has an apostrophe before it. The columns
    are those of all submissions; what a submission has not is empty. The last columns say
    why one cannot be read, and what is noted about it.
    """
    columns = _columns(grades)
    written = StringIO()
    writer = csv.writer(written, lineterminator="\n")
    names = [as_text(f"{problem}: {key}" if key else problem) for problem, key in columns]
    writer.writerow(("student", "points", "out_of", *names, "unreadable", "notes"))
    writer.writerows([_row(grade, columns) for grade in grades.grades])
    return written.getvalue()


def _columns(grades: ClassGrades) -> list[tuple[str, str]]:
    """Each problem, and behind it its items, in the order in which submissions have them."""
    found: dict[str, dict[str, None]] = {}
    for grade in grades.grades:
        for problem in grade.problems:
            found.setdefault(problem.problem, {}).update(dict.fromkeys([item.key for item in problem.items]))
    return [(problem, key) for problem, keys in found.items() for key in ("", *keys)]


def _row(grade: Grade, columns: list[tuple[str, str]]) -> list[str | float]:
    cells: dict[tuple[str, str], str | float] = {}
    for problem in grade.problems:
        cells[problem.problem, ""] = tidy(problem.points)
        cells |= {(problem.problem, item.key): item.mark.value for item in problem.items}
    return [
        as_text(grade.student),
        tidy(grade.points),
        tidy(grade.out_of),
        *[cells.get(column, "") for column in columns],
        as_text(grade.unreadable or ""),
        as_text(" ".join([f"{note}." for note in grade.notes])),
    ]


def as_text(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    shown = safe(text)
    return f"'{shown}" if shown.lstrip().startswith(FORMULA) else shown
