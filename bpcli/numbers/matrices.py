"""Products and decompositions of matrices, for arrays of any dtype; every axis before the last two is a batch.

Float64 goes to BLAS and LAPACK. Entries that are objects are worked out by formulas: a determinant by expansion along
columns (2ⁿ·n products), an inverse by cofactors, a Cholesky factor column by column.
"""

from collections.abc import Callable
from functools import partial
from itertools import combinations
from math import prod
from typing import Any

import numpy as np

from bpcli.errors import UsageError
from bpcli.numbers.structure import aligned, leading

Array = Any
LARGEST_EXPANDED = 10  # rows of a determinant of objects; 2ⁿ·n products


def matmul(m: Any, x: Array, y: Array) -> Array:
    """The product of matrices; a vector on the left is a row, on the right a column (NumPy's `@`)."""
    if not m.batch and np.ndim(x) == np.ndim(y) == 2:  # noqa: PLR2004 - matrices, which most are
        return _turned_product(x, y) if _is_turned(x) and y.flags.c_contiguous else np.matmul(x, y)
    is_row, is_column = len(m.shape(x)) == 1, len(m.shape(y)) == 1
    left = x[..., None, :] if is_row else x
    right = y[..., None] if is_column else y
    rank = max(len(m.shape(left)), len(m.shape(right)))
    result = _product(aligned(m, left, rank), aligned(m, right, rank))
    if is_row:
        result = result[..., 0, :]
    return result[..., 0] if is_column else result


def _is_turned(x: Array) -> bool:
    """Whether a matrix lies in memory column by column: it is the transpose of one that lies there row by row."""
    return bool(x.flags.f_contiguous) and not x.flags.c_contiguous


def _turned_product(x: Array, y: Array) -> Array:
    """The product, column by column in memory, as the gradient of a transposed weight is read: that of weight by rows.

    BLAS takes the same time for either, and copying from columns to rows takes as long as it.
    """
    turned: Array = np.matmul(y.T, x.T).T
    return turned


def _product(x: Array, y: Array) -> Array:
    """One large product where y is the same for the whole batch: BLAS takes it at once."""
    if x.dtype == object or x.ndim == 2 or prod(y.shape[:-2]) != 1:  # noqa: PLR2004 - matrices, no batch
        return np.matmul(x, y)
    rows = np.matmul(np.reshape(x, (prod(x.shape[:-1]), x.shape[-1])), np.reshape(y, y.shape[-2:]))
    lead = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    return np.reshape(rows, (*lead, x.shape[-2], y.shape[-1]))


def outer(m: Any, x: Array, y: Array) -> Array:
    """Every entry of a vector times every entry of another."""
    del m
    return x[..., :, None] * y[..., None, :]


def matrix_transpose(m: Any, x: Array) -> Array:
    """The last two axes exchanged."""
    del m
    return np.swapaxes(x, -1, -2)


def einsum(m: Any, *x: Array, subscripts: str) -> Array:
    """Products of entries, added up over the indices that the result has not (Einstein's convention)."""
    del m  # its batch is what "..." stands for
    terms, result = subscripts.split("->")
    batched = ",".join([f"...{term}" for term in terms.split(",")])
    operands = [np.asarray(one) for one in x]  # a single object has no dtype
    is_object = any(one.dtype == object for one in operands)
    return np.einsum(f"{batched}->...{result}", *operands, optimize=not is_object and len(x) > 1)


def trace(m: Any, x: Array) -> Array:
    """The sum of the diagonal."""
    del m
    return np.trace(x, axis1=-2, axis2=-1)


def diag(m: Any, x: Array, k: int = 0) -> Array:
    """A vector as a diagonal with 0 elsewhere; of a matrix, its diagonal."""
    if len(m.shape(x)) == 2:  # noqa: PLR2004 - a matrix
        return np.diagonal(x, max(-x.shape[-2], min(k, x.shape[-1])), -2, -1)
    size = m.shape(x)[0] + abs(k)
    whole = np.zeros((*leading(m, x), size, size), x.dtype)
    rows = np.arange(m.shape(x)[0]) + max(-k, 0)
    whole[..., rows, rows + k] = x
    return whole


def _of_objects(function: Callable[[Array], Any], x: Array, result: Array) -> Array:
    """A function of one matrix of objects, applied to each matrix of a batch, and put at its place of the result."""
    for place in np.ndindex(x.shape[:-2]):
        result[place] = function(x[place])
    return result


def _expanded(matrix: Array) -> Any:
    """The determinant, by expansion along the first column with each minor worked out once."""
    size = len(matrix)
    if size > LARGEST_EXPANDED:
        message = (
            f"a determinant of {size} rows is too large for exact arithmetic, which takes up to {LARGEST_EXPANDED}"
        )
        raise UsageError(message)
    minors: dict[tuple[int, ...], Any] = {(): 1}
    for count in range(1, size + 1):
        column = size - count
        larger = {}
        for rows in combinations(range(size), count):
            terms = [
                (matrix[row, column] * minors[(*rows[:place], *rows[place + 1 :])], place % 2)
                for place, row in enumerate(rows)
            ]
            total = terms[0][0]
            for term, is_odd in terms[1:]:
                total = total - term if is_odd else total + term
            larger[rows] = total
        minors = larger
    return minors[tuple(range(size))]


def _cofactors(matrix: Array) -> Array:
    size = len(matrix)
    found = np.empty((size, size), dtype=object)
    for row, column in np.ndindex(size, size):
        minor = _expanded(np.delete(np.delete(matrix, row, 0), column, 1))
        found[row, column] = minor if (row + column) % 2 == 0 else -minor
    return found


def _lower_factor(m: Any, matrix: Array) -> Array:
    """The Cholesky factor, column by column."""
    size = len(matrix)
    lower = np.zeros((size, size), dtype=object)
    for column in range(size):
        for row in range(column, size):
            rest = matrix[row, column]
            for known in range(column):
                rest = rest - lower[row, known] * lower[column, known]
            lower[row, column] = m.entries.sqrt(rest) if row == column else rest / lower[column, column]
    return lower


def det(m: Any, x: Array) -> Array:
    """The determinant."""
    del m
    return np.linalg.det(x) if x.dtype != object else _of_objects(_expanded, x, np.empty(x.shape[:-2], dtype=object))


def cofactors(m: Any, x: Array) -> Array:
    """The matrix of cofactors, ∂det/∂x: by U·diag(products of the other singular values)·Vᵀ, also where det is 0."""
    if x.dtype == object:
        return _of_objects(_cofactors, x, np.empty_like(x))
    if x.shape[-1] == 2:  # noqa: PLR2004 - [[d, -c], [-b, a]], without a rounding
        return np.flip(x, (-2, -1)) * np.array([[1.0, -1.0], [-1.0, 1.0]], x.dtype)
    if not np.isfinite(x).all():
        return np.full_like(x, np.nan)  # for which no singular values are found
    left, sizes, right = np.linalg.svd(x)
    others = m.products_of_others(sizes, axis=-1)
    sign = np.linalg.det(left) * np.linalg.det(right)
    return sign[..., None, None] * np.matmul(left * others[..., None, :], right)


def inv(m: Any, x: Array) -> Array:
    """The inverse; NaN where there is none."""
    if x.dtype == object:
        return matrix_transpose(m, cofactors(m, x)) / det(m, x)[..., None, None]
    return _or_nan(np.linalg.inv, x)


def solve(m: Any, x: Array, y: Array) -> Array:
    """The solution of x @ result = y, for a vector or a matrix y; NaN where x has no inverse."""
    if x.dtype.hasobject or y.dtype.hasobject:
        return matmul(m, inv(m, x), y)
    is_vector = len(m.shape(y)) == 1
    columns = y[..., None] if is_vector else y
    rank = max(len(m.shape(x)), len(m.shape(columns)))
    result = _or_nan(np.linalg.solve, aligned(m, x, rank), aligned(m, columns, rank))
    return result[..., 0] if is_vector else result


def cholesky(m: Any, x: Array) -> Array:
    """The lower triangular factor of the symmetric part of x; NaN where it is not positive definite."""
    symmetric = (x + np.swapaxes(x, -1, -2)) / 2
    if x.dtype == object:
        return _of_objects(partial(_lower_factor, m), symmetric, np.empty_like(x))
    return _or_nan(np.linalg.cholesky, symmetric)


def _or_nan(function: Callable[..., Array], *x: Array) -> Array:
    """What LAPACK finds; NaN for each matrix of a batch that it refuses, the others as they are."""
    try:
        return function(*x)
    except np.linalg.LinAlgError:
        lead = np.broadcast_shapes(*[one.shape[:-2] for one in x])
        result = np.full((*lead, *x[-1].shape[-2:]), np.nan)
        if lead:
            spread = [np.broadcast_to(one, lead + one.shape[-2:]) for one in x]
            for place in np.ndindex(lead):
                result[place] = _or_nan(function, *[one[place] for one in spread])
        return result


MATRICES: dict[str, Callable[..., Array]] = {
    "matmul": matmul,
    "outer": outer,
    "matrix_transpose": matrix_transpose,
    "einsum": einsum,
    "trace": trace,
    "diag": diag,
    "det": det,
    "cofactors": cofactors,
    "inv": inv,
    "solve": solve,
    "cholesky": cholesky,
}
