"""Grades as JSON: one document for a class, or a line a student. `bpcli schema grades` describes both."""

from collections.abc import Mapping
from typing import Any

from bpcli.check.homework.grades import ClassGrades, Grade, ItemGrade, Mark, ProblemGrade
from bpcli.report.documents import NO_HEAD, Document, envelope, json_text
from bpcli.report.explanations import Release
from bpcli.report.grades.tallies import mistakes_made, tallies
from bpcli.report.grades.telling import mistakes_of, tidy, told

# These stand in strings alone, where an escape says the same: signs of HTML, and a command of GitHub Actions.
ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "##[": "\\u0023#["}


def strict_text(document: Mapping[str, Any]) -> str:
    """A document on a line of strict JSON, with no sign in it that a page or a runner would take for its own."""
    text = json_text(document)
    for sign, escape in ESCAPES.items():
        text = text.replace(sign, escape)
    return f"{text}\n"


def grades_text(grades: ClassGrades, release: Release) -> str:
    """Everything in one document: the students, and what the class shows."""
    document = envelope("ok", NO_HEAD, "grades") | {
        "homework": grades.homework,
        "out_of": tidy(grades.out_of),
        "waiting": grades.waiting,
        "students": [student_entry(grade, release) for grade in grades.grades],
    }
    return strict_text(document | _tally_entries(grades, release))


def grade_lines_text(grades: ClassGrades, release: Release) -> str:
    """A line a student, each a document of its own."""
    return "".join(
        [
            strict_text(
                envelope("ok", NO_HEAD, "grades") | {"homework": grades.homework} | student_entry(grade, release)
            )
            for grade in grades.grades
        ]
    )


def student_entry(grade: Grade, release: Release) -> Document:
    """One submission; `gradable` is false where something in it could not be read."""
    entry: Document = {
        "student": grade.student,
        "source": grade.source,
        "points": tidy(grade.points),
        "out_of": tidy(grade.out_of),
        "gradable": grade.is_gradable,
        "unreadable": grade.unreadable,
        "problems": [_problem_entry(problem, release) for problem in grade.problems],
    }
    return entry | ({"notes": list(grade.notes)} if grade.notes else {})


def _problem_entry(problem: ProblemGrade, release: Release) -> Document:
    return {
        "problem": problem.problem,
        "title": problem.title,
        "points": tidy(problem.points),
        "out_of": tidy(problem.out_of),
        "first_wrong": problem.first_wrong,
        "items": [_item_entry(item, release) for item in problem.items],
    }


def _item_entry(item: ItemGrade, release: Release) -> Document:
    entry: Document = {
        "item": item.key,
        "title": item.title,
        "mark": item.mark.value,
        "points": tidy(item.points),
        "out_of": tidy(item.out_of),
        "answer": item.answer,
        "hints": list(told(item, release)),
    }
    if release.to_staff:
        entry["right"] = item.truth
    if release.to_staff or release.tells("cause"):
        entry["mistakes"] = list(mistakes_of(item, release))
    return entry


def _tally_entries(grades: ClassGrades, release: Release) -> Document:
    """How hard each item was; and how often each mistake occurred, where hints may name it."""
    items = tallies(grades)
    entries: Document = {
        "items": [
            {
                "problem": item.problem,
                "item": item.key,
                "title": item.title,
                "out_of": tidy(item.out_of),
                "mean": tidy(item.mean),
                "marks": {mark.value: item.marks[mark] for mark in Mark if item.marks[mark]},
            }
            for item in items
        ]
    }
    if release.to_staff or release.tells("cause"):
        entries["mistakes"] = [
            {"problem": item.problem, "item": item.key, "mistake": one.mistake, "count": count}
            for one in mistakes_made(items)
            for item, count in one.items
        ]
    return entries
