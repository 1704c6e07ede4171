"""Singular values of many matrices at once, by LAPACK, and products of many matrices that never leave the range."""

from collections.abc import Callable
from math import inf, log10, nan
from typing import Any, NamedTuple

import numpy as np

Array = Any
LOG10_2 = log10(2)
SEED = 2026
MOST_ITERATIONS = 300
SETTLED = 1e-10  # relative change of the largest singular value, in a row of iterations
IN_A_ROW = 3


class Ends(NamedTuple):
    """The largest and the smallest singular value."""

    largest: float
    smallest: float


def ends_of_singular_values(matrices: Array) -> Ends | None:
    """The largest and the smallest of the singular values of all matrices, shape (count, rows, columns).

    A matrix has as many as its shorter side is long. One that differs from 0 by no more than rounding, max(rows,
    columns) · ε · the largest of its matrix, is 0. None where there are no entries, or one that is not finite.
    """
    found = singular_values(matrices)
    if found is None:
        return None
    largest = found.max(-1)
    smallest = found.min(-1)
    noise = max(matrices.shape[-2:]) * np.finfo(found.dtype).eps * largest
    return Ends(float(largest.max()), float(np.where(smallest <= noise, 0.0, smallest).min()))


def singular_values(matrices: Array) -> Array | None:
    """The singular values of each matrix, the largest first; None where there are no entries or some are not finite."""
    if not matrices.size or not np.isfinite(matrices).all():
        return None
    scale = abs(matrices).max(axis=(-2, -1), keepdims=True)  # entries near 1e308 would overflow on the way
    scale[scale == 0] = 1
    if 1 in matrices.shape[-2:]:
        return np.sqrt(((matrices / scale) ** 2).sum(axis=(-2, -1)))[..., None] * scale[..., 0]
    return np.linalg.svd(matrices / scale, compute_uv=False) * scale[..., 0]


def spectral_norms(matrices: Array) -> Array:
    """The largest singular value of each matrix, NaN for one that is not finite."""
    finite = np.isfinite(matrices).all(axis=(-2, -1))
    found = np.full(len(matrices), nan)
    values = singular_values(matrices[finite])
    if values is not None:
        found[finite] = values[..., 0]
    return found


def spectral_radius(matrix: Array) -> float | None:
    """The largest of the absolute values of a square matrix's eigenvalues; None where an entry is not finite."""
    if not np.isfinite(matrix).all():
        return None
    scale = float(abs(matrix).max(initial=0.0)) or 1.0
    return float(abs(np.linalg.eigvals(matrix / scale)).max(initial=0.0)) * scale


class Product:
    """A running product of matrices, for each of many samples, scaled by powers of two so that it stays in range."""

    def __init__(self) -> None:
        self._product: Array = None
        self._exponents: Array = 0

    def times(self, matrices: Array) -> tuple[float, float]:
        """Multiply each product by its matrix from the right; the largest spectral norm, and its decimal logarithm.

        NaN for both where a product is not finite.
        """
        product = matrices if self._product is None else self._product @ matrices
        largest = abs(product).max(axis=(-2, -1), keepdims=True)
        exponents = np.frexp(np.where(np.isfinite(largest), largest, 1.0))[1]
        self._product = np.ldexp(product, -exponents)
        self._exponents = self._exponents + exponents[..., 0, 0]
        norms = spectral_norms(self._product)
        with np.errstate(all="ignore"):  # the logarithm of 0, and a norm beyond the range
            logs = np.log10(norms) + self._exponents * LOG10_2
            return float(np.ldexp(norms, self._exponents).max()), float(logs.max())


def largest_singular_value(
    forward: Callable[[Array], Array], back: Callable[[Array], Array], size: int
) -> float | None:
    """The largest singular value of a linear map by Golub-Kahan-Lanczos bidiagonalisation, from a fixed start.

    `forward` is v ↦ Jv for vectors of this size, `back` is u ↦ Jᵀu. Vectors are not made orthogonal to all before: that
    the largest value comes up more than once then does no harm. None where something is not finite, or the value has
    not settled after `MOST_ITERATIONS`. Source: Golub & Van Loan 2013, Matrix Computations, §10.4; Paige 1974.
    """
    drawn = np.random.default_rng(SEED).standard_normal(size)
    v, u, beta = drawn / np.linalg.norm(drawn), 0.0, 0.0
    diagonal: list[float] = []
    beside: list[float] = []
    found, settled = 0.0, 0
    for _ in range(MOST_ITERATIONS):
        u = forward(v) - beta * u
        alpha = float(np.linalg.norm(u))
        diagonal.append(alpha)
        before, found = found, _largest(diagonal, beside)
        if not np.isfinite(found):
            return None
        settled = settled + 1 if found - before <= SETTLED * found else 0
        if settled == IN_A_ROW or alpha <= SETTLED * found:
            return found
        u = u / alpha
        v = back(u) - alpha * v
        beta = float(np.linalg.norm(v))
        if beta <= SETTLED * found:
            return found
        beside.append(beta)
        v = v / beta
    return None


def _largest(diagonal: list[float], beside: list[float]) -> float:
    """The largest singular value of the upper bidiagonal matrix."""
    matrix = np.diag(diagonal) + np.diag(beside[: len(diagonal) - 1], 1)
    return float(np.linalg.svd(matrix, compute_uv=False)[0]) if np.isfinite(matrix).all() else inf
