"""The noise of functions: of rounding, of float32, of stairs, and none that is not there."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from functions_in_process import Called

from bpcli.check.functions.noise import At, Noise, noise_of, scattered_levels, settled_levels

Array = Any
X = np.random.default_rng(0).normal(size=(5, 4))
PRIMES = np.array([2.0, 3.0, 5.0, 7.0])


def noise(function: Callable[[Array], Array], x: Array = X) -> Noise:
    """The noise of a function of one array, whose outputs all have the weight 1."""
    output = np.asarray(function(x))
    return noise_of(At(Called(function), {"x": x}, (output,), (np.ones(output.shape),)), ["x"])


def test_differences_of_white_noise_give_its_size() -> None:
    """The first order whose estimates settle is white noise's own, whatever smooth it is added to."""
    chance = np.random.default_rng(1)
    places = np.arange(7.0)[:, None]
    table = 1e-9 * chance.normal(size=(7, 4000)) + 1e-3 * places + 1e-10 * places**2

    assert np.median(settled_levels(table)) == pytest.approx(1e-9, rel=0.2)
    assert np.percentile(settled_levels(table), 2) > 1e-10


def test_a_cubic_is_no_noise() -> None:
    """What a cubic at uneven places explains is smooth, and the rest is noise."""
    places = np.array([0.0, 0.625, 1.875, 2.375, 3.875, 5.125, 6.0])
    chance = np.random.default_rng(2)
    smooth = 1 + places**3 - 2 * places

    assert scattered_levels(smooth[:, None], places)[0] < 1e-12
    table = smooth[:, None] + 1e-6 * chance.normal(size=(7, 2000))
    assert np.median(scattered_levels(table, places)) == pytest.approx(1e-6, rel=0.2)


def test_rounding_is_the_least_noise() -> None:
    """The noise of a linear map is that of its last rounding, not more than a few gaps between numbers."""
    found = noise(lambda x: 3.0 * x)

    assert not found.is_float32
    assert np.all(found.levels >= 0.25 * np.spacing(np.abs(3.0 * X)).ravel())
    assert np.all(found.levels <= 4 * np.spacing(np.abs(3.0 * X)).ravel())


def test_a_large_constant_brings_its_own_rounding() -> None:
    """Next to 1e8 nothing is known to better than 1e-8, also where it is taken away again."""
    assert noise(lambda x: 1e8 + np.sum(x**2)).levels[0] >= 0.5e-8
    assert noise(lambda x: (1e8 + np.sum(x**2)) - 1e8).levels[0] >= 1e-9


def test_float32_is_seen() -> None:
    """By the dtype of the outputs, by values that float32 has, and by their noise."""
    assert noise(lambda x: np.tanh(x).astype(np.float32)).is_float32
    assert noise(lambda x: np.tanh(x.astype(np.float32)).astype(float)).is_float32
    assert noise(lambda x: np.tanh(x.astype(np.float32)) * PRIMES / 3.0).is_float32
    assert noise(np.tanh, X.astype(np.float32)).is_float32
    assert not noise(np.tanh).is_float32
    assert not noise(lambda x: np.maximum(x, 0.0)).is_float32


def test_stairs_are_noise() -> None:
    """Nine decimals leave an error of 1e-9/√12, in every entry, however evenly the stairs are met."""
    found = noise(lambda x: np.round(np.sin(x), 9))

    assert not found.is_float32
    assert np.median(found.levels) == pytest.approx(1e-9 / np.sqrt(12), rel=0.5)
    assert found.levels.min() > 2e-11


def test_a_smooth_function_has_no_noise_beside_rounding() -> None:
    """Badly scaled entries do not make what is smooth look noisy, nor does the end of a domain."""
    x = np.array([1e-12, 1e-9, 1e-3, 1.0, 1e6])
    found = noise(lambda x: np.sqrt(x) + x**2, x)

    assert np.all(found.levels <= 8 * np.spacing(np.sqrt(x) + x**2))


def test_noise_that_the_outputs_share_adds_up() -> None:
    """Where all outputs round together, their sum has more noise than as if each rounded for itself."""
    shared = noise(lambda x: np.ones(64) * np.round(np.sum(np.sin(x)), 9))

    assert 2.0 < shared.together < 64.0
    assert noise(lambda x: np.round(np.sin(np.tile(x, (8, 1))), 9)).together < 16.0


def test_a_point_that_does_not_vary_is_rounded_all_the_same() -> None:
    """Outputs that never move, and those whose neighbours have no value, have the noise of rounding."""
    assert noise(np.floor).levels.max() == pytest.approx(0.5 * np.finfo(float).eps * np.abs(np.floor(X)).max())

    def raises(x: Array) -> Array:
        if np.any(x != X):
            message = "elsewhere"
            raise ValueError(message)
        return x

    assert noise(raises).levels.max() <= np.spacing(np.abs(X).max())
