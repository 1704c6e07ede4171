"""Which step is wrong, and what a wrong number is consistent with.

What a mistake gives is computed here by hand, from the formula that somebody who makes it would use.
"""

import math
from collections.abc import Mapping
from math import cos, exp, log, pi, sin, sqrt, tan, tanh
from random import Random
from typing import NamedTuple

import pytest
from checks import only

from bpcli import check_expression as check
from bpcli.check.carried import ROUNDING
from bpcli.check.findings import Cause, Lead, Verdict
from bpcli.check.results import Check

MOST_CAUSES = 3  # DESIGN §10: with more that fit, silence
RANDOM_NUMBERS = 6  # for each expression
PRODUCT = "A = x*y; F = A*z"
AT_PRODUCT = {"x": 6.0, "y": -2.0, "z": -3.0}

Numbers = Mapping[str, float]


class Slip(NamedTuple):
    """A mistake: its kind, where it is made, the number that it gives, and words of the step, if one is to be named."""

    kind: str
    text: str
    at: dict[str, float]
    item: str
    claimed: float
    step: str | None = None

    @property
    def label(self) -> str:
        """What pytest calls it."""
        return f"{self.kind}: {self.text}, {self.item}"


def sigmoid(x: float) -> float:
    """1/(1 + exp(-x))."""
    return 1 / (1 + exp(-x))


def sech2(x: float) -> float:
    """The derivative of tanh."""
    return 1 - tanh(x) ** 2


NEURON = {"w": 0.5, "x": -1.5, "b": 0.25}
INNER = 0.5 * -1.5 + 0.25
XY = {"x": 2.0, "y": 5.0}
THREE_PATHS = "x*y + sin(x) + exp(x)"
SLIPS = [
    # A sign or a factor.
    Slip("sign", "x*y*z", AT_PRODUCT, "y", 18.0),
    Slip("sign", "cos(x)", {"x": 0.7}, "x", sin(0.7)),
    Slip("sign", "exp(-x)", {"x": 0.7}, "x", exp(-0.7)),
    Slip("sign", "x - y*x", {"x": 3.0, "y": 0.4}, "x", 1 + 0.4, "→ x"),
    Slip("sign", "(x - y)**2", {"x": 3.0, "y": 0.4}, "y", 2 * (3 - 0.4)),
    Slip("sign", PRODUCT, AT_PRODUCT, "A", 3.0),
    Slip("factor 2", "sin(x)*y", {"x": 0.7, "y": 3.0}, "y", 2 * sin(0.7)),
    Slip("factor 2", "(x - y)**2/2", {"x": 3.0, "y": 0.4}, "x", 2 * (3 - 0.4)),
    Slip("factor 1/2", "sin(x)**2", {"x": 0.7}, "x", sin(0.7) * cos(0.7)),
    Slip("factor 1/2", "log(x)*y", {"x": 0.7, "y": 3.0}, "x", 3 / 0.7 / 2),
    Slip("factor n", "(a**2 + b**2 + c**2)/3", {"a": 1.5, "b": 2.5, "c": -0.7}, "b", 2 * 2.5),
    Slip("factor n", "a*exp(b)*c", {"a": 1.5, "b": 2.5, "c": -0.7}, "c", 3 * 1.5 * exp(2.5)),
    Slip("factor 1/n", "(a - b)**2 + sin(c)", {"a": 1.5, "b": 2.5, "c": -0.7}, "c", cos(-0.7) / 3),
    Slip("factor 1/n", "7*sin(x)*x", {"x": 0.7}, "x", sin(0.7) + 0.7 * cos(0.7)),
    Slip("reciprocal", "x*y + z", {"x": 1.5, "y": 2.5, "z": 1.0}, "x", 1 / 2.5),
    Slip("reciprocal", "log(x)", {"x": 0.7}, "x", 0.7),
    Slip("reciprocal", "exp(x/y)", {"x": 1.5, "y": 2.5}, "x", exp(1.5 / 2.5) * 2.5, "→ x"),
    # A step of the chain rule.
    Slip("local derivative left out", "exp(sin(x))", {"x": 0.7}, "x", exp(sin(0.7)), "v1 → x"),
    Slip("local derivative left out", "sin(3*x)", {"x": 0.7}, "x", cos(3 * 0.7), "v1 → x"),
    Slip("local derivative left out", "(2*x + 1)**3", {"x": 0.7}, "x", 3 * (2 * 0.7 + 1) ** 2, "v1 → x"),
    Slip("local derivative left out", "sqrt(1 + x**2)", {"x": 0.7}, "x", 1 / (2 * sqrt(1 + 0.49)), "v1 → x"),
    Slip("local derivative left out", "tanh(w*x + b)", NEURON, "w", sech2(INNER), "v1 → w"),
    Slip("local derivative left out", "tanh(w*x + b)", NEURON, "w", -1.5, "f → v2"),
    Slip("local derivative left out", "exp(-x**2/2)", {"x": 1.3}, "x", -exp(-(1.3**2) / 2) / 2, "v1 → x"),
    Slip("local derivative left out", "u = sin(x); w = u**2; F = exp(w)", {"x": 0.7}, "u", exp(sin(0.7) ** 2), "w → u"),
    Slip("upstream left out", PRODUCT, AT_PRODUCT, "x", -2.0, "A → x"),
    Slip("upstream left out", "exp(sin(x))", {"x": 0.7}, "x", cos(0.7), "v1 → x"),
    Slip("upstream left out", "log(1 + x**3)", {"x": 0.7}, "x", 3 * 0.7**2, "v1 → x"),
    # A path.
    Slip("left out", THREE_PATHS, XY, "x", 5 + cos(2.0)),
    Slip("left out", THREE_PATHS, XY, "x", 5 + exp(2.0)),
    Slip("left out", THREE_PATHS, XY, "x", cos(2.0) + exp(2.0)),
    Slip("left out", "x*y + sin(x)", XY, "x", 5.0),
    Slip("left out", "c = x*x; c*x", {"x": 0.7}, "x", 2 * 0.7**2),
    Slip("left out", "x*y*z", AT_PRODUCT, "z", 0.0),
    Slip("path kept alone", THREE_PATHS, XY, "x", 5.0),
    Slip("path kept alone", THREE_PATHS, XY, "x", cos(2.0)),
    Slip("path kept alone", THREE_PATHS, XY, "x", exp(2.0)),
    Slip("path kept alone", "A = sin(x); A*y + exp(A) + A", XY, "A", exp(sin(2.0))),
    # Two variables.
    Slip("values swapped", "x*y**2", XY, "x", 4.0),
    Slip("values swapped", "x/y", XY, "y", -5 / 2**2),
    Slip("values swapped", "exp(x)*sin(y)", {"x": 0.3, "y": 1.1}, "y", exp(1.1) * cos(0.3)),
    Slip("gradients swapped", "exp(x)*sin(y)", {"x": 0.3, "y": 1.1}, "y", exp(0.3) * sin(1.1)),
    Slip("gradients swapped", "x**3*y", {"x": 1.3, "y": 2.2}, "y", 3 * 1.3**2 * 2.2),
    # The derivative of one op.
    Slip("product rule swapped", "x*exp(y)", {"x": 0.3, "y": 1.1}, "x", 0.3),
    Slip("product rule swapped", "sin(x)*exp(y)*z", {"x": 0.3, "y": 1.1, "z": 3.0}, "x", 3 * sin(0.3) * cos(0.3)),
    Slip("product rule swapped", "sin(x)*exp(x)", {"x": 0.7}, "x", sin(0.7) * cos(0.7) + exp(0.7) * exp(0.7)),
    Slip("product rule swapped", "x*log(x)", {"x": 1.7}, "x", 1.7 + log(1.7) / 1.7),
    Slip("taken at the input", "sigmoid(x)", {"x": 0.7}, "x", 0.7 * (1 - 0.7)),
    Slip("taken at the input", "tanh(x)", {"x": 0.7}, "x", 1 - 0.7**2),
    Slip("taken at the input", "sigmoid(w*x + b)", NEURON, "w", INNER * (1 - INNER) * -1.5, "f → v2"),
    Slip("taken at the input", "tanh(w*x + b)", NEURON, "x", (1 - INNER**2) * 0.5, "f → v2"),
    Slip("degrees", "sin(x)", {"x": 30.0}, "x", cos(30 * pi / 180)),
    Slip("degrees", "cos(x)", {"x": 30.0}, "x", -sin(30 * pi / 180)),
    Slip("degrees", "sin(x)", {"x": 30.0}, "x", cos(30 * pi / 180) * pi / 180),
    Slip("degrees", "y*sin(2*x)", {"x": 20.0, "y": 1.7}, "x", 1.7 * 2 * cos(40 * pi / 180)),
    Slip("degrees", "tan(x)*y", {"x": 20.0, "y": 1.7}, "x", 1.7 * (1 + tan(20 * pi / 180) ** 2)),
    Slip("degrees", "atan(x)", {"x": 0.7}, "x", 180 / pi / (1 + 0.7**2)),
    Slip("base of the logarithm", "log(x)", {"x": 0.7}, "x", 1 / (0.7 * log(10))),
    Slip("base of the logarithm", "log(x)", {"x": 0.7}, "x", 1 / (0.7 * log(2))),
    Slip("base of the logarithm", "log10(x)*y", {"x": 0.7, "y": 1.3}, "x", 1.3 / 0.7),
    Slip("base of the logarithm", "log2(1 + x**2)", {"x": 0.7}, "x", 2 * 0.7 / (1 + 0.7**2)),
    Slip("exponent not lowered", "x**3", {"x": 0.7}, "x", 3 * 0.7**3),
    Slip("exponent not lowered", "x**4*y", {"x": 0.7, "y": 1.3}, "x", 4 * 0.7**4 * 1.3),
    Slip("exponent not lowered", "(1 + x)**5", {"x": 0.7}, "x", 5 * (1 + 0.7) ** 5),
    Slip("exponent not lowered", "x**y", {"x": 0.7, "y": 1.3}, "x", 1.3 * 0.7**1.3),
]
slips = pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.label)


def kinds(causes: tuple[Cause, ...]) -> list[str]:
    """What kinds of mistake were named."""
    return [cause.kind for cause in causes]


@slips
def test_a_known_mistake_is_named(slip: Slip) -> None:
    """The right cause is among those that are named, and at most three are."""
    finding = only(check(slip.text, slip.at, {slip.item: slip.claimed}))

    assert finding.verdict is Verdict.DIFFER
    assert slip.kind in kinds(finding.causes)
    assert len(finding.causes) <= MOST_CAUSES


@pytest.mark.parametrize("slip", [slip for slip in SLIPS if slip.step], ids=lambda slip: slip.label)
def test_a_mistake_of_one_step_says_which(slip: Slip) -> None:
    """The step is named by its nodes, as the table of steps calls them, and in the text too."""
    finding = only(check(slip.text, slip.at, {slip.item: slip.claimed}))
    (cause,) = [cause for cause in finding.causes if cause.kind == slip.kind]

    assert [step for step in cause.steps if slip.step and slip.step in step]
    assert cause.steps[0] in cause.text


@slips
def test_no_right_number_has_a_cause(slip: Slip) -> None:
    """Where nothing is wrong nothing is explained."""
    truth = only(check(slip.text, slip.at, {slip.item: slip.claimed})).truth
    finding = only(check(slip.text, slip.at, {slip.item: float(truth or 0)}))

    assert (finding.verdict, finding.causes, finding.lead) == (Verdict.AGREE, (), None)


@slips
def test_a_number_that_no_mistake_gives_has_no_cause(slip: Slip) -> None:
    """Random numbers around the truth are wrong, and nothing is said of why."""
    random = Random(slip.label)  # noqa: S311 - the same numbers every time
    truth = float(only(check(slip.text, slip.at, {slip.item: slip.claimed})).truth or 0)
    wrong = [truth * random.uniform(-3, 3) for _ in range(RANDOM_NUMBERS)]
    found = [only(check(slip.text, slip.at, {slip.item: number})) for number in wrong]

    assert [finding.verdict for finding in found] == [Verdict.DIFFER] * RANDOM_NUMBERS
    assert [kinds(finding.causes) for finding in found] == [[]] * RANDOM_NUMBERS


@pytest.mark.parametrize(
    ("text", "at", "item", "claimed"),
    [
        # truth 8: half of it; 2*x**1 without its 2; without the upstream y; and ∂f/∂y = x**2
        ("x**2*y", {"x": 2, "y": 2}, "x", 4),
        # truth 2: twice it; ∂f/∂y; the values swapped; and x, the wrong half of the product rule
        ("x*y", {"x": 4, "y": 2}, "x", 4),
    ],
)
def test_silence_where_more_than_three_mistakes_fit(text: str, at: Numbers, item: str, claimed: float) -> None:
    """A number that many mistakes give tells of none."""
    finding = only(check(text, at, {item: claimed}))

    assert (finding.verdict, finding.causes) == (Verdict.DIFFER, ())


@pytest.mark.parametrize(
    ("text", "at", "claim", "kind"),
    [
        ("sin(3*x)", {"x": 0.5}, "x=0.0707", "local derivative left out"),
        ("sin(3*x)", {"x": 0.5}, "x=-0.2122", "sign"),
        ("x**3", {"x": 0.7}, "x=1.029", "exponent not lowered"),
        ("sin(x)", {"x": 30}, "x=0.8660", "degrees"),
        ("sin(x)**2", {"x": 0.7}, "x=sin(x)*cos(x)", "factor 1/2"),
        ("x**3", {"x": 0.7}, "x=3*x**3", "exponent not lowered"),
    ],
)
def test_rounded_numbers_and_formulas_have_causes_too(text: str, at: Numbers, claim: str, kind: str) -> None:
    """What was typed to four digits, or as a formula, is compared as precisely as that."""
    finding = only(check(text, at, [claim]))

    assert finding.verdict is Verdict.DIFFER
    assert kind in kinds(finding.causes)
    assert len(finding.causes) <= MOST_CAUSES


@pytest.mark.parametrize(
    ("text", "at", "item", "claimed", "kind"),
    [
        (PRODUCT, AT_PRODUCT, "value(A)", 12.0, "sign"),
        ("A = x/y; F = A*2", XY, "value(A)", 5.0 / 2.0, "reciprocal"),
        ("A = sin(x); F = A*2", {"x": 30.0}, "value(A)", sin(30 * pi / 180), "degrees"),
        ("A = log(x); F = A*2", {"x": 7.0}, "value(A)", log(7) / log(10), "base of the logarithm"),
        (PRODUCT, AT_PRODUCT, "local(A, x)", 2.0, "sign"),
        ("A = x**3; F = A*2", {"x": 0.7}, "local(A, x)", 3 * 0.7**3, "exponent not lowered"),
        ("A = tanh(x); F = A*2", {"x": 0.7}, "local(A, x)", 1 - 0.7**2, "taken at the input"),
        (PRODUCT, AT_PRODUCT, "contribution(A, x)", -6.0, "sign"),
        (PRODUCT, AT_PRODUCT, "contribution(A, x)", -2.0, "upstream left out"),
        (PRODUCT, AT_PRODUCT, "contribution(A, y)", -3.0, "local derivative left out"),
    ],
)
def test_values_and_single_steps_have_causes_too(text: str, at: Numbers, item: str, claimed: float, kind: str) -> None:
    """What is wrong in a table of steps is explained where it is wrong, a gradient or not."""
    finding = only(check(text, at, {item: claimed}))

    assert finding.verdict is Verdict.DIFFER
    assert kind in kinds(finding.causes)
    assert len(finding.causes) <= MOST_CAUSES


@pytest.mark.parametrize("slip", [slip for slip in SLIPS if slip.kind == "sign"], ids=lambda slip: slip.label)
def test_a_hint_gives_no_number_of_the_step(slip: Slip) -> None:
    """From `a sign lost in -3 * 6` the answer follows; the hint says `a sign lost`."""
    finding = only(check(slip.text, slip.at, {slip.item: slip.claimed}))
    (sign,) = [cause for cause in finding.causes if cause.kind == "sign"]

    assert "sign" in sign.hint
    assert " * " not in sign.hint


@pytest.mark.parametrize("slip", [slip for slip in SLIPS if slip.kind in ("sign", "factor 2", "factor n")])
def test_the_family_gives_no_sign_and_no_factor(slip: Slip) -> None:
    """`--hint-level kind` says what a mistake is about, from which the answer does not follow."""
    finding = only(check(slip.text, slip.at, {slip.item: slip.claimed}))
    families = " ".join([cause.family for cause in finding.causes])

    assert families
    assert not [character for character in families if character.isdigit()]
    assert "sign" not in families


@pytest.mark.parametrize("name", ["x", "y"])
@pytest.mark.parametrize("claim", [0.0, 0.3, 0.5, 1.0])
def test_a_number_that_a_kink_accepts_has_no_cause(name: str, claim: float) -> None:
    """What is accepted is not explained."""
    finding = only(check("max(x, y)", {"x": 1, "y": 1}, {name: claim}))

    assert (finding.verdict, finding.causes, finding.lead) == (Verdict.KINK, (), None)


# Where to look -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at", "claims", "wrong", "lead"),
    [
        (PRODUCT, AT_PRODUCT, {"x": 6, "y": 18, "z": -12}, "y", Lead(("A → y",), 4, -3.0, "∂F/∂x")),
        (PRODUCT, AT_PRODUCT, {"x": 5, "y": -18, "z": -12}, "x", Lead(("A → x",), 3, -3.0, "∂F/∂y")),
        (PRODUCT, AT_PRODUCT, {"x": 6, "y": -18, "z": 7}, "z", Lead(("F → z",), 2, None, None)),
        (PRODUCT, AT_PRODUCT, {"A": -3, "x": 5}, "x", Lead(("A → x",), 3, -3.0, "∂F/∂A")),
        (PRODUCT, AT_PRODUCT, {"A": 4, "z": -12}, "A", Lead(("F → A",), 1, 1.0, "∂F/∂z")),
        (PRODUCT, AT_PRODUCT, {"y": 18}, "y", Lead(("A → y",), 4, None, None)),
        (PRODUCT, AT_PRODUCT, {"x": 5, "y": 17}, "x", Lead(("A → x",), 3, None, None)),
        ("x*y + sin(x)", XY, {"x": 7.5}, "x", Lead(("v1 → x", "v2 → x"), None, None, None)),
    ],
)
def test_a_lead_says_which_step_to_look_at(
    text: str, at: Numbers, claims: dict[str, float], wrong: str, lead: Lead
) -> None:
    """The steps into the node; the upstream too, where a gradient that agrees bears witness to it."""
    found = check(text, at, claims)
    (finding,) = [finding for finding in found.findings if finding.item.node.name == wrong]

    assert finding.verdict is Verdict.DIFFER
    assert finding.lead == lead


def test_the_witness_is_a_gradient_that_agrees() -> None:
    """∂F/∂x has the same upstream as ∂F/∂y, so that upstream is right; one that differs bears no witness."""
    right = check(PRODUCT, AT_PRODUCT, {"x": 6, "y": 18}).findings[1].lead
    wrong = check(PRODUCT, AT_PRODUCT, {"x": 7, "y": 18}).findings[1].lead

    assert right == Lead(("A → y",), 4, -3.0, "∂F/∂x")
    assert wrong == Lead(("A → y",), 4, None, None)


def test_a_variable_of_many_steps_has_no_lead() -> None:
    """Beyond three steps nothing is pointed out."""
    finding = only(check("sin(x) + cos(x) + exp(x) + x*y", {"x": 0.7, "y": 2.0}, {"x": 9.5}))

    assert (finding.verdict, finding.lead) == (Verdict.DIFFER, None)


# The first wrong step ------------------------------------------------------------------------------------------------


class Told(NamedTuple):
    """What is told of a finding: whether it is wrong in itself, what it follows from, whether errors cancel in it."""

    verdict: str
    own: bool = True
    follows: str | None = None
    cancels: bool = False


RIGHT = Told("agree")
OWN = Told("differ")
CANCELS = Told("agree", cancels=True)


def follows(title: str) -> Told:
    """Wrong, and a right consequence of what is called so."""
    return Told("differ", own=False, follows=title)


def told(found: Check) -> list[Told]:
    """What is told of each finding, in the order of the claims."""
    return [
        Told(
            finding.verdict.value,
            finding.own_mistake,
            finding.follows,
            any("cancel" in note for note in finding.notes),
        )
        for finding in found.findings
    ]


@pytest.mark.parametrize(
    ("claims", "first", "expected"),
    [
        pytest.param(
            {"value(A)": 12, "value(F)": -36, "A": -3, "x": 6, "y": -18, "z": 12},
            "A",
            [OWN, follows("A"), RIGHT, RIGHT, RIGHT, follows("A")],
            id="a wrong value and what it leads to",
        ),
        pytest.param({"A": 3, "x": -6, "y": 18}, "∂F/∂A", [OWN, follows("∂F/∂A"), follows("∂F/∂A")], id="an upstream"),
        pytest.param({"A": 3, "x": 6, "y": 18}, "∂F/∂A", [OWN, CANCELS, follows("∂F/∂A")], id="cancels in one"),
        pytest.param({"value(A)": 12, "value(F)": 36, "z": -12}, "A", [OWN, CANCELS, CANCELS], id="cancels forward"),
        pytest.param({"value(A)": 12, "value(F)": 40, "z": 12}, "A", [OWN, OWN, follows("A")], id="two mistakes"),
        pytest.param({"value(A)": 12, "z": 12}, "A", [OWN, follows("A")], id="a blank between"),
        pytest.param({"A": 3, "contribution(A, x)": -6}, "∂F/∂A", [OWN, follows("∂F/∂A")], id="a blank local"),
        pytest.param(
            {"local(A, x)": 2, "contribution(A, x)": -6, "x": -6, "y": -18},
            "local ∂A/∂x",
            [OWN, follows("local ∂A/∂x"), follows("local ∂A/∂x"), RIGHT],
            id="a local derivative",
        ),
        pytest.param({"local(A, x)": 2, "x": 6}, "local ∂A/∂x", [OWN, CANCELS], id="a local derivative that cancels"),
        pytest.param(
            {"F": 2, "A": -6, "x": 12, "z": -24},
            "∂F/∂F",
            [OWN, *[follows("∂F/∂F")] * 3],
            id="the start of the backward pass",
        ),
        pytest.param(
            {"contribution(A, x)": -6, "x": -6}, "∂F/∂A * ∂A/∂x", [OWN, follows("∂F/∂A * ∂A/∂x")], id="a contribution"
        ),
        pytest.param({"value(A)": -12, "value(F)": 36, "x": 5}, "∂F/∂x", [RIGHT, RIGHT, OWN], id="the last step"),
        pytest.param({"x": 5}, "∂F/∂x", [OWN], id="one claim"),
        pytest.param({"x": 6, "value(A)": -12}, None, [RIGHT, RIGHT], id="nothing wrong"),
    ],
)
def test_what_is_wrong_in_itself_is_told_from_what_follows(
    claims: dict[str, float], first: str | None, expected: list[Told]
) -> None:
    """A step that follows rightly from a wrong one is not blamed again, errors that cancel still show."""
    found = check(PRODUCT, AT_PRODUCT, claims)

    assert told(found) == expected
    assert (found.first_wrong.title if found.first_wrong else None) == first


@pytest.mark.parametrize(
    ("claims", "first"),
    [
        ({"x": 5, "A": 5, "value(F)": 5, "value(A)": 5}, "A"),
        ({"x": 5, "A": 5, "value(F)": 5}, "F"),
        ({"x": 5, "A": 5}, "∂F/∂A"),
        ({"local(A, x)": 7, "A": 5}, "∂F/∂A"),
        ({"contribution(A, x)": 7, "local(A, x)": 5}, "local ∂A/∂x"),
        ({"local(A, y)": 7, "local(A, x)": 5}, "local ∂A/∂x"),
        ({"local(A, x)": 7, "local(F, z)": 5}, "local ∂F/∂z"),
        ({"local(F, z)": 7, "local(F, A)": 5}, "local ∂F/∂A"),
        ({"y": 7, "x": 5}, "∂F/∂x"),
    ],
)
def test_the_first_is_the_first_in_the_order_of_the_computation(claims: dict[str, float], first: str) -> None:
    """Forward as computed; backward reversed, inputs left to right, a sum before its edges; however they were given."""
    for given in (claims, dict(reversed(claims.items()))):
        found = check(PRODUCT, AT_PRODUCT, given)

        assert found.first_wrong
        assert found.first_wrong.title == first


FAN_OUT = "A = x*y; B = x*z; F = A + B"
AT_FAN_OUT = {"x": 2.0, "y": 3.0, "z": 5.0}


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"contribution(A, x)": 3, "contribution(B, x)": 5, "x": 3}, [RIGHT, RIGHT, OWN]),
        ({"contribution(A, x)": 4, "contribution(B, x)": 5, "x": 9}, [OWN, RIGHT, follows("∂F/∂A * ∂A/∂x")]),
        ({"contribution(A, x)": 4, "contribution(B, x)": 4, "x": 8}, [OWN, OWN, RIGHT]),
        ({"contribution(A, x)": 4, "contribution(B, x)": 5, "x": 8}, [OWN, RIGHT, CANCELS]),
    ],
)
def test_a_sum_follows_from_its_contributions(claims: dict[str, float], expected: list[Told]) -> None:
    """Where paths meet, the sum is judged by the contributions that were claimed for it."""
    found = check(FAN_OUT, AT_FAN_OUT, claims)

    assert [one._replace(follows=None) for one in told(found)] == [one._replace(follows=None) for one in expected]


def test_what_follows_from_a_mistake_has_no_cause_of_its_own() -> None:
    """Only the step that is wrong in itself is explained."""
    found = check(PRODUCT, AT_PRODUCT, {"A": 3, "x": -6, "y": 18})

    assert [kinds(finding.causes) for finding in found.findings] == [["sign"], [], []]
    assert [finding.lead is not None for finding in found.findings] == [True, False, False]


@pytest.mark.parametrize(
    ("value", "is_own"),
    [
        ("0.99", False),
        ("0.981", False),
        ("1.01", True),
        ("0.95", True),
        ("1.05", True),
    ],
)
def test_typed_precision_is_an_interval(value: str, is_own: bool) -> None:  # noqa: FBT001 - a column of the table
    """Who rounds a third to 0.33, and so by 1%, may have 0.98 to 1 for three of it: no mistake of that step."""
    found = check("A = x/3; F = A*3", {"x": 1}, {"value(A)": "0.33", "value(F)": value})
    first, second = found.findings

    assert first.verdict is Verdict.AGREE
    assert second.verdict is Verdict.DIFFER
    assert second.own_mistake == is_own
    assert (found.first_wrong is second) == is_own
    assert second.follows == (None if is_own else ROUNDING)


def test_a_right_number_follows_from_rounded_ones() -> None:
    """What was rounded on the way is no error that cancels."""
    found = check("A = x/3; F = A*3", {"x": 1}, {"value(A)": "0.33", "value(F)": "1"})

    assert told(found) == [RIGHT, RIGHT]


def test_a_table_of_rounded_numbers_is_right_throughout() -> None:
    """Every value and gradient of a neuron, rounded to four digits, agrees and follows."""
    w, x = NEURON["w"], NEURON["x"]
    s = sigmoid(INNER)
    slope = s * (1 - s)
    steps = {
        "value(p)": w * x,
        "value(q)": INNER,
        "value(s)": s,
        "q": slope,
        "local(s, q)": slope,
        "w": slope * x,
        "x": slope * w,
        "b": slope,
    }
    found = check(
        "p = w*x; q = p + b; s = sigmoid(q)", NEURON, {item: f"{number:.4g}" for item, number in steps.items()}
    )

    assert told(found) == [RIGHT] * len(steps)


def test_names_for_the_same_node_are_one_step() -> None:
    """`F = A` gives a node a second name; what is claimed by either goes on from there."""
    found = check("A = x*y; F = A", {"x": 3, "y": 4}, {"value(F)": 13, "x": 5})

    assert [finding.own_mistake for finding in found.findings] == [True, True]
    assert math.isclose(float(found.findings[0].truth or 0), 12)
