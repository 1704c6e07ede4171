"""`bpcli explain` as a user meets it: screens wide and narrow, pipes, JSON, errors and exit codes."""

import re
from functools import partial
from typing import Any

import pytest
from answers import valid_for
from command import call, has_terminals, shown

import bpcli

valid = partial(valid_for, "explain")
ARTICLE = ("explain", "Y = conv2d(X, W); L = sum(Y**2)", "--X=[[1,2,3],[4,5,6],[7,8,9]]", "--W=[[1,-1],[2,0.5]]")
MEETING = ("explain", "x*x + 3*x", "--x=2", "--gradient-of=x")
NEURON = ("explain", "f = sigmoid(w0*x0 + w1*x1 + w2)", "--w0=2", "--x0=-1", "--w1=-3", "--x1=-2", "--w2=-3")
DOUBLINGS = ("explain", "; ".join(["c = x", *["c = c + c"] * 60]), "--x=1", "--gradient-of=x")

SCREENS = {
    "three paths reach x, two of them by one product": (
        MEETING,
        """
ONE STEP                            x = 2 is used 3 times
  ∂f/∂x = ∂f/∂v1·x + ∂f/∂v1·x + ∂f/∂v2·3
        = 1·2 + 1·2 + 1·3
        = 2 + 2 + 3
        = 7

PATHS                               3 paths to f, largest first
     path                 product of local gradients         = contribution
  1  f → v2 → x           1 · 3                              =            3
  2  f → v1 → x (left)    1 · x                      = 1 · 2 =            2
  3  f → v1 → x (right)   1 · x                      = 1 · 2 =            2
  ∂f/∂x = 3 + 2 + 2 = 7
  v1 = x*x
  v2 = 3*x
  f = v1 + v2
""",
    ),
    "one path through a neuron, four digits for the eye": (
        (*NEURON, "--gradient-of=w0", "--output-format=table"),
        """
ONE STEP                            w0 = 2 is used once
  ∂f/∂w0 = ∂f/∂v1·x0
         = 0.1966·(-1)
         = -0.1966

PATHS                               1 path to f
     path                    product of local gradients                         = contribution
  1  f → v4 → v3 → v1 → w0   f*(1 - f) · 1 · 1 · x0     = 0.1966 · 1 · 1 · (-1) =      -0.1966
  v1 = w0*x0
  v3 = v1 + v2
  v4 = v3 + w2
""",
    ),
    "paths that are left out are counted and summed": (
        (*MEETING, "--max-paths=1"),
        """
ONE STEP                            x = 2 is used 3 times
  ∂f/∂x = ∂f/∂v1·x + … (2 more)
        = 1·2 + … (2 more)
        = 2 + … (2 more)
        = 7

PATHS                               3 paths to f, largest first
     path         product of local gradients = contribution
  1  f → v2 → x   1 · 3                      =            3
  … 2 more paths contribute 4 together: --max-paths shows more
  ∂f/∂x = 3 + 4 (2 more) = 7
  v2 = 3*x
  f = v1 + v2
""",
    ),
    "an entry that is the output": (
        ("explain", "x*y", "--x=2", "--y=3", "--gradient-of=f"),
        """
ONE STEP
  ∂f/∂f = 1: the gradient that the way back starts with
""",
    ),
    "an entry that the output does not depend on": (
        ("explain", "sum(X[0])", "--X=[[1,2],[3,4]]", "--gradient-of=X[1,0]"),
        """
PATHS
  no gradient flows from f to X[1,0]: ∂f/∂X[1,0] = 0
""",
    ),
}


@pytest.mark.parametrize("claim", SCREENS)
def test_a_screen(claim: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each screen is written as it stands above."""
    monkeypatch.setenv("COLUMNS", "100")
    arguments, expected = SCREENS[claim]
    done = call(*arguments)

    assert (done.code, done.err, "\n" + done.out) == (0, "", expected)


def test_a_narrow_page_breaks_before_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """In 60 columns sums go on below, and each path takes a few lines."""
    monkeypatch.setenv("COLUMNS", "60")
    done = call(*ARTICLE, "--gradient-of=X[1,1]", "--output-format=table")

    assert max(map(len, done.out.splitlines())) <= 60
    assert done.out.startswith(
        """ONE STEP                          X[1,1] = 5 is used 4 times
  ∂L/∂X[1,1] = ∂L/∂Y[0,0]·W[1,1] + ∂L/∂Y[0,1]·W[1,0]
             + ∂L/∂Y[1,0]·W[0,1] + ∂L/∂Y[1,1]·W[0,0]
             = 19·0.5 + 24·2 + 34·(-1) + 39·1
             = 9.5 + 48 + -34 + 39
             = 62.5

PATHS                            4 paths to L, largest first
  1  L → v1[0,1] → Y[0,1] → X[1,1]
       product      1 · 2*Y[0,1] · W[1,0]
       in numbers   1 · 24 · 2
       contribution 48
"""
    )


@pytest.mark.parametrize("columns", [60, 100])
@pytest.mark.parametrize(
    "arguments", [ARTICLE, (*ARTICLE, "--gradient-of=W[0,0]"), (*NEURON, "--gradient-of=x1"), DOUBLINGS]
)
def test_a_page_keeps_within_its_width(
    arguments: tuple[str, ...], columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line is wider than the terminal; long paths show their ends."""
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = call(*arguments, "--output-format=table").out.splitlines()

    assert [line for line in lines if len(line) > columns] == []


@has_terminals
def test_a_terminal_shows_twenty_paths() -> None:
    """A pipe shows a hundred; --max-paths changes both."""
    rows = re.compile(r"^ +\d+  c_60 → ", re.MULTILINE)
    counts = [
        len(rows.findall(done.out)) for done in (shown(*DOUBLINGS), call(*DOUBLINGS), call(*DOUBLINGS, "--max-paths=7"))
    ]

    assert counts == [20, 100, 7]


def test_a_pipe_has_every_digit() -> None:
    """And every step of a path of sixty."""
    done = call(*DOUBLINGS, "--max-paths=1")

    assert done.out.count("→") == 60
    assert "1152921504606846976 paths to c_60" in done.out
    assert call("explain", "x/3", "--x=1", "--gradient-of=x").out.count("0.3333333333333333") == 3


def test_signs_that_an_encoding_lacks_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """In ASCII, `d` and `*` stand for `∂` and `·`."""
    monkeypatch.setattr("bpcli.report.figures.signs_for", lambda _: bpcli_ascii())
    done = call(*MEETING)

    assert done.out.isascii()
    assert "df/dx = df/dv1*x + df/dv1*x + df/dv2*3" in done.out


def bpcli_ascii() -> Any:
    """The signs of ASCII."""
    from bpcli.report.figures import ASCII  # noqa: PLC0415 - a test patches this module

    return ASCII


# JSON ----------------------------------------------------------------------------------------------------------------


def test_the_document_of_a_meeting() -> None:
    """The whole document of x*x + 3*x, the largest path alone."""
    step: dict[str, object] = {"node": "v1", "input": "x", "local": 2.0, "local_formula": "x"}
    use = {"upstream": 1.0, "contribution": 2.0}
    found = valid(call(*MEETING, "--max-paths=3", "--json").out)
    paths = found.pop("paths")

    assert found == {
        "schema": "bpcli.explain/1",
        "version": bpcli.__version__,
        "status": "ok",
        "expression": "x*x + 3*x",
        "inputs": {"x": 2.0},
        "entry": "x",
        "output": "f",
        "value": 2.0,
        "gradient": 7.0,
        "one_step": [
            step | {"position": 0} | use,
            step | {"position": 1} | use,
            {
                "node": "v2",
                "input": "x",
                "position": 1,
                "local": 3.0,
                "local_formula": "3",
                "upstream": 1.0,
                "contribution": 3.0,
            },
        ],
        "path_count": 3,
        "paths_left_out": 0,
        "sum_left_out": 0.0,
        "warnings": [],
    }
    assert [path["contribution"] for path in paths] == [3.0, 2.0, 2.0]
    assert [step["node"] for step in paths[0]["steps"]] == ["f", "v2"]


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        ((*ARTICLE, "--gradient-of=X[1,1]"), 0, "ok"),
        ((*ARTICLE, "--gradient-of=X[1,1]", "--max-paths=1"), 0, "ok"),
        (ARTICLE, 0, "ok"),
        (("explain", "conv1d(x, [1, 2])", "--x=[1,2,3]"), 0, "ok"),
        (DOUBLINGS, 0, "ok"),
        (("explain", "sqrt(x)", "--x=0", "--gradient-of=x"), 3, "nonfinite"),
        (("explain", "sum(amax(x))", "--x=[1,2]", "--gradient-of=x[1]"), 0, "ok"),
        ((*ARTICLE, "--gradient-of=X"), 2, "error"),
        ((*ARTICLE, "--gradient-of=X[1,1]", "--max-edges=2"), 2, "error"),
        (("explain", "x*y", "--x=1", "--y=2"), 2, "error"),
        (("explain",), 2, "error"),
    ],
)
def test_every_answer_keeps_to_the_schema(arguments: tuple[str, ...], code: int, status: str) -> None:
    """Answers and errors, with the exit code that they have in words."""
    done = call(*arguments, "--json")
    found = valid(done.out)

    assert (done.code, done.err, found["status"]) == (code, "", status)
    assert call(*arguments).code == code


def test_a_count_beyond_floats_is_text() -> None:
    """So that no reader rounds it."""
    found = valid(call(*DOUBLINGS, "--json").out)

    assert (found["path_count"], found["paths_left_out"]) == (str(2**60), str(2**60 - 100))
    assert found["sum_left_out"] == 2.0**60 - 100


def test_the_map_as_json() -> None:
    """The numbers that the page shows."""
    (one,) = valid(call(*ARTICLE, "--json").out)["fan_out"]

    assert (one["windows"], one["stride"], one["filters"]) == ([[1, 2, 1], [2, 4, 2], [1, 2, 1]], [1, 1], 1)
    assert one["back_to_input"] == [[19.0, 5.0, -24.0], [72.0, 62.5, -27.0], [68.0, 95.0, 19.5]]
    assert one["back_to_kernel"] == [[398.0, 514.0], [746.0, 862.0]]


# Errors --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("x*y", "--x=1", "--y=2"),
            'there is no convolution to map, and no entry is named\nhint: name an entry of x, y: --gradient-of "x"',
        ),
        (("sum(x)", "--x=[1,2]"), 'hint: name an entry of x: --gradient-of "x[0]"'),
        (("2 + 3",), "name an entry of a variable"),
        ((*ARTICLE[1:], "--gradient-of=X"), "X is an array of shape (3, 3): say which entry\nhint: write it as X[0,0]"),
        ((*ARTICLE[1:], "--gradient-of=X[5,0]"), "index 5 is beyond axis 0 of X, whose shape is (3, 3)"),
        (("alpha*y", "--alpha=1", "--y=2", "--gradient-of=alphaa"), "did you mean 'alpha'?"),
        (("x*y", "--x=1", "--gradient-of=x"), "no value for y\nhint: add --y VALUE"),
        (("x*y", "--x=1", "--y=1", "--gradient-fo=x"), "did you mean '--gradient-of'?"),
        (("x*", "--x=1", "--gradient-of=x"), "^"),
        ((*ARTICLE[1:], "--gradient-of=X[1,1]", "--max-edges=2"), "more than 2 edges between entries"),
        ((*ARTICLE[1:], "--gradient-of=X[1,1]", "--max-entries=5"), "5 entries"),
    ],
)
def test_what_cannot_be_explained_is_said(arguments: tuple[str, ...], said: str) -> None:
    """On standard error, with exit code 2, and nothing on standard output."""
    done = call("explain", *arguments)

    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_an_infinite_slope_is_shown_with_its_warning() -> None:
    """Exit code 3; the place is marked."""
    done = call("explain", "sqrt(x)", "--x=0", "--gradient-of=x")

    assert done.code == 3
    assert "= Infinity" in done.out
    assert done.err.startswith("warning: the local gradient ∂f/∂x")


def test_a_statement_that_is_not_needed_is_told() -> None:
    """On standard error."""
    done = call("explain", "a = x*2; x*3", "--x=1", "--gradient-of=x")

    assert done.err == "note: the output does not use a\n"


def test_the_help_shows_examples_that_run() -> None:
    """Each example of --help is answered."""
    examples = re.findall(r"^ +bpcli (explain .*)$", call("explain", "--help").out, re.MULTILINE)
    words = [[part[0] or part[1] for part in re.findall(r'"([^"]*)"|(\S+)', example)] for example in examples]

    assert [call(*line).code for line in words] == [0, 0, 0]
