"""Claims of `bpcli check` as users type them: about gradients, values and steps, as numbers and as formulas."""

import json
import math

import pytest
from checks import CHAIN, HALF_ANGLE, document, verdicts
from command import Done, call

pytestmark = pytest.mark.usefixtures("oracles_loaded")

FORMS_OF_CLAIMS = [
    ("x", "x", 6.0),
    ("dF/dx", "x", 6.0),
    ("∂F/∂x", "x", 6.0),
    ("A", "A", -3.0),
    ("dF/dA", "A", -3.0),
    ("∂F/∂A", "A", -3.0),
    ("upstream(A)", "A", -3.0),
    ("F", "F", 1.0),
    ("value(x)", "value(x)", 6.0),
    ("value(A)", "value(A)", -12.0),
    ("value(F)", "value(F)", 36.0),
    ("local(A, x)", "local(A, x)", -2.0),
    ("local(A,y)", "local(A, y)", 6.0),
    ("local(F, A)", "local(F, A)", -3.0),
    ("contribution(A, x)", "contribution(A, x)", 6.0),
    (" contribution ( A , y ) ", "contribution(A, y)", -18.0),
]


@pytest.mark.parametrize(("left", "key", "truth"), FORMS_OF_CLAIMS)
def test_a_claim_in_every_form(left: str, key: str, truth: float) -> None:
    """Gradients, values, local derivatives and contributions: the right number agrees, a near one differs."""
    right = document(*CHAIN, "--claim", f"{left}={truth:g}")
    wrong = document(*CHAIN, "--claim", f"{left}={truth * 1.001!r}", code=1)
    lost = document(*CHAIN, "--claim", f"{left}={-truth:g}", code=1)

    assert {name: entry["verdict"] for name, entry in right["claims"].items()} == {key: "agree"}
    assert [(list(one["claims"]), one["first_wrong"]) for one in (wrong, lost)] == [([key], key)] * 2
    assert wrong["claims"][key]["ratio"] == pytest.approx(1.001)
    assert lost["claims"][key]["ratio"] == -1


def test_many_claims_are_answered_in_their_order() -> None:
    """A whole table of steps is checked at once, each item by what it is about."""
    claims = [f"--claim={left}={truth:g}" for left, _, truth in FORMS_OF_CLAIMS if left[:1] not in "d∂u"]
    found = verdicts(*CHAIN, *claims)

    assert list(found) == [key for left, key, _ in FORMS_OF_CLAIMS if left[:1] not in "d∂u"]
    assert set(found.values()) == {"agree"}


@pytest.mark.parametrize(
    ("typed", "code"),
    [("0.56", 0), ("0.565", 0), ("0.5646", 0), ("0.5647", 1), ("5.646e-1", 0), ("0.6", 1), ("sin(0.6)", 0), ("1", 1)],
)
def test_a_number_is_as_precise_as_it_was_typed(typed: str, code: int) -> None:
    """The slope of sin(x)**2 at 0.3 is 0.56464…: a decimal means half a unit of its last place."""
    done = call("check", *HALF_ANGLE, "--claim", f"x={typed}", "-q")

    assert done == Done(code, "", "")


@pytest.mark.parametrize("at", [[], ["--x=0.3"]], ids=["anywhere", "at a point"])
@pytest.mark.parametrize(
    ("formula", "code", "outcome"),
    [
        ("2*sin(x)*cos(x)", 0, "proved"),
        ("sin(2*x)", 0, "proved"),
        ("sin(2*x) + 0*x", 0, "proved"),
        ("sin(x)*cos(x)", 1, "differs"),
        ("-sin(2*x)", 1, "differs"),
        ("2*sin(x)", 1, "differs"),
        ("sin(2*x) + 1e-6", 1, "differs"),
        ("sin(2*x)*(1 + 1e-6)", 1, "differs"),
    ],
)
def test_a_formula_is_compared_as_a_formula(at: list[str], formula: str, code: int, outcome: str) -> None:
    """With values for the variables or without, a formula is proved, or a counterexample is found."""
    found = document("sin(x)**2", *at, "--claim", f"x={formula}", code=code)
    equality = found["claims"]["x"]["equality"]

    assert (equality["outcome"], found["inputs"]) == (outcome, {"x": 0.3} if at else {})
    if outcome == "differs":
        example = equality["counterexample"]
        assert example["true"] == pytest.approx(math.sin(2 * example["at"]["x"]))
        assert example["claimed"] != pytest.approx(example["true"], rel=1e-7)
    else:
        assert len(equality["points"]) == 40
        assert len({point["x"] for point in equality["points"]}) == 40


def test_a_formula_at_a_kink_agrees_on_its_side() -> None:
    """Where SymPy proves nothing the points are named; a formula of one side needs a point on it."""
    there = call("check", "abs(x)", "--x=0.7", "--claim=x=1", "-q")
    formula = document("abs(x)**3", "--x=0.7", "--claim=x=3*x*abs(x)")

    assert there.code == 0
    assert formula["claims"]["x"]["equality"]["outcome"] in ("proved", "agrees")


def test_a_formula_may_name_intermediates() -> None:
    """Names of statements stand for their values in a claim."""
    found = verdicts(*CHAIN, "--claim=x=y*z", "--claim=y=A*z/y", "--claim=z=A", "--claim=A=z")

    assert found == {"x": "agree", "y": "agree", "z": "agree", "A": "agree"}


@pytest.mark.parametrize("claims", [["x=3"], ["x=y", "y=2.5"]])
def test_a_number_needs_a_point(claims: list[str]) -> None:
    """Without values a number is right for no point of x*y; what is missing are the values, the claim is not wrong."""
    done = call("check", "x*y", *[f"--claim={claim}" for claim in claims])

    assert (done.code, done.out) == (2, "")
    assert "add --x VALUE --y VALUE" in done.err


def test_a_number_needs_no_point_where_the_slope_is_the_same_everywhere() -> None:
    """The slope of 2*x is 2."""
    done = call("check", "2*x", "--claim=x=2", "-q")

    assert done == Done(0, "", "")


def test_a_name_beside_the_variables_is_a_number() -> None:
    """A claim may use a constant that the expression lacks; it stays what it was set to."""
    done = call("check", "x*y", "--x=2", "--y=3", "--claim=x=y*k", "--set=k=1", "-q")

    assert done == Done(0, "", "")


def test_two_names_of_one_node_are_two_claims() -> None:
    """In `A = x*y; F = A` both names call the output: whatever is claimed of either is answered."""
    found = call("check", "A = x*y; F = A", "--x=2", "--y=3", "--claim=A=1", "--claim=F=2", "--json")

    assert found.code in (1, 2)
    assert found.code == 2 or len(json.loads(found.out)["claims"]) == 2


@pytest.mark.parametrize("left", ["k", "value(k)", "local(f, k)", "contribution(f, k)", "upstream(k)"])
@pytest.mark.parametrize("form", [[], ["--every-step"]], ids=["", "every step"])
def test_a_claim_about_a_condition_is_no_crash(left: str, form: list[str]) -> None:
    """No gradient flows through a comparison: a claim about it is judged, or refused in words."""
    done = call("check", "k = x > 0; where(k, x**2, -x)", "--x=3", "--claim", f"{left}=0", *form)

    assert done.code in (0, 1, 2, 3)
    assert "bpcli itself failed" not in done.err


@pytest.mark.parametrize("left", ["B", "value(B)", "local(B, x)", "contribution(B, x)", "a", "value(a)", "local(B, a)"])
def test_a_claim_about_what_the_output_does_not_use(left: str) -> None:
    """A statement that leads nowhere, or a constant, has a value and slopes all the same."""
    done = call("check", "a = 2; B = a*x; x*y", "--x=3", "--y=5", "--claim", f"{left}=0.25", "--json")

    assert done.code in (1, 2)
    assert "bpcli itself failed" not in done.out


@pytest.mark.parametrize("left", ["B", "value(B)", "local(B, x)", "C", "value(C)"])
@pytest.mark.parametrize("last", ["2*y", "2*y + C"])
def test_a_claim_about_what_has_no_value_says_why(left: str, last: str) -> None:
    """Also where the output has one: what is unevaluable always has its reason."""
    done = call("check", f"B = log(x); C = B + 1; {last}", "--x=-1", "--y=5", "--claim", f"{left}=0")

    assert done.code in (0, 1, 3)
    assert "None" not in done.out
    assert done.code != 3 or "log is defined for x > 0" in done.out


def test_the_first_wrong_step_is_told_from_those_that_follow() -> None:
    """What follows rightly from an earlier mistake is wrong, and not blamed again."""
    found = document(
        "A = x*y; F = A**2",
        *("--x=6", "--y=-2", "--claim=value(A)=12", "--claim=value(F)=144", "--claim=A=24", "--claim=x=-48"),
        code=1,
    )

    assert found["first_wrong"] == "value(A)"
    assert {name: entry.get("follows_from") for name, entry in found["claims"].items()} == {
        "value(A)": None,
        "value(F)": None,
        "A": "A",
        "x": "A",
    }


def test_the_first_of_several_mistakes_is_the_one_that_is_met_first() -> None:
    """The way back goes from the output to the inputs, and through those of one op from left to right."""
    claims = [f"--claim={claim}" for claim in ("y=18.5", "x=7", "z=12.5")]
    among_inputs = document(*CHAIN, *claims, code=1)["first_wrong"]
    with_upstream = document(*CHAIN, *claims, "--claim=A=-3.5", code=1)["first_wrong"]

    assert (among_inputs, with_upstream) == ("z", "A")
    assert document(*CHAIN, *claims[:2], code=1)["first_wrong"] == "x"


def test_a_value_beside_a_condition_of_constants_is_checked() -> None:
    """Such a condition has no variable in it; what it chooses is a constant too."""
    found = verdicts("A = x; F = A*where(3 > 0.5, 3, 3)**3", "--x", "0.25", "--claim", "value(A)=0.25")

    assert found == {"value(A)": "agree"}
