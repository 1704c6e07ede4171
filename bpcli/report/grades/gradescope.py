"""Grades as Gradescope's results.json.

Source of the fields: "Autograder Specifications", https://gradescope-autograders.readthedocs.io/en/latest/specs/. A
results.json is about one submission: its tests are the items. Of a class, the tests are the problems of each student,
and `extra_data` has for each the results that a submission of its own would have.
"""

from bpcli.check.homework.grades import ClassGrades, Grade, ItemGrade, Mark, ProblemGrade
from bpcli.report.documents import Document
from bpcli.report.explanations import Release
from bpcli.report.grades.documents import strict_text
from bpcli.report.grades.telling import (
    class_text,
    grade_notes,
    item_text,
    name_of,
    points_text,
    problem_text,
    safe,
    tidy,
    waiting_text,
)

TEXT = "text"  # no answer of a student is taken for HTML or Markdown


def gradescope_text(grades: ClassGrades, release: Release) -> str:
    """The results of one submission, or of a class; hidden from students where it holds right values."""
    if len(grades.grades) == 1 and not grades.waiting:
        return strict_text(results(grades.grades[0], release))
    waiting = waiting_text(grades)
    about = f"{safe(grades.homework)}: {class_text(grades)}" + (f"; {waiting}" if waiting else "")
    tests = [
        _problem_test(grade, problem, f"{student}.{number}", release)
        for student, grade in enumerate(grades.grades, 1)
        for number, problem in enumerate(grade.problems, 1)
    ]
    students = [{"student": grade.student, **results(grade, release)} for grade in grades.grades]
    return strict_text(_head(about, release) | {"tests": tests, "extra_data": {"students": students}})


def results(grade: Grade, release: Release) -> Document:
    """The results of one submission."""
    total = f"{points_text(grade.points, grade.out_of)} points"
    about = "\n".join([total, *grade_notes(grade)])
    return (
        {"score": tidy(grade.points)}
        | _head(about, release)
        | {
            "tests": [
                _item_test(problem, item, f"{number}.{place}", release)
                for number, problem in enumerate(grade.problems, 1)
                for place, item in enumerate(problem.items, 1)
            ]
        }
    )


def _head(output: str, release: Release) -> Document:
    return {
        "output": output,
        "output_format": TEXT,
        "test_output_format": TEXT,
        "test_name_format": TEXT,
        "visibility": _visibility(release),
        "stdout_visibility": "hidden",
    }


def _visibility(release: Release) -> str:
    return "hidden" if release.to_staff else "visible"


def _item_test(problem: ProblemGrade, item: ItemGrade, number: str, release: Release) -> Document:
    return {
        "score": tidy(item.points),
        "max_score": tidy(item.out_of),
        "status": "passed" if item.points >= item.out_of and item.mark in (Mark.RIGHT, Mark.FOLLOWS) else "failed",
        "name": f"{safe(problem.title)}: {safe(item.title)}",
        "name_format": TEXT,
        "number": number,
        "output": item_text(item, release),
        "output_format": TEXT,
        "tags": [problem.problem, item.mark.value],
        "visibility": _visibility(release),
    }


def _problem_test(grade: Grade, problem: ProblemGrade, number: str, release: Release) -> Document:
    return {
        "score": tidy(problem.points),
        "max_score": tidy(problem.out_of),
        "status": "passed" if problem.points >= problem.out_of else "failed",
        "name": f"{name_of(grade)}: {safe(problem.title)}",
        "name_format": TEXT,
        "number": number,
        "output": problem_text(problem, release),
        "output_format": TEXT,
        "tags": [problem.problem],
        "visibility": _visibility(release),
    }
