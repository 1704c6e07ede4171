"""Grades in words: what is said of each mark at each level, and grades as records."""

import json
import re

import pytest
from grading import CHAIN, NASTY, a_class, grade_of, hostile_class, marked, small_class, typo

from bpcli.check.homework.grades import Grade, ItemGrade, Mark, MarkedItem, MarkedProblem
from bpcli.check.homework.problems import Asked, Problem
from bpcli.check.homework.records import grade_from, grade_record
from bpcli.report.explanations import STAFF, Release
from bpcli.report.grades.telling import told
from bpcli.report.grades.words import problem_grade

pytestmark = pytest.mark.usefixtures("oracles_loaded")


def item_of(grade: Grade, key: str) -> ItemGrade:
    """One item by its key."""
    return next(item for item in grade.items if item.key == key)


def test_a_wrong_gradient_is_told_of_in_levels() -> None:
    """Where to look, what the mistake is about, and what the number is consistent with; staff see the numbers."""
    item = item_of(grade_of("a", marked(*CHAIN, {"x": 6, "y": 18})), "y")

    assert item == ItemGrade(
        key="y",
        title="∂F/∂y",
        mark=Mark.WRONG,
        points=0.0,
        out_of=1.0,
        answer="18",
        truth="-18",
        where=("What arrives at A looks right; redo A → y.",),
        kind=("Look for: the arithmetic of one step.",),
        cause=("Consistent with: a sign lost.",),
        in_full=(
            "Claimed 18, true -18, ratio -1.",
            "Look at step 4, A → y: its upstream, -3, also gave ∂F/∂x, which agrees.",
            "Consistent with: a sign lost in -3 * 6.",
        ),
        mistakes=("sign",),
    )


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        (Release("student", "where"), ("W",)),
        (Release("student", "kind"), ("W", "K")),
        (Release("student", "cause"), ("W", "C")),
        (STAFF, ("F",)),
    ],
    ids=lambda value: getattr(value, "level", None) and f"{value.to} {value.level}",
)
def test_a_level_tells_what_it_has(release: Release, expected: tuple[str, ...]) -> None:
    """The cause stands in place of the kind, which says less of the same; staff are told everything."""
    item = ItemGrade("x", "x", Mark.WRONG, 0.0, 1.0, "", "", ("W",), ("K",), ("C",), ("F",))

    assert told(item, release) == expected


@pytest.mark.parametrize(
    ("key", "answer", "expected"),
    [
        ("value(A)", 12, "Redo A = x*y."),
        ("local(A, x)", 2, "Redo the derivative of A → x."),
        ("contribution(A, x)", 7, "Redo upstream times local at A → x."),
        ("A", 3, "Redo F → A, and what arrives there."),
    ],
    ids=["value", "local", "contribution", "gradient"],
)
def test_each_kind_of_item_says_what_to_redo(key: str, answer: float, expected: str) -> None:
    """A value, a local derivative and a contribution have no steps that lead to them, and are named themselves."""
    item = item_of(grade_of("a", marked(*CHAIN, {key: answer})), key)

    assert item.where == (expected,)


@pytest.mark.parametrize(
    ("expression", "y", "zero"), [("q = 2*x; f = x*y", 4, "0"), ("q = 2*x; f = sum(x*y)", [4, 1], "[0, 0]")]
)
def test_the_gradient_of_what_nothing_uses_is_zero(expression: str, y: object, zero: str) -> None:
    """Also where it was left blank, and no verdict says so."""
    at = {"x": y, "y": y}

    assert item_of(grade_of("a", marked(expression, at, {"x": y}, blank=("q",))), "q").truth == zero


def test_no_wrong_answer_is_left_without_a_place_to_look() -> None:
    """At a kink no single step is the wrong one."""
    item = item_of(grade_of("a", marked("x*abs(y)", {"x": 3, "y": 0}, {"y": 7})), "y")

    assert item.where == ("Redo what arrives at y.",)


def test_what_follows_from_a_mistake_names_it() -> None:
    """With the points that it keeps, or without them."""
    problem = marked(*CHAIN, {"value(A)": 12, "z": 12})
    kept = problem._replace(items=tuple([item._replace(points=1.0) for item in problem.items]))
    lost, carried = (item_of(grade_of("a", one), "z") for one in (problem, kept))

    assert lost.where == lost.in_full == ("Right, given A, which is wrong.",)
    assert carried.where == ("Right, given A, which is wrong, so it keeps its points.",)
    assert item_of(grade_of("a", problem), "value(A)").where == ("The first wrong step.", "Redo A = x*y.")


def test_a_node_without_a_name_is_explained_at_its_first_mention() -> None:
    """In each report once, for steps that lead to it and from it, over what the student knows; arrays too."""
    gates = marked("F = relu(x*y)*z + max(x, z)", {"x": 3.0, "y": 2.0, "z": 5.0}, {"x": 7, "y": 2})
    told = [" ".join([*item.where, *item.cause]) for item in grade_of("a", gates).items]

    assert "Redo the steps v1 → x (v1 = x*y), v4 → x (v4 = max(x, z)), and their sum." in told[0]
    for text in told:
        assert text.count("(v1 = ") <= 1
        for label in set(re.findall(r"\bv\d+\b", text)):
            assert text.index(f"({label} = ") - text.index(label) < len("v1 → x (v1")
    array = marked("L = sum((W @ x)**2)", {"W": [[1.0, 2.0]], "x": [3.0, 4.0]}, {"W": [[1, 1]]})
    assert "(v1 = W @ x)" in " ".join(grade_of("a", array).problems[0].items[0].where)


def test_a_blank_item_has_its_right_value_for_staff() -> None:
    """It is what bpcli's own backward or forward pass gives."""
    grade = grade_of(
        "a", marked(*CHAIN, {"x": 6}, blank=("y", "value(A)", "local(A, x)", "contribution(A, x)", "nonsense"))
    )

    assert [(item.mark, item.truth, item.where) for item in grade.items] == [
        (Mark.RIGHT, "6", ()),
        (Mark.BLANK, "-18", ()),
        (Mark.BLANK, "-12", ()),
        (Mark.BLANK, "-2", ()),
        (Mark.BLANK, "6", ()),
        (Mark.BLANK, "", ()),
    ]


def test_a_question_ends_with_its_own_sign() -> None:
    """Not with a full stop behind it."""
    asked = Asked("x", 2.0)
    item = MarkedItem(asked, "∂F/∂x", Mark.UNREADABLE, 0.0, "sine(x)", complaint="did you mean 'sin'?")

    assert problem_grade(MarkedProblem(Problem("p", *CHAIN, (asked,)), (item,))).items[0].where == (
        "Did you mean 'sin'?",
    )


def test_a_typo_says_what_cannot_be_read() -> None:
    """To students too: it is about what they typed."""
    asked = Asked("x", 2.0)
    item = MarkedItem(asked, "∂F/∂x", Mark.UNREADABLE, 0.0, "2**", complaint="a number must stand after '**'")
    grade = problem_grade(MarkedProblem(Problem("p", *CHAIN, (asked,)), (item,)))

    assert (grade.title, grade.items[0].out_of) == ("p", 2.0)
    assert grade.items[0].where == grade.items[0].in_full == ("A number must stand after '**'.",)


def test_why_nothing_can_be_told_holds_no_number_for_students() -> None:
    """Outside the domain staff see the value that is to blame."""
    item = item_of(grade_of("a", marked("A = x*y; F = log(A)", {"x": 6.37, "y": -2.61}, {"x": 1})), "x")

    assert item.mark is Mark.UNDECIDED
    assert item.where == ("Unevaluable: the expression has no real value here.",)
    assert "-16.6257" in item.in_full[0]


def test_a_kink_says_as_what_a_number_is_accepted() -> None:
    """The slopes are for staff."""
    item = item_of(grade_of("a", marked("relu(x)", {"x": 0.0}, {"x": 0.3})), "x")

    assert item.where == ("Accepted as a number between the slopes.",)
    assert item.in_full == ("Kink at relu, where x = 0: slopes 0 and 1; accepted as a number between the slopes.",)


def test_an_array_says_which_entries_are_wrong() -> None:
    """With the causes of the whole; staff see the worst entry."""
    at = {"W": [[1, -2], [0.5, 3]], "x": [2, -1]}
    grade = grade_of(
        "a", marked("y = W @ x; L = sum(y**2)", at, {"x": [6, 28], "W": [[16, -8], [-8, 4]]}, blank=("value(y[0])",))
    )
    wrong, right, blank = grade.items

    assert (wrong.truth, right.truth, blank.truth) == ("[6, -28]", "[[16, -8], [-8, 4]]", "4")
    assert wrong.where == (
        "Of 2 entries 1 DIFFERS, 1 agrees.",
        "Wrong: ∂L/∂x[1].",
        "What arrives at y looks right; redo y → x.",
    )
    assert wrong.cause == ("Consistent with: a sign lost.",)
    assert wrong.in_full[1].startswith("∂L/∂x[1]: claimed 28, true -28")
    assert wrong.mistakes == ("sign",)


def test_a_large_array_is_summed_up() -> None:
    """A right value of many entries is no text to read: its largest entry is named."""
    numbers = [[float(row * 5 + column + 1) for column in range(5)] for row in range(3)]
    grade = grade_of("a", marked("sum(W**2)", {"W": numbers}, {"W": numbers}))

    assert grade.problems[0].items[0].truth == "15 entries, the largest [2,4] = 30"


@pytest.mark.parametrize(
    ("key", "answer", "truth"),
    [("x", "cos(x)", "2*sin(x)*cos(x)"), ("value(A)", "x", "sin(x)"), ("local(A, x)", "x", "cos(x)")],
    ids=["gradient", "value", "local"],
)
def test_without_a_point_the_right_value_is_a_formula(key: str, answer: str, truth: str) -> None:
    """Of a gradient, a value and a local derivative."""
    item = item_of(grade_of("a", marked("A = sin(x); F = A**2", {}, {key: answer})), key)

    assert (item.mark, item.truth) == (Mark.WRONG, truth)


def test_a_grade_is_its_record() -> None:
    """Through JSON and back nothing is lost, whatever a student wrote."""
    grades = [*small_class().grades, *hostile_class().grades]

    assert [grade_from(json.loads(json.dumps(grade_record(grade)))) for grade in grades] == grades


@pytest.mark.parametrize(
    "damage",
    [
        {"problems": None},
        {"problems": [{}]},
        {"notes": "text"},
        {"nonsense": 1},
        {"problems": [{"problem": "p", "title": "p", "items": [{"mark": "splendid"}], "notes": []}]},
    ],
    ids=["no problems", "empty problem", "a text for texts", "an unknown field", "an unknown mark"],
)
def test_what_is_no_record_is_refused(damage: dict[str, object]) -> None:
    """By a ValueError, whichever part is damaged."""
    record = grade_record(a_class(Grade("a", NASTY, (typo(),))).grades[0]) | damage

    with pytest.raises(ValueError, match=r"record|splendid"):
        grade_from(record)
