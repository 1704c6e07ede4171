"""What `bpcli check` writes: whole screens, letter by letter; on narrow terminals, in colour, in ASCII, to nobody."""

import json
import os
import re
import subprocess
import sys

import pytest
from checks import CHAIN, CORNER, HALF_ANGLE, LOST_SIGN, OPEN, POLE, PRODUCT, ROUND_OFF, STEPS, document
from command import ASCII, PATIENCE, STYLE, call, environment, has_terminals, on_terminal, run, shown

pytestmark = pytest.mark.usefixtures("oracles_loaded")


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
