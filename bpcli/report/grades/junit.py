"""Grades as JUnit XML: a test suite a student, a test case an item; its class is `student.problem`.

Fields and their order are those that Jenkins reads, junit-10.xsd of its xUnit plugin
(https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd),
which descend from those of Apache Ant's JUnit task. There are no times: the same grades are the same bytes.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from bpcli.check.homework.grades import ClassGrades, Grade, ItemGrade, Mark
from bpcli.report.explanations import Release
from bpcli.report.grades.telling import (
    grade_notes,
    item_text,
    mark_text,
    name_of,
    points_text,
    safe,
    tidy,
    waiting_text,
)

ENDS = {
    Mark.WRONG: "failure",
    Mark.FOLLOWS: "failure",  # where it keeps its points, the test passes
    Mark.BLANK: "skipped",
    Mark.UNREADABLE: "error",
    Mark.UNDECIDED: "error",
}


class Case(NamedTuple):
    """A test case: its class, its name, the element that it ends in unless it has passed, and what that says."""

    classname: str
    name: str
    end: str
    kind: str
    message: str
    text: str


def junit_text(grades: ClassGrades, release: Release) -> str:
    """One document; a wrong item is a failure, a blank one skipped, one that cannot be read or decided an error."""
    cases = [list(_cases(grade, release)) for grade in grades.grades]
    waiting = waiting_text(grades)
    name = safe(grades.homework) + (f" ({waiting})" if waiting else "")
    ends = Counter(case.end for of_one in cases for case in of_one)
    counts = _attributes(name=name, tests=ends.total(), failures=ends["failure"], errors=ends["error"])
    return "".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>\n',
            f"<testsuites{counts}>\n",
            *[_suite(grade, of_one) for grade, of_one in zip(grades.grades, cases, strict=True)],
            "</testsuites>\n",
        ]
    )


def _cases(grade: Grade, release: Release) -> Iterator[Case]:
    """A case for each item; before them one for the submission, if it cannot be read."""
    student = name_of(grade)
    if grade.unreadable is not None:
        notes = grade_notes(grade)
        yield Case(student, "submission", "error", "unreadable", notes[0], "\n".join(notes))
    for problem in grade.problems:
        for item in problem.items:
            message = f"{mark_text(item)}, {points_text(item.points, item.out_of)}"
            text = item_text(item, release)
            yield Case(f"{student}.{problem.problem}", safe(item.title), _end(item), item.mark.value, message, text)


def _end(item: ItemGrade) -> str:
    keeps = item.mark is Mark.FOLLOWS and item.points >= item.out_of
    return "" if keeps else ENDS.get(item.mark, "")


def _suite(grade: Grade, cases: Sequence[Case]) -> str:
    ends = Counter(case.end for case in cases)
    counts = _attributes(
        name=name_of(grade),
        tests=ends.total(),
        failures=ends["failure"],
        errors=ends["error"],
        skipped=ends["skipped"],
    )
    notes = grade_notes(grade)
    points = {"points": tidy(grade.points), "out_of": tidy(grade.out_of)}
    return "".join(
        [
            f"  <testsuite{counts}>\n    <properties>\n",
            *[f"      <property{_attributes(name=name, value=value)}/>\n" for name, value in points.items()],
            "    </properties>\n",
            *map(_case, cases),
            *([f"    <system-out>{escape(chr(10).join(notes))}</system-out>\n"] if notes else []),
            "  </testsuite>\n",
        ]
    )


def _case(case: Case) -> str:
    head = f"    <testcase{_attributes(classname=case.classname, name=case.name)}"
    if not case.end:
        return f"{head}/>\n"
    said = f"<{case.end}{_attributes(type=case.kind, message=case.message)}>{escape(case.text)}</{case.end}>"
    return f"{head}>\n      {said}\n    </testcase>\n"


def _attributes(**values: object) -> str:
    return "".join([f' {name}="{escape(str(value))}"' for name, value in values.items()])
