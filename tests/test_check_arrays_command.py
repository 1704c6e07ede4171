"""`bpcli check` over arrays as users type it: screens, exit codes, files, requests, JSON, and what students see."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import valid_for
from command import Done, call, run

import bpcli

pytestmark = pytest.mark.usefixtures("oracles_loaded")

LAYER = ("y = W @ x; L = sum(y**2)", "--W=[[1, -2], [0.5, 3]]", "--x=[2, -1]")
WRONG = ("--claim=x=[6, 28]", "--claim=W=[[16, -8], [-8, 4]]")

SCREEN = """\
  ∂L/∂x (2,)     of 2 entries 1 DIFFERS, 1 agrees
  ∂L/∂W (2, 2)   4 entries agree, largest difference 0

ENTRIES                             the worst first of each
            claimed  SymPy  differences   verdict
  ∂L/∂x[1]       28    -28          -28   DIFFER    ratio -1
∂L/∂x[1]: claimed 28, true -28, ratio -1.
Look at step 4, y → x: what arrives at y also gave ∂L/∂W, which agrees.
∂L/∂x[1]: consistent with: a sign lost.
Held against differences in exact arithmetic, every entry, and SymPy.
"""
STUDENT = """\
  ∂L/∂x (2,)     of 2 entries 1 DIFFERS, 1 agrees
  ∂L/∂W (2, 2)   4 entries agree

ENTRIES                             the worst first of each
            claimed   verdict
  ∂L/∂x[1]       28   DIFFER
∂L/∂x differs. What arrives at y looks right; redo y → x.
Held against differences in exact arithmetic, every entry, and SymPy.
"""
STEPS = """\
  ∂L/∂W (2, 2)   4 entries agree, largest difference 0
  ∂L/∂x (2,)     2 entries agree, largest difference 0

EVERY STEP                          what each hands back
     node → input          contribution                            suspect
  1  L    → v1    (2,)     2 entries agree, largest difference 0   none
  2  v1   → y     (2,)     2 entries agree, largest difference 0   none
  3  y    → W     (2, 2)   4 entries agree, largest difference 0   none
  4  y    → x     (2,)     2 entries agree, largest difference 0   none
Held against differences in exact arithmetic, every entry, and SymPy.
"""


def documents(done: Done) -> list[dict[str, Any]]:
    """The documents on standard output, each valid."""
    return [valid_for("check", line + "\n") for line in done.out.splitlines()]


@pytest.mark.parametrize(
    ("options", "code", "screen"),
    [(WRONG, 1, SCREEN), ((*WRONG, "--release-to=student"), 1, STUDENT), (("--every-step",), 0, STEPS)],
    ids=["wrong", "student", "every step"],
)
def test_screens(options: tuple[str, ...], code: int, screen: str) -> None:
    """A row for each array; then the entries that do not agree, the worst first; then what explains them."""
    assert run("check", *LAYER, *options) == Done(code, screen, "")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (LAYER, 0),
        ((*LAYER, "--claim=W[0,1]=-8"), 0),
        ((*LAYER, "--claim=W[0,1]=8"), 1),
        (("W @ x", *LAYER[1:], "--upstream-seed=[1, 2]"), 0),
        (("W @ x", *LAYER[1:]), 2),
        ((*LAYER, "--claim=x=[1, 2, 3]"), 2),
        (("sum(relu(x))", "--x=[0, 1]"), 0),
        (("sum(log(x))", "--x=[-1, 1]"), 3),
        (("sum(relu(sqrt(x)**2 - 2))", "--x=[2, 3]"), 4),
    ],
)
def test_the_exit_code_is_that_of_the_worst_entry(arguments: tuple[str, ...], code: int) -> None:
    """In words and in JSON."""
    assert [call("check", *arguments, *form).code for form in ((), ("--json",), ("-q",))] == [code] * 3


ODD = ("y = W @ x; L = sum(y**2)", "--W=[[1.25, -2.5], [0.75, 3.125]]", "--x=[2.375, -1.875]")
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]?\d+)?")


@pytest.mark.parametrize("level", ["where", "kind", "cause"])
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["words", "json"])
@pytest.mark.parametrize(
    "claims",
    [
        ("--claim=x=[8.5, 70.5]", "--claim=W=[[1, 2], [3, 4]]"),
        ("--claim=x=3*W.T@(2*y)",),
        ("--claim=y=[9, 4]", "--claim=x=[14.25, -10]", "--claim=value(y[0])=3"),
        ("--claim=x=-2*W.T@y",),
    ],
    ids=["numbers", "a formula", "what follows", "a sign"],
)
def test_students_see_no_right_value(claims: tuple[str, ...], form: tuple[str, ...], level: str) -> None:
    """Not among the entries, nor in what is said about them; no ratio either."""
    done = call("check", *ODD, *claims, *form, "--release-to=student", f"--hint-level={level}")
    right = bpcli.grad(ODD[0], {"W": [[1.25, -2.5], [0.75, 3.125]], "x": [2.375, -1.875]})
    values = [*np.ravel(right.gradients["W"]), *np.ravel(right.gradients["x"])]
    values += [*np.ravel(right.values[right.graph.nodes[0]]), right.value]
    claimed = json.dumps(documents(done)[0]["claims"]) if form else done.out
    told = [float(one) for one in NUMBER.findall(claimed)]

    assert done.code == 1
    assert not [one for one in told for value in values if abs(abs(one) - abs(value)) <= 2e-3 * abs(value)]
    if form:
        assert not {"ratio", "sympy", "differences", "backpropagation"} & set(re.findall(r'"(\w+)":', claimed))


def test_entries_are_nested_lists_in_json() -> None:
    """With the verdict on each, and the worst entry in full."""
    (found,) = documents(call("check", *LAYER, *WRONG, "--json"))
    claim = found["claims"]["x"]

    assert found["gradients"] == {"W": [[16, -8], [-8, 4]], "x": [6, -28]}
    assert (claim["shape"], claim["counts"], claim["verdicts"]) == ([2], {"agree": 1, "differ": 1}, ["agree", "differ"])
    assert claim["claimed"] == [6, 28]
    assert claim["backpropagation"] == claim["sympy"] == claim["differences"] == [6, -28]
    assert (claim["worst"]["index"], claim["worst"]["ratio"]) == ([1], -1)
    assert claim["look_at"] == ["y → x"]
    assert (found["first_wrong"], found["method"]) == ("x", "differences in exact arithmetic, every entry")


def test_claims_and_values_come_from_files(tmp_path: Path) -> None:
    """`@FILE` on either side of the question."""
    np.save(tmp_path / "x.npy", np.array([2.0, -1.0]))
    np.save(tmp_path / "dx.npy", np.array([6.0, -28.0]))
    done = call("check", *LAYER[:2], f"--x=@{tmp_path}/x.npy", f"--claim=x=@{tmp_path}/dx.npy")

    assert (done.code, done.err) == (0, "")


def test_requests_have_nested_lists() -> None:
    """Values, claims and a seed; a broken line is answered, and the run goes on."""
    lines = [
        {"id": 1, "expression": "sum(x**2)", "at": {"x": [1, 2]}, "claim": {"x": [2, 4]}},
        {"id": 2, "expression": "x**2", "at": {"x": [1, 2]}, "upstream_seed": [1, 1], "claim": {"x[1]": 5}},
        {"id": 3, "expression": "sum(x**2)", "at": {"x": [1, 2]}, "claim": {"x": [2]}},
        {"id": 4, "expression": "x*y", "at": {"x": 1, "y": 2}},
    ]
    found = documents(call("check", "--requests=-", stdin="\n".join(map(json.dumps, lines))))

    assert [one.get("verdict", one["status"]) for one in found] == ["agree", "differ", "error", "agree"]
    assert found[2]["error"]["kind"] == "shape"


def test_rows_that_are_left_out_are_counted() -> None:
    """`--max-rows` bounds the entries that are shown."""
    done = call("check", "sum(x**2)", "--x=[1, 2, 3]", "--claim=x=[1, 1, 1]", "--max-rows=1")

    assert "∂f/∂x[2]" in done.out
    assert "… 2 more rows" in done.out


def test_a_time_limit_ends_a_check_of_arrays() -> None:
    """The worker is stopped."""
    at = json.dumps(np.ones((12, 40)).tolist())
    done = call("check", "sum(exp(tanh(x @ x.T)))", f"--x={at}", "--time-limit=0.05")

    assert done.code == 124
