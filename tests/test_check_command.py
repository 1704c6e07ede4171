"""`bpcli check` as users type it: options, claims, values, what is refused and how, what students see, exit codes."""

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest
from command import (
    ASCII,
    ESCAPE,
    PATIENCE,
    SLOW,
    STYLE,
    Done,
    call,
    environment,
    has_terminals,
    on_terminal,
    patches_reach_workers,
    run,
    shown,
)

import bpcli
from bpcli.ops import REGISTRY
from bpcli.report.figures import short

PRODUCT = ("x*y*z", "--x=6", "--y=-2", "--z=-3")
CHAIN = ("A = x*y; F = A*z", "--x=6", "--y=-2", "--z=-3")
LOST_SIGN = (*CHAIN, "--claim", "x=6", "--claim", "y=18", "--claim", "z=-12")
STEPS = (*CHAIN, "--claim=value(A)=-12", "--claim=A=3", "--claim=x=-6", "--claim=y=18", "--claim=z=-12")
CORNER = ("relu(x)", "--x=0")
OPEN = ("relu(sqrt(x)**2 - 2)", "--x=2")  # √2² - 2 is noise at every number of digits: no side of the kink is known
POLE = ("1/x", "--x=0")
ROUND_OFF = ("(x**2 - 1)/(x - 1)", "--x=1.0000001")
HALF_ANGLE = ("sin(x)**2", "--x=0.3")

pytestmark = pytest.mark.usefixtures("oracles_loaded")


def document(*arguments: str, stdin: str = "", code: int = 0) -> dict[str, Any]:
    """The JSON answer of `bpcli check`, which ends with that code and says nothing else."""
    done = call("check", "--json", *arguments, stdin=stdin)
    assert (done.code, done.err) == (code, ""), done
    answer: dict[str, Any] = json.loads(done.out)
    return answer


def verdicts(*arguments: str, stdin: str = "", code: int = 0) -> dict[str, str]:
    """The verdict of each claim, or of each gradient."""
    claims = document(*arguments, stdin=stdin, code=code)["claims"]
    return {name: entry["verdict"] for name, entry in claims.items()}


# Exit codes ----------------------------------------------------------------------------------------------------------

CODES = [
    (PRODUCT, 0),
    (("2 + 3",), 0),
    ((*CHAIN, "--claim=x=6"), 0),
    ((*HALF_ANGLE, "--claim=x=sin(2*x)"), 0),
    (CORNER, 0),
    ((*CORNER, "--claim=x=0.3"), 0),
    (("relu(x) - relu(-x)", "--x=0", "--claim=x=1"), 0),
    (ROUND_OFF, 0),
    (LOST_SIGN, 1),
    ((*CORNER, "--claim=x=3"), 1),
    ((*HALF_ANGLE, "--claim=x=sin(x)"), 1),
    (("max(x, y)", "--x=1", "--y=1", "--claim=x=1", "--claim=y=1"), 1),
    (POLE, 3),
    ((*POLE, "--claim=x=1"), 3),
    (("floor(x)", "--x=3"), 3),
    (("log(x)", "--x=-1", "--claim=x=-1"), 3),
    (OPEN, 4),
    (("log(-x**2)", "--claim=x=2/x"), 4),
]
FORMS = [("--json",), ("--output-format=table", "--every-step"), ("--release-to=student",)]


@pytest.mark.parametrize(
    ("arguments", "code"), CODES, ids=lambda part: " ".join(part) if isinstance(part, tuple) else ""
)
def test_the_exit_code_is_that_of_the_verdict(arguments: tuple[str, ...], code: int) -> None:
    """0 agree, or accepted at a kink; 1 differ; 3 unevaluable; 4 undecided: in every form, and without a word."""
    quiet = call("check", *arguments, "-q")
    others = [call("check", *arguments, *form) for form in FORMS]

    assert quiet == Done(code, "", "")
    assert [done.code for done in others] == [code] * len(FORMS)
    assert all(done.out for done in others)


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        (("x=0.3", "y=2"), 1),
        (("x=0.3", "y=1"), 4),
        (("y=1",), 0),
    ],
)
def test_the_worst_claim_decides_the_code(claims: tuple[str, ...], code: int) -> None:
    """A claim that differs goes before one that is undecided, and that before one that agrees."""
    done = call("check", "relu(sqrt(x)**2 - 2) + y", "--x=2", "--y=3", *[f"--claim={claim}" for claim in claims])

    assert (done.code, done.err) == (code, "")


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["words", "json"])
def test_a_check_that_takes_too_long_ends_with_124(options: list[str]) -> None:
    """The time limit stops the work wherever it is, and says how to raise it."""
    done = call("check", "-", "--x=0.3", "--time-limit=0.5", *options, stdin=SLOW)

    message = "the time limit of 0.5 seconds has passed"
    hint = "raise it with --time-limit, or check a smaller expression"
    assert done.code == 124
    if options:
        assert done.err == ""
        assert json.loads(done.out)["error"] == {"kind": "time limit", "message": message, "hint": hint, "span": None}
    else:
        assert done[1:] == ("", f"error: {message}\nhint: {hint}\n")


@pytest.mark.parametrize("limit", ["inf", "1e300", "1e9"])
def test_a_time_limit_may_be_as_long_as_anyone_likes(limit: str) -> None:
    """No limit is too large for the clock."""
    done = call("check", *PRODUCT, "--time-limit", limit, "-q")

    assert done == Done(0, "", "")


@patches_reach_workers
@pytest.mark.parametrize("fault", [AttributeError, AssertionError, RuntimeError, MemoryError, RecursionError])
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["words", "json"])
def test_a_fault_of_bpcli_shows_no_traceback(
    fault: type[Exception], options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception that nobody expected is told in a line, with code 5, as one of `bpcli grad` is."""

    def fail(*_: object, **__: object) -> NoReturn:
        raise fault(ESCAPE)

    monkeypatch.setattr("bpcli.check.checking.check_expression", fail)
    done = call("check", *PRODUCT, *options)

    assert (done.code, done.err == "") == (5, bool(options))
    assert f"bpcli itself failed: {fault.__name__}" in done.out + done.err
    assert "Traceback" not in done.err
    assert ESCAPE not in done.out + done.err


@patches_reach_workers
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["words", "json"])
def test_a_lost_worker_is_a_fault_of_bpcli(options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the process that checks is killed, as for want of memory, that is said, with code 5."""
    monkeypatch.setattr("bpcli.check.checking.check_expression", lambda *_, **__: os._exit(0))
    done = call("check", *PRODUCT, *options)

    assert done.code == 5
    assert "the process that checked this has been lost" in done.out + done.err
    assert (done.out == "", done.err == "") == (not options, bool(options))


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control-C is no error: no message, no traceback."""

    def interrupt(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("bpcli.cli.check.replies", interrupt)
    done = call("check", *PRODUCT)

    assert done == Done(130, "", "")


# Screens -------------------------------------------------------------------------------------------------------------

# Whole screens: what `bpcli check` is asked, its exit code, and what it writes into a pipe.
SCREENS: dict[str, tuple[tuple[str, ...], int, str]] = {
    "bpcli's own gradients, found in three ways": (
        PRODUCT,
        0,
        """
         backpropagation  SymPy  differences  largest relative difference   verdict
  ∂f/∂x                6      6            6                            0   agree
  ∂f/∂y              -18    -18          -18                            0   agree
  ∂f/∂z              -12    -12          -12                            0   agree
""",
    ),
    "a claim that is wrong: how much, where to look, and what it is consistent with": (
        LOST_SIGN,
        1,
        """
         claimed  SymPy  differences   verdict
  ∂F/∂x        6      6            6   agree
  ∂F/∂y       18    -18          -18   DIFFER    ratio -1
  ∂F/∂z      -12    -12          -12   agree
∂F/∂y: claimed 18, true -18, ratio -1.
Look at step 4, A → y: its upstream, -3, also gave ∂F/∂x, which agrees.
Consistent with: a sign lost in -3 * 6.
""",
    ),
    "the same for students: where to look, and no right value": (
        (*LOST_SIGN, "--release-to=student"),
        1,
        """
         claimed   verdict
  ∂F/∂x        6   agree
  ∂F/∂y       18   DIFFER
  ∂F/∂z      -12   agree
∂F/∂y differs. What arrives at A looks right; redo A → y.
""",
    ),
    "the same with a hint at the kind of mistake": (
        (*LOST_SIGN, "--release-to=student", "--hint-level=kind"),
        1,
        """
         claimed   verdict
  ∂F/∂x        6   agree
  ∂F/∂y       18   DIFFER
  ∂F/∂z      -12   agree
∂F/∂y differs. What arrives at A looks right; redo A → y.
Look for: the arithmetic of one step.
""",
    ),
    "the same with the cause": (
        (*LOST_SIGN, "--release-to=student", "--hint-level=cause"),
        1,
        """
         claimed   verdict
  ∂F/∂x        6   agree
  ∂F/∂y       18   DIFFER
  ∂F/∂z      -12   agree
∂F/∂y differs. What arrives at A looks right; redo A → y.
Consistent with: a sign lost.
""",
    ),
    "a table of steps: the first wrong one, and those that follow rightly from it": (
        STEPS,
        1,
        """
         claimed  SymPy  differences   verdict
  A          -12    -12          -12   agree
  ∂F/∂A        3     -3           -3   DIFFER    ratio -1
  ∂F/∂x       -6      6            6   DIFFER    follows
  ∂F/∂y       18    -18          -18   DIFFER    follows
  ∂F/∂z      -12    -12          -12   agree
∂F/∂A: claimed 3, true -3, ratio -1.
Look at step 1, F → A: its upstream, 1, also gave ∂F/∂z, which agrees.
Consistent with: a sign lost in 1 * -3.
∂F/∂x, ∂F/∂y: right, given ∂F/∂A, which is wrong; not counted again.
""",
    ),
    "steps in every form that a claim has, each as precise as it was typed": (
        (
            "a = sigmoid(x); a*y",
            "--x=0.4",
            "--y=2",
            "--claim=value(a)=0.5987",
            "--claim=upstream(a)=2",
            "--claim=local(a, x)=0.24",
            "--claim=contribution(a, x)=0.48",
            "--claim=df/dy=0.60",
        ),
        0,
        """
                 claimed                SymPy          differences   verdict
  a               0.5987    0.598687660112452    0.598687660112452   agree
  ∂f/∂a                2                    2                    2   agree
  local ∂a/∂x       0.24  0.24026074574152914  0.24026074574152914   agree
  ∂f/∂a * ∂a/∂x     0.48   0.4805214914830583   0.4805214914830583   agree
  ∂f/∂y              0.6    0.598687660112452    0.598687660112452   agree
""",
    ),
    "each local derivative in three ways": (
        (*CHAIN, "--every-step"),
        0,
        """
         backpropagation  SymPy  differences  largest relative difference   verdict
  ∂F/∂x                6      6            6                            0   agree
  ∂F/∂y              -18    -18          -18                            0   agree
  ∂F/∂z              -12    -12          -12                            0   agree

EVERY STEP                          local derivatives
     node → input  rule  SymPy  differences   suspect
  1     F → A        -3     -3           -3   none
  2     F → z       -12    -12          -12   none
  3     A → x        -2     -2           -2   none
  4     A → y         6      6            6   none
""",
    ),
    "a formula that SymPy proves": (
        (*HALF_ANGLE, "--claim=x=sin(2*x)"),
        0,
        """
          claimed               SymPy         differences   verdict
  ∂f/∂x  sin(2*x)  0.5646424733950354  0.5646424733950354   agree
∂f/∂x: proved, and agrees at 40 points.
""",
    ),
    "a formula that agrees at many points, of which a table shows three": (
        ("sin(x)**2 + abs(x)", "--x=0.7", "--claim=x=2*sin(x)*cos(x) + 1", "--output-format=table"),
        0,
        """
                     claimed  SymPy by steps  differences   verdict
  ∂f/∂x  2*sin(x)*cos(x) + 1           1.985        1.985   agree
∂f/∂x: agrees at 40 points: x = 0.7; x = 0.6994; x = 0.6997; 37 more, which --json has.
""",
    ),
    "a formula that does not, with a counterexample": (
        ("sin(x)**2", "--claim=x=2*sin(x)", "--output-format=table"),
        1,
        """
          claimed  SymPy  differences   verdict
  ∂f/∂x  2*sin(x)    n/a          n/a   DIFFER
∂f/∂x: counterexample at x = 1.043: the claim gives 1.728, true is 0.8703.
Consistent with: the local derivative of v1 → x left out: upstream passed through.
""",
    ),
    "a kink, where the convention is accepted": (
        CORNER,
        0,
        """
         backpropagation  SymPy  differences  largest relative difference   verdict
  ∂f/∂x                0    n/a       0 to 1                          n/a   kink      accepted as convention
∂f/∂x: kink at relu, where x = 0: slopes 0 and 1; accepted as the convention, which is PyTorch's.
""",
    ),
    "a kink, where a number between the slopes is accepted": (
        (*CORNER, "--claim=x=0.25"),
        0,
        """
         claimed  SymPy  differences   verdict
  ∂f/∂x     0.25    n/a       0 to 1   kink      accepted as between
∂f/∂x: kink at relu, where x = 0: slopes 0 and 1; accepted as a number between the slopes.
""",
    ),
    "a kink, where any other number differs": (
        (*CORNER, "--claim=x=3"),
        1,
        """
         claimed  SymPy  differences   verdict
  ∂f/∂x        3    n/a       0 to 1   DIFFER
∂f/∂x: kink at relu, where x = 0: slopes 0 and 1; a claim between them, or of the convention, is accepted.
""",
    ),
    "claims that fit each variable at a kink, and not both at once": (
        ("max(x, y)", "--x=1", "--y=1", "--claim=x=1", "--claim=y=1"),
        1,
        """
         claimed  SymPy  differences   verdict
  ∂f/∂x        1    n/a       0 to 1   DIFFER
  ∂f/∂y        1    n/a       0 to 1   DIFFER
∂f/∂x, ∂f/∂y: jointly wrong: along (1, 1) of (x, y) the slope is 1, these claims give 2.
""",
    ),
    "where there is no value, it is said which step has none": (
        POLE,
        3,
        """
         backpropagation  SymPy  differences  largest relative difference   verdict
  ∂f/∂x        -Infinity    n/a          n/a                          n/a   unevaluable
∂f/∂x: unevaluable: 1/x has no real value at x = 0: division by zero.
""",
    ),
    "an expression without variables": (
        ("2 + 3",),
        0,
        """
  nothing to check: the expression has no variables
""",
    ),
    "a table of few rows, and how to see the rest": (
        (*CHAIN, "--every-step", "--max-rows=1"),
        0,
        """
         backpropagation  SymPy  differences  largest relative difference   verdict
  ∂F/∂x                6      6            6                            0   agree
  … 2 more rows: --max-rows 3 shows them, --json has them

EVERY STEP                          local derivatives
     node → input  rule  SymPy  differences   suspect
  1     F → A        -3     -3           -3   none
  … 3 more rows: --max-rows 4 shows them, --json has them
""",
    ),
}


@pytest.mark.parametrize("claim", SCREENS)
def test_a_screen(claim: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each screen is written as it stands above, a table within 100 columns."""
    monkeypatch.setenv("COLUMNS", "100")
    arguments, code, expected = SCREENS[claim]

    done = call("check", *arguments)

    assert (done.code, "\n" + done.out) == (code, expected)


@pytest.mark.parametrize("divisor", [3, 5, 7, 10, 1000, 49])
def test_every_number_is_the_nearest_of_float64(divisor: int) -> None:
    """The slope of x/10 is 0.1 in all three columns: exact numbers are rounded to the nearest float, not cut."""
    shown = call("check", f"x/{divisor}", "--x=1").out
    entry = document(f"x/{divisor}", "--x=1")["claims"]["x"]

    assert [entry[key] for key in ("backpropagation", "sympy", "differences")] == [1 / divisor] * 3
    assert entry["relative_difference"] == 0
    assert shown.count(f" {1 / divisor!r} ") == 3


def test_what_is_true_of_several_claims_is_said_of_each() -> None:
    """A hint that suits two claims is not given for the first alone."""
    done = call("check", *CHAIN, "--claim=x=-6", "--claim=y=18", "--release-to=student", "--hint-level=cause")
    lines = done.out.splitlines()
    hints = [line for line in lines if "a sign lost" in line]

    assert done.code == 1
    assert len(hints) == 2 or all(title in hints[0] for title in ("∂F/∂x", "∂F/∂y"))


@pytest.mark.parametrize("formula", ["(y*\n1)", "(y\t*1)", "(y *\r\n 1)"], ids=ascii)
def test_a_formula_over_several_lines_stays_in_its_row(formula: str) -> None:
    """What is claimed stands in one cell, whatever blanks it was typed with."""
    done = call("check", "x*y", "--x=2", "--y=3", "--claim", f"x={formula}")
    rows = done.out.splitlines()

    assert done.code == 0
    assert rows[1].endswith("   agree")
    assert all(sign.isprintable() for sign in "".join(rows))


def test_a_long_formula_is_cut_and_marked() -> None:
    """A table shows forty characters of a claimed formula; JSON has it whole."""
    formula = "y" + "*1" * 40
    done = call("check", "x*y", "--x=2", "--y=3", "--claim", f"x={formula}")

    assert f"  {formula[:40]}…  " in done.out
    assert document("x*y", "--x=2", "--y=3", "--claim", f"x={formula}")["claims"]["x"]["claim"] == formula


def test_undecided_says_what_could_have_been_seen() -> None:
    """Where the side of a kink cannot be known, that is said, and how large an error would have been noticed."""
    done = call("check", *OPEN, "--claim=x=1")

    assert "undecided: no number of digits tells which side of the kink of relu the point is on" in done.out
    assert "the smallest error that could have been seen is 1.\n" in done.out


def test_a_note_goes_to_standard_error() -> None:
    """What float64 loses on the way is a note with the step, beside a result that agrees."""
    done = call("check", *ROUND_OFF)

    assert done.code == 0
    assert re.fullmatch(r"note: float64 round-off, from the (back|for)ward step .*\n", done.err)
    assert "round-off" not in done.out


# Options -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", [["-j"], ["--output-format", "json"], ["--output-format=json"]], ids=str)
@pytest.mark.parametrize(
    "arguments", [LOST_SIGN, ("x*", "--x=1"), (*PRODUCT, "--claim=w=1")], ids=lambda words: words[0]
)
def test_every_way_to_ask_for_json_gives_the_same(option: list[str], arguments: tuple[str, ...]) -> None:
    """`--json`, `-j` and `--output-format json` are one option, for answers and for errors."""
    done = call("check", *arguments, *option)

    assert done == call("check", *arguments, "--json")
    assert json.loads(done.out)["schema"] == "bpcli.check/1"


def test_json_on_one_line_and_nothing_else() -> None:
    """Standard output has one document; what would be a note is a warning in it."""
    done = call("check", *ROUND_OFF, "--json")

    assert (done.code, done.err, done.out.count("\n")) == (0, "", 1)
    assert "float64 round-off" in json.loads(done.out)["warnings"][0]["message"]


def test_two_forms_at_once_contradict_each_other() -> None:
    """`--json` with another form is refused, in JSON."""
    done = call("check", *PRODUCT, "--json", "--output-format=plain")

    assert (done.code, done.err) == (2, "")
    assert "--json and --output-format plain contradict each other" in json.loads(done.out)["error"]["message"]


@pytest.mark.parametrize("arguments", [LOST_SIGN, ROUND_OFF, POLE], ids=lambda words: words[0])
@pytest.mark.parametrize("options", [["--json"], ["--every-step"], ["--output-format=table"]], ids=str)
def test_quiet_goes_before_every_form(arguments: tuple[str, ...], options: list[str]) -> None:
    """`-q` prints nothing: the exit code speaks."""
    done = call("check", *arguments, "-q", *options)

    assert done == Done(call("check", *arguments, *options).code, "", "")


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["words", "json"])
def test_quiet_tells_an_error_on_standard_error_at_most(options: list[str]) -> None:
    """With `-q` nothing stands on standard output, whatever happens; what cannot be used is still refused."""
    done = call("check", "x*", "--x=1", "-q", *options)

    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_table_has_so_many_rows(rows: int) -> None:
    """`--max-rows` cuts the table and says how many are left out; the code is that of all."""
    done = call("check", *LOST_SIGN, "--max-rows", str(rows))

    assert done.code == 1
    assert sum(line.startswith("  ∂F/∂") for line in done.out.splitlines()) == rows
    assert ("more row" in done.out) == (rows < 3)


def test_no_mistake_is_cut_away() -> None:
    """A table that is cut says of a claim that differs, wherever it stands: an exit code 1 is never unexplained."""
    done = call("check", *LOST_SIGN, "--max-rows=1")

    assert done.code == 1
    assert re.search("∂F/∂y.*(DIFFER|differ|claimed 18)", done.out)


@pytest.mark.parametrize(
    "options",
    [("--with-respect-to", "z,x"), ("--with-respect-to=x, z",), ("--with-respect-to", "z", "--with-respect-to", "x")],
)
def test_only_the_wanted_gradients_are_checked(options: tuple[str, ...]) -> None:
    """`--with-respect-to` takes names once or often, and the answer keeps the order of the text."""
    found = verdicts(*PRODUCT, *options)

    assert list(found.items()) == [("x", "agree"), ("z", "agree")]


@pytest.mark.parametrize("names", ["q", "y"])
def test_a_wanted_gradient_is_not_passed_over_in_silence(names: str) -> None:
    """Beside claims `--with-respect-to` is refused, or it is obeyed: an unknown name, or one not claimed, is told."""
    done = call("check", *PRODUCT, "--claim=x=6", "--with-respect-to", names)

    assert done.code == 2 or "∂f/∂y" in done.out


def test_every_step_is_checked_on_request() -> None:
    """Each local derivative in three ways, in the order of the backward pass, and nobody is suspected."""
    found = document(*CHAIN, "--every-step")["checked_steps"]

    assert [(step["node"], step["input"], step["rule"], step["sympy"], step["differences"]) for step in found] == [
        ("F", "A", -3.0, -3.0, -3.0),
        ("F", "z", -12.0, -12.0, -12.0),
        ("A", "x", -2.0, -2.0, -2.0),
        ("A", "y", 6.0, 6.0, 6.0),
    ]
    assert {step["suspect"] for step in found} == {None}
    assert "checked_steps" not in document(*CHAIN)


@patches_reach_workers
def test_a_wrong_rule_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both oracles agree with each other and not with the rule, the rule is the suspect, and the code is 1."""
    monkeypatch.setattr(REGISTRY["sin"], "partials", lambda m, _out, x: (-m.cos(x),))
    done = call("check", "x*sin(y)", "--x=2", "--y=0.5")
    steps = document("x*sin(y)", "--x=2", "--y=0.5", "--every-step", code=1)["checked_steps"]

    assert done.code == 1
    assert "∂f/∂y: suspected is the rule of sin.\n" in done.out
    assert [step["suspect"] for step in steps] == [None, None, "the rule of sin"]


@pytest.mark.parametrize(("tolerance", "code"), [("0.3", 0), ("0.25", 0), ("0.2", 1), ("0", 1), ("1e-12", 1)])
def test_a_tolerance_overrides_what_was_typed(tolerance: str, code: int) -> None:
    """A claim of 1.5 for 2 is off by a quarter of it, however many digits it was typed with."""
    done = call("check", "x*y", "--x=1", "--y=2", "--claim=x=1.5", "--relative-tolerance", tolerance)

    assert (done.code, done.err) == (code, "")


@pytest.mark.parametrize("tolerance", ["1", "2", "-0.1", "nan", "inf", "-inf"])
def test_a_tolerance_is_a_part_of_the_truth(tolerance: str) -> None:
    """With a tolerance of all of it zero would be right for everything; the error repeats what was given."""
    done = call("check", "x*y", "--x=1", "--y=2", "--claim=x=1.5", f"--relative-tolerance={tolerance}")

    assert (done.code, done.out) == (2, "")
    assert done.err == (f"error: the relative tolerance must be from 0 to 1, not {tolerance}\nhint: 1e-9 is usual\n")


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_parallel_jobs_change_no_answer(jobs: str) -> None:
    """One expression is one job."""
    done = call("check", *LOST_SIGN, "--parallel-jobs", jobs)

    assert done == call("check", *LOST_SIGN)


def test_the_schema_of_the_documents_is_printed() -> None:
    """`bpcli schema check` prints what `--json` keeps to."""
    done = call("schema", "check")

    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["properties"]["schema"] == {"const": "bpcli.check/1"}


# Expressions and values ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("x*y", "--x", "6", "--y", "-2", "--claim", "x=-2"),
        ("--claim", "x=-2", "--x", "6", "x*y", "--y", "-2"),
        ("--x=6", "--y=-2", "--claim=x=-2", "x*y"),
        ("--claim", "x=-2", "--x", "6", "--y", "-2", "--", "x*y"),
        ("--set", "x=6", "x*y", "--set=y = -2", "--claim", " x = -2 "),
        ("x*y", "--x", "2*3", "--y", "-sqrt(4)", "--claim", "x=−2"),
        ("x*y", "--at", "-", "--claim", "x=-2"),
        ("x*y", "--at=-", "--claim=x = -2"),
    ],
    ids=" ".join,
)
def test_claims_and_values_stand_before_or_after_the_expression(arguments: tuple[str, ...]) -> None:
    """Every way to say x = 6, y = -2 and to claim -2 for x is the same question."""
    found = document(*arguments, stdin='{"x": 6, "y": -2}')

    assert found["inputs"] == {"x": 6.0, "y": -2.0}
    assert (found["claims"]["x"]["claimed"], found["verdict"]) == (-2.0, "agree")


@pytest.mark.parametrize(
    ("name", "content"),
    [("point.json", '{"x": 6, "y": -2.0}'), ("point.toml", "x = 6\ny = -2.0"), ("point.csv", "x,y\n6,-2\n")],
)
def test_values_and_the_expression_come_from_files(name: str, content: str, tmp_path: Path) -> None:
    """`--at FILE` binds many; `@FILE` and `-` read the expression."""
    (tmp_path / name).write_text(content, "utf-8")
    (tmp_path / "loss.txt").write_text("q = x*y;\nq + 1\n", "utf-8")
    at = f"--at={tmp_path / name}"

    found = [
        verdicts(f"@{tmp_path / 'loss.txt'}", at, "--claim=q=1", "--claim=x=-2"),
        verdicts("-", at, "--claim=q=1", "--claim=x=-2", stdin="q = x*y\r\nq + 1"),
    ]

    assert found == [{"q": "agree", "x": "agree"}] * 2


@pytest.mark.parametrize("name", ["set", "at", "claim", "requests", "json", "q", "e", "pi"])
def test_a_variable_may_be_called_like_an_option(name: str) -> None:
    """`--set` binds any name, and a claim may be about it."""
    found = verdicts(f"{name}*x", "--set", f"{name}=3", "--x=5", "--claim", f"{name}=5", "--claim=x=3")

    assert found == {name: "agree", "x": "agree"}


def test_an_expression_may_begin_with_a_minus() -> None:
    """One dash before what reads as an expression makes no option of it."""
    found = verdicts("-x**2", "--x=3", "--claim=x=-6")

    assert found == {"x": "agree"}


@pytest.mark.parametrize("expression", ["2 + 3", "pi", "7"])
def test_without_variables_there_is_nothing_to_check(expression: str) -> None:
    """That is said, and is no failure; a claim about its value is judged all the same."""
    done = call("check", expression)

    assert done == Done(0, "  nothing to check: the expression has no variables\n", "")
    assert call("check", expression, f"--claim=f={1}", "-q").code in (0, 2)


# Claims --------------------------------------------------------------------------------------------------------------

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


# Students ------------------------------------------------------------------------------------------------------------


class Exercise(NamedTuple):
    """An expression, its point, and wrong claims, among them ones whose cause is known."""

    expression: str
    at: dict[str, float]
    claims: tuple[str, ...]


EXERCISES = [
    Exercise(
        "A = x*y; F = A*z", {"x": 6.37, "y": -2.61, "z": -3.83}, ("x=9.99628", "y=24.3970", "z=1.7", "value(A)=5")
    ),
    Exercise("A = x*y; F = A**3", {"x": 1.37, "y": 2.61}, ("value(A)=3.98", "A=47.52", "local(A, x)=1.37", "F=2")),
    Exercise("f = sigmoid(w*x + b)", {"w": 0.73, "x": -1.37, "b": 0.41}, ("w=0.87", "x=0.65", "b=1", "value(f)=0.45")),
    Exercise("tanh(x)**2*y", {"x": 0.73, "y": 4.37}, ("x=5.4436", "y=0.6231")),
    Exercise("log(x)/y + exp(-x*y)", {"x": 1.73, "y": 0.59}, ("x=3.4", "y=-1.2", "v1=0.59", "contribution(f, v2)=2")),
    Exercise("sin(3*x)*cos(y) + x", {"x": 0.41, "y": 1.19}, ("x=3*cos(3*x)*cos(y)", "y=sin(3*x)*sin(y)")),
    Exercise("sqrt(x**2 + y**2)", {"x": 1.83, "y": 0.67}, ("x=3.66", "y=1.34", "value(v3)=2")),
    Exercise("relu(x*y) + abs(x)", {"x": 1.37, "y": 2.61}, ("x=2.61", "y=0", "value(v1)=4")),
    Exercise("x*y", {"x": 0.1234567, "y": 7.654321}, ("x=0.1234567", "y=7.654321", "value(f)=2")),
]


def true_numbers(exercise: Exercise) -> set[float]:
    """The size of every value, upstream, local derivative and contribution of an exercise, but for what is given."""
    result = bpcli.grad(exercise.expression, exercise.at)
    steps = [number for step in result.steps() for number in (step.upstream, step.local, step.contribution)]
    given = set().union(*[digits(number) for number in exercise.at.values()])
    return {abs(number) for number in (*result.values.values(), *steps) if digits(number).isdisjoint(given)}


def digits(number: float) -> set[str]:
    """Four digits of a number, cut and rounded, as they would stand in a text without its points; none for 0.25."""
    written = {f"{abs(number):.17e}".replace(".", "")[:4], f"{abs(number):.3e}".partition("e")[0].replace(".", "")}
    return {text for text in written if len(text.rstrip("0")) > 2}


def found_in(text: str, exercise: Exercise) -> list[float]:
    """The true numbers that stand in a text, apart from what was claimed, in any way that it may be written."""
    text = re.sub(r'"claimed": [^,}]*', "", text)
    for claim in exercise.claims:
        typed = claim.partition("=")[2]
        text = text.replace(typed, " ") if re.search("[a-z]", typed) else text
        ways = [typed] if re.search("[a-z]", typed) else [typed, repr(float(typed)), short(float(typed))]
        for way in ways:
            text = re.sub(rf"(?<![\d.]){re.escape(way.lstrip('-'))}(?![\d.])", " ", text)
    plain = text.replace(".", "")
    return [number for number in true_numbers(exercise) if any(four in plain for four in digits(number))]


def asked(exercise: Exercise, *options: str) -> Done:
    """What `bpcli check` says of an exercise."""
    bound = [f"--{name}={value}" for name, value in exercise.at.items()]
    return call("check", exercise.expression, *bound, *[f"--claim={claim}" for claim in exercise.claims], *options)


IN_FULL = (
    "ratio",
    "SymPy",
    "differences",
    '"sympy"',
    '"backpropagation"',
    '"gradients"',
    '"value"',
    '"true"',
    '"text"',
)


@pytest.mark.parametrize("form", ["--every-step", "--json"])
@pytest.mark.parametrize("level", ["where", "kind", "cause"])
def test_no_student_sees_a_right_value(form: str, level: str) -> None:
    """Neither a table nor JSON has four digits of any number that the exercise asks for, nor a ratio, at any level."""
    leaks = []
    for exercise in EXERCISES:
        done = asked(exercise, form, "--release-to=student", f"--hint-level={level}")
        leaks += [(exercise.expression, f"{number}") for number in found_in(done.out + done.err, exercise)]
        leaks += [(exercise.expression, word) for word in IN_FULL if word in done.out + done.err]
        assert done.code == 1

    assert leaks == []


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
def test_the_search_for_right_values_finds_them(form: list[str]) -> None:
    """Released to staff the same reports have the numbers that a student must not see."""
    blind = [exercise.expression for exercise in EXERCISES if not found_in(asked(exercise, *form).out, exercise)]

    assert blind == []


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("A = x*y; F = log(A)", "--x=6.37", "--y=-2.61"),
        ("A = x*y; F = log(A)", "--x=6.37", "--y=-2.61", "--claim=x=1"),
        ("A = x*y; F = floor(A + 0.3743)", "--x=6.37", "--y=-2.61", "--claim=x=1"),
        ("A = x*y; F = sqrt(A + 16.6257)", "--x=6.37", "--y=-2.61", "--claim=x=1"),
        ("A = x*y; F = relu(A + 16.6257)", "--x=6.37", "--y=-2.61", "--claim=x=9", "--claim=y=1.5"),
        ("A = x*y; F = (A + 16.6257)**2 / (A + 16.6257)", "--x=6.37", "--y=-2.61", "--claim=x=9"),
        ("A = x*y; F = A**2", "--x=6.37", "--y=-2.61", "--claim=x=A"),
        ("A = x*y; F = A**2", "--x=6.37", "--y=-2.61", "--claim=x=2*A*y + 1"),
    ],
    ids=" ".join,
)
def test_no_reason_tells_a_student_a_right_value(arguments: tuple[str, ...], form: list[str]) -> None:
    """Where there is no gradient, and where a claim is a formula, no value of an intermediate is given away."""
    done = call("check", *arguments, "--release-to=student", "--hint-level=cause", *form)

    assert done.code in (0, 1, 3, 4)
    assert [number for number in ("16.625", "16.2514", "86.7") if number in done.out.replace("16.6257)", "")] == []


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
@pytest.mark.parametrize("claim", ["x=-6", "x=12", "x=3", "x=2", "x=-2"])
def test_where_and_kind_name_neither_a_sign_nor_a_factor(claim: str, form: list[str]) -> None:
    """From a sign or a factor the answer would follow; only the level `cause` says it."""
    said = {
        level: call("check", *CHAIN, "--claim", claim, "--release-to=student", f"--hint-level={level}", *form).out
        for level in ("where", "kind", "cause")
    }

    assert not re.search(r"sign|factor|twice|half", said["where"] + said["kind"])
    assert re.search(r'Look for: |"family"', said["kind"])
    assert '"kind"' not in said["kind"]
    assert re.search(r"sign|factor|left out|upstream", said["cause"])
    assert len(said["where"]) < len(said["kind"])


def test_a_student_sees_where_alone_unless_told_more() -> None:
    """Without `--hint-level` a student is told where to look, and staff everything."""
    student, staff = (call("check", *LOST_SIGN, *more) for more in (["--release-to=student"], []))
    levels = [call("check", *LOST_SIGN, f"--release-to={to}", f"--hint-level={level}") for to, level in LEVELS]

    assert [student, staff] == levels


LEVELS = [("student", "where"), ("staff", "cause")]


def test_staff_may_ask_for_less() -> None:
    """`--hint-level` without a release leaves hints out, and keeps the numbers."""
    done = call("check", *LOST_SIGN, "--hint-level=where")

    assert "claimed 18, true -18" in done.out
    assert "Consistent with" not in done.out


def test_right_claims_of_a_student_are_only_agreed_with() -> None:
    """No digit more than was claimed."""
    done = call("check", *CHAIN, "--claim=x=6", "--claim=y=-18", "--release-to=student")

    assert done.out == ("         claimed   verdict\n  ∂F/∂x        6   agree\n  ∂F/∂y      -18   agree\n")


# What is refused -----------------------------------------------------------------------------------------------------

WAYS = "write a claim as x=6, dF/dA=-3, value(A)=-12"
MISTAKES = [
    (("x", "--jsno"), "--jsno", "did you mean '--json'?"),
    (("x", "--clam-x", "x=1"), "unknown option '--clam-x'", "did you mean '--claim'?"),
    (("x", "--x=1", "--clam", "x=1"), "'clam'", "did you mean the option '--claim'?"),
    (("x", "--hint-levle", "kind"), "unknown option '--hint-levle'", "did you mean '--hint-level'?"),
    (("x", "--every-stpe"), "unknown option '--every-stpe'", "did you mean '--every-step'?"),
    (("x", "--no-such-thing"), "unknown option '--no-such-thing'", "'bpcli check --help' lists the options"),
    (("x", "--x=1", "--hint-level"), "--hint-level has no value", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--claim"), "--claim has no value", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--hint-level=all"), "'all'", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--release-to=teacher"), "'teacher'", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--output-format=csv"), "'csv'", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--max-rows=0"), "--max-rows", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--parallel-jobs=0"), "--parallel-jobs", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--time-limit=0"), "--time-limit", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--time-limit=-1"), "--time-limit", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--time-limit=nan"), "--time-limit", ""),
    (("x", "--x=1", "--time-limit=soon"), "'soon'", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--relative-tolerance=little"), "'little'", "'bpcli check --help' says what it takes"),
    (("x", "--x=1", "--every-step=yes"), "--every-step takes no value", "write --every-step alone"),
    ((), "there is no expression", 'bpcli check "x*y"'),
    (("--claim", "x=1"), "there is no expression", 'bpcli check "x*y"'),
    (("--x", "x*y"), "--x took 'x*y' as its value", 'bpcli check "x*y"'),
    (("x", "y", "--x=1"), "one expression at a time: got 'x' and 'y'", "quotes"),
    (("x", "--requests", "-"), "--requests takes expressions", "leave out EXPR"),
    (("--requests", "-", "--claim", "x=1"), "--requests takes expressions", "--claim"),
    (("--requests", "-", "--x", "1"), "--requests takes expressions", "variables"),
    (("-", "--at", "-"), "standard input can be read once", "file"),
    (("x*y",), "no value for x, y", "add --x VALUE --y VALUE"),
    (("x*y", "--x=1"), "no value for y", "add --y VALUE"),
    (("x*y*set", "--x=1", "--claim=x=1"), "no value for y, set", "add --y VALUE --set set=VALUE"),
    (("rate", "--raet", "1"), "'raet', which is no variable", "did you mean 'rate'?"),
    (("x", "--x=1", "--qq=2"), "'qq', which is no variable", "its variables are x"),
    (("ab", "--ab=1", "--with-respect-to=abc"), "gradient with respect to 'abc'", "did you mean 'ab'?"),
    (("x", "--x=1", "--x=2"), "x is bound twice, to 1 and to 2", "one value"),
    (("x", "--x=six"), "the value of x is no number: 'six'", "give a number"),
    (("x", "--x=nan"), "x is no number", "give a number"),
    (("x", "--x=1e999"), "x is not finite: 1e999", "1.8e308"),
    (("x*sine(y)", "--x=1"), "unknown function 'sine'", "did you mean 'sin'?"),
    (("rate", "--rate=1", "--claim=raet=1"), "a claim about 'raet'", "did you mean 'rate'?"),
    (("x", "--x=1", "--claim=qq=1"), "a claim about 'qq'", "its names are x"),
    ((*CHAIN, "--claim=value(B)=1"), "a claim about 'B'", "its names are"),
    ((*CHAIN, "--claim=local(F, x)=1"), "x is no input of F", "its inputs are A, z"),
    ((*CHAIN, "--claim=dA/dx=1"), "'A' is not the output, which is F", "write dF/dx"),
    ((*CHAIN, "--claim=loca(A, x)=1"), "a claim cannot be about 'loca(A, x)'", WAYS),
    ((*CHAIN, "--claim=x + y=1"), "a claim cannot be about 'x + y'", WAYS),
    ((*CHAIN, "--claim=6"), "--claim takes WHAT=VALUE, not '6'", WAYS),
    ((*CHAIN, "--claim=x"), "--claim takes WHAT=VALUE, not 'x'", WAYS),
    ((*CHAIN, "--claim=x="), "--claim takes WHAT=VALUE, not 'x='", WAYS),
    ((*CHAIN, "--claim=x==6"), "--claim takes WHAT=VALUE, not 'x==6'", WAYS),
    ((*CHAIN, "--claim=x=6", "--claim=x=7"), "two claims are about", "claim each thing once"),
    ((*CHAIN, "--claim=A=6", "--claim=dF/dA=7"), "two claims are about", "claim each thing once"),
    ((*CHAIN, "--claim=x=1e999"), "x is not finite: 1e999", "1.8e308"),
    ((*CHAIN, "--claim=x=sine(y)"), "unknown function 'sine'", "did you mean 'sin'?"),
    ((*CHAIN, "--claim=x=2y"), "no operator between '2' and 'y'", "2*y"),
    ((*CHAIN, "--claim=x=y*"), "must stand after '*'", "missing"),
    ((*CHAIN, "--claim=x=1.2.3"), "1.2", ""),
    ((*CHAIN, "--claim=x=yy*z"), "the claim 'yy*z' has the name 'yy'", "did you mean 'y'?"),
    (("sin(x)**2", "--claim=x=sin(2*t)"), "has the name 't'", "its names are"),
    ((*CHAIN, "--relative-tolerance=2"), "the relative tolerance must be from 0 to 1, not 2", "1e-9 is usual"),
    (("x*y*z*w", "--max-operators=1"), "more than 1", "--max-operators"),
    (("x*y", "--max-characters=2"), "has 3 characters, more than 2", "--max-characters"),
]


@pytest.mark.parametrize(
    ("arguments", "message", "hint"), MISTAKES, ids=lambda part: " ".join(part) if isinstance(part, tuple) else ""
)
def test_what_cannot_be_used_is_refused_with_a_hint(arguments: tuple[str, ...], message: str, hint: str) -> None:
    """A wrong word ends in code 2; standard error, or a document, says what is wrong and what to do now."""
    done = call("check", *arguments)
    as_json = call("check", "--json", *arguments)
    error = json.loads(as_json.out).get("error", {})

    assert (done.code, done.out, as_json.code, as_json.err) == (2, "", 2, "")
    assert message in done.err.splitlines()[0]
    assert hint in done.err.splitlines()[-1]
    assert (done.err.splitlines()[0], done.err.splitlines()[-1]) == (
        f"error: {error['message']}",
        f"hint: {error['hint']}",
    )


def test_an_error_points_at_its_place() -> None:
    """The caret stands under what is wrong, in the expression and in a claim."""
    inside = call("check", "x * sine(y)", "--x=1")
    claimed = call("check", *CHAIN, "--claim=x=y*sine(z)")

    assert inside == Done(
        2, "", "error: unknown function 'sine'\n  x * sine(y)\n      ^^^^\nhint: did you mean 'sin'?\n"
    )
    assert claimed == Done(2, "", "error: unknown function 'sine'\n  y*sine(z)\n    ^^^^\nhint: did you mean 'sin'?\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("x", "--x=1", "--claim", f"[bold]{ESCAPE}"),
        ("x", "--x=1", "--claim", f"x=[bold]{ESCAPE}"),
        ("x", "--x=1", "--claim", f"[bold]{ESCAPE}=1"),
        ("x", "--x=1", "--claim", f"value([bold]{ESCAPE})=1"),
        ("x", "--x", f"[bold]{ESCAPE}"),
        ("x", "--with-respect-to", f"[bold]{ESCAPE}", "--x=1"),
        ("x", "--hint-level", f"[bold]{ESCAPE}"),
        ("x", "--time-limit", f"[bold]{ESCAPE}"),
        ("x", "--relative-tolerance", f"[bold]{ESCAPE}"),
        (f"x*[bold]{ESCAPE}", "--x=1"),
        ("--requests", f"[bold]{ESCAPE}"),
    ],
    ids=lambda part: " ".join(part).replace(ESCAPE, ""),
)
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
def test_user_text_is_neither_markup_nor_an_escape(arguments: tuple[str, ...], form: list[str]) -> None:
    """What users type reaches the terminal as they typed it, and no control character does."""
    done = call("check", *arguments, *form)
    written = done.out + done.err

    assert done.code == 2
    assert "[bold]" in written
    assert all(sign.isprintable() or sign == "\n" for sign in written)


# Terminals and encodings ---------------------------------------------------------------------------------------------


@has_terminals
@pytest.mark.parametrize("columns", [60, 40, 30])
def test_a_narrow_terminal_gets_every_number(columns: int) -> None:
    """Nothing is cut: below their rows, or one under the other, claims, truths and verdicts are all there."""
    done = shown("check", "x*y/3", "--x=1.5", "--y=-0.000123456789", "--claim=x=0.25", columns=columns)
    table = done.out[: done.out.index("∂f/∂x:")].splitlines()

    assert (done.code, done.err) == (1, "")
    assert [number for number in ("0.25", "-4.115e-05", "DIFFER", "-6075") if number not in "\n".join(table)] == []
    assert [line for line in table if len(line) > columns] == []


@has_terminals
def test_a_terminal_shows_colours_unless_told_not_to() -> None:
    """Gradients are coloured on a terminal; NO_COLOR is obeyed, and a table into a file has no escape."""
    coloured = on_terminal("-m", "bpcli", "check", *LOST_SIGN)
    plain = on_terminal("-m", "bpcli", "check", *LOST_SIGN, env={"NO_COLOR": "1"})

    assert re.search(r"\x1b\[[0-9;]*3[0-7]m *18", coloured.out)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", plain.out)
    assert STYLE.sub("", coloured.out) == STYLE.sub("", plain.out)
    assert "\x1b" not in call("check", *LOST_SIGN, "--output-format=table").out


@pytest.mark.parametrize(
    "arguments",
    [
        LOST_SIGN,
        STEPS,
        (*CHAIN, "--every-step", "--max-rows=1"),
        (*CORNER, "--output-format=table"),
        (*ROUND_OFF, "--claim=x=2"),
        ("sin(x)**2 + abs(x)", "--x=0.7", "--claim=x=2*sin(x)*cos(x) + 1", "--output-format=table"),
        ("x*y", "--x=2", "--y=3", "--claim=x=y" + "*1" * 40),
        ("x*y", "--x=2"),
    ],
    ids=lambda words: " ".join(words)[:50],
)
def test_an_ascii_stream_gets_ascii_signs(arguments: tuple[str, ...]) -> None:
    """Where there are no mathematical signs others stand for them, and none is an escape."""
    done = run("check", *arguments, env=ASCII)

    assert done.code == call("check", *arguments).code
    assert (done.out + done.err).isascii()
    assert "\\" not in done.out + done.err


def test_a_name_that_an_ascii_stream_lacks_is_escaped() -> None:
    """A Greek variable is written as an escape there, in words and in JSON; it is no fault."""
    words = run("check", "α*x", "--α=2", "--x=3", "--claim=α=3", env=ASCII)
    as_json = run("check", "α*x", "--α=2", "--x=3", "--claim=α=3", "--json", env=ASCII)

    assert (words.code, words.err, words.out.isascii()) == (0, "", True)
    assert "df/d\\u03b1" in words.out
    assert as_json.out.isascii()
    assert list(json.loads(as_json.out)["claims"]) == ["α"]


@has_terminals
def test_a_closed_pipe_ends_silently() -> None:
    """Nobody listens any more: code 141, no message."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "bpcli", "check", *LOST_SIGN],
        stdout=writer,
        stderr=subprocess.PIPE,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (141, b"")
