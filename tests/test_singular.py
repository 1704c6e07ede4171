"""Singular values of many matrices, and of maps that nobody writes down, against NumPy's own."""

from functools import partial
from math import inf, isnan, log10, nan
from typing import Any

import numpy as np
import pytest

from bpcli.numbers.norms import norm_of
from bpcli.numbers.samples import blocks_along, flat, keeps_apart, repeated_along, split
from bpcli.numbers.singular import (
    Product,
    ends_of_singular_values,
    largest_singular_value,
    spectral_norms,
    spectral_radius,
)


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300], ids=["tiny", "plain", "huge"])
def test_the_ends_are_those_of_all_matrices(scale: float) -> None:
    """The largest is the largest of any, the smallest the smallest, whatever the scale."""
    matrices = np.random.default_rng(1).normal(size=(3, 4, 6))
    expected = np.linalg.svd(matrices, compute_uv=False)

    found = ends_of_singular_values(matrices * scale)

    assert found is not None
    np.testing.assert_allclose(found, [expected.max() * scale, expected.min() * scale], rtol=1e-12)


def test_what_is_only_rounding_is_zero() -> None:
    """A matrix of rank 1 has a second singular value of 0, which LAPACK gives as 1e-17 or so."""
    found = ends_of_singular_values(np.outer([1.0, 2, 3], [0.1, 0.7, 0.3])[None])

    assert found is not None
    assert found.smallest == 0


@pytest.mark.parametrize("entry", [nan, inf], ids=str)
def test_no_ends_where_an_entry_is_not_finite(entry: float) -> None:
    """Where LAPACK would raise."""
    assert ends_of_singular_values(np.array([[[1.0, entry], [0, 1]]])) is None
    assert ends_of_singular_values(np.zeros((0, 2, 2))) is None
    assert spectral_radius(np.array([[1.0, entry], [0, 1]])) is None


def test_norms_of_some_matrices_that_are_not_finite() -> None:
    """NaN for these alone."""
    norms = spectral_norms(np.array([[[3.0]], [[nan]], [[-2.0]]]))

    assert norms[0] == 3
    assert isnan(norms[1])
    assert norms[2] == 2


@pytest.mark.parametrize(
    ("matrix", "radius"),
    [([[0.9, 0.9], [0.9, 0.9]], 1.8), ([[0.0, 5], [0, 0]], 0.0), ([[0.0, -2], [2, 0]], 2.0)],
    ids=["elements below 1", "nilpotent", "turning"],
)
def test_the_spectral_radius(matrix: Any, radius: float) -> None:
    """What counts for powers of a matrix is its spectrum, not its elements."""
    assert spectral_radius(np.array(matrix)) == pytest.approx(radius, abs=1e-12)


@pytest.mark.parametrize("shape", [(30, 20), (20, 30), (40, 40), (5, 1)], ids=str)
def test_the_largest_singular_value_of_a_map(shape: tuple[int, int]) -> None:
    """Lanczos comes to what SVD comes to."""
    matrix = np.random.default_rng(2).normal(size=shape)

    found = largest_singular_value(lambda v: matrix @ v, lambda u: u @ matrix, shape[1])

    assert found == pytest.approx(np.linalg.norm(matrix, 2), rel=1e-9)


def test_maps_that_have_little_to_say() -> None:
    """A map to 0, the identity, and one that is not finite."""
    assert largest_singular_value(lambda v: 0 * v, lambda u: 0 * u, 3) == 0
    assert largest_singular_value(lambda v: v, lambda u: u, 3) == pytest.approx(1)
    assert largest_singular_value(lambda v: nan * v, lambda u: nan * u, 3) is None


@pytest.mark.parametrize("factor", [1e-3, 1e3], ids=["vanishing", "exploding"])
def test_a_product_of_a_thousand_matrices_keeps_its_logarithm(factor: float) -> None:
    """The product is 0, or infinite, in float64; its logarithm is neither."""
    product, matrix = Product(), np.array([[[0.0, factor], [factor, 0.0]]])

    logs = [product.times(matrix) for _ in range(1000)]

    assert logs[0] == pytest.approx((factor, log10(factor)))
    assert logs[-1][0] == (0 if factor < 1 else inf)
    assert logs[-1][1] == pytest.approx(1000 * log10(factor), rel=1e-12)


def test_a_product_that_is_zero() -> None:
    """Its logarithm is -inf, and stays so."""
    product, matrix = Product(), np.array([[[0.0, 5], [0, 0]]])

    assert [product.times(matrix) for _ in range(3)] == [(5, pytest.approx(log10(5))), (0, -inf), (0, -inf)]


def test_a_map_that_keeps_places_apart() -> None:
    """Each place to itself; a shift, a sum over places, and one pair of them, do not."""
    scale = np.arange(1.0, 12).reshape(11, 1)

    def joining(u: Any, place: int, other: int) -> Any:
        found = u * scale
        found[:, place] += u[:, other]
        return found

    assert keeps_apart(lambda u: u * scale, (11, 2), 0)
    assert not keeps_apart(lambda u: np.roll(u, 1, 1), (11, 2), 0)
    assert not keeps_apart(lambda u: u - u.sum(1, keepdims=True), (11, 2), 0)
    for place, other in ((3, 9), (9, 3), (1, 3), (3, 1), (0, 10), (10, 0)):
        assert not keeps_apart(partial(joining, place=place, other=other), (11, 2), 0)
    assert keeps_apart(lambda u: np.roll(u, 1, 1), (11, 2), 1)


def test_blocks_along_axes() -> None:
    """Unit vectors at every sample, and what came back sorted by sample."""
    ones = repeated_along(np.eye(3), (1,), (3, 2))
    scaled = ones * np.array([[1.0, 2]])

    assert ones.shape == (3, 3, 2)
    np.testing.assert_array_equal(blocks_along(scaled, (1,), 2), [np.eye(3), 2 * np.eye(3)])
    np.testing.assert_array_equal(blocks_along(scaled, (1,), 1), [np.eye(3)])


def test_one_vector_of_many_arrays() -> None:
    """`split` undoes `flat`."""
    parts = [np.arange(6.0).reshape(2, 3), np.array(7.0), np.arange(2.0)]

    found = split(flat(parts), [(2, 3), (), (2,)])

    for one, other in zip(found, parts, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200], ids=["tiny", "plain", "huge"])
def test_a_norm_whose_squares_leave_the_range(scale: float) -> None:
    """Of an array and of a number."""
    assert norm_of(np.array([3.0, -4]) * scale) == pytest.approx(5 * scale, rel=1e-15)
    assert norm_of(-3.0 * scale) == 3 * scale
    assert norm_of(np.zeros(0)) == 0
