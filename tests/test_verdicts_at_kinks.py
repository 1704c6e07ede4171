"""Verdicts where a slope is not one number: kinks and ties, jumps and holes, and what no number of digits tells.

The slopes on both sides of a kink are written down here by hand.
"""

from collections.abc import Mapping
from typing import NamedTuple

import pytest
from checks import only

from bpcli import check_expression as check
from bpcli.check.findings import EXIT_CODES, Verdict
from bpcli.ops import REGISTRY

JUST_BEYOND = 1e-6  # relative to the gap between the slopes of a kink
SELU = 1.0507009873554805  # Klambauer et al. 2017
SELU_LEFT = SELU * 1.6732632423543772
At = Mapping[str, float]


# Kinks ---------------------------------------------------------------------------------------------------------------


class Corner(NamedTuple):
    """A kink: the slopes to the left and right of it, by hand, and the slope of the convention."""

    text: str
    at: dict[str, float]
    name: str
    left: float
    right: float
    convention: float
    op: str

    @property
    def label(self) -> str:
        """What pytest calls it."""
        return f"{self.text} at {self.at[self.name]:g}, ∂/∂{self.name}"


TIE = {"x": 2.0, "y": 2.0}
CORNERS = [
    Corner("relu(x)", {"x": 0}, "x", 0, 1, 0, "relu"),
    Corner("relu(x)", {"x": -0.0}, "x", 0, 1, 0, "relu"),
    Corner("abs(x)", {"x": 0}, "x", -1, 1, 0, "abs"),
    Corner("leaky_relu(x)", {"x": 0}, "x", 0.01, 1, 0.01, "leaky_relu"),
    Corner("leaky_relu(x, 0.3)", {"x": 0}, "x", 0.3, 1, 0.3, "leaky_relu"),
    Corner("elu(x, 1.7)", {"x": 0}, "x", 1.7, 1, 1.7, "elu"),
    Corner("selu(x)", {"x": 0}, "x", SELU_LEFT, SELU, SELU_LEFT, "selu"),
    Corner("hardtanh(x)", {"x": -1}, "x", 0, 1, 0, "hardtanh"),
    Corner("hardtanh(x)", {"x": 1}, "x", 1, 0, 0, "hardtanh"),
    Corner("relu6(x)", {"x": 0}, "x", 0, 1, 0, "relu6"),
    Corner("relu6(x)", {"x": 6}, "x", 1, 0, 0, "relu6"),
    Corner("hardsigmoid(x)", {"x": -3}, "x", 0, 1 / 6, 0, "hardsigmoid"),
    Corner("hardsigmoid(x)", {"x": 3}, "x", 1 / 6, 0, 0, "hardsigmoid"),
    Corner("hardswish(x)", {"x": -3}, "x", 0, -0.5, 0, "hardswish"),
    Corner("hardswish(x)", {"x": 3}, "x", 1.5, 1, 1, "hardswish"),
    Corner("clip(x, -1, 2)", {"x": -1}, "x", 0, 1, 1, "clip"),
    Corner("clip(x, -1, 2)", {"x": 2}, "x", 1, 0, 1, "clip"),
    Corner("clip(x, low, 3)", {"x": 1, "low": 1}, "low", 0, 1, 0, "clip"),
    Corner("max(x, y)", TIE, "x", 0, 1, 0.5, "max"),
    Corner("maximum(x, y)", TIE, "y", 0, 1, 0.5, "max"),
    Corner("maximum(x, y, 2)", TIE, "x", 0, 1, 1 / 3, "max"),
    Corner("min(x, y)", TIE, "x", 1, 0, 0.5, "min"),
    Corner("max(x, 2)", {"x": 2}, "x", 0, 1, 0.5, "max"),
    Corner("hypot(x, y)", {"x": 0, "y": 0}, "x", -1, 1, 0, "hypot"),
    Corner("where(x > 0, 3*x, y*x)", {"x": 0, "y": 5}, "x", 5, 3, 5, "where"),
    Corner("3*relu(x)", {"x": 0}, "x", 0, 3, 0, "relu"),
    Corner("exp(abs(x))*1e8", {"x": 0}, "x", -1e8, 1e8, 0, "abs"),
    Corner("1e-8*relu(x - 7)", {"x": 7}, "x", 0, 1e-8, 0, "relu"),
    Corner("x*sign(x)", {"x": 0}, "x", -1, 1, 0, "sign"),
    Corner("A = x*y; relu(A)", {"x": 0, "y": -2}, "x", -2, 0, 0, "relu"),
]
corners = pytest.mark.parametrize("corner", CORNERS, ids=lambda corner: corner.label)


@corners
def test_the_convention_is_accepted_at_a_kink(corner: Corner) -> None:
    """What PyTorch and bpcli say is a right answer, the report names the op and both slopes, and the exit code is 0."""
    found = check(corner.text, corner.at, {corner.name: corner.convention})
    finding = only(found)

    assert (found.verdict, finding.accepted_as) == (Verdict.KINK, "convention")
    assert EXIT_CODES[found.verdict] == 0
    assert finding.kink
    assert finding.kink.node.op.written == corner.op
    assert (finding.kink.left, finding.kink.right) == pytest.approx((corner.left, corner.right), rel=1e-12, abs=0)


@corners
@pytest.mark.parametrize("part", [0.0, 0.11, 0.37, 0.83, 1.0])
def test_a_slope_between_those_of_the_sides_is_accepted(corner: Corner, part: float) -> None:
    """Any number between the one-sided slopes, and both of these, are right answers."""
    claimed = corner.left + part * (corner.right - corner.left)
    finding = only(check(corner.text, corner.at, {corner.name: claimed}))

    assert finding.verdict is Verdict.KINK
    assert finding.accepted_as == ("convention" if claimed == corner.convention else "between")


@corners
@pytest.mark.parametrize("beyond", [JUST_BEYOND, 0.01, 1.0, 1e6])
def test_a_slope_outside_those_of_the_sides_is_refused(corner: Corner, beyond: float) -> None:
    """Beyond either side a number is wrong, however little."""
    gap = beyond * (corner.right - corner.left)
    found = [check(corner.text, corner.at, {corner.name: c}) for c in (corner.left - gap, corner.right + gap)]

    assert [one.verdict for one in found] == [Verdict.DIFFER] * 2


@corners
def test_gradients_of_bpcli_itself_are_accepted_at_a_kink(corner: Corner) -> None:
    """At a kink SymPy is not asked; what backpropagation says is accepted as the convention."""
    found = check(corner.text, corner.at, with_respect_to=corner.name)
    finding = only(found)

    assert (found.verdict, finding.accepted_as, finding.symbolic) == (Verdict.KINK, "convention", None)


@pytest.mark.parametrize(
    ("text", "derivative", "convention", "op"),
    [
        ("relu(x) - relu(-x)", 1, 0, "relu"),
        ("relu(x) + min(x, 0)", 1, 0.5, "relu"),
        ("abs(x) - 2*relu(x)", -1, 0, "abs"),
        ("2*abs(x) - abs(2*x) + 3*x", 3, 3, None),
        ("leaky_relu(x, 0.25) - 0.75*relu(x)", 0.25, 0.25, None),
    ],
)
def test_a_derivative_that_the_chain_rule_misses_is_accepted(
    text: str, derivative: float, convention: float, op: str | None
) -> None:
    """Kinks that cancel leave a derivative: it is right, so is the convention, what lies between them is not."""
    accepted = [only(check(text, {"x": 0}, {"x": claimed})) for claimed in (derivative, convention)]
    refused = [check(text, {"x": 0}, {"x": derivative + part}).verdict for part in (0.25, -0.25, 1e-6)]

    expected = ["derivative", "convention"] if op else [None, None]
    assert [finding.accepted_as for finding in accepted] == expected
    assert {finding.verdict for finding in accepted} == {Verdict.KINK if op else Verdict.AGREE}
    assert refused == [Verdict.DIFFER] * 3


def test_a_derivative_that_the_chain_rule_misses_names_the_op_and_both_slopes() -> None:
    """The report says what the kink is also where the derivative is what is accepted."""
    finding = only(check("relu(x) - relu(-x)", {"x": 0}, {"x": 1}))

    assert finding.accepted_as == "derivative"
    assert finding.kink
    assert finding.kink.node.op.written == "relu"
    assert (finding.kink.left, finding.kink.right) == (1.0, 1.0)


ORIGIN = {"x": 0.0, "y": 0.0}
THREE = {"x": 1.0, "y": 1.0, "z": 1.0}


@pytest.mark.parametrize(
    ("text", "at", "claims"),
    [
        ("max(x, y)", TIE, (0.5, 0.5)),
        ("max(x, y)", TIE, (1, 0)),
        ("max(x, y)", TIE, (0, 1)),
        ("max(x, y)", TIE, (0.3, 0.7)),
        ("min(x, y)", TIE, (0.25, 0.75)),
        ("max(x, y, z)", THREE, (1 / 3, 1 / 3, 1 / 3)),
        ("max(x, y, z)", THREE, (0.2, 0.3, 0.5)),
        ("max(x, y, z)", THREE, (0, 1, 0)),
        ("abs(x - y)", TIE, (0.5, -0.5)),
        ("abs(x - y)", TIE, (-1, 1)),
        ("relu(x + y)", ORIGIN, (1, 1)),
        ("relu(x + y)", ORIGIN, (0.25, 0.25)),
        ("relu(x) + relu(y)", ORIGIN, (1, 0.5)),
        ("hypot(x, y)", ORIGIN, (0.6, 0.8)),
        ("hypot(x, y)", ORIGIN, (0.5, -0.5)),
        ("hypot(x, y)", ORIGIN, (1, 0)),
    ],
)
def test_claims_that_fit_together_at_a_tie_are_accepted(text: str, at: At, claims: tuple[float, ...]) -> None:
    """A gradient that is one of a kink's generalised gradients is right."""
    found = check(text, at, dict(zip(at, claims, strict=True)))

    assert found.verdict is Verdict.KINK


@pytest.mark.parametrize(
    ("text", "at", "claims"),
    [
        ("max(x, y)", TIE, (1, 1)),
        ("max(x, y)", TIE, (0, 0)),
        ("max(x, y)", TIE, (0.5, 1)),
        ("max(x, y)", TIE, (0.3, 0.6)),
        ("min(x, y)", TIE, (1, 1)),
        ("min(x, y)", TIE, (0, 0.5)),
        ("max(x, y, z)", THREE, (0.5, 0.5, 0.5)),
        ("max(x, y, z)", THREE, (0, 0, 0)),
        ("max(x, y, z)", THREE, (1, 1, 1)),
        ("abs(x - y)", TIE, (0.5, 0.5)),
        ("abs(x - y)", TIE, (1, 1)),
        ("relu(x + y)", ORIGIN, (1, 0)),
        ("clip(x, low, 3)", {"x": 1.0, "low": 1.0}, (1, 1)),
        ("hypot(x, y)", ORIGIN, (1, 1)),
        ("hypot(x, y)", ORIGIN, (1, 0.4)),
        ("hypot(x, y)", ORIGIN, (-0.9, 0.5)),
    ],
)
def test_claims_that_pass_each_coordinate_and_not_together_are_refused(
    text: str, at: At, claims: tuple[float, ...]
) -> None:
    """Each number is between its one-sided slopes, and along some direction they are wrong: the reason says so."""
    found = check(text, at, dict(zip(at, claims, strict=True)))
    alone = [check(text, at, {name: claim}).verdict for name, claim in zip(at, claims, strict=True)]

    assert set(alone) == {Verdict.KINK}
    blamed = [finding for finding in found.findings if finding.verdict is Verdict.DIFFER]
    assert len(blamed) >= 2
    assert all("jointly wrong" in (finding.reason or "") for finding in blamed)


def test_claims_that_are_jointly_wrong_do_not_follow_from_one_another() -> None:
    """Of two variables side by side neither is computed from the other."""
    found = check("max(x, y)", TIE, {"x": 0.5, "y": 1})

    assert [(finding.own_mistake, finding.follows) for finding in found.findings] == [(True, None)] * 2


def test_a_tie_of_many_is_judged_jointly_too() -> None:
    """Thirteen inputs that tie cannot each take the whole gradient."""
    names = [f"x{number}" for number in range(13)]
    found = check(f"max({', '.join(names)})", dict.fromkeys(names, 1.0), dict.fromkeys(names, 1.0))

    assert found.verdict is Verdict.DIFFER


def test_the_tolerance_holds_for_joint_claims() -> None:
    """0.3 and 0.700001 are a whole to within a part in a thousand, if that is asked for."""
    claims = {"x": 0.3, "y": 0.700001}

    assert check("max(x, y)", TIE, claims).verdict is Verdict.DIFFER
    assert check("max(x, y)", TIE, claims, relative_tolerance=1e-3).verdict is Verdict.KINK


# What cannot be known ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("sqrt(x)", {"x": -1}, ("sqrt(x)", "x = -1", "x >= 0")),
        ("log(x)", {"x": 0}, ("log(x)", "x = 0", "x > 0")),
        ("log(x - 2)", {"x": 1}, ("log", "-1")),
        ("1/x", {"x": 0}, ("1/x", "x = 0", "division by zero")),
        ("sin(x)/x", {"x": 0}, ("x = 0", "division by zero")),
        ("(x**2 - 1)/(x - 1)", {"x": 1}, ("division by zero",)),
        ("asin(x)", {"x": 1.5}, ("asin(x)", "x = 1.5")),
        ("x**0.5", {"x": -4}, ("x = -4",)),
        ("x*log(x)", {"x": 0}, ("log(x)", "x = 0")),
        ("sqrt(x)", {"x": 0}, ("infinite", "sqrt", "x = 0")),
        ("cbrt(x)", {"x": 0}, ("infinite", "cbrt", "x = 0")),
        ("x**0.5", {"x": 0}, ("infinite", "x = 0")),
        ("asin(x)", {"x": 1}, ("infinite", "asin", "x = 1")),
        ("floor(x)", {"x": 2}, ("jumps", "floor", "x = 2")),
        ("ceil(x)*x", {"x": 1}, ("jumps", "ceil", "x = 1")),
        ("round(x)", {"x": 0.5}, ("jumps", "round", "x = 0.5")),
        ("sign(x)", {"x": 0}, ("jumps", "sign", "x = 0")),
        ("where(x > 0, x + 1, x)", {"x": 0}, ("jumps", "where", "x = 0")),
        ("atan2(y, x)", {"y": 0, "x": -1}, ("jumps", "atan2")),
        ("acot(x)", {"x": 0}, ("jumps", "acot", "x = 0")),
        ("relu(floor(x))", {"x": 1}, ("jumps",)),
        ("floor(cos(x))", {"x": 0}, ("jumps", "floor")),
        ("where(x == 2, 1, 1/x)", {"x": 2}, ("jumps", "where", "x = 2")),
        ("A = x - 3; F = sqrt(A)*y", {"x": 1, "y": 2}, ("sqrt(A)", "A = -2")),
    ],
)
def test_where_there_is_no_slope_no_claim_is_judged(text: str, at: At, words: tuple[str, ...]) -> None:
    """A hole, a jump, an infinite slope or the end of a domain is unevaluable, with where and why; the code is 3."""
    first = next(iter(at))
    found = [check(text, at, {first: claim}) for claim in (0.0, 1.0, -7.5)]

    assert {one.verdict for one in found} == {Verdict.UNEVALUABLE}
    assert EXIT_CODES[found[0].verdict] == 3
    assert [word for word in words if word not in (only(found[0]).reason or "")] == []


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("relu(sqrt(x)**2 - 2)", {"x": 2}),
        ("abs(sqrt(x)**2 - 2)", {"x": 2}),
        ("max(exp(log(x)), 3)", {"x": 3}),
        ("where(sqrt(x)**2 > 2, 3*x, x + 4)", {"x": 2}),
    ],
)
def test_a_sign_that_no_digits_resolve_is_undecided(text: str, at: At) -> None:
    """√2² - 2 is noise at any precision: on which side of the kink the point is cannot be known; the code is 4."""
    found = check(text, at, {"x": 1})
    finding = only(found)

    assert found.verdict is Verdict.UNDECIDED
    assert EXIT_CODES[found.verdict] == 4
    assert "digits" in (finding.reason or "")


def test_undecided_says_the_smallest_error_that_would_have_been_seen() -> None:
    """Where a kink's side is open, an error that is larger than the gap of its slopes would still be seen."""
    finding = only(check("relu(sqrt(x)**2 - 2)", {"x": 2}, {"x": 1}))

    assert finding.smallest_visible is not None
    assert 0 < finding.smallest_visible <= 1


def test_a_slope_that_is_reached_slowly_is_not_called_wrong() -> None:
    """x/log|x| has slope 0 at 0, though no step is small enough to show it: what is not known is not refused."""
    found = check("where(x == 0, 0, x/log(abs(x)))", {"x": 0}, {"x": 0})

    assert found.verdict in (Verdict.AGREE, Verdict.KINK, Verdict.UNDECIDED)


def test_noise_that_no_slope_depends_on_is_decided() -> None:
    """relu(√x² - x) is 0 whichever side its noise is on."""
    right, wrong = (check("relu(sqrt(x)**2 - x)", {"x": 2}, {"x": claim}).verdict for claim in (0, 1))

    assert (right, wrong) == (Verdict.AGREE, Verdict.DIFFER)


@pytest.mark.parametrize(
    ("text", "at", "claims", "verdict"),
    [
        ("x*y", {"x": 2, "y": 3}, {"x": 3, "y": 2}, Verdict.AGREE),
        ("x*y", {"x": 2, "y": 3}, {"x": 3, "y": 3}, Verdict.DIFFER),
        ("relu(x)*y", {"x": 0, "y": 3}, {"x": 0, "y": 0}, Verdict.KINK),
        ("relu(x)*y", {"x": 0, "y": 3}, {"x": 0, "y": 1}, Verdict.DIFFER),
        ("relu(sqrt(x)**2 - 2) + y", {"x": 2, "y": 3}, {"x": 0, "y": 1}, Verdict.UNDECIDED),
        ("relu(sqrt(x)**2 - 2) + y", {"x": 2, "y": 3}, {"x": 0, "y": 2}, Verdict.DIFFER),
        ("sqrt(x) + y", {"x": 0, "y": 3}, {"x": 0, "y": 1}, Verdict.UNEVALUABLE),
        ("sqrt(x) + y", {"x": 0, "y": 3}, {"x": 0, "y": 2}, Verdict.UNEVALUABLE),
    ],
)
def test_the_worst_verdict_is_that_of_all(text: str, at: At, claims: dict[str, float], verdict: Verdict) -> None:
    """In the order of the exit codes: unevaluable, differ, undecided, kink, agree."""
    found = check(text, at, claims)

    assert found.verdict is verdict


def test_the_exit_codes_are_those_of_the_design() -> None:
    """0 agree, or accepted at a kink; 1 a gradient differs; 3 cannot be evaluated; 4 undecided."""
    codes = {verdict.value: code for verdict, code in EXIT_CODES.items()}

    assert codes == {"agree": 0, "kink": 0, "differ": 1, "unevaluable": 3, "undecided": 4}


@pytest.mark.parametrize(
    ("text", "at", "claims", "verdict"),
    [
        ("x**0.9", {"x": 0}, {"x": 0}, Verdict.UNEVALUABLE),
        ("x**0.9 + 3*x", {"x": 0}, {"x": 3}, Verdict.UNEVALUABLE),
        ("where(x > 1, x**2, x)", {"x": 1.0004}, {"x": "2*x"}, Verdict.AGREE),
        ("relu(x - 1)*y", {"x": 1.0003, "y": 2}, {"x": "y"}, Verdict.AGREE),
        ("A = exp(-x); F = 1 + A", {"x": 1e9}, {"A": 1}, Verdict.AGREE),
        ("sin(x)*y + abs(x)*0", {"x": 0, "y": 3}, {"x": 6}, Verdict.DIFFER),
    ],
)
def test_what_a_reviewer_found(text: str, at: At, claims: dict[str, object], verdict: Verdict) -> None:
    """Steep roots, formulas beside a kink, values that are almost nothing, a tie that has no part in a slope."""
    assert check(text, at, claims).verdict is verdict


def test_a_tie_excuses_no_wrong_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """The convention at a kink is asked of the op that has the kink, not of what else is on the way."""
    monkeypatch.setattr(REGISTRY["sin"], "partials", lambda m, out, x: (2 * m.cos(x),))

    assert check("sin(x) + 0*relu(x)", {"x": 0}).verdict is Verdict.DIFFER
