"""A homework checks itself: right values, and where a wrong method gives the right number at the point."""

import json
import re
import tomllib
from collections.abc import Mapping
from itertools import islice
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bpcli.check.findings import Verdict
from bpcli.check.homework.coincidences import Coincidences
from bpcli.check.homework.problems import Asked, Homework, Problem
from bpcli.check.homework.reading import homework_from
from bpcli.check.homework.self_check import ProblemCheck, SelfCheck, self_checked
from bpcli.check.homework.tolerances import PRESETS
from bpcli.check.nearness import Tolerance
from bpcli.errors import ShapeError, UnknownNameError
from bpcli.language.limits import DEFAULT_LIMITS
from bpcli.report.documents import json_text, schema_text
from bpcli.report.figures import short
from bpcli.report.page import Page
from bpcli.report.plain import plain_text
from bpcli.report.self_check import self_check_document, self_check_report

PRODUCT = "A = x*y; F = A*z"
POINT = {"x": 6, "y": -2, "z": -3}


def problem(expression: str, at: Mapping[str, Any], keys: list[str], **more: Any) -> Problem:
    """A problem with a point for each item."""
    return Problem("one", expression, at, tuple([Asked(key, 1) for key in keys]), **more)


def checked(expression: str, at: Mapping[str, Any], keys: list[str], **more: Any) -> ProblemCheck:
    """The check of a homework of one problem."""
    (found,) = self_checked(Homework("A homework", (problem(expression, at, keys, **more),))).problems
    return found


def alike(found: ProblemCheck) -> dict[str, list[str]]:
    """The wrong methods that coincide, by item."""
    return {key: [one.method for one in found.coincidences if one.key == key] for key, _ in found.coincidences}


# bpcli's own answers -------------------------------------------------------------------------------------------------


def test_every_kind_of_item_has_its_right_value() -> None:
    """Values, gradients of variables and of steps, local gradients, contributions."""
    keys = ["value(A)", "value(F)", "A", "x", "y", "z", "local(A, x)", "contribution(A, x)"]
    found = checked(PRODUCT, POINT, keys)

    assert [item.right for item in found.items] == [-12, 36, -3, 6, -18, -12, -2, 6]
    assert {item.verdict for item in found.items} == {Verdict.AGREE}
    assert [item.asked.key for item in found.items] == keys


def test_formulas_are_found_and_proved_without_a_point() -> None:
    """A problem without a point asks for formulas, which bpcli gives too."""
    found = checked("v = sin(x); F = v**2*y", {}, ["x", "y", "v", "value(v)", "local(v, x)", "contribution(v, x)"])

    assert [item.right for item in found.items][:4] == ["2*y*sin(x)*cos(x)", "sin(x)**2", "2*y*sin(x)", "sin(x)"]
    assert found.verdict is Verdict.AGREE


def test_arrays_and_their_entries_are_checked() -> None:
    """Whole arrays, one entry, an intermediate and a value."""
    at = {"W": [[1, -2, 0], [3, 1, 2]], "x": [2, -1, 1]}
    found = checked("y = W @ x; L = sum(y**2)", at, ["W", "x", "W[1,0]", "y", "value(y)", "value(y[1])"])

    shown = [getattr(item.right, "tolist", lambda item=item: item.right)() for item in found.items]
    assert shown == [[[16, -8, 8], [28, -14, 14]], [50, -2, 28], 28, [8, 14], [4, 7], 7]
    assert found.verdict is Verdict.AGREE
    assert found.coincidences == ()


def test_a_network_is_checked_by_the_names_of_its_parameters() -> None:
    """What nobody gave is drawn from the seed of the problem."""
    at = {"x": [[1, 2]], "t": [[0.5]]}
    one, other = [
        checked("x -> Linear(1) -> MSELoss(t)", at, ["0.weight", "0.bias"], random_seed=seed) for seed in (1, 2)
    ]

    assert one.verdict is other.verdict is Verdict.AGREE
    assert one.items[0].right.tolist() != other.items[0].right.tolist()


def test_an_item_at_a_kink_is_told_and_is_no_failure() -> None:
    """The convention is the right value there; many numbers are right, so no wrong method is."""
    found = checked("relu(x)*y", {"x": 0, "y": 2}, ["x", "y"])

    assert [item.verdict for item in found.items] == [Verdict.KINK, Verdict.AGREE]
    assert "x" not in alike(found)
    assert "kink at relu, where x = 0: slopes 0 and 2" in told(found)


def test_an_item_without_a_gradient_is_unevaluable() -> None:
    """And the reason is told; nothing is said of methods then."""
    found = checked("sqrt(x)*y", {"x": 0, "y": 2}, ["x", "y"])

    assert found.verdict is Verdict.UNEVALUABLE
    assert found.coincidences == ()
    assert "the slope is infinite at sqrt, where x = 0" in told(found)


def test_a_step_without_a_value_is_unevaluable() -> None:
    """Also where it is asked for itself, as a number or as an array."""
    number = checked("A = sqrt(x); F = A*y", {"x": -1, "y": 2}, ["value(A)", "A", "y"])
    array = checked("A = sqrt(x); F = sum(A*y)", {"x": [-1, 4], "y": [2, 3]}, ["value(A)", "A", "y"])

    assert [item.verdict for item in number.items] == [Verdict.UNEVALUABLE] * 3
    assert array.verdict is Verdict.UNEVALUABLE
    assert "sqrt(x) has no real value at x = -1" in told(number)


def test_an_item_that_is_none_is_an_error_with_the_name_of_the_problem() -> None:
    """The teacher is told which problem it is."""
    with pytest.raises(UnknownNameError) as unknown:
        checked(PRODUCT, POINT, ["q"])
    with pytest.raises(ShapeError) as unfit:
        checked("W @ x", {"W": [[1, 2]], "x": [1, 2, 3]}, ["W"])

    assert unknown.value.message == "problem 'one', asked 1: an item asks for 'q', which is no name in the expression"
    assert unfit.value.message.startswith("problem 'one': cannot multiply W (1, 2)")


def test_what_the_output_does_not_use_is_told() -> None:
    """A slip of a teacher: y has a name, and the output computes W @ x anew."""
    at = {"W": [[1, 2], [3, 4]], "x": [5, 7]}
    found = checked("y = W @ x; L = sum((W @ x)**2)", at, ["x", "y", "value(y)"])

    assert found.notes == ("∂L/∂y is 0: the output is not computed from it",)
    assert checked("y = W @ x; L = sum(y**2)", at, ["x", "y", "value(y)"]).notes == ()


# Coincidences --------------------------------------------------------------------------------------------------------


def test_the_value_of_a_variable_is_its_gradient_at_the_point_of_the_lecture() -> None:
    """At x=6, y=-2, z=-3 the gradient of x*y*z with respect to x is y*z = 6 = x."""
    found = checked(PRODUCT, POINT, ["value(A)", "A", "x", "y", "z"])

    assert alike(found) == {"x": ["the value of x"]}


@pytest.mark.parametrize(
    ("expression", "at", "key", "method"),
    [
        ("x*y", {"x": 2, "y": 2}, "value(f)", "f computed as a sum, not a product"),
        ("x*y", {"x": 2, "y": 2}, "x", "the gradient of y given for that of x"),
        ("x*y", {"x": 2, "y": 2}, "x", "the halves of the product rule swapped at f → x"),
        ("x**2", {"x": 2}, "x", "the value of the output given for a gradient"),
        ("x**2", {"x": 2}, "value(f)", "f computed as base times exponent, not a power"),
        ("x**3", {"x": 1}, "x", "the exponent not lowered at f → x"),
        ("A = x*y; F = A*z", {"x": 2, "y": 5, "z": 1}, "x", "the local derivative ∂A/∂x alone"),
        ("A = x*y; F = A*z", {"x": 2, "y": 1, "z": 5}, "x", "what arrives at A alone"),
        ("x/y + y", {"x": 4, "y": 2}, "y", "0"),
        ("u = x*y; F = u*z", {"x": 3, "y": 4, "z": 1}, "u", "1"),
        ("A @ B -> sum", {"A": [[1, 2], [2, 1]], "B": [[1, 3], [2, 2]]}, "A", "the gradient transposed"),
        ("sum(x*x*w)", {"x": [2, 2], "w": [1, 1]}, "w", "the gradient of x given for that of w"),
        ("sum(x*w)", {"x": [1, 1], "w": [1, 1]}, "x", "1 in every entry"),
    ],
)
def test_a_wrong_method_that_is_right_here_is_named(expression: str, at: dict[str, Any], key: str, method: str) -> None:
    """Each of them gives another number at a point nearby."""
    assert method in alike(checked(expression, at, [key])).get(key, [])


@pytest.mark.parametrize(
    ("expression", "at", "key"),
    [
        ("x + y", {"x": 2, "y": 3}, "x"),  # the local derivative left out is right everywhere
        ("x*y", {"x": 3, "y": 5}, "x"),  # the value of y is its gradient
        ("relu(x)*y", {"x": 3, "y": 5}, "x"),  # on the open side of relu what arrives is passed through
        ("max(x, y)*z", {"x": 3, "y": 5, "z": 4}, "x"),  # and on the shut one 0 is right
        ("abs(x)*y", {"x": 3, "y": 5}, "x"),
        ("max(x, y)*z", {"x": 5.001, "y": 5, "z": 4}, "x"),  # the same, very near the other side
        ("sum(W @ x)", {"W": [[1, 2], [3, 4]], "x": [5, 5]}, "x"),
    ],
)
def test_a_method_that_is_right_everywhere_is_not_told(expression: str, at: dict[str, Any], key: str) -> None:
    """What is right all over the piece that the point is on is no mistake."""
    assert checked(expression, at, [key]).coincidences == ()


def test_of_0_one_coincidence_says_it_all() -> None:
    """No sign and no factor shows in it."""
    number = checked("x/y + y", {"x": 4, "y": 2}, ["y"])
    array = checked("sum(x*w)", {"x": [3, 4], "w": [0, 0]}, ["x"])

    assert alike(number) == {"y": ["0"]}
    assert alike(array) == {"x": ["0 in every entry", "the value of v1"]}


def test_an_entry_may_be_counted_from_the_end() -> None:
    """As in Python."""
    found = checked("sum(x*x)", {"x": [1, 2, 3]}, ["x[-1]"])

    assert [(item.title, item.right) for item in found.items] == [("∂f/∂x[2]", 6.0)]
    assert found.verdict is Verdict.AGREE


def test_formulas_cannot_be_right_by_coincidence() -> None:
    """They are compared at many points."""
    asked = (Asked("x", 1, "formula"), Asked("y", 1, "number"))
    (found,) = self_checked(Homework("", (Problem("one", "x*y", {"x": 2, "y": 2}, asked),))).problems

    assert set(alike(found)) == {"y"}


def test_the_tolerance_decides_what_counts_as_the_same_number() -> None:
    """Three per cent off is right where a teacher allows five."""
    tight = checked("x**2*y", {"x": 2.06, "y": 3}, ["value(f)"])
    wide = checked("x**2*y", {"x": 2.06, "y": 3}, ["value(f)"], tolerance=Tolerance(relative=0.05))

    assert tight.coincidences == ()
    assert "v1 computed as base times exponent, not a power" in alike(wide)["value(f)"]


def test_a_tolerance_of_a_course_is_that_of_its_grader() -> None:
    """Three digits are what is asked for, so numbers that agree in three digits are one."""
    loose = checked("x**2*y", {"x": 2.0004, "y": 3}, ["value(f)"], tolerance=Tolerance(digits=3))
    course = checked("x**2*y", {"x": 2.0004, "y": 3}, ["value(f)"], tolerance=PRESETS["cs231n"])

    assert "v1 computed as base times exponent, not a power" in alike(loose)["value(f)"]
    assert course.coincidences == ()


# Another point -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "at", "keys", "proposed"),
    [
        (PRODUCT, POINT, ["value(A)", "A", "x", "y", "z"], {"x": 7, "y": -2, "z": -3}),
        ("x*y", {"x": 2, "y": 2}, ["x", "y", "value(f)"], {"x": 3, "y": 2}),
        ("x*y*z", {"x": 0.5, "y": 0.5, "z": 3}, ["x"], {"x": 0.6, "y": 0.5, "z": 3}),
        ("x*y", {"x": -2, "y": -2}, ["x"], {"x": -3, "y": -2}),
        ("x*y", {"x": "2", "y": "2"}, ["x"], {"x": "3", "y": "2"}),
        ("sum(x*w)", {"x": [1, 2], "w": [1, 2]}, ["x"], {"x": [2, 2], "w": [1, 2]}),
    ],
    ids=["product", "square", "decimals", "signs", "texts", "arrays"],
)
def test_a_point_in_the_same_style_is_proposed(
    expression: str, at: dict[str, Any], keys: list[str], proposed: dict[str, Any]
) -> None:
    """As few numbers as possible change; whole numbers stay whole, signs stay, decimals keep their places."""
    found = checked(expression, at, keys)

    assert found.proposal is not None
    assert found.proposal.at == proposed
    assert checked(expression, proposed, keys).coincidences == ()


def test_a_proposed_point_stays_on_the_same_side_of_every_kink() -> None:
    """Or the problem would be another; x = 1 would tell methods apart, too."""
    looked_at = problem("abs(x - 3)*y", {"x": 4, "y": 4}, ["y"])
    proposals = list(islice(Coincidences(looked_at, looked_at.asked, DEFAULT_LIMITS).proposals(), 5))

    assert len(proposals) == 5
    assert all(proposal.at["x"] > 3 for proposal in proposals)


def test_the_same_is_found_every_time() -> None:
    """Nearby points are drawn, but always the same ones."""
    one, other = [checked("x*x*y", {"x": 2, "y": 2}, ["x", "y"]) for _ in range(2)]

    assert (one.coincidences, one.proposal) == (other.coincidences, other.proposal)


def test_where_no_point_nearby_is_better_that_is_told() -> None:
    """A point that stands in a file, or at a kink that must stay, is not changed."""
    found = checked("relu(x)*y + 0*y", {"x": 0, "y": 2}, ["y"])

    assert found.proposal is None
    assert "No point nearby tells them all apart" in told(found)


def test_a_point_is_clear_only_if_nothing_coincides_there() -> None:
    """The first proposal is the first one that passes."""
    looked_at = problem("x*y", {"x": 2, "y": 2}, ["x", "y"])
    proposals = Coincidences(looked_at, looked_at.asked, DEFAULT_LIMITS).proposals()

    for proposal, _ in zip(proposals, range(5), strict=False):
        assert proposal.at["x"] != proposal.at["y"]


def test_from_a_point_of_ones_much_may_change() -> None:
    """Few changes help nobody there; all numbers apart do."""
    found = checked("a*b*c*d", {"a": 1, "b": 1, "c": 1, "d": 1}, ["a", "b", "c", "d", "value(f)"])

    assert found.proposal is not None
    assert len({abs(one) for one in found.proposal.at.values()}) == 4
    assert checked("a*b*c*d", found.proposal.at, ["a", "b", "c", "d", "value(f)"]).coincidences == ()


def test_very_long_expressions_are_checked_without_looking_for_methods() -> None:
    """Which would take longer than anybody waits."""
    found = checked(" + ".join(["x"] * 2100), {"x": 2}, ["x"])

    assert (found.verdict, found.coincidences) == (Verdict.AGREE, ())
    assert "wrong methods are looked for in expressions of up to 2000 operations" in told(found)


# Reports -------------------------------------------------------------------------------------------------------------


def told(found: ProblemCheck) -> str:
    """The report of one problem as text."""
    return plain_text(self_check_report(SelfCheck(Homework("A homework", (found.problem,)), (found,)), Page()))


def test_the_report_shows_right_values_and_what_coincides() -> None:
    """A table for each problem, then sentences, then one line about all."""
    found = checked(PRODUCT, POINT, ["value(A)", "A", "x"], title="A product of three")

    assert told(found) == (
        "A homework                                                                       1 problem, 3 points\n"
        "\n"
        "one  A product of three                                                                     3 points\n"
        "            points  right   verdict\n"
        "  value(A)       1    -12   agree\n"
        "  ∂F/∂A          1     -3   agree\n"
        "  ∂F/∂x          1      6   agree     so does a wrong method\n"
        "∂F/∂x is right by a wrong method too: the value of x.\n"
        "A point that tells right from wrong: at = { x = 7, y = -2, z = -3 }\n"
        "\n"
        "3 of 3 answers agree with SymPy and differences; in 1 problem wrong methods are right too.\n"
    )


def test_what_does_not_agree_is_counted_by_its_verdict() -> None:
    """Where there is no value no right one is shown, and a 0 has no sign."""
    text = told(checked("log(x) + y", {"x": -1, "y": 2}, ["x", "y"]))

    assert "0 of 2 answers agree with SymPy and differences; 2 without a value." in text
    assert re.search(r"∂f/∂x +1 +unevaluable", text)
    kink = told(checked("-relu(x)*y", {"x": 0, "y": 2}, ["x", "y"]))
    assert "; 1 accepted at a kink" in kink
    assert not re.search(r"-0\b(?!\.)", kink)


def test_a_drawn_point_is_shown() -> None:
    """The file has the seed alone, and a teacher wants to know what students read; a typed point is not said again."""
    table = {"name": "one", "expression": "A = x*y; F = A*z", "asked": ["x"]}
    texts = []
    for more in ({"random_seed": 3}, {"at": {"x": "uniform(1, 2)", "y": 3, "z": 4}}, {"at": POINT}):
        (problem,) = homework_from({"problems": [{**table, **more}]}).problems
        texts.append((told(self_checked(Homework("A homework", (problem,))).problems[0]), problem.at))

    for text, at in texts[:2]:
        (line,) = [line for line in text.splitlines() if line.startswith("Drawn by random_seed = ")]
        assert tomllib.loads(line.partition(": ")[2])["at"] == at
    assert "Drawn" not in texts[2][0]


def test_nothing_in_a_title_steers_a_terminal() -> None:
    """A homework may come from somebody else."""
    found = checked("x*y", {"x": 3, "y": 5}, ["x"], title="a\x1b[31m\r\u202eb")
    shown = plain_text(self_check_report(SelfCheck(Homework("\x1b]0;t\x07", (found.problem,)), (found,)), Page()))

    assert all(sign.isprintable() or sign == "\n" for sign in shown)


def test_a_page_is_kept_but_for_what_is_pasted() -> None:
    """The proposed point is TOML, which takes it on one line."""
    at = {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}
    found = checked("f = sigmoid(w0*x0 + w1*x1 + w2)", at, ["w0", "x0", "w1", "x1", "w2"])
    result = SelfCheck(Homework("A homework", (found.problem,)), (found,))
    for width in (60, 100):
        lines = plain_text(self_check_report(result, Page(width=width, number=short))).split("\n")
        pasted = [line for line in lines if line.startswith("A point that tells right from wrong: at = {")]

        assert len(pasted) == 1
        assert max(len(line) for line in lines if line not in pasted) <= width


def test_the_document_is_valid() -> None:
    """Of numbers, arrays, formulas, and of a problem that has no gradient."""
    problems = (
        problem(PRODUCT, POINT, ["x", "y"]),
        problem("sin(x)", {}, ["x"]),
        problem("sum(W @ x)", {"W": [[1, 2], [3, 4]], "x": "[5, 6]"}, ["W", "x"]),
        problem("sqrt(x)", {"x": 0}, ["x"]),
    )
    document = json.loads(json_text(self_check_document(self_checked(Homework("All", problems)))))

    Draft202012Validator(json.loads(schema_text("homework"))).validate(document)
    assert document["verdict"] == "unevaluable"
    assert document["problems"][0]["coincidences"] == [{"item": "x", "method": "the value of x"}]
    assert document["problems"][0]["proposal"] == {"at": {"x": 7, "y": -2, "z": -3}, "changed": ["x"]}
    assert document["problems"][2]["items"][0]["right"] == [[5.0, 6.0], [5.0, 6.0]]
    assert document["problems"][3]["items"][0]["right"] == "Infinity"
