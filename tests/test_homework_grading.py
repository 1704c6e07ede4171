"""Grading: marks and points of each item, what follows from an earlier mistake, typos, and answers seen before."""

from collections.abc import Mapping
from typing import Any

import pytest

from bpcli.check.findings import Verdict
from bpcli.check.groups import Group
from bpcli.check.homework import grading
from bpcli.check.homework.answers import answers_from
from bpcli.check.homework.grades import Mark, MarkedItem, MarkedProblem
from bpcli.check.homework.grading import Grader
from bpcli.check.homework.reading import homework_from
from bpcli.report.grades.words import problem_grade

CHAIN: Mapping[str, Any] = {
    "expression": "A = x*y; F = A*z",
    "at": {"x": 6, "y": -2, "z": -3},
    "asked": ["value(A)", "A", "x", "y"],
}
RIGHT = {"value(A)": -12, "A": -3, "x": 6, "y": -18}
RELU = {
    "expression": "L = sum(relu(W @ x + b))",
    "at": {"W": [[1, 2, 3], [4, -5, 6]], "x": [1, -1, 2], "b": [1, 2]},
    "asked": ["W", "b", "W[0,1]"],
}
RIGHT_RELU = {"W": [[1, -1, 2], [1, -1, 2]], "b": [1, 1], "W[0,1]": -1}


def grader(**problem: Any) -> Grader:
    """The grader of a homework of one problem."""
    return Grader(homework_from({"problems": [{"name": "p", **problem}]}))


def graded(answers: Mapping[str, Any], problem: Mapping[str, Any] = CHAIN, **changes: Any) -> MarkedProblem:
    """The marks of the answers to a problem."""
    return grader(**{**problem, **changes}).marked(0, answers)


def marks(answers: Mapping[str, Any], problem: Mapping[str, Any] = CHAIN, **changes: Any) -> dict[str, str]:
    """The mark of each item, by its key."""
    return {item.asked.key: item.mark.value for item in graded(answers, problem, **changes).items}


def one(answer: object, **problem: Any) -> MarkedItem:
    """The mark of one answer for x."""
    (item,) = graded({"x": answer}, {"asked": ["x"], **problem}).items
    return item


def test_right_answers_have_all_points() -> None:
    """Each item its own."""
    found = graded(RIGHT, points=8)

    assert [item.mark for item in found.items] == [Mark.RIGHT] * 4
    assert [item.points for item in found.items] == [2.0] * 4
    assert [item.title for item in found.items] == ["value(A)", "∂F/∂A", "∂F/∂x", "∂F/∂y"]
    assert found.first_wrong is None
    assert found.check is not None
    assert found.check.verdict is Verdict.AGREE


def test_credit_is_partial() -> None:
    """A wrong item, a blank and a typo cost their own points alone."""
    found = graded({"value(A)": "-12", "A": 3, "x": "2**", "y": ""})

    assert [item.mark for item in found.items] == [Mark.RIGHT, Mark.WRONG, Mark.UNREADABLE, Mark.BLANK]
    assert [item.points for item in found.items] == [1.0, 0.0, 0.0, 0.0]
    assert [item.answer for item in found.items] == ["-12", "3", "2**", ""]
    assert found.first_wrong == "∂F/∂A"


@pytest.mark.parametrize(("carries", "points"), [(True, [0.0, 1.0, 1.0]), (False, [0.0, 0.0, 0.0])], ids=str)
def test_what_follows_from_a_mistake_keeps_its_points_if_the_teacher_says_so(
    *, carries: bool, points: list[float]
) -> None:
    """∂F/∂A = 3 is wrong; 3·y and 3·x follow rightly."""
    answers = {"value(A)": -12, "A": 3, "x": -6, "y": 18}

    found = graded(answers, carry_forward=carries)

    assert [item.mark for item in found.items] == [Mark.RIGHT, Mark.WRONG, Mark.FOLLOWS, Mark.FOLLOWS]
    assert [item.points for item in found.items[1:]] == points
    assert found.first_wrong == "∂F/∂A"


def test_a_second_mistake_does_not_follow() -> None:
    """After ∂F/∂A = 3, ∂F/∂x = 7 is a mistake of its own."""
    assert marks({"A": 3, "x": 7, "y": 18}, carry_forward=True) == {
        "value(A)": "blank",
        "A": "wrong",
        "x": "wrong",
        "y": "follows",
    }


def test_a_formula_beyond_all_numbers_follows_from_nothing() -> None:
    """It has no distance from what would follow, and keeps no points."""
    found = marks({"x": "1e308*x", "y": "9/y"}, {**CHAIN, "asked": ["x", "y"]}, carry_forward=True)

    assert found == {"x": "wrong", "y": "wrong"}


def test_what_follows_may_be_as_far_off_as_the_tolerance_says() -> None:
    """3·(-2) is -6, and -6.04 within 1% of it."""
    answers = {"A": 3, "x": -6.04}

    assert marks(answers, tolerance={"relative": 0.01})["x"] == "follows"
    assert marks(answers, tolerance={"relative": 0.001})["x"] == "wrong"


def test_a_mistake_in_a_value_is_carried_forward() -> None:
    """The sigmoid of a wrong sum, and what comes of it."""
    neuron = {
        "expression": "q = w*x + b; s = sigmoid(q); L = (s - 1)**2",
        "at": {"w": 2, "x": 3, "b": -5},
        "asked": ["value(q)", "value(s)", "s", "q"],
        "carry_forward": True,
    }

    found = graded({"value(q)": 2, "value(s)": "0.8808", "s": "-0.2384", "q": "-0.02503"}, neuron)

    assert [item.mark for item in found.items] == [Mark.WRONG, Mark.FOLLOWS, Mark.FOLLOWS, Mark.FOLLOWS]
    assert found.first_wrong == "value(q)"
    assert problem_grade(found).items[1].where == ("Right, given value(q), which is wrong, so it keeps its points.",)


NEURON: Mapping[str, Any] = {
    "expression": "s = w*x; a = sigmoid(s)",
    "at": {"w": 0.5, "x": 0.5},
    "asked": ["value(s)", "value(a)"],
    "carry_forward": True,
}


@pytest.mark.parametrize("tolerance", ["exact", "cs231n", "eecs498", "coursera"])
def test_the_digits_of_a_right_answer_open_no_tolerance(tolerance: str) -> None:
    """0.25 is exact, however it is typed; sigmoid(0.25) is 0.56217…, and 0.5622 is not within 1e-7 of it."""
    assert marks({"value(s)": "0.25", "value(a)": "0.5622"}, NEURON, tolerance=tolerance)["value(a)"] == "wrong"
    assert set(marks({"value(s)": "0.25", "value(a)": 0.5621765008857981}, NEURON, tolerance=tolerance).values()) == {
        "right"
    }


def test_what_follows_from_a_wrong_answer_is_held_to_the_tolerance() -> None:
    """sigmoid(0.26) is 0.564636…: the digits of 0.26 open nothing either."""
    for answer, mark in (("0.5646", "wrong"), (0.5646362918030292, "follows")):
        assert marks({"value(s)": "0.26", "value(a)": answer}, NEURON, tolerance="exact")["value(a)"] == mark


def test_what_is_off_by_the_rounding_of_right_answers_keeps_no_points() -> None:
    """Three times 0.33 is 0.99, and 1 is asked for: no step is wrong, and the number is."""
    thirds = {"expression": "A = x/3; F = A*3", "at": {"x": 1}, "asked": ["value(A)", "value(F)"]}

    found = graded({"value(A)": "0.33", "value(F)": "0.99"}, thirds, carry_forward=True)

    assert [(item.mark, item.points) for item in found.items] == [(Mark.RIGHT, 1.0), (Mark.WRONG, 0.0)]
    assert found.first_wrong is None
    assert problem_grade(found).items[1].where == (
        "Wrong by no more than the rounding of the answers before it: keep more digits on the way.",
    )


def test_what_follows_over_arrays_keeps_its_points_through_others_that_follow() -> None:
    """A wrong h, g that follows from it, and L from g; rounding alone would not do over arrays either."""
    chain = {
        "expression": "h = W @ x; g = 3*h; L = sum(g**2)",
        "at": {"W": [[1, 2], [3, 4]], "x": [1, -1]},
        "asked": ["value(h)", "value(g)", "value(L)"],
        "carry_forward": True,
    }

    found = graded({"value(h)": [-1, 2], "value(g)": [-3, 6], "value(L)": 45}, chain)

    assert [(item.mark, item.found.follows if item.found else "") for item in found.items] == [
        (Mark.WRONG, None),
        (Mark.FOLLOWS, "h"),
        (Mark.FOLLOWS, "h"),
    ]
    third = {**chain, "expression": "h = W @ x / 3; L = 3*sum(h)", "asked": ["value(h)", "value(L)"]}
    assert marks({"value(h)": "[-0.33, -0.33]", "value(L)": "-1.98"}, third)["value(L)"] == "wrong"


def test_too_few_digits_are_said_and_are_no_step() -> None:
    """0.56 for 0.56217…, and for an array of 0.70538…, 0.25949…, 0.03511…; beside a number that is wrong anyway."""
    few = {**NEURON, "tolerance": {"digits": 3}}
    softmax = {
        "expression": "p = softmax(z); L = -log(p[0])",
        "at": {"z": [2, 1, -1]},
        "asked": ["value(p)"],
        "tolerance": {"digits": 3},
    }
    short = "Typed with 2 significant digits, 3 are asked for."

    found = graded({"value(s)": "0.250", "value(a)": "0.56"}, few)
    assert (found.first_wrong, problem_grade(found).items[1].where) == (None, (short,))
    (array,) = problem_grade(graded({"value(p)": "[0.71, 0.26, 0.035]"}, softmax)).items
    assert array.where == (short, "3 entries DIFFER.")
    other = problem_grade(graded({"value(a)": "0.61"}, few)).items[1]
    assert other.where == (short, "Redo a = sigmoid(s).")


def test_a_number_for_a_formula_is_no_first_wrong_step() -> None:
    """It is a slip of form, however early it stands."""
    asked = [{"item": "A", "form": "formula"}, "x"]

    found = graded({"A": -3, "x": 7}, {**CHAIN, "asked": asked})

    assert [item.mark for item in found.items] == [Mark.WRONG, Mark.WRONG]
    assert found.first_wrong == "∂F/∂x"
    assert not any("Redo" in text for text in problem_grade(found).items[0].where)


@pytest.mark.parametrize(
    ("answers", "is_said"),
    [
        ({"value(A)": 12, "A": 3, "x": 7}, True),  # values come before gradients
        ({"A": 3, "x": 7}, True),
        ({"A": 3, "y": 18}, True),  # it follows
        ({"x": 7, "y": 17}, False),  # neither comes of the other
    ],
    ids=["a value", "on the way", "follows", "side by side"],
)
def test_a_first_wrong_step_is_told_where_the_others_come_after_it(
    answers: Mapping[str, Any], *, is_said: bool
) -> None:
    """Of mistakes side by side none is the first."""
    found = problem_grade(graded(answers))

    assert any("The first wrong step." in item.where for item in found.items) == is_said
    assert found.first_wrong


@pytest.mark.parametrize(
    ("answer", "mark"),
    [
        (6, Mark.RIGHT),
        (6.0, Mark.RIGHT),
        ("6", Mark.RIGHT),
        (" 6.00 ", Mark.RIGHT),
        ("y*z", Mark.RIGHT),
        ("12/2", Mark.RIGHT),
        ("x", Mark.WRONG),  # it is 6 here, and nowhere else
        (5, Mark.WRONG),
        (-6, Mark.WRONG),
        (0, Mark.WRONG),
        ("inf", Mark.WRONG),
        (float("nan"), Mark.WRONG),
        ("1/0", Mark.WRONG),
        ([6], Mark.WRONG),
        ("[6, 6]", Mark.WRONG),
        ("", Mark.BLANK),
        ("   ", Mark.BLANK),
        (None, Mark.BLANK),
        ("1,5", Mark.UNREADABLE),
        ("6x", Mark.UNREADABLE),
        ("sine(y)", Mark.UNREADABLE),
        ("q*z", Mark.UNREADABLE),
        ("y*z; 3", Mark.UNREADABLE),
        ("@/etc/passwd", Mark.UNREADABLE),
        (True, Mark.UNREADABLE),
        ({"a": 1}, Mark.UNREADABLE),
        (10**400, Mark.UNREADABLE),
        ("x @ y", Mark.UNREADABLE),
        ("(" * 5_000, Mark.UNREADABLE),
        ("x" * 50_000, Mark.UNREADABLE),
    ],
    ids=lambda one: one.value if isinstance(one, Mark) else repr(one)[:12],
)
def test_an_answer_is_told_apart_by_what_it_is(answer: object, mark: Mark) -> None:
    """Right, wrong, blank, or a typo of which nothing can be said."""
    found = one(answer, expression="x*y*z", at={"x": 6, "y": -2, "z": -3})

    assert found.mark is mark
    assert bool(found.complaint) == (mark is Mark.UNREADABLE or found.found is None) - (mark is Mark.BLANK)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (
            "2**",
            "a number, a name or '(' must stand after '**', not the end, at character 4; something is missing here",
        ),
        ("1,5", "the answer for x is no number: '1,5'"),
        ("x*sine(y)", "unknown function 'sine', at characters 3 to 6; did you mean 'sin'?"),
        ("xx*y", "the answer 'xx*y' has the name 'xx', which the expression has not; did you mean 'x'?"),
        ("@w.npy", "an answer is a number, a list or a formula, and names no file"),
        ([1, 2], "the answer is a list, and a single number is asked for"),
        ("inf", "a finite number is asked for"),
    ],
    ids=str,
)
def test_a_complaint_says_what_where_and_what_now(answer: object, complaint: str) -> None:
    """In the words of an answer."""
    assert one(answer, expression="x*y", at={"x": 6, "y": -2}).complaint == complaint


def test_a_typo_does_not_hinder_the_other_answers() -> None:
    """What is carried forward goes on around it."""
    found = graded({"value(A)": "-12-", "A": 3, "x": -6, "y": "eighteen"}, carry_forward=True)

    assert [item.mark for item in found.items] == [Mark.UNREADABLE, Mark.WRONG, Mark.FOLLOWS, Mark.UNREADABLE]


def test_half_a_character_does_not_reach_a_report() -> None:
    """JSON can say it, no file can hold it."""
    found = one("\ud800*x", expression="x**2", at={"x": 3})

    assert (found.mark, found.answer) == (Mark.UNREADABLE, "?*x")
    assert found.complaint.encode("utf-8")


def test_where_nothing_was_written_nothing_is_found() -> None:
    """All blank, or nothing that could be read; what is right is known all the same."""
    for found in (graded({}), graded({"x": "2**"}), graded({}, RELU)):
        assert found.check is not None
        assert (found.check.findings, found.first_wrong) == ((), None)
        assert found.check.own is not None
    assert {item.mark for item in graded({}).items} == {Mark.BLANK}


# Forms -------------------------------------------------------------------------------------------------------------


def form(form: str, answer: object, **problem: Any) -> tuple[Mark, str]:
    """The mark of one answer where a form is asked for, and the complaint."""
    sine = {"expression": "sin(x)*y", "at": {"x": 0.5, "y": 2}, **problem}
    (item,) = graded({"x": answer}, {**sine, "asked": [{"item": "x", "form": form}]}).items
    return item.mark, item.complaint


def test_where_a_formula_is_asked_for_its_number_is_wrong() -> None:
    """Though right at the point."""
    assert form("formula", "y*cos(x)") == (Mark.RIGHT, "")
    assert form("formula", "2*cos(x)") == (Mark.WRONG, "")
    assert form("formula", "1.755") == (Mark.WRONG, "a formula is asked for, not its number at the point")
    assert form("formula", 1.755165123780746)[0] is Mark.WRONG


def test_a_number_is_a_formula_where_the_derivative_is_one() -> None:
    """∂(3x + y)/∂x is 3 everywhere."""
    assert form("formula", 3, expression="3*x + y") == (Mark.RIGHT, "")
    assert form("formula", "3", expression="3*x + y") == (Mark.RIGHT, "")
    assert form("formula", 4, expression="3*x + y")[0] is Mark.WRONG


def test_where_a_number_is_asked_for_a_formula_is_wrong() -> None:
    """Unless it is made of numbers alone."""
    assert form("number", "y*cos(x)") == (Mark.WRONG, "a number is asked for, not a formula")
    assert form("number", "2*cos(0.5)") == (Mark.RIGHT, "")


def test_without_a_point_formulas_are_compared() -> None:
    """And a number is wrong, unless the right answer is one."""
    problem = {"expression": "s = sin(x)*y; L = s**2 + 3*z", "asked": ["x", "s", "z", "value(s)"]}

    found = graded({"x": "2*s*y*cos(x)", "s": "s", "z": 3, "value(s)": "y*sin(x)"}, problem)

    assert [item.mark.value for item in found.items] == ["right", "wrong", "right", "right"]
    assert found.first_wrong == "∂L/∂s"
    assert found.check is not None
    assert found.check.at is None
    assert marks({"x": 3}, problem)["x"] == "wrong"


def test_a_formula_that_is_right_at_the_point_alone_follows_from_nothing() -> None:
    """Its number is right; as a formula it is a mistake of its own."""
    found = graded({"A": -3, "x": "x"}, carry_forward=True)

    assert [item.mark for item in found.items] == [Mark.BLANK, Mark.RIGHT, Mark.WRONG, Mark.BLANK]


# Kinks, and what cannot be told ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "mark"), [(0, "right"), (1, "right"), (0.5, "right"), (2, "wrong"), (-1, "wrong")])
def test_what_a_kink_accepts_is_right(answer: float, mark: str) -> None:
    """The convention, and whatever lies between the slopes."""
    assert one(answer, expression="relu(x)", at={"x": 0}).mark.value == mark


def test_claims_that_are_jointly_wrong_tell_no_right_value() -> None:
    """Each is between its slopes, and along (1, 1) they are not; the slope there is nobody's to tell."""
    found = graded({"x": 1, "y": 1}, {"expression": "max(x, y)", "at": {"x": 1, "y": 1}, "asked": ["x", "y"]})

    assert [(item.mark, item.complaint) for item in found.items] == [(Mark.WRONG, "")] * 2


def test_where_the_expression_has_no_value_nobody_is_wrong() -> None:
    """The teacher's point is at fault."""
    found = one(3, expression="log(x)", at={"x": -1})

    assert (found.mark, found.points) == (Mark.UNDECIDED, 0.0)
    assert found.complaint == "the expression has no real value here"


def test_what_cannot_be_decided_is_told_without_right_values() -> None:
    """No number of digits tells on which side of the kink the point is."""
    found = one(3, expression="relu(sqrt(x)**2 - 2)", at={"x": 2})

    assert found.mark is Mark.UNDECIDED
    assert "which side of the kink" in found.complaint


# Arrays ------------------------------------------------------------------------------------------------------------


def test_arrays_are_judged_entry_by_entry() -> None:
    """As nested lists, as text, and one entry alone."""
    assert set(marks(RIGHT_RELU, RELU).values()) == {"right"}
    assert marks({**RIGHT_RELU, "W": "[[1, -1, 2], [1, -1, 2]]"}, RELU)["W"] == "right"

    found = graded({**RIGHT_RELU, "W": [[1, -1, 2], [1, -1, 3]], "b": [1, 1.5]}, RELU)

    assert [item.mark for item in found.items] == [Mark.WRONG, Mark.WRONG, Mark.RIGHT]
    assert isinstance(found.items[0].found, Group)
    assert [place for place, _ in found.items[0].found.ranked][:1] == [(1, 2)]
    assert found.first_wrong in {"∂L/∂W", "∂L/∂b"}


def test_another_shape_is_wrong_and_no_typo() -> None:
    """A transposed gradient is a mistake."""
    item = graded({"W": [[1, 1], [-1, -1], [2, 2]]}, RELU).items[0]

    assert item.mark is Mark.WRONG
    assert item.complaint == (
        "the answer for ∂L/∂W has shape (3, 2), ∂L/∂W has shape (2, 3); the answer may be transposed"
    )


@pytest.mark.parametrize("answer", [[1, float("nan")], [float("inf"), 1], "1e308*b*10", "log(b-9)"], ids=repr)
def test_a_list_that_is_not_finite_is_wrong_and_no_typo(answer: object) -> None:
    """As a single number that is not: whoever wrote it cannot hand in again as if nothing was read."""
    item = graded({"b": answer}, RELU).items[1]

    assert item.mark is Mark.WRONG
    assert "finite" in item.complaint


@pytest.mark.parametrize(
    "answer", [[1, "one"], [1, [2]], [1, None], [[[]]], [True, 1], "[1, 2", ["@b.npy", 1], "zeros(9)"], ids=repr
)
def test_a_list_with_something_else_in_it_is_no_right_answer(answer: object) -> None:
    """Whatever it is, it costs that item alone."""
    found = graded({**RIGHT_RELU, "b": answer}, RELU)

    assert [found.items[0].mark, found.items[2].mark] == [Mark.RIGHT, Mark.RIGHT]
    assert found.items[1].mark in {Mark.WRONG, Mark.UNREADABLE}
    assert found.items[1].complaint


def test_a_formula_over_arrays_is_compared_at_the_point() -> None:
    """And asked for as such where the teacher wants one."""
    square = {"expression": "L = sum((W @ x)**2)", "at": {"W": [[1, 2], [3, 4]], "x": [1, -1]}}

    asked = [{"item": "x", "form": "formula"}, "W"]
    found = marks({"x": "2*W.T @ (W @ x)", "W": [[-2, 2], [-2, 2]]}, square, asked=asked)
    assert found == {"x": "right", "W": "right"}
    assert marks({"x": "2*W @ (W @ x)"}, square, asked=asked)["x"] == "wrong"
    assert marks({"x": [-8, -12]}, square, asked=asked)["x"] == "wrong"


def test_mistakes_are_carried_forward_over_arrays() -> None:
    """A wrong ∂L/∂h, and the gradients that follow from it."""
    layer = {
        "expression": "h = W @ x; L = sum(h**2)",
        "at": {"W": [[1, 2], [3, 4]], "x": [1, -1]},
        "asked": ["h", "x", "W"],
        "carry_forward": True,
    }

    found = graded({"h": [-1, -1], "x": [-4, -6], "W": [[-1, 1], [-1, 5]]}, layer)

    assert [item.mark for item in found.items] == [Mark.WRONG, Mark.FOLLOWS, Mark.WRONG]
    assert [item.points for item in found.items] == [0.0, 1.0, 0.0]
    assert found.first_wrong == "∂L/∂h"


def test_an_output_that_is_an_array_takes_a_seed() -> None:
    """The upstream gradient that the teacher gives."""
    seeded = {"expression": "x**2", "at": {"x": [1, 2]}, "upstream_seed": [1, 10], "asked": ["x"]}

    assert marks({"x": [2, 40]}, seeded) == {"x": "right"}
    assert marks({"x": [2, 4]}, seeded) == {"x": "wrong"}


def test_a_network_is_graded_by_the_names_of_its_parameters() -> None:
    """With parameters drawn from the seed."""
    network = {
        "expression": "x -> Linear(2) -> ReLU -> Linear(1) -> MSELoss(t)",
        "at": {"x": [[1, 2, 3]], "t": [[0.5]]},
        "random_seed": 3,
        "asked": ["2.bias", "0.weight"],
        "tolerance": "torch",
    }
    asker = grader(**network)
    check = asker.marked(0, {"2.bias": [1]}).check
    assert check is not None
    assert check.own is not None
    right = {name: check.own.gradients[name].tolist() for name in ("2.bias", "0.weight")}

    assert {item.mark for item in asker.marked(0, right).items} == {Mark.RIGHT}
    assert [item.mark for item in asker.marked(0, {**right, "2.bias": [right["2.bias"][0] + 1]}).items] == [
        Mark.WRONG,
        Mark.RIGHT,
    ]


# Typed numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["[p]\nx = {}\n", '{{"p": {{"x": {}}}}}'], ids=["toml", "json"])
@pytest.mark.parametrize(
    ("typed", "mark"),
    [
        ("1.76", Mark.RIGHT),  # as precise as typed, in a file that students type
        ('"1.76"', Mark.RIGHT),
        ("1.77", Mark.WRONG),
        ("1.755165123780746", Mark.RIGHT),
        ("1.755165123780", Mark.RIGHT),  # what a program printed is off by less than 1e-9
        ("1.75516512", Mark.RIGHT),
        ("1.75516513", Mark.WRONG),
    ],
)
def test_a_number_is_as_precise_as_it_was_typed(typed: str, mark: Mark, text: str) -> None:
    """2·cos(0.5) is 1.7551651237807455; TOML and JSON are one rule."""
    homework = homework_from(
        {"problems": [{"name": "p", "expression": "sin(x)*y", "at": {"x": 0.5, "y": 2}, "asked": ["x"]}]}
    )
    answers = answers_from(text.format(typed), "answers", homework)

    (item,) = Grader(homework).marked(0, answers.by_problem["p"]).items
    assert item.mark is mark
    assert item.answer == typed.strip('"')


@pytest.mark.parametrize("text", ["[p]\nx = {}", '{{"p": {{"x": {}}}}}'], ids=["toml", "json"])
def test_a_list_is_as_precise_as_it_was_typed(text: str) -> None:
    """Each entry by its own digits."""
    homework = homework_from(
        {"problems": [{"name": "p", "expression": "sum(x**3)", "at": {"x": [0.7, 1.15]}, "asked": ["x"]}]}
    )

    found = [
        Grader(homework).marked(0, answers_from(text.format(typed), "a", homework).by_problem["p"]).items[0].mark
        for typed in ("[1.47, 3.97]", "[1.47, 3.96]", "[1.5, 3.97]", "[1.46999999999, 3.9675]")
    ]

    # 3.9675 is right; 1.5 is 2% off, and 1% counts at most; so many digits are those of a program.
    assert found == [Mark.RIGHT, Mark.WRONG, Mark.WRONG, Mark.RIGHT]


SOFTMAX: Mapping[str, Any] = {"expression": "p = softmax(z); L = -log(p[0])", "at": {"z": [2, 1, -1]}}
SQUARES: Mapping[str, Any] = {"expression": "y = W @ x; L = sum(y**2)", "at": {"W": [[1, -2], [3, 1]], "x": [2, -1]}}
MEAN: Mapping[str, Any] = {"expression": "L = mean((x-t)**2)", "at": {"x": [2.13, 1.17, -1.71], "t": [1, 0, 0.5]}}
SINE: Mapping[str, Any] = {"expression": "F = sin(x)**2 * exp(-y)", "asked": ["x"]}


@pytest.mark.parametrize(
    ("problem", "key", "answer", "kinds"),
    [
        (SOFTMAX, "z", "[0.705, 0.2595, 0.0351]", ["one-hot left out"]),
        (SQUARES, "W", [[8, -4], [10, -5]], ["factor 2 left out"]),
        (SQUARES, "x", [19, -3], ["factor 2 left out"]),
        (MEAN, "x", "[2.26, 2.34, -4.42]", ["sum instead of mean"]),
        (SINE, "x", "2*sin(x)*cos(x)*exp(y)", ["sign inside"]),
    ],
    ids=["softmax alone", "2 of a square", "2 of a square elsewhere", "a mean summed", "exp(y)"],
)
def test_a_mistake_has_its_own_name(problem: Mapping[str, Any], key: str, answer: object, kinds: list[str]) -> None:
    """And no more general one beside it."""
    (item,) = graded({key: answer}, problem, asked=[key]).items

    assert item.mark is Mark.WRONG
    assert item.found is not None
    assert [cause.kind for cause in item.found.causes] == kinds


# Answers seen before -----------------------------------------------------------------------------------------------

SEEN: list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]] = [
    (
        {**CHAIN, "carry_forward": True},
        [
            RIGHT,
            {**RIGHT, "A": 3},
            {"A": 3, "x": -6, "y": 18},
            {"A": 3, "x": "y*z", "y": "x*z"},
            {"x": 6.0, "y": "-18.0"},
            {"x": "2**"},
            RIGHT,
        ],
    ),
    (
        {**RELU, "carry_forward": True},
        [
            RIGHT_RELU,
            {**RIGHT_RELU, "b": [1, 2]},
            {"W": [[1, -1, 2], [2, -2, 4]], "b": [1, 2]},
            {"b": "2*b"},
            RIGHT_RELU,
        ],
    ),
    ({"expression": "sin(x)*y", "asked": ["x", "y"]}, [{"x": "y*cos(x)"}, {"x": "cos(x)", "y": "sin(x)"}, {"x": 3}]),
    ({"expression": "max(x, y)", "at": {"x": 1, "y": 1}, "asked": ["x", "y"]}, [{"x": 1, "y": 1}, {"x": 1, "y": 0}]),
]


def told(found: MarkedProblem) -> list[object]:
    """What a report could say of marks."""
    return [found.first_wrong, *[_told(item) for item in found.items]]


def _told(item: MarkedItem) -> list[object]:
    causes = [cause.text for cause in item.found.causes] if item.found else []
    follows = item.found.follows if item.found else None
    return [item.title, item.mark, item.points, item.answer, item.complaint, causes, follows]


@pytest.mark.parametrize(("problem", "students"), SEEN, ids=["numbers", "arrays", "formulas", "a kink"])
def test_what_was_graded_before_changes_nothing(problem: Mapping[str, Any], students: list[Mapping[str, Any]]) -> None:
    """One grader for all students, in either order, says what a fresh one says of each."""
    fresh = [told(grader(**problem).marked(0, answers)) for answers in students]
    forward, backward = grader(**problem), grader(**problem)

    assert [told(forward.marked(0, answers)) for answers in students] == fresh
    assert [told(backward.marked(0, answers)) for answers in reversed(students)] == fresh[::-1]
    assert [told(forward.marked(0, answers)) for answers in students] == fresh


def test_the_same_answers_are_judged_once() -> None:
    """What was kept is handed out again; 6, 6.0 and "6" are kept apart, as they may mean different precisions."""
    asker = grader(**CHAIN)

    assert asker.marked(0, RIGHT) is asker.marked(0, dict(reversed(RIGHT.items())))
    assert asker.marked(0, RIGHT) is not asker.marked(0, {**RIGHT, "x": "6"})


def test_what_was_forgotten_is_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, however many answers there are."""
    monkeypatch.setattr(grading, "MOST_KEPT", 0)
    asker = grader(**CHAIN)
    first = asker.marked(0, RIGHT)

    for number in range(grading.FEWEST_KEPT):
        asker.marked(0, {"x": number})

    again = asker.marked(0, RIGHT)
    assert again is not first
    assert told(again) == told(first)


def test_long_answers_are_told_apart() -> None:
    """By the whole of them."""
    asker = grader(**CHAIN)
    long = "0+" * 300

    found = [asker.marked(0, {"x": f"{long}{number}"}).items[2].mark for number in (6, 5, 6)]

    assert found == [Mark.RIGHT, Mark.WRONG, Mark.RIGHT]


def test_every_problem_of_a_homework_is_marked() -> None:
    """By its place."""
    homework = homework_from(
        {"problems": [{"name": f"p{n}", "expression": f"{n}*x", "at": {"x": 1}, "asked": ["x"]} for n in range(3)]}
    )
    asker = Grader(homework)

    assert [asker.marked(n, {"x": n}).items[0].mark for n in (2, 0, 1)] == [Mark.RIGHT] * 3
    assert [asker.marked(n, {"x": n + 1}).problem.name for n in (0, 1, 2)] == ["p0", "p1", "p2"]
