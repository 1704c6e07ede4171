"""Screens of arrays: what `grad` shows where values are vectors and matrices, letter by letter, wide and narrow."""

from math import inf, nan

import numpy as np
import pytest
from command import has_terminals, shown

from bpcli.report.arrays import summary_text
from bpcli.report.figures import ASCII, short

PRODUCT = ("y = W @ x; L = sum(y**2)", "--W=[[1, -2], [0.5, 3]]", "--x=[2, -1]")

# What `bpcli grad` is asked, and what it shows on a terminal of 100 columns.
SCREENS = {
    "what is kept is a matrix where it is small, and what is handed back a formula": (
        PRODUCT,
        """
FORWARD                             local gradients, kept for the way back
  1   y = W @ x   = [[1, -2], [0.5, 3]] @ [2, -1] = [4, -2]  (2,)
       ∂y/∂W = [[2, -1, 0, 0], [0, 0, 2, -1]], block diagonal, 2 blocks of 1x2
       ∂y/∂x = W = [[1, -2], [0.5, 3]]
  2  v1 = y**2    = [4, -2] ** 2                  = [16, 4]  (2,)
       ∂v1/∂y = diag(2*y) = diag([8, -4])
  3   L = sum(v1) = sum([16, 4])                  = 20
       ∂L/∂v1 = [[1, 1]], one row

BACKWARD                            starts with ∂L/∂L = 1
     node → input  upstream                               local   = contribution
  1     L → v1     1         broadcast_to(upstream, (2,))         = [1, 1]
       v1 = y**2
  2    v1 → y      [1, 1]    × 2*y =                      [8, -4] = [8, -4]
       ∂L/∂y = [8, -4], upstream of y
  3     y → W      [8, -4]   upstream @ xᵀ                        = [[16, -8], [-8, 4]]
  4     y → x      [8, -4]   Wᵀ @ upstream                        = [6, -28]

GRADIENTS
  ∂L/∂W = outer(2*(W @ x), x) = [[16, -8], [-8, 4]]
  ∂L/∂x = W.T @ (2*(W @ x))   = [6, -28]
""",
    ),
    "broadcasting is a step, and so is the sum that undoes it": (
        ("sum(x*W + b)", "--W=[[1, -2], [0.5, 3]]", "--x=[2, -1]", "--b=0.5"),
        """
FORWARD                             local gradients, kept for the way back
  1  v1 = broadcast_to(x, (2, 2)) = broadcast_to([2, -1], (2, 2)) = [[2, -1], [2, -1]]  (2, 2)
       ∂v1/∂x = [[1, 0], [0, 1], [1, 0], [0, 1]], selection
  2  v2 = v1*W = [[2, -1], [2, -1]] * [[1, -2], [0.5, 3]] = [[2, 2], [1, -3]]  (2, 2)
       ∂v2/∂v1 = diag(W) = diag([[1, -2], [0.5, 3]])
       ∂v2/∂W = diag(v1) = diag([[2, -1], [2, -1]])
  3  v3 = broadcast_to(b, (2, 2)) = broadcast_to(0.5, (2, 2)) = [[0.5, 0.5], [0.5, 0.5]]  (2, 2)
       ∂v3/∂b = [[1], [1], [1], [1]], one column
  4  v4 = v2 + v3 = [[2.5, 2.5], [1.5, -2.5]]  (2, 2)
       ∂v4/∂v2 = identity
       ∂v4/∂v3 = identity
  5  f = sum(v4) = sum([[2.5, 2.5], [1.5, -2.5]]) = 4
       ∂f/∂v4 = [[1, 1, 1, 1]], one row

BACKWARD                            starts with ∂f/∂f = 1
  1  f → v4
       upstream     1
       local        broadcast_to(upstream, (2, 2))
       contribution [[1, 1], [1, 1]]
       v4 = v2 + v3
  2  v4 → v2
       upstream     [[1, 1], [1, 1]]
       local        × 1
       contribution [[1, 1], [1, 1]]
       v2 = v1*W
  3  v4 → v3
       upstream     [[1, 1], [1, 1]]
       local        × 1
       contribution [[1, 1], [1, 1]]
       v3 = broadcast_to(b, (2, 2))
  4  v3 → b
       upstream     [[1, 1], [1, 1]]
       local        sum(upstream)
       contribution 4
  5  v2 → v1
       upstream     [[1, 1], [1, 1]]
       local        × W = [[1, -2], [0.5, 3]]
       contribution [[1, -2], [0.5, 3]]
       v1 = broadcast_to(x, (2, 2))
  6  v2 → W
       upstream     [[1, 1], [1, 1]]
       local        × v1 = [[2, -1], [2, -1]]
       contribution [[2, -1], [2, -1]]
  7  v1 → x
       upstream     [[1, -2], [0.5, 3]]
       local        sum(upstream, axis=0)
       contribution [1.5, 1]

GRADIENTS
  ∂f/∂x = sum(W, axis=0)          = [1.5, 1]
  ∂f/∂W = broadcast_to(x, (2, 2)) = [[2, -1], [2, -1]]
  ∂f/∂b                           = 4
""",
    ),
    "two consumers of one vector meet in a sum": (
        ("h = exp(x); sum(h) + sum([1, 2]*h)", "--x=[0, 0]"),
        """
FORWARD                             local gradients, kept for the way back
  1   h = exp(x)   = exp([0, 0])     = [1, 1]  (2,)   ∂h/∂x = diag(h) = diag([1, 1])
  2  v1 = sum(h)   = sum([1, 1])     = 2              ∂v1/∂h = [[1, 1]], one row
  3  v2 = [1, 2]*h = [1, 2] * [1, 1] = [1, 2]  (2,)   ∂v2/∂h = diag([1, 2])
  4  v3 = sum(v2)  = sum([1, 2])     = 3              ∂v3/∂v2 = [[1, 1]], one row
  5   f = v1 + v3  = 2 + 3           = 5              ∂f/∂v1 = 1                       ∂f/∂v3 = 1

BACKWARD                            starts with ∂f/∂f = 1
     node → input  upstream                               local  = contribution
  1     f → v1     1         × 1                                 = 1
       v1 = sum(h)
  2     f → v3     1         × 1                                 = 1
       v3 = sum(v2)
  3    v3 → v2     1         broadcast_to(upstream, (2,))        = [1, 1]
       v2 = [1, 2]*h
  4    v2 → h      [1, 1]    × [1, 2]                            = [1, 2]
       path 1 of 2 to h
  5    v1 → h      1         broadcast_to(upstream, (2,))        = [1, 1]
       path 2 of 2 to h, add:
       ∂f/∂h = [1, 2] + [1, 1] = [2, 3]
  6     h → x      [2, 3]    × h =                        [1, 1] = [2, 3]

GRADIENTS
  ∂f/∂x = ([1, 2] + 1)*exp(x) = [2, 3]
""",
    ),
    "large arrays are summed up": (
        ("sum(relu(x))", "--x=[-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"),
        """
FORWARD                             local gradients, kept for the way back
  1  v1 = relu(x) = (16,) norm 16.88, 0 to 9   ∂v1/∂x = diag(where(x > 0, 1, 0))
  2   f = sum(v1) = 45                         ∂f/∂v1 = one row of 16 times 1

BACKWARD                            starts with ∂f/∂f = 1
  1  f → v1
       upstream     1
       local        broadcast_to(upstream, (16,))
       contribution (16,) norm 4, 1 to 1
       v1 = relu(x)
  2  v1 → x
       upstream     (16,) norm 4, 1 to 1
       local        × where(x > 0, 1, 0) = (16,) norm 3, 0 to 1
       contribution (16,) norm 3, 0 to 1

GRADIENTS
  ∂f/∂x = where(x > 0, 1, 0) = (16,) norm 3, 0 to 1
  every entry: --output-format csv, or --json
""",
    ),
}
NARROW = """
FORWARD               local gradients, kept for the way back
  1  y = W @ x = [[1, -2], [0.5, 3]] @ [2, -1] = [4, -2]  (2,)
       ∂y/∂W = [[2, -1, 0, 0], [0, 0, 2, -1]], block diagonal, 2 blocks of 1x2
       ∂y/∂x = W = [[1, -2], [0.5, 3]]
  2  v1 = y**2 = [4, -2] ** 2 = [16, 4]  (2,)
       ∂v1/∂y = diag(2*y) = diag([8, -4])
  3  L = sum(v1) = sum([16, 4]) = 20
       ∂L/∂v1 = [[1, 1]], one row

BACKWARD                            starts with ∂L/∂L = 1
  1  L → v1
       upstream     1
       local        broadcast_to(upstream, (2,))
       contribution [1, 1]
       v1 = y**2
  2  v1 → y
       upstream     [1, 1]
       local        × 2*y = [8, -4]
       contribution [8, -4]
       ∂L/∂y = [8, -4], upstream of y
  3  y → W
       upstream     [8, -4]
       local        upstream @ xᵀ
       contribution [[16, -8], [-8, 4]]
  4  y → x
       upstream     [8, -4]
       local        Wᵀ @ upstream
       contribution [6, -28]

GRADIENTS
  ∂L/∂W = outer(2*(W @ x), x) = [[16, -8], [-8, 4]]
  ∂L/∂x = W.T @ (2*(W @ x))   = [6, -28]
"""


@has_terminals
@pytest.mark.parametrize("title", SCREENS)
def test_a_screen_is_as_shown(title: str) -> None:
    """The whole output, letter by letter."""
    arguments, expected = SCREENS[title]

    assert shown("grad", *arguments).out == expected.removeprefix("\n")


@has_terminals
def test_a_narrow_terminal_has_a_line_for_each_part() -> None:
    """Nothing is cut: what does not stand beside goes below."""
    assert shown("grad", *PRODUCT, columns=60).out == NARROW.removeprefix("\n")


def test_ascii_has_its_own_signs() -> None:
    """Where no `ᵀ` can be written, the transpose is `.T`."""
    assert ASCII.written("Wᵀ @ upstream") == "W.T @ upstream"


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([3, 4], "norm 5, 3 to 4"),
        ([0, 0], "norm 0, 0 to 0"),
        ([3e200, -4e200], "norm 5e+200, -4e+200 to 3e+200"),
        ([3e-200, 4e-200], "norm 5e-200, 3e-200 to 4e-200"),
        ([1, -inf], "norm Infinity, -Infinity to 1"),
        ([1, nan], "norm NaN, NaN to NaN"),
    ],
)
def test_a_large_array_is_summed_up(entries: list[float], words: str) -> None:
    """Its norm is right where the squares leave the range of float64, and nothing is warned of."""
    assert summary_text(np.array(entries), short) == f"(2,) {words}"
