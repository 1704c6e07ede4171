"""Verdicts on formulas: proved, agreeing at many points, or refuted by one; with a point and without."""

from collections.abc import Mapping

import pytest
from checks import only

from bpcli import check_expression as check
from bpcli import parse
from bpcli.check.findings import Outcome, Verdict
from bpcli.errors import MissingValueError, UnknownNameError

POINTS_OF_FORMULAS = 40  # the issue: "agrees at 40 points"
At = Mapping[str, float]
SAME = [
    ("sin(x)**2", "x", "2*sin(x)*cos(x)"),
    ("sin(x)**2", "x", "sin(2*x)"),
    ("x**3", "x", "3*x²"),
    ("x**y", "x", "y*x**(y - 1)"),
    ("x**y", "y", "x**y*ln(x)"),
    ("tanh(x)", "x", "1 - tanh(x)**2"),
    ("sigmoid(x)", "x", "σ(x)*(1 - σ(x))"),
    ("erf(x)", "x", "2/sqrt(pi)*exp(-x**2)"),
    ("log(x**2)", "x", "2/x"),
    ("x/y", "y", "-x/y**2"),
    ("a*x**2 + b*x + c", "x", "2*a*x + b"),
    ("gamma(x)", "x", "gamma(x)*digamma(x)"),
    ("u = x*x; u = u + x; F = u*2", "x", "4*x + 2"),
    ("A = x*y; F = sin(A)", "x", "y*cos(A)"),
    ("A = x*y; F = sin(A)", "A", "cos(x*y)"),
    ("A = x*y; F = sin(A)", "dF/dA", "cos(A)"),
    ("A = x*y; F = A", "dF/dx", "F/x"),
]
ALIKE = [
    ("abs(x)", "x", "sign(x)"),
    ("abs(x)", "x", "x/abs(x)"),
    ("sqrt(x**2)", "x", "x/sqrt(x**2)"),
    ("log(abs(x))", "x", "1/x"),
    ("relu(x)**2", "x", "2*relu(x)"),
    ("floor(x)*x", "x", "floor(x)"),
    ("max(x, y)", "x", "where(x > y, 1, 0)"),
    ("asec(x)", "x", "1/(abs(x)*sqrt(x**2 - 1))"),
    ("A = x*y; F = sin(A)", "value(F)", "sin(x*y)"),
    ("A = x*y; F = sin(A)", "local(A, x)", "y"),
    ("A = x*y; F = sin(A)", "contribution(A, x)", "y*cos(A)"),
    ("A = x*y; F = sin(A)", "local(F, A)", "cos(A)"),
    ("acosh(x) + log(1000 - x)", "x", "1/sqrt(x**2 - 1) - 1/(1000 - x)"),
]
DIFFERENT = [
    ("sin(x)**2", "x", "2*sin(x)"),
    ("sin(x)**2", "x", "-sin(2*x)"),
    ("x**3", "x", "3*x**3"),
    ("x**3", "x", "2*x**2"),
    ("x**3", "x", "3.000003*x**2"),
    ("x**y", "x", "y*x**(y + 1)"),
    ("x**y", "y", "x**y*log2(x)"),
    ("tanh(x)", "x", "1 - tanh(x)"),
    ("log(x)", "x", "1/(x*log(10))"),
    ("max(x, y)", "x", "where(x > y, 0, 1)"),
    ("x/y", "y", "x/y**2"),
    ("sin(x)*cos(y)", "y", "sin(x)*sin(y)"),
    ("1/(1 + exp(-x))", "x", "exp(-x)/(1 + exp(-x))"),
    ("A = x*y; F = sin(A)", "x", "x*cos(A)"),
    ("A = x*y; F = sin(A)", "A", "-cos(A)"),
    ("A = x*y; F = sin(A)", "value(F)", "cos(A)"),
    ("A = x*y; F = sin(A)", "local(A, x)", "x"),
    ("A = x*y; F = sin(A)", "contribution(A, x)", "cos(A)"),
]
WRONG_ON_ONE_SIDE = [
    ("sqrt(x**2)", "x/x"),
    ("abs(x)", "x/x"),
    ("asec(x)", "1/(x*sqrt(x**2 - 1))"),
    ("relu(x)", "x/x"),
    ("where(x > 0, x**2, -x)", "2*x"),
]
SOMEWHERE = {"x": 1.375, "y": 0.8125, "a": 2.0, "b": -3.0, "c": 0.5}  # in the domain of every expression above
with_and_without_a_point = pytest.mark.parametrize("is_anywhere", [True, False], ids=["anywhere", "at a point"])


def point_of(text: str, *, is_anywhere: bool) -> At:
    """Values for the variables of an expression, or none."""
    return {} if is_anywhere else {one.name: SOMEWHERE[one.name] for one in parse(text).variables}


@with_and_without_a_point
@pytest.mark.parametrize(("text", "item", "formula"), SAME)
def test_a_formula_that_is_the_gradient_is_proved(text: str, item: str, formula: str, *, is_anywhere: bool) -> None:
    """With or without a point, SymPy finds the formulas equal."""
    finding = only(check(text, point_of(text, is_anywhere=is_anywhere), [f"{item}={formula}"]))

    assert finding.verdict is Verdict.AGREE
    assert finding.equality
    assert finding.equality.outcome is Outcome.PROVED


@with_and_without_a_point
@pytest.mark.parametrize(("text", "item", "formula"), ALIKE)
def test_a_formula_without_a_proof_agrees_at_forty_points(
    text: str, item: str, formula: str, *, is_anywhere: bool
) -> None:
    """Where SymPy has no proof, forty different points agree, and the report has them."""
    finding = only(check(text, point_of(text, is_anywhere=is_anywhere), [f"{item}={formula}"]))

    assert finding.verdict is Verdict.AGREE
    assert finding.equality
    assert finding.equality.outcome in (Outcome.AGREES, Outcome.PROVED)
    assert len({tuple(point.items()) for point in finding.equality.points}) == POINTS_OF_FORMULAS


@with_and_without_a_point
@pytest.mark.parametrize(("text", "item", "formula"), DIFFERENT)
def test_a_wrong_formula_has_a_counterexample(text: str, item: str, formula: str, *, is_anywhere: bool) -> None:
    """A factor, a sign, an exponent or a function that is wrong is found, at a point at which both have values."""
    found = check(text, point_of(text, is_anywhere=is_anywhere), [f"{item}={formula}"])
    finding = only(found)

    assert found.verdict is Verdict.DIFFER
    assert finding.equality
    assert finding.equality.outcome is Outcome.DIFFERS
    assert finding.equality.counterexample
    assert finding.equality.counterexample.claimed != finding.equality.counterexample.truth
    again = check(text, finding.equality.counterexample.at, {item: finding.equality.counterexample.truth})
    assert again.verdict is Verdict.AGREE


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("hardswish(x)", "where(x < 3, x/3 + 1/2, 1)"),
        ("hardswish(x)", "where(x <= -3, 0, x/3 + 1/2)"),
        ("hardsigmoid(x)", "where(x < 3, 1/6, 0)"),
        ("hardsigmoid(x)", "where(x <= -3, 0, 1/6)"),
        ("clip(x, -5, 5)", "where(x < 5, 1, 0)"),
        ("relu6(x)", "where(x > 0, 1, 0)"),
        ("min(x, -4)", "0*x"),
    ],
)
def test_a_formula_is_tried_on_every_piece(text: str, formula: str) -> None:
    """Points are drawn far enough, on both sides of 0, to tell a formula that leaves a piece of the function out."""
    found = check(text, {}, [f"x={formula}"])

    assert found.verdict is Verdict.DIFFER


@pytest.mark.parametrize(("text", "formula"), WRONG_ON_ONE_SIDE)
def test_a_formula_is_judged_on_the_branch_of_the_point(text: str, formula: str) -> None:
    """What is right for positive numbers alone is right at one, wrong at a negative one, and wrong in general."""
    found = [check(text, at, [f"x={formula}"]).verdict for at in ({"x": 2.0}, {"x": -2.0}, {})]

    assert found == [Verdict.AGREE, Verdict.DIFFER, Verdict.DIFFER]


@pytest.mark.parametrize(
    ("text", "at", "claim", "verdict"),
    [
        ("x + y", {}, "y=1", Verdict.AGREE),
        ("x + y", {}, "y=2", Verdict.DIFFER),
        ("x*y", {"x": 2, "y": 6}, "x=12/2", Verdict.AGREE),
        ("e*x", {}, "x=e", Verdict.AGREE),
        ("e*x", {"x": 1}, "x=e", Verdict.AGREE),
        ("e*x", {"x": 1, "e": 2}, "x=e", Verdict.AGREE),
        ("e*x", {"x": 1, "e": 2}, "x=2.718", Verdict.DIFFER),
        ("sin(x)", {"x": "pi"}, "x=cos(pi)", Verdict.AGREE),
        ("pi*x", {"x": 1}, "x=2*acos(0)", Verdict.AGREE),
    ],
)
def test_a_formula_without_variables_is_a_number(text: str, at: At, claim: str, verdict: Verdict) -> None:
    """A number is a gradient that does not change; a name that is bound is a variable, whatever it is called."""
    found = check(text, at, [claim])

    assert found.verdict is verdict


def test_a_number_for_a_gradient_that_changes_needs_a_point() -> None:
    """Without values nobody knows at which point 6 is claimed."""
    with pytest.raises(MissingValueError, match="no value for x, y"):
        check("x*y", {}, ["x=6"])


@pytest.mark.parametrize(
    ("formula", "verdict"), [("3*b/b", Verdict.AGREE), ("3 + 0*b", Verdict.AGREE), ("4*b/b", Verdict.DIFFER)]
)
def test_a_formula_may_have_names_that_only_the_point_binds(formula: str, verdict: Verdict) -> None:
    """A claim may have a name that the expression has not, if it is given a value; else it is an error."""
    found = check("3*x", {"x": 2, "b": 5}, [f"x={formula}"])

    assert found.verdict is verdict
    with pytest.raises(UnknownNameError, match="'b'"):
        check("3*x", {"x": 2}, [f"x={formula}"])


def test_a_name_that_neither_has_is_refused() -> None:
    """A value for a name that is in no expression and no claim is a mistake, said with a suggestion."""
    with pytest.raises(UnknownNameError, match="'xx'"):
        check("3*x", {"x": 2, "xx": 5}, ["x=3"])


@pytest.mark.parametrize(
    ("text", "at", "formula"),
    [
        ("x", {}, "log(-1 - x**2)"),
        ("x", {"x": 1.0}, "log(-1 - x**2)"),
        ("acosh(x) + asin(x)", {}, "1"),
    ],
)
def test_formulas_that_meet_at_no_point_are_undecided(text: str, at: At, formula: str) -> None:
    """Where a formula or the expression has no values, nothing is known, and the reason says how many points were."""
    found = check(text, at, [f"x={formula}"])

    assert found.verdict is Verdict.UNDECIDED
    assert "only 0 of the 5 points" in (only(found).reason or "")


def test_a_formula_where_the_expression_has_no_value_is_unevaluable() -> None:
    """log(x) has no slope at -1, though 1/x has a value there."""
    found = check("log(x)", {"x": -1}, ["x=1/x"])

    assert found.verdict is Verdict.UNEVALUABLE
    assert "x > 0" in (only(found).reason or "")


@pytest.mark.parametrize(
    ("text", "formula", "verdicts_expected"),
    [
        ("relu(x)", "where(x > 0, 1, 0)", {Verdict.AGREE, Verdict.KINK}),
        ("relu(x)", "where(x >= 0, 1, 0)", {Verdict.AGREE, Verdict.KINK}),
        ("abs(x)", "sign(x)", {Verdict.AGREE, Verdict.KINK}),
        ("relu(x)", "where(x > 0, 1, 5)", {Verdict.DIFFER}),
        ("relu(x)", "where(x > 0, 1, where(x == 0, 7, 0))", {Verdict.DIFFER}),
    ],
)
def test_a_formula_at_a_kink_is_right_around_it_and_on_it(
    text: str, formula: str, verdicts_expected: set[Verdict]
) -> None:
    """Beside the kink it must be the slope, on it a number that the kink accepts."""
    found = check(text, {"x": 0}, [f"x={formula}"])

    assert found.verdict in verdicts_expected


def test_the_tolerance_holds_for_formulas() -> None:
    """A formula that is off by a part in ten million differs, and agrees where a part in 10⁵ is allowed."""
    claim = ["x=3.0000003*x**2"]
    found = [check("x**3", {}, claim, relative_tolerance=relative).verdict for relative in (None, 1e-5)]

    assert found == [Verdict.DIFFER, Verdict.AGREE]


def test_the_points_of_formulas_are_the_same_every_time() -> None:
    """What is drawn is drawn from a fixed seed, so results repeat."""
    first, second = (only(check("abs(x)", {}, ["x=x/abs(x)"])).equality for _ in range(2))

    assert first == second
