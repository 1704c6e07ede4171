"""Verdicts on values, gradients of intermediates, local derivatives and contributions, by the names of the steps."""

import math
from collections.abc import Mapping

import pytest
from checks import FACTORS, only, wrong_numbers

from bpcli import check_expression as check
from bpcli.check.findings import Verdict

At = Mapping[str, float]
STEPS = "A = x*y; B = sin(A); F = A*z + B"
AT_STEPS = {"x": 0.5, "y": -2.0, "z": 3.0}
COS_A = math.cos(-1.0)
SIN_A = math.sin(-1.0)
ITEMS = {
    "value(A)": -1.0,
    "value(B)": SIN_A,
    "value(F)": -3 + SIN_A,
    "value(x)": 0.5,
    "F": 1.0,
    "B": 1.0,
    "A": 3 + COS_A,
    "dF/dA": 3 + COS_A,
    "∂F/∂A": 3 + COS_A,
    "upstream(A)": 3 + COS_A,
    "gradient(A)": 3 + COS_A,
    "x": -2 * (3 + COS_A),
    "dF/dx": -2 * (3 + COS_A),
    "z": -1.0,
    "local(A, x)": -2.0,
    "local(A, y)": 0.5,
    "local(B, A)": COS_A,
    "contribution(B, A)": COS_A,
    "contribution(A, x)": -2 * (3 + COS_A),
    "contribution(A, y)": 0.5 * (3 + COS_A),
    "v1": 1.0,
    "value(v1)": -3.0,
    "local(v1, A)": 3.0,
    "contribution(v1, A)": 3.0,
    "local(F, B)": 1.0,
}


@pytest.mark.parametrize("item", ITEMS)
def test_a_claim_may_be_about_any_step(item: str) -> None:
    """Values, gradients of intermediates, local derivatives and contributions, by the names that the steps show."""
    right = check(STEPS, AT_STEPS, {item: ITEMS[item]})
    wrong = [check(STEPS, AT_STEPS, {item: number}).verdict for number in wrong_numbers(ITEMS[item])]

    assert right.verdict is Verdict.AGREE
    assert wrong == [Verdict.DIFFER] * len(FACTORS)


@pytest.mark.parametrize(
    ("text", "at", "claims"),
    [
        (
            "A = x*y; F = A",
            {"x": 3, "y": 4},
            {"dF/dx": 4, "dA/dy": 3, "value(F)": 12, "value(A)": 12, "dF/dA": 1, "F": 1},
        ),
        ("F = x", {"x": 3}, {"x": 1, "value(F)": 3}),
        ("x", {"x": 3}, {"x": 1}),
        ("c = x*2; c = c*c", {"x": 3}, {"x": 24, "c_2": 1, "value(c_2)": 36}),
        ("A = 2*3; F = A*4", {}, {"A": 4, "value(A)": 6, "value(F)": 24}),
        ("k = 2; F = k*x", {"x": 5}, {"x": 2, "value(F)": 10}),
        ("x*x", {"x": 3}, {"local(f, x)": 6, "contribution(f, x)": 6, "x": 6}),
        ("A = x*x*x; F = 2*A", {"x": 3}, {"value(A)": 27, "A": 2, "x": 54}),
        ("unused = x*5; x*y", {"x": 3, "y": 4}, {"x": 4, "y": 3}),
    ],
)
def test_names_mean_what_they_stand_for(text: str, at: At, claims: dict[str, float]) -> None:
    """A statement that is another name, a name given twice, a variable that is the output, an input used twice."""
    found = check(text, at, claims)

    assert found.verdict is Verdict.AGREE


@pytest.mark.parametrize("claim", [0.0, 1.0, 2.0])
def test_a_local_derivative_at_a_kink_is_judged_as_one(claim: float) -> None:
    """The local derivative of relu is from 0 to 1 at 0, whatever its upstream."""
    finding = only(check("A = relu(x); F = 3*A", {"x": 0}, {"local(A, x)": claim}))

    assert finding.verdict is (Verdict.KINK if claim <= 1 else Verdict.DIFFER)


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("A = relu(x); F = 3*A", {0.0: True, 1.0: True, 2.0: True, 3.0: True, 3.1: False, -0.1: False}),
        ("A = relu(x); F = 0.5*A", {0.0: True, 0.25: True, 0.5: True, 0.9: False}),
        ("A = 2*x; F = relu(A)", {0.0: True, 1.0: True, 2.0: True, 2.1: False, -1.0: False}),
        ("A = relu(x); F = -A", {0.0: True, -0.5: True, -1.0: True, 0.5: False}),
    ],
)
def test_a_contribution_at_a_kink_is_judged_as_the_product(text: str, claims: dict[float, bool]) -> None:
    """What flows back along an edge is upstream · local: between its slopes it is accepted, the convention too."""
    found = {claim: check(text, {"x": 0}, {"contribution(A, x)": claim}).verdict for claim in claims}

    assert found == {claim: Verdict.KINK if right else Verdict.DIFFER for claim, right in claims.items()}


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"value(A)": -1}, Verdict.AGREE),
        ({"value(A)": 1}, Verdict.DIFFER),
        ({"value(F)": 0}, Verdict.UNEVALUABLE),
        ({"x": 1}, Verdict.UNEVALUABLE),
    ],
)
def test_values_before_a_hole_are_still_judged(claims: dict[str, float], expected: Verdict) -> None:
    """log(-1) has no value, and its input has."""
    found = check("A = x - 1; F = log(A)", {"x": 0}, claims)

    assert found.verdict is expected
