"""Screens: what the examples of the lectures look like, letter by letter, wide and narrow."""

import json
import re

import pytest
from command import call
from hypothesis import given
from hypothesis import strategies as st

import bpcli
from bpcli.report.figures import ASCII, aligned, full, short
from bpcli.report.page import Page
from bpcli.report.plain import plain_text
from bpcli.report.walkthrough import walkthrough

CHAIN = ("A = x*y; F = A*z", "--x=6", "--y=-2", "--z=-3")
MEETING = ("x*x + 3*x", "--x=2")
NEURON = ("f = sigmoid(w0*x0 + w1*x1 + w2)", "--w0=2", "--x0=-1", "--w1=-3", "--x1=-2", "--w2=-3")

# Whole screens: what `bpcli grad` is asked, and what it writes into a pipe.
SCREENS = {
    "forward with what is kept, backward edge by edge, gradients with their formulas": (
        CHAIN,
        """
FORWARD                             local gradients, kept for the way back
  1  A = x*y =   6 * -2 = -12   ∂A/∂x = y = -2   ∂A/∂y = x = 6
  2  F = A*z = -12 * -3 =  36   ∂F/∂A = z = -3   ∂F/∂z = A = -12

BACKWARD                            starts with ∂F/∂F = 1
     node → input  upstream ×     local = contribution
  1     F → A             1 × z =    -3 =           -3   ∂F/∂A = -3, upstream of A
  2     F → z             1 × A =   -12 =          -12
  3     A → x            -3 × y =    -2 =            6
  4     A → y            -3 × x =     6 =          -18

GRADIENTS
  ∂F/∂x = y*z =   6
  ∂F/∂y = x*z = -18
  ∂F/∂z = x*y = -12
""",
    ),
    "where paths meet the sum is written out: three reach x, two of them by one product": (
        MEETING,
        """
FORWARD                             local gradients, kept for the way back
  1  v1 = x*x     = 2 * 2 =  4   ∂v1/∂x (left) = x = 2   ∂v1/∂x (right) = x = 2
  2  v2 = 3*x     = 3 * 2 =  6   ∂v2/∂x = 3
  3   f = v1 + v2 = 4 + 6 = 10   ∂f/∂v1 = 1              ∂f/∂v2 = 1

BACKWARD                            starts with ∂f/∂f = 1
     node → input      upstream ×     local = contribution
  1     f → v1                1 ×         1 =            1   v1 = x*x
  2     f → v2                1 ×         1 =            1   v2 = 3*x
  3    v2 → x                 1 ×         3 =            3   ┐
  4    v1 → x (left)          1 × x =     2 =            2   ├ paths meet at x: add
  5    v1 → x (right)         1 × x =     2 =            2   ┘ ∂f/∂x = 3 + 2 + 2 = 7

GRADIENTS
  ∂f/∂x = 3 + 2*x = 7
""",
    ),
    "a table for the eye: four digits, and every column at its decimal point": (
        (*NEURON, "--output-format=table"),
        """
FORWARD                             local gradients, kept for the way back
  1  v1 = w0*x0       =     2 * -1 = -2        ∂v1/∂w0 = x0 = -1             ∂v1/∂x0 = w0 = 2
  2  v2 = w1*x1       =    -3 * -2 =  6        ∂v2/∂w1 = x1 = -2             ∂v2/∂x1 = w1 = -3
  3  v3 = v1 + v2     =     -2 + 6 =  4        ∂v3/∂v1 = 1                   ∂v3/∂v2 = 1
  4  v4 = v3 + w2     =     4 + -3 =  1        ∂v4/∂v3 = 1                   ∂v4/∂w2 = 1
  5   f = sigmoid(v4) = sigmoid(1) =  0.7311   ∂f/∂v4 = f*(1 - f) = 0.1966

BACKWARD                            starts with ∂f/∂f = 1
     node → input  upstream ×               local = contribution
  1     f → v4       1      × f*(1 - f) =  0.1966 =       0.1966   v4 = v3 + w2
  2    v4 → v3       0.1966 ×              1      =       0.1966   v3 = v1 + v2
  3    v4 → w2       0.1966 ×              1      =       0.1966
  4    v3 → v1       0.1966 ×              1      =       0.1966   v1 = w0*x0
  5    v3 → v2       0.1966 ×              1      =       0.1966   v2 = w1*x1
  6    v2 → w1       0.1966 ×        x1 = -2      =      -0.3932
  7    v2 → x1       0.1966 ×        w1 = -3      =      -0.5898
  8    v1 → w0       0.1966 ×        x0 = -1      =      -0.1966
  9    v1 → x0       0.1966 ×        w0 =  2      =       0.3932

GRADIENTS
  ∂f/∂w0 = f*(1 - f)*x0 = -0.1966
  ∂f/∂x0 = f*(1 - f)*w0 =  0.3932
  ∂f/∂w1 = f*(1 - f)*x1 = -0.3932
  ∂f/∂x1 = f*(1 - f)*w1 = -0.5898
  ∂f/∂w2 = f*(1 - f)    =  0.1966
""",
    ),
    "paths that meet with other steps between them are numbered": (
        ("a = y*x; a + x", "--x=3", "--y=2"),
        """
FORWARD                             local gradients, kept for the way back
  1  a = y*x   = 2 * 3 = 6   ∂a/∂y = x = 3   ∂a/∂x = y = 2
  2  f = a + x = 6 + 3 = 9   ∂f/∂a = 1       ∂f/∂x = 1

BACKWARD                            starts with ∂f/∂f = 1
     node → input  upstream ×     local = contribution
  1     f → a             1 ×         1 =            1   ∂f/∂a = 1, upstream of a
  2     f → x             1 ×         1 =            1   path 1 of 2 to x
  3     a → y             1 × x =     3 =            3
  4     a → x             1 × y =     2 =            2   path 2 of 2 to x, add: ∂f/∂x = 1 + 2 = 3

GRADIENTS
  ∂f/∂y = x     = 3
  ∂f/∂x = 1 + y = 3
""",
    ),
    "a name that is assigned again keeps its first node; every formula says which it means": (
        ("c = x*x; c = c + 1; c*y", "--x=2", "--y=3"),
        """
FORWARD                             local gradients, kept for the way back
  1    c = x*x   = 2 * 2 =  4   ∂c/∂x (left) = x = 2   ∂c/∂x (right) = x = 2
  2  c_2 = c + 1 = 4 + 1 =  5   ∂c_2/∂c = 1
  3    f = c_2*y = 5 * 3 = 15   ∂f/∂c_2 = y = 3        ∂f/∂y = c_2 = 5

BACKWARD                            starts with ∂f/∂f = 1
     node → input      upstream ×       local = contribution
  1     f → c_2               1 ×   y =     3 =            3   ∂f/∂c_2 = 3, upstream of c_2
  2     f → y                 1 × c_2 =     5 =            5
  3   c_2 → c                 3 ×           1 =            3   ∂f/∂c = 3, upstream of c
  4     c → x (left)          3 ×   x =     2 =            6   ┐ paths meet at x: add
  5     c → x (right)         3 ×   x =     2 =            6   ┘ ∂f/∂x = 6 + 6 = 12

GRADIENTS
  ∂f/∂x = 2*x*y    = 12
  ∂f/∂y = x**2 + 1 =  5
""",
    ),
    "a bare variable is its own output, whose gradient is the 1 that the way back starts with": (
        ("x", "--x=3"),
        """
FORWARD
  x = 3

BACKWARD                            starts with ∂x/∂x = 1
  no step: no gradient flows to a variable through an op

GRADIENTS
  ∂x/∂x = 1
""",
    ),
    "without values the graph and its formulas are shown": (
        ("A = x*y; F = A*sin(z)",),
        """
GRAPH                               local gradients of each step
  1   A = x*y      ∂A/∂x = y         ∂A/∂y = x
  2  v1 = sin(z)   ∂v1/∂z = cos(z)
  3   F = A*v1     ∂F/∂A = v1        ∂F/∂v1 = A

GRADIENTS
  ∂F/∂x = y*sin(z)
  ∂F/∂y = x*sin(z)
  ∂F/∂z = x*y*cos(z)
""",
    ),
    "each section is cut by itself and says how to see the rest": (
        ("A = x*y; F = A*z", "--x=6", "--y=-2", "--z=-3", "--max-rows=2"),
        """
FORWARD                             local gradients, kept for the way back
  1  A = x*y =   6 * -2 = -12   ∂A/∂x = y = -2   ∂A/∂y = x = 6
  2  F = A*z = -12 * -3 =  36   ∂F/∂A = z = -3   ∂F/∂z = A = -12

BACKWARD                            starts with ∂F/∂F = 1
     node → input  upstream ×     local = contribution
  1     F → A             1 × z =    -3 =           -3   ∂F/∂A = -3, upstream of A
  2     F → z             1 × A =   -12 =          -12
  … 2 more rows: --max-rows 4 shows them, --json has them

GRADIENTS
  ∂F/∂x = y*z =   6
  ∂F/∂y = x*z = -18
  … 1 more row: --max-rows 3 shows it, --json has it
""",
    ),
}


def screen(*arguments: str) -> str:
    """What `bpcli grad` writes into a pipe, below a line break."""
    return "\n" + call("grad", *arguments).out


def set_on(page: Page, expression: str, **at: float) -> str:
    """The same on a page, without what its titles say beside the name of a section."""
    text = plain_text(walkthrough(bpcli.grad(expression, at), page))
    return "\n" + re.sub(r"^([A-Z]+) {3,}.*$", r"\1", text, flags=re.MULTILINE)


@pytest.mark.parametrize("claim", SCREENS)
def test_a_screen(claim: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each screen is written as it stands above, a table within 100 columns."""
    monkeypatch.setenv("COLUMNS", "100")
    arguments, expected = SCREENS[claim]

    assert screen(*arguments) == expected


@pytest.mark.parametrize(
    ("expression", "forward"),
    [("2 + 3", "1  f = 2 + 3 = 5"), ("a = 2; a*3", "1  f = a*3 = 2 * 3 = 6"), ("7", "7"), ("a = 7", "a = 7")],
)
def test_without_variables_there_is_no_way_back(expression: str, forward: str) -> None:
    """An expression of constants has a value, and no backward pass."""
    shown = screen(expression)

    assert shown == f"\nFORWARD\n  {forward}\n\nGRADIENTS\n  none: the expression has no variables\n"


def test_no_section_is_empty() -> None:
    """Where no step is computed and no value is given, the graph is the variable."""
    shown = screen("x")

    assert "∂x/∂x = 1\n" in shown
    assert not re.search(r"^[A-Z]+ *\n\n", shown, re.MULTILINE)


def test_a_sum_of_many_paths_is_cut_and_says_so() -> None:
    """After twelve terms the sum says how many more there are; the total is that of all."""
    shown = screen("*".join(["x"] * 14), "--x=1")

    assert "path 13 of 14 to x\n" in shown
    assert "path 14 of 14 to x, add: ∂f/∂x = 1" + " + 1" * 11 + " + … (2 more) = 14\n" in shown


def test_negative_terms_of_a_sum_are_added_as_they_are() -> None:
    """`3 + -2`, as the forward pass writes `6 * -2`."""
    shown = screen("-2*x + 3*x - 4*x", "--x=1")

    assert "∂f/∂x = -4 + 3 + -2 = -3\n" in shown


@pytest.mark.parametrize("arguments", [("x + y", "--x=1", "--y=2"), ("x - y", "--x=1", "--y=2"), MEETING, CHAIN])
def test_every_step_is_written_as_a_product(arguments: tuple[str, ...]) -> None:
    """Upstream × local = contribution: the sign stands in each row, also where every local gradient is a number."""
    _, _, below = screen(*arguments).partition("BACKWARD")
    steps = [line for line in below.partition("GRADIENTS")[0].split("\n") if "→" in line]

    assert len(steps) > 2
    assert [line for line in steps if not re.search(r" × .* = ", line)] == []


# Narrow pages and other signs ----------------------------------------------------------------------------------------


def test_on_a_narrow_page_notes_go_below_their_rows() -> None:
    """At 60 columns nothing is cut: what stood behind a row stands under it."""
    shown = set_on(Page(width=60, number=short), "A = x*y; F = A*z", x=6, y=-2, z=-3)

    assert (
        """
FORWARD
  1  A = x*y =   6 * -2 = -12
       ∂A/∂x = y = -2
       ∂A/∂y = x = 6
  2  F = A*z = -12 * -3 =  36
       ∂F/∂A = z = -3
       ∂F/∂z = A = -12

BACKWARD
     node → input  upstream ×     local = contribution
  1     F → A             1 × z =    -3 =           -3
       ∂F/∂A = -3, upstream of A
  2     F → z             1 × A =   -12 =          -12
"""
        in shown
    )


def test_on_a_narrower_page_the_heading_goes() -> None:
    """At 40 columns the rows stay rows."""
    shown = set_on(Page(width=40, number=short), "A = x*y; F = A*z", x=6, y=-2, z=-3)

    assert (
        """
BACKWARD
  1  F → A   1 × z =  -3 =  -3
       ∂F/∂A = -3, upstream of A
  2  F → z   1 × A = -12 = -12
  3  A → x  -3 × y =  -2 =   6
  4  A → y  -3 × x =   6 = -18
"""
        in shown
    )


def test_on_the_narrowest_page_each_number_has_a_line() -> None:
    """At 20 columns a step is written under its edge, word by word."""
    shown = set_on(Page(width=20, number=short), "x*x + 3*x", x=2)

    assert (
        """
  5  v1 → x (right)
       upstream     1
       local        x = 2
       contribution 2
"""
        in shown
    )


@pytest.mark.parametrize("width", [60, 40, 30])
def test_a_formula_that_fits_is_shown(width: int) -> None:
    """A gradient's formula is left out only where it is longer than the line that it would stand on."""
    shown = set_on(Page(width=width, number=short), "x*x + 3*x", x=2)

    assert "∂f/∂x = 3 + 2*x = 7" in shown


@pytest.mark.parametrize("width", [60, 40])
def test_brackets_are_drawn_only_beside_their_rows(width: int) -> None:
    """A bracket alone on a line joins nothing; the sum is written out all the same."""
    shown = set_on(Page(width=width, number=short), "x*x + 3*x", x=2)

    assert [line for line in shown.split("\n") if line.strip() in ("┐", "├", "┘")] == []
    assert "∂f/∂x = 3 + 2 + 2 = 7" in shown


def test_ascii_signs_stand_for_the_others() -> None:
    """Where there is no ∂ the derivative is written with d, the arrow with two signs."""
    shown = set_on(Page(number=short, signs=ASCII), "x*x + 3*x", x=2)

    assert (
        """
     node -> input      upstream *     local = contribution
  1     f -> v1                1 *         1 =            1   v1 = x*x
  2     f -> v2                1 *         1 =            1   v2 = 3*x
  3    v2 -> x                 1 *         3 =            3   \\
  4    v1 -> x (left)          1 * x =     2 =            2   | paths meet at x: add
  5    v1 -> x (right)         1 * x =     2 =            2   / df/dx = 3 + 2 + 2 = 7

GRADIENTS
  df/dx = 3 + 2*x = 7
"""
        in shown
    )


# Numbers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "for_the_eye", "in_full"),
    [
        (0.0, "0", "0"),
        (-12.0, "-12", "-12"),
        (1 / 3, "0.3333", "0.3333333333333333"),
        (123.456, "123.5", "123.456"),
        (1234.5678, "1234.6", "1234.5678"),
        (999999.96, "1000000", "999999.96"),
        (123456789.125, "123456789.1", "123456789.125"),
        (1234567891.5, "1.235e+09", "1234567891.5"),
        (1e15, "1e+15", "1000000000000000"),
        (1e16, "1e+16", "1e+16"),
        (0.00012345, "0.0001234", "0.00012345"),
        (1e-5, "1e-05", "1e-05"),
        (5e-324, "4.941e-324", "5e-324"),
        (float("nan"), "NaN", "NaN"),
        (float("inf"), "Infinity", "Infinity"),
        (float("-inf"), "-Infinity", "-Infinity"),
    ],
    ids=str,
)
def test_numbers_are_short_for_the_eye_and_full_in_a_pipe(value: float, for_the_eye: str, in_full: str) -> None:
    """Four digits on a terminal, whole digits never rounded away; elsewhere the shortest exact decimal."""
    written = short(value), full(value)

    assert written == (for_the_eye, in_full)


@given(st.floats(-1.7e308, 1.7e308))
def test_a_number_reads_back(value: float) -> None:
    """A full number is the number; a short one is within half a unit of its fourth digit. A minus is ASCII."""
    in_full, for_the_eye = full(value), short(value)

    assert float(in_full) == value
    assert abs(float(for_the_eye) - value) <= max(abs(value) * 0.5001e-3, 5e-324)
    assert (in_full + for_the_eye).isascii()


@given(st.lists(st.floats().map(full) | st.floats().map(short) | st.just("")))
def test_aligned_numbers_share_a_decimal_point(texts: list[str]) -> None:
    """Padding adds blanks only, makes all texts equally long, and puts each point under the others."""
    columns = aligned(texts)
    points = {column.index(".") for column in columns if "." in column}

    assert [column.strip() for column in columns] == texts
    assert len({len(column) for column in columns}) <= 1
    assert len(points) <= 1
    assert all(
        len(column.split("e")[0].rstrip()) <= min(points)
        for column in columns
        if points and "." not in column and not column.strip().isalpha()
    )


def test_an_op_is_shown_with_its_rule() -> None:
    """`bpcli ops tanh`: how it is written, its derivative as the code has it, its other name."""
    shown = "\n" + call("ops", "tanh").out

    assert (
        shown
        == """
tanh
  written  tanh(x)
  ∂f/∂x    1 - tanh(x)**2
  also     th
  family   hyperbolic
  LaTeX    \\tanh\\left(x\\right)
"""
    )


@pytest.mark.parametrize(("alias", "name"), [("ln", "log"), ("σ", "sigmoid"), ("*", "mul"), ("√", "sqrt"), ("^", "**")])
def test_an_alias_shows_the_same(alias: str, name: str) -> None:
    """Other names and signs of an op lead to it."""
    by_alias, by_name = call("ops", alias), call("ops", name)

    assert (by_alias, by_alias.code) == (by_name, 0)


def test_a_layer_is_shown_as_pytorch_writes_it_and_bare() -> None:
    """By its name, with the package or without; a slip in it is met with a suggestion."""
    shown = call("ops", "nn.Linear")

    assert shown == call("ops", "Linear")
    assert "nn.Linear(in_features, out_features, bias=True)" in shown.out
    assert "x -> Linear(out_features, bias=True)" in shown.out
    assert "MSELoss(target, reduction='mean')" in call("ops", "MSELoss").out
    assert "did you mean 'Linear'?" in call("ops", "Linaer").err
    assert json.loads(call("ops", "LSTM", "--json").out)["layers"][0]["kind"] == "layer"


def test_the_catalogue_lists_every_family() -> None:
    """`bpcli ops` shows each op with its derivatives, domain and kinks, by family."""
    shown = call("ops").out

    assert re.findall(r"^[A-Z ]+$", shown, re.MULTILINE) == [
        "ARITHMETIC",
        "ELEMENTARY",
        "TRIGONOMETRIC",
        "HYPERBOLIC",
        "SPECIAL",
        "PIECEWISE",
        "ACTIVATIONS",
        "REDUCTIONS",
        "SPREAD",
        "FUSED",
        "SHAPING",
        "JOINING",
        "INDEXING",
        "PRODUCTS",
        "LINEAR ALGEBRA",
        "CONVOLUTION",
        "WINDOWS",
        "LAYERS",
        "LOSSES",
        "FUNCTIONS OF LAYERS",
        "STAGES THAT ARE REPEATED",
    ]
    assert re.search(r"^  log\(x\) +∂f/∂x = 1/x +for x > 0$", shown, re.MULTILINE)
    assert re.search(r"^  abs\(x\) +∂f/∂x += sign\(x\) +at x = 0: slopes -1 and 1, taken as 0$", shown, re.MULTILINE)
