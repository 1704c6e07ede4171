"""What tests of reports of grades share: grades of real checks, of a small class, and of a hostile one."""

from collections.abc import Mapping, Sequence
from typing import Any

import bpcli
from bpcli.check.findings import Finding, Verdict
from bpcli.check.groups import ArrayCheck, Group
from bpcli.check.homework.grades import ClassGrades, Grade, ItemGrade, Mark, MarkedItem, MarkedProblem, ProblemGrade
from bpcli.check.homework.problems import Asked, Problem
from bpcli.report.explanations import STAFF, Release
from bpcli.report.grades.words import problem_grade

MARKS = {
    Verdict.AGREE: Mark.RIGHT,
    Verdict.KINK: Mark.RIGHT,
    Verdict.DIFFER: Mark.WRONG,
    Verdict.UNDECIDED: Mark.UNDECIDED,
    Verdict.UNEVALUABLE: Mark.UNDECIDED,
}
RELEASES = [STAFF, *[Release("student", level) for level in ("where", "kind", "cause")]]
NASTY = "=##[error]cmd|' /C calc'!A0\x1b[31m\u202e<script>alert(1)</script>`|`\n::error::x%0A&\x00\ud800]]>"


def marked(
    expression: str,
    at: Mapping[str, Any],
    answers: Mapping[str, Any],
    *,
    blank: tuple[str, ...] = (),
    points: float = 1.0,
) -> MarkedProblem:
    """A problem whose answers were judged by a check, an item each; then items that were left blank."""
    check = bpcli.check_expression(expression, at, answers)
    found: Sequence[Finding | Group] = check.groups if isinstance(check, ArrayCheck) else check.findings
    asked = [Asked(key, points) for key in (*answers, *blank)]
    items = [
        MarkedItem(one, result.title, mark, points * (mark is Mark.RIGHT), str(answers[one.key]), result)
        for one, result in zip(asked, found, strict=False)
        for mark in [Mark.FOLLOWS if not result.own_mistake else MARKS[result.verdict]]
    ]
    items += [MarkedItem(one, one.key, Mark.BLANK, 0.0) for one in asked[len(answers) :]]
    first = check.first_wrong
    problem = Problem("chain", expression, at, tuple(asked), title="A chain")
    return MarkedProblem(problem, tuple(items), check, first.title if first else None)


CHAIN = ("A = x*y; F = A*z", {"x": 6.0, "y": -2.0, "z": -3.0})


def grade_of(student: str, *problems: MarkedProblem) -> Grade:
    """The grade of some problems, in words."""
    return Grade(student, f"{student}.toml", tuple([problem_grade(problem) for problem in problems]))


def a_class(*grades: Grade, waiting: int = 0) -> ClassGrades:
    """Grades of a class, out of as many points as the first has."""
    return ClassGrades("Backpropagation by hand", grades[0].out_of if grades else 0.0, grades, waiting)


def typo(problem: str = "quotient") -> ProblemGrade:
    """A problem of which one item cannot be read."""
    item = ItemGrade("x", "∂f/∂x", Mark.UNREADABLE, 0.0, 1.0, "2**", where=("Something must stand after '**'.",))
    return ProblemGrade(problem, "A quotient", (item._replace(in_full=item.where),))


def small_class() -> ClassGrades:
    """Alice has a lost sign, Bob everything, Carol a typo and a blank, and what Dan sent is no file of answers."""
    alice = grade_of("alice", marked(*CHAIN, {"value(A)": -12, "A": -3, "x": 6, "y": 18}, blank=("z",)))
    bob = grade_of("bob", marked(*CHAIN, {"value(A)": -12, "A": -3, "x": 6, "y": -18, "z": -12}))
    carol = grade_of("carol", marked(*CHAIN, {"value(A)": 12, "A": -3, "x": 6, "y": -18, "z": 12}))
    carol = carol._replace(problems=(*carol.problems, typo()))
    dan = Grade("dan", "dan.toml", (), unreadable="expected '=' after a key (line 3)")
    return a_class(alice, bob, carol, dan)


def hostile_class() -> ClassGrades:
    """Every text that comes from a student, or may hold what a student wrote, is as bad as can be."""
    item = ItemGrade(
        "x", "∂f/∂x", Mark.WRONG, 0.0, 1.0, NASTY, "7.25", (NASTY,), (NASTY,), (NASTY,), (NASTY,), ("sign",)
    )
    typed = item._replace(key="y", mark=Mark.UNREADABLE)
    problem = ProblemGrade("p", NASTY, (item, typed), "∂f/∂x")
    lost = Grade(f"::stop-commands::x{NASTY}", NASTY, (), unreadable=NASTY, notes=(NASTY,))
    return ClassGrades(NASTY, 2.0, (Grade(NASTY, NASTY, (problem,), notes=(NASTY,)), lost))
