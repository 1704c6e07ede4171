"""What a check looks like: whole reports, in this process, for staff and for students."""

from collections.abc import Mapping

import pytest

from bpcli import check_expression
from bpcli.report.explanations import Release
from bpcli.report.figures import ASCII, short
from bpcli.report.page import Page
from bpcli.report.plain import plain_text
from bpcli.report.verdicts import check_report

STAFF = Release()
AT = {"x": 6, "y": -2, "z": -3}
CHAIN = "A = x*y; F = A*z"


def screen(
    expression: str,
    at: Mapping[str, object],
    *claims: str,
    release: Release = STAFF,
    page: Page | None = None,
    every_step: bool = False,
) -> str:
    """The report of a check as text, on a terminal of 100 columns."""
    result = check_expression(expression, at, claims, every_step=every_step)
    return plain_text(check_report(result, page or Page(width=100, number=short), release))


def test_own_gradients() -> None:
    """A row a variable: backpropagation, SymPy, differences, the largest relative difference, the verdict."""
    assert screen("x*y*z", AT) == (
        "         backpropagation  SymPy  differences  largest relative difference   verdict\n"
        "  ∂f/∂x                6      6            6                            0   agree\n"
        "  ∂f/∂y              -18    -18          -18                            0   agree\n"
        "  ∂f/∂z              -12    -12          -12                            0   agree\n"
    )


def test_a_wrong_claim_says_where_how_much_and_what_it_is_consistent_with() -> None:
    """The screen of the design."""
    assert screen(CHAIN, AT, "x=6", "y=18", "z=-12") == (
        "         claimed  SymPy  differences   verdict\n"
        "  ∂F/∂x        6      6            6   agree\n"
        "  ∂F/∂y       18    -18          -18   DIFFER    ratio -1\n"
        "  ∂F/∂z      -12    -12          -12   agree\n"
        "∂F/∂y: claimed 18, true -18, ratio -1.\n"
        "Look at step 4, A → y: its upstream, -3, also gave ∂F/∂x, which agrees.\n"
        "Consistent with: a sign lost in -3 * 6.\n"
    )


@pytest.mark.parametrize(
    ("level", "told"),
    [
        ("where", ""),
        ("kind", "Look for: the arithmetic of one step.\n"),
        ("cause", "Consistent with: a sign lost.\n"),
    ],
)
def test_a_student_sees_no_right_value(level: str, told: str) -> None:
    """Verdict and hint only, and no more of a hint than the level allows."""
    assert screen(CHAIN, AT, "x=6", "y=18", release=Release("student", level)) == (
        "         claimed   verdict\n"
        "  ∂F/∂x        6   agree\n"
        "  ∂F/∂y       18   DIFFER\n"
        "∂F/∂y differs. What arrives at A looks right; redo A → y.\n" + told
    )


def test_a_table_of_steps() -> None:
    """The first wrong step is named, and what follows from it is said once."""
    assert screen(CHAIN, AT, "value(A)=12", "value(F)=-36", "A=-3", "z=12").splitlines()[-4:] == [
        "The first wrong step: A.",
        "A: claimed 12, true -12, ratio -1.",
        "Consistent with: a sign lost.",
        "F, ∂F/∂z: right, given A, which is wrong; not counted again.",
    ]


@pytest.mark.parametrize(
    ("expression", "at", "claims", "said"),
    [
        ("relu(x)*y", {"x": 0, "y": 2}, [], "∂f/∂x: kink at relu, where x = 0: slopes 0 and 2; accepted as the conv"),
        ("abs(x)", {"x": 0}, ["x=0.5"], "slopes -1 and 1; accepted as a number between the slopes."),
        ("relu(x) - relu(-x)", {"x": 0}, ["x=1"], "accepted as the derivative, which exists although the chain rule"),
        ("abs(x)", {"x": 0}, ["x=1.5"], "a claim between them, or of the convention, is accepted."),
        (
            "max(x, y)",
            {"x": 1, "y": 1},
            ["x=1", "y=1"],
            "∂f/∂x, ∂f/∂y: jointly wrong: along (1, 1) of (x, y) the slope",
        ),
        ("sin(x)/x", {"x": 0}, [], "unevaluable: v1/x has no real value at v1 = 0, x = 0: division by zero."),
        ("floor(x)", {"x": 2}, ["x=0"], "unevaluable: the value jumps at floor, where x = 2."),
        ("sqrt(x)", {"x": 0}, [], "unevaluable: the slope is infinite at sqrt, where x = 0."),
        ("relu(sqrt(2)**2 - 2 + x)", {"x": 0}, [], "could have been seen is 1."),
        ("sin(x)**2", {}, ["x=sin(2*x)"], "∂f/∂x: proved, and agrees at 40 points."),
        ("abs(x)", {}, ["x=sign(x)"], "37 more, which --json has."),
        ("sin(x)**2", {}, ["x=2*sin(x)"], "∂f/∂x: counterexample at x = "),
        ("x*y", {"x": 2, "y": 3}, ["x=2", "y=3"], "∂f/∂x: consistent with: the gradient of y given for that of x"),
        ("x*y + x*z", {"x": 2, "y": 3, "z": 5}, ["x=3"], "Look at the steps v1 → x, v2 → x, whose contributions add"),
    ],
)
def test_everything_is_said_in_words(expression: str, at: Mapping[str, object], claims: list[str], said: str) -> None:
    """Kinks, what has no slope, what stays open, formulas, several mistakes."""
    assert said in screen(expression, at, *claims)


def test_every_step_in_three_ways() -> None:
    """The rule, SymPy and differences for each local derivative; at a kink the two have none."""
    assert screen("relu(x)*y", {"x": 0, "y": 2}, every_step=True).endswith(
        "EVERY STEP                          local derivatives\n"
        "     node → input  rule  SymPy  differences   suspect\n"
        "  1     f → v1        2      2            2   none\n"
        "  2     f → y         0      0            0   none\n"
        "  3    v1 → x         0    n/a          n/a   none\n"
    )


def test_nothing_to_check() -> None:
    """A number has no gradients and no steps."""
    assert screen("2 + 3", {}, every_step=True) == (
        "  nothing to check: the expression has no variables\n"
        "\n"
        "EVERY STEP\n"
        "  no step: no gradient flows to a variable through an op\n"
    )


def test_signs_of_ascii() -> None:
    """Where a stream has no other signs, titles and sentences do without them."""
    shown = screen(CHAIN, AT, "y=18", page=Page(width=100, number=short, signs=ASCII))

    assert shown.isascii()
    assert "dF/dy: claimed 18, true -18, ratio -1." in shown


def test_rows_left_out_are_counted() -> None:
    """A long table is cut, and says so."""
    shown = screen(" + ".join(f"x{i}" for i in range(9)), {f"x{i}": i for i in range(9)}, page=Page(100, most_rows=4))

    assert shown.splitlines()[-1] == "  … 5 more rows: --max-rows 9 shows them, --json has them"


def test_a_narrow_page_stacks_the_columns() -> None:
    """Nothing is cut where the page is narrower than the table."""
    shown = screen("x*y", {"x": 2, "y": 3}, page=Page(width=40, number=short))

    assert "largest relative difference" in shown
    assert all(len(line) <= len("       largest relative difference 0") for line in shown.splitlines())
