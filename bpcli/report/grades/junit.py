"""Grades as JUnit XML: a test suite a student, a test case an item.

Fields and their order are those that Jenkins reads, junit-10.xsd of its xUnit plugin
(https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd),
which descend from those of Apache Ant's JUnit task. There are no times: the same grades are the same bytes.
"""

from collections import Counter
from html import escape

from bpcli.check.homework.grades import ClassGrades, Grade, ItemGrade, Mark, ProblemGrade
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


def junit_text(grades: ClassGrades, release: Release) -> str:
    """One document; a wrong item is a failure, a blank one skipped, one that cannot be read or decided an error."""
    ends = sum((_ends(grade) for grade in grades.grades), Counter[str]())
    waiting = waiting_text(grades)
    name = safe(grades.homework) + (f" ({waiting})" if waiting else "")
    counts = _attributes(name=name, tests=ends.total(), failures=ends["failure"], errors=ends["error"])
    return "".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>\n',
            f"<testsuites{counts}>\n",
            *[_suite(grade, release) for grade in grades.grades],
            "</testsuites>\n",
        ]
    )


def _suite(grade: Grade, release: Release) -> str:
    ends = _ends(grade)
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
            *(
                [_case("submission", "submission", "error", "unreadable", notes[0], "\n".join(notes))]
                if _is_lost(grade)
                else []
            ),
            *[_item_case(problem, item, release) for problem in grade.problems for item in problem.items],
            *([f"    <system-out>{escape(chr(10).join(notes))}</system-out>\n"] if notes else []),
            "  </testsuite>\n",
        ]
    )


def _is_lost(grade: Grade) -> bool:
    """Whether nothing of a submission could be read, which is a case of its own."""
    return grade.unreadable is not None


def _ends(grade: Grade) -> Counter[str]:
    """How many test cases end in which way."""
    ends = Counter(_end(item) for item in grade.items)
    ends["error"] += _is_lost(grade)
    return ends


def _end(item: ItemGrade) -> str:
    keeps = item.mark is Mark.FOLLOWS and item.points >= item.out_of
    return "" if keeps else ENDS.get(item.mark, "")


def _item_case(problem: ProblemGrade, item: ItemGrade, release: Release) -> str:
    message = f"{mark_text(item)}, {points_text(item.points, item.out_of)}"
    return _case(problem.problem, safe(item.title), _end(item), item.mark.value, message, item_text(item, release))


def _case(classname: str, name: str, end: str, kind: str, message: str, text: str) -> str:  # noqa: PLR0913, PLR0917 - the fields of a case
    head = f"    <testcase{_attributes(classname=classname, name=name)}"
    if not end:
        return f"{head}/>\n"
    return f"{head}>\n      <{end}{_attributes(type=kind, message=message)}>{escape(text)}</{end}>\n    </testcase>\n"


def _attributes(**values: object) -> str:
    return "".join([f' {name}="{escape(str(value))}"' for name, value in values.items()])
