"""Grades as PrairieLearn's results.json.

Source of the fields: "External grading", section "Grading results",
https://prairielearn.readthedocs.io/en/latest/externalGrading/. A results.json is about one submission: its tests are
the items. One with typos is not gradable, so that it costs no attempt. Of a class, the tests are the problems of each
student, and `students` has for each the results that a submission of its own would have.
"""

from html import escape

from bpcli.check.homework.grades import ClassGrades, Grade, ItemGrade, Mark, ProblemGrade
from bpcli.report.documents import Document
from bpcli.report.explanations import Release
from bpcli.report.grades.documents import strict_text
from bpcli.report.grades.tallies import average, read_ones
from bpcli.report.grades.telling import (
    class_text,
    grade_notes,
    item_text,
    mark_text,
    name_of,
    points_text,
    problem_text,
    reached,
    safe,
    tidy,
    told,
    waiting_text,
)


def prairielearn_text(grades: ClassGrades, release: Release) -> str:
    """The results of one submission, or of a class."""
    if len(grades.grades) == 1 and not grades.waiting:
        return strict_text(results(grades.grades[0], release))
    waiting = waiting_text(grades)
    return strict_text(
        {
            "gradable": True,
            "score": reached(average(grades), grades.out_of) if read_ones(grades) else 0,
            "message": f"{safe(grades.homework)}: {class_text(grades)}" + (f"; {waiting}" if waiting else ""),
            "output": "",
            "tests": [_problem_test(grade, problem, release) for grade in grades.grades for problem in grade.problems],
            "students": [{"student": grade.student, **results(grade, release)} for grade in grades.grades],
        }
    )


def results(grade: Grade, release: Release) -> Document:
    """The results of one submission."""
    notes = grade_notes(grade)
    total = f"{points_text(grade.points, grade.out_of)} points"
    if not grade.is_gradable:
        return {
            "gradable": False,
            # Unlike messages and outputs, these are shown as HTML.
            "format_errors": [escape(text) for text in _typos(grade)],
            "message": "Something cannot be read; this attempt does not count.",
        }
    return {
        "gradable": True,
        "score": reached(grade.points, grade.out_of),
        "message": total,
        "output": "\n".join(notes),
        "tests": [_item_test(problem, item, release) for problem in grade.problems for item in problem.items],
    }


def _typos(grade: Grade) -> list[str]:
    """What could not be read, and why."""
    items = [
        f"{safe(problem.title)}, {safe(item.title)}, answered {safe(item.answer)}: {' '.join(item.where)}"
        for problem in grade.problems
        for item in problem.items
        if item.mark is Mark.UNREADABLE
    ]
    return [*(grade_notes(grade)[:1] if grade.unreadable is not None else []), *[safe(one, len(one)) for one in items]]


def _item_test(problem: ProblemGrade, item: ItemGrade, release: Release) -> Document:
    said = [safe(text, len(text)) for text in told(item, release)]
    return {
        "name": f"{safe(problem.title)}: {safe(item.title)}",
        "description": mark_text(item),
        "points": tidy(item.points),
        "max_points": tidy(item.out_of),
        "message": " ".join(said),
        "output": item_text(item, release),
    }


def _problem_test(grade: Grade, problem: ProblemGrade, release: Release) -> Document:
    return {
        "name": f"{name_of(grade)}: {safe(problem.title)}",
        "description": "",
        "points": tidy(problem.points),
        "max_points": tidy(problem.out_of),
        "message": f"First wrong: {safe(problem.first_wrong)}." if problem.first_wrong else "",
        "output": problem_text(problem, release),
    }
