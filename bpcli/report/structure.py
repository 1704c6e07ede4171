"""The structure of a matrix in words: what a local gradient, a Jacobian or a Hessian looks like at a glance."""

from math import gcd, isfinite
from typing import Any

MOST_ENTRIES = 5_000_000  # beyond it nobody looks, and the places of the entries would take more memory than they
ROUNDINGS = 16  # that an entry may differ from its mirror image in, of the largest entry
EPSILON = {4: 2.0**-23, 8: 2.0**-52}  # the spacing of floats at 1, by their bytes


def structure_of(matrix: Any) -> str:
    """What is special about an array with two axes, in words; nothing where that is nothing.

    The words: `zero`, `one row`, `one column`, `identity`, `diagonal`, `permutation`, `selection` (each row picks one
    column), `block diagonal, 3 blocks of 2x2`, `lower triangular`, `upper triangular`, `all entries equal`, `all rows
    equal`, `all columns equal`, `symmetric`. Zeros are exact; symmetry is judged up to rounding.
    """
    rows, columns = matrix.shape
    if not 0 < matrix.size <= MOST_ENTRIES or (matrix != matrix).any():  # noqa: PLR0124 - NaN differs from itself
        return ""
    if not matrix.any():
        return "zero"
    if rows == 1 or columns == 1:
        return "" if rows == columns else "one row" if rows == 1 else "one column"
    return _of_places(matrix) or _of_values(matrix)


def _of_places(matrix: Any) -> str:
    """What follows from where the entries are that are not 0."""
    rows, columns = matrix.shape
    row, column = matrix.nonzero()
    if rows == columns and (row == column).all():
        return "identity" if len(row) == rows and (matrix.diagonal() == 1).all() else "diagonal"
    if len(row) == rows and (row[1:] > row[:-1]).all() and (matrix[row, column] == 1).all():
        return "permutation" if rows == columns == len(set(column.tolist())) else "selection"
    for blocks in range(gcd(rows, columns), 1, -1):
        if rows % blocks == columns % blocks == 0:
            height, width = rows // blocks, columns // blocks
            if (row // height == column // width).all():
                return f"block diagonal, {blocks} blocks of {height}x{width}"
    if rows == columns and (row >= column).all():
        return "lower triangular"
    return "upper triangular" if rows == columns and (row <= column).all() else ""


def _of_values(matrix: Any) -> str:
    """What follows from the entries themselves."""
    first_row, first_column = matrix[:1], matrix[:, :1]
    if (matrix == first_row[0, 0]).all():
        return "all entries equal"
    if (matrix == first_row).all():
        return "all rows equal"
    if (matrix == first_column).all():
        return "all columns equal"
    return "symmetric" if is_symmetric(matrix) else ""


def is_symmetric(matrix: Any) -> bool:
    """Whether a matrix is its own mirror image, up to rounding."""
    if matrix.shape[0] != matrix.shape[1]:
        return False
    if (matrix == matrix.T).all():
        return True
    largest = float(abs(matrix).max())
    if not isfinite(largest):
        return False
    return float(abs(matrix - matrix.T).max()) <= ROUNDINGS * EPSILON.get(matrix.dtype.itemsize, 0.0) * largest


def definiteness(smallest: float, largest: float) -> str:
    """What a symmetric matrix with these eigenvalues is called."""
    if smallest > 0:
        return "positive definite"
    if largest < 0:
        return "negative definite"
    if smallest == largest == 0:
        return "zero"
    return "indefinite" if smallest < 0 < largest else f"{'positive' if largest > 0 else 'negative'} semidefinite"
