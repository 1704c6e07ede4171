"""No report of grades that is released to students holds a right value, at any level of hint, in any format."""

import re
from collections.abc import Iterator
from functools import cache
from html import unescape
from typing import Any, NamedTuple

import pytest
from grading import RELEASES, a_class, grade_of, marked
from right_values import EXERCISES, Exercise, digits, true_numbers

import bpcli
from bpcli.check.homework.grades import ClassGrades, Grade, Mark
from bpcli.check.homework.grading import Grader
from bpcli.check.homework.reading import homework_from
from bpcli.report.explanations import STAFF, Release
from bpcli.report.grades.formats import FORMATS, text_of
from bpcli.report.grades.words import problem_grade

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
ALL = [*EXERCISES, WHOLE, AT_A_KINK, OUTSIDE]
SMALL = 9  # whole numbers up to here stand in every report
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


@cache
def hidden(expression: str) -> re.Pattern[str]:
    """The digits of the true numbers of an exercise, and its whole numbers; none of an expression that has no value."""
    exercise = next(one for one in ALL if one.expression == expression)
    if exercise is OUTSIDE:
        return re.compile("16625")
    given = {f"{abs(value)}" for value in exercise.at.values() if isinstance(value, int)}
    numbers = sorted(true_numbers(exercise))
    whole = [f"{one:.0f}" for one in numbers if one.is_integer() and one > SMALL and f"{one:.0f}" not in given]
    fours = sorted(set().union(*map(digits, numbers)))
    return re.compile("|".join([*fours, *[rf"(?<!\d){one}(?!\d)" for one in whole]]))


def leaks(text: str, exercise: Exercise) -> list[str]:
    """The true numbers whose digits stand in a text."""
    return hidden(exercise.expression).findall(plain(re.sub(r"A \\?\+ 16\\?\.6257", "", text)))


@every_format
@every_release
def test_no_student_sees_a_right_value(classes: dict[str, ClassGrades], form: str, release: Release) -> None:
    """Whatever the mistake: of a class, and of each student alone."""
    found = []
    for exercise in [*EXERCISES, WHOLE]:
        grades = classes[exercise.expression]
        alone = [a_class(grade) for grade in grades.grades]
        texts = "".join([text_of(form, one, release) for one in (grades, *alone)])
        found += [(exercise.expression, number) for number in leaks(texts, exercise)]

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


@pytest.fixture(scope="module")
def homework() -> list[tuple[Exercise, list[Grade]]]:
    """Exercises as the problems of a homework, each answered wrongly in many ways, blankly, and in no readable way."""
    asked = [[claim.split("=")[0] for claim in one.claims] or list(one.at) for one in ALL]
    problems = [
        {"name": f"p{place}", "expression": one.expression, "at": one.at, "asked": list(dict.fromkeys(keys))}
        for place, (one, keys) in enumerate(zip(ALL, asked, strict=True))
    ]
    grader = Grader(homework_from({"title": "Exercises", "problems": problems}))
    return [
        (exercise, [_without_answers(grader, place, answers) for answers in answers_to(exercise)])
        for place, exercise in enumerate(ALL)
    ]


def answers_to(exercise: Exercise) -> Iterator[dict[str, Any]]:
    """What may be written, as a file has it."""
    if exercise is not OUTSIDE:
        yield from wrong_answers(exercise)
    yield dict([claim.split("=", 1) for claim in exercise.claims])
    yield from [dict.fromkeys(exercise.at, wrong) for wrong in ("2**", "nonsense/A", [1, 2], 1)]
    yield {"value(A)": 5, "z": 5}
    yield {}


def _without_answers(grader: Grader, place: int, answers: dict[str, Any]) -> Grade:
    return without_answers(Grade("a", "a.toml", (problem_grade(grader.marked(place, answers)),)))


@every_format
@every_release
def test_no_graded_homework_shows_a_right_value(
    homework: list[tuple[Exercise, list[Grade]]], form: str, release: Release
) -> None:
    """Nor do complaints about typos, reasons why nothing is decided, and what follows from a mistake."""
    texts = [(one, "".join([text_of(form, a_class(grade), release) for grade in grades])) for one, grades in homework]
    found = [(exercise.expression, number) for exercise, text in texts for number in leaks(text, exercise)]

    assert found == []
    assert {item.mark for _, grades in homework for grade in grades for item in grade.items} == set(Mark)


@every_release
def test_where_and_kind_name_neither_a_sign_nor_a_factor(classes: dict[str, ClassGrades], release: Release) -> None:
    """From a sign or a factor the answer would follow; only the level `cause` says it."""
    said = "".join([text_of(form, grades, release) for form in FORMATS for grades in classes.values()])
    names = re.findall(r"sign|factor|twice|half|reciprocal", said)

    assert bool(names) == release.tells("cause")
    assert ("Look for" in said) == (release.level == "kind")
    assert ("onsistent with" in said) == release.tells("cause")
