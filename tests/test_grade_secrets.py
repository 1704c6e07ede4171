"""No report of grades that is released to students holds a right value, at any level of hint, in any format."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any, NamedTuple

import pytest
from grading import RELEASES, a_class, grade_of, marked
from right_values import EXERCISES, Exercise, digits, true_numbers

import bpcli
from bpcli.check.homework.grades import ClassGrades, Grade, Mark
from bpcli.report.explanations import STAFF, Release
from bpcli.report.grades.formats import FORMATS, text_of

pytestmark = pytest.mark.usefixtures("oracles_loaded")
STUDENTS = [release for release in RELEASES if not release.to_staff]
every_release = pytest.mark.parametrize("release", STUDENTS, ids=lambda release: release.level)
every_format = pytest.mark.parametrize("form", FORMATS)


class ArrayExercise(NamedTuple):
    """An expression over arrays, and its point."""

    expression: str
    at: dict[str, Any]


ARRAYS = [
    ArrayExercise("y = W @ x; L = sum(y**2)", {"W": [[1.37, -2.61], [0.53, 3.19]], "x": [2.43, -1.71]}),
    ArrayExercise("p = softmax(x); L = sum(p * t)", {"x": [0.31, 1.73, -0.59], "t": [1.9, 0.7, 2.3]}),
]
WHOLE = Exercise("A = u*v; F = A*w", {"u": 17, "v": -23, "w": 29}, ())
AT_A_KINK = Exercise("A = x*y; F = relu(A + 16.6257)", {"x": 6.37, "y": -2.61}, ())
OUTSIDE = Exercise("A = x*y; F = log(A)", {"x": 6.37, "y": -2.61}, ())
FACTORS = (-1.0, 2.0, 0.5, 1.0001, 0.0)


def without_answers(grade: Grade) -> Grade:
    """The grade without what was written, which the search would find: all else is bpcli's own words."""
    problems = [
        problem._replace(items=tuple([item._replace(answer="typed") for item in problem.items]))
        for problem in grade.problems
    ]
    return grade._replace(problems=tuple(problems))


def wrong_answers(exercise: Exercise) -> Iterator[dict[str, float]]:
    """Every gradient times a factor, the reciprocals, and the gradients of other variables; one answer right."""
    gradients = bpcli.grad(exercise.expression, exercise.at).gradients
    names = list(gradients)
    for factor in FACTORS:
        yield {name: gradients[name] * factor + (not factor) * 0.123 for name in names}
        yield {name: gradients[name] * (factor if place else 1) for place, name in enumerate(names)}
    yield {name: 1 / gradients[name] for name in names if gradients[name]}
    yield {name: gradients[names[place - 1]] for place, name in enumerate(names)}


def wrong_class(exercise: Exercise) -> ClassGrades:
    """Students who made every mistake of an exercise, and those that somebody thought of."""
    answers = [*wrong_answers(exercise)]
    answers += [dict([claim.split("=", 1)]) for claim in exercise.claims]  # type: ignore[misc] # texts beside numbers
    grades = [
        grade_of(f"student {letter}", marked(exercise.expression, exercise.at, one))
        for letter, one in zip("abcdefghijklmnopqrstuvwxyz", answers, strict=False)
    ]
    return a_class(*map(without_answers, grades))


@pytest.fixture(scope="module")
def classes() -> dict[str, ClassGrades]:
    """The grades of each exercise."""
    return {exercise.expression: wrong_class(exercise) for exercise in [*EXERCISES, WHOLE]}


def plain(text: str) -> str:
    """A text without the escapes of its format and the points of its numbers."""
    for escape, sign in (("%0A", " "), ("%2C", ","), ("%3A", ":"), ("%25", "%")):
        text = text.replace(escape, sign)
    return unescape(text.replace("\\u0026", "&").replace("\\", "")).replace(".", "")


def leaks(text: str, exercise: Exercise) -> list[float]:
    """The true numbers whose digits stand in a text."""
    shown = plain(text)
    given = {f"{abs(value)}" for value in exercise.at.values() if isinstance(value, int)}
    whole = [one for one in true_numbers(exercise) if one.is_integer() and f"{one:.0f}" not in given and one > 9]
    return [
        *[one for one in true_numbers(exercise) if any(four in shown for four in digits(one))],
        *[one for one in whole if re.search(rf"(?<!\d){one:.0f}(?!\d)", shown)],
    ]


@every_format
@every_release
def test_no_student_sees_a_right_value(classes: dict[str, ClassGrades], form: str, release: Release) -> None:
    """Whatever the mistake: of a class, and of each student alone."""
    found = []
    for exercise in [*EXERCISES, WHOLE]:
        grades = classes[exercise.expression]
        alone = [a_class(grade) for grade in grades.grades]
        found += [
            (exercise.expression, number)
            for one in (grades, *alone)
            for number in leaks(text_of(form, one, release), exercise)
        ]

    assert found == []


@pytest.mark.parametrize("form", sorted(set(FORMATS) - {"csv"}))
def test_the_search_for_right_values_finds_them(classes: dict[str, ClassGrades], form: str) -> None:
    """Released to staff the reports of single students have the numbers that a student must not see."""
    blind = [
        exercise.expression
        for exercise in [*EXERCISES, WHOLE]
        if not any(
            leaks(text_of(form, a_class(grade), STAFF), exercise) for grade in classes[exercise.expression].grades
        )
    ]

    assert blind == []


@every_format
@every_release
def test_no_student_sees_an_entry_of_an_array(form: str, release: Release) -> None:
    """Of a transposed, a doubled and a partly wrong gradient only the places are told."""
    for exercise in ARRAYS:
        result = bpcli.grad(exercise.expression, exercise.at)
        variable = "W" if "W" in exercise.at else "x"
        right = result.gradients[variable]
        wrong = [right.T, 2 * right, right * (right > right.min()), -right]
        grades = [
            without_answers(
                grade_of("a", marked(exercise.expression, exercise.at, {variable: one.tolist()}, blank=("t",)))
            )
            for one in wrong
        ]
        numbers = [abs(float(one)) for value in (right, *result.values.values()) for one in _flat(value)]
        given = [abs(one) for value in exercise.at.values() for one in _flat(value)]
        for grade in grades:
            told, in_full = (plain(text_of(form, a_class(grade), who)) for who in (release, STAFF))
            hidden = [one for one in numbers if one not in given and digits(one)]
            assert [one for one in hidden if any(four in told for four in digits(one))] == []
            if grade.problems[0].items[0].mark is Mark.WRONG and form != "csv":
                assert any(four in in_full for one in hidden for four in digits(one))


def _flat(value: Any) -> list[float]:
    nested = value.tolist() if hasattr(value, "tolist") else value
    return [one for part in nested for one in _flat(part)] if isinstance(nested, list) else [float(nested)]


@every_format
@every_release
def test_no_student_sees_a_right_formula_or_a_counterexample(form: str, release: Release) -> None:
    """Without a point, neither the right one nor the point at which one fails is shown."""
    grade = without_answers(grade_of("a", marked("sin(x)**2*y", {}, {"x": "sin(x)*y", "y": "cos(x)"})))
    told, in_full = (text_of(form, a_class(grade), who) for who in (release, STAFF))

    assert not re.search(r"cos|counterexample|true", told.replace('"gradable": true', ""))
    assert form == "csv" or re.search("Counterexample", in_full)


@every_format
@every_release
def test_no_reason_tells_a_student_a_right_value(form: str, release: Release) -> None:
    """At a kink, and where there is no gradient, the values of intermediates and the slopes are not given away."""
    exercises = [
        (AT_A_KINK, {"x": "-1.5", "y": "6.4"}),
        (AT_A_KINK, {"x": "-1.5", "y": "1.5"}),  # each between its slopes, and not both at once
        (OUTSIDE, {"x": "1"}),
        (OUTSIDE, {"x": "y/A"}),
    ]
    for exercise, answers in exercises:
        grade = without_answers(grade_of("a", marked(exercise.expression, exercise.at, answers)))
        told = plain(text_of(form, a_class(grade), release)).replace("166257)", "")

        assert [number for number in ("16625", "1662", "261", "637") if number in told] == []


@every_release
def test_where_and_kind_name_neither_a_sign_nor_a_factor(classes: dict[str, ClassGrades], release: Release) -> None:
    """From a sign or a factor the answer would follow; only the level `cause` says it."""
    said = "".join([text_of(form, grades, release) for form in FORMATS for grades in classes.values()])
    names = re.findall(r"sign|factor|twice|half|reciprocal", said)

    assert bool(names) == release.tells("cause")
    assert ("Look for" in said) == (release.level == "kind")
    assert ("onsistent with" in said) == release.tells("cause")
