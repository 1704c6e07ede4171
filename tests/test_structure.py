"""The structure of a matrix in words, and its eigenvalues."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import bpcli
from bpcli.numbers.spectrum import MOST_ROWS, ends_of_spectrum
from bpcli.report.structure import definiteness, is_symmetric, structure_of

NAN, INF = float("nan"), float("inf")
sizes = st.integers(1, 6)


def matrix(rows: Any) -> NDArray[np.float64]:
    """Rows as an array."""
    return np.array(rows, dtype=float)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([[0, 0], [0, 0]], "zero"),
        ([[0]], "zero"),
        ([[0, 0, 0]], "zero"),
        ([[1]], ""),
        ([[-3]], ""),
        ([[1, 2, 3]], "one row"),
        ([[1], [2]], "one column"),
        ([[1, 0], [0, 1]], "identity"),
        ([[2, 0], [0, 2]], "diagonal"),
        ([[1, 0], [0, 0]], "diagonal"),
        ([[0, 1, 0], [0, 0, 1], [1, 0, 0]], "permutation"),
        ([[0, 1], [0, 1]], "selection"),
        ([[0, 1, 0], [0, 0, 1]], "selection"),
        ([[1, 0], [1, 0], [0, 1]], "selection"),
        ([[0, 2], [1, 0]], ""),
        ([[1, 2, 0, 0], [0, 0, 1, 2]], "block diagonal, 2 blocks of 1x2"),
        (np.kron(np.eye(3), [[1, 2], [3, 4]]), "block diagonal, 3 blocks of 2x2"),
        (np.kron(np.eye(2), [[1, 2, 3, 4], [5, 0, 7, 8]]), "block diagonal, 2 blocks of 2x4"),
        (np.kron(np.eye(2), [[1], [2]]), "block diagonal, 2 blocks of 2x1"),
        ([[1, 0], [2, 3]], "lower triangular"),
        ([[0, 0], [2, 0]], "lower triangular"),
        ([[1, 2], [0, 3]], "upper triangular"),
        ([[5, 5, 5], [5, 5, 5]], "all entries equal"),
        ([[1, 2, 3], [1, 2, 3]], "all rows equal"),
        ([[1, 1], [2, 2]], "all columns equal"),
        ([[1, 2], [2, 4]], "symmetric"),
        ([[1, 2], [2 + 1e-15, 4]], "symmetric"),
        ([[1, 2], [2 + 1e-9, 4]], ""),
        ([[1, 2, 3], [4, 5, 6]], ""),
        ([[NAN, 0], [0, 1]], ""),
        ([[INF, 0], [0, 1]], "diagonal"),
        ([[1, INF], [2, 3]], ""),
        (np.zeros((0, 3)), ""),
    ],
)
def test_the_structure_in_words(rows: Any, words: str) -> None:
    """The most telling words that are true; nothing where there is nothing to say."""
    assert structure_of(matrix(rows)) == words


def test_symmetry_in_single_precision_is_judged_by_its_own_rounding() -> None:
    """A difference of 1e-7 is rounding in float32, and is none in float64."""
    rows = [[1.0, 2.0], [2.0 + 2.4e-7, 4.0]]

    assert is_symmetric(np.array(rows, np.float32))
    assert not is_symmetric(np.array(rows))
    assert not is_symmetric(np.ones((2, 3)))


@given(sizes, sizes, sizes)
def test_blocks_are_found_at_their_size(blocks: int, height: int, width: int) -> None:
    """Of full blocks without a structure of their own the finest division is the one that was made."""
    entries = np.kron(np.eye(blocks), np.arange(2, 2 + height * width).reshape(height, width))
    found = structure_of(entries)

    if height == width == 1:
        assert found in ("", "diagonal")
    elif blocks > 1:
        assert found == f"block diagonal, {blocks} blocks of {height}x{width}"


def test_nobody_waits_for_the_structure_of_a_huge_matrix() -> None:
    """Beyond some millions of entries nothing is said."""
    assert structure_of(np.ones((1, 1))) == ""
    assert structure_of(np.broadcast_to(np.ones(1), (3000, 3000))) == ""


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("tanh(x)", {"x": [1, 2]}, "diagonal"),
        ("x + 1", {"x": [1, 2]}, "identity"),
        ("sum(x)", {"x": [1, 2]}, "one row"),
        ("b*[1, 2]", {"b": 3}, "one column"),
        ("x.T", {"x": [[1, 2], [3, 4]]}, "permutation"),
        ("x[1:]", {"x": [1, 2, 3]}, "selection"),
        ("X @ [[1, 2], [3, 4]]", {"X": [[1, 2], [3, 4], [5, 6]]}, "block diagonal, 3 blocks of 2x2"),
        ("cumsum(x, 0)", {"x": [1, 2, 3]}, "lower triangular"),
        ("x*0", {"x": [1, 2]}, "zero"),
        ("softmax(x)", {"x": [0.1, 0.7, -2]}, "symmetric"),
        ("mean(x)*[1, 1, 1]", {"x": [1, 2]}, "all entries equal"),
        ("relu(x)", {"x": [-1, 2]}, "diagonal"),
    ],
)
def test_the_structure_of_jacobians(text: str, at: dict[str, Any], words: str) -> None:
    """What the ops of networks look like."""
    assert structure_of(bpcli.jacobian(text, at).matrix()) == words


@pytest.mark.parametrize(
    ("rows", "ends", "words"),
    [
        ([[2, 0], [0, 5]], (2, 5), "positive definite"),
        ([[-2, 0], [0, -5]], (-5, -2), "negative definite"),
        ([[0, 1], [1, 0]], (-1, 1), "indefinite"),
        ([[1, 1], [1, 1]], (0, 2), "positive semidefinite"),
        ([[-1, -1], [-1, -1]], (-2, 0), "negative semidefinite"),
        ([[0, 0], [0, 0]], (0, 0), "zero"),
        ([[7]], (7, 7), "positive definite"),
        ([[1e308, 0], [0, -1e308]], (-1e308, 1e308), "indefinite"),
        ([[1e-308, 0], [0, 3e-308]], (1e-308, 3e-308), "positive definite"),
    ],
)
def test_the_ends_of_the_spectrum(rows: Any, ends: tuple[float, float], words: str) -> None:
    """The smallest and the largest eigenvalue, where rounding is 0, and what a matrix with them is called."""
    found = ends_of_spectrum(matrix(rows))

    assert found == pytest.approx(ends, rel=1e-14)
    assert found is not None
    assert definiteness(*found) == words


def test_where_there_is_no_spectrum() -> None:
    """Empty, not finite, or larger than anybody waits for."""
    assert ends_of_spectrum(np.zeros((0, 0))) is None
    assert ends_of_spectrum(matrix([[NAN]])) is None
    assert ends_of_spectrum(np.zeros((MOST_ROWS + 1, MOST_ROWS + 1))) is None
