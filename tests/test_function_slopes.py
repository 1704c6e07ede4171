"""Slopes of functions that are known by calling them: the derivative lies within the error, whatever the scale."""

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np
import pytest
from functions_in_process import Called

from bpcli.check.functions.callee import Fault, MisbehaviourError
from bpcli.check.functions.given import differentiable
from bpcli.check.functions.noise import At, noise_of
from bpcli.check.functions.slopes import jacobian_of, slopes_of
from bpcli.numbers.quotients import Estimate

Array = Any
ERRORS = 3.0
CHANCE = np.random.default_rng(0)
X = CHANCE.normal(size=(3, 4))


def at_of(function: Callable[..., Any], upstream: Any = None, **inputs: Any) -> At:
    """A function at a point, its outputs weighed by ones where nothing else is said."""
    callee = Called(function)
    outputs = tuple([np.asarray(one) for one in callee.outputs(inputs)])
    weights = tuple([np.ones(one.shape) for one in outputs]) if upstream is None else upstream
    return At(callee, inputs, outputs, weights)


def slopes(function: Callable[..., Any], upstream: Any = None, **inputs: Any) -> dict[str, Estimate]:
    """The slopes with respect to all inputs of floats."""
    at = at_of(function, upstream, **inputs)
    names = differentiable(inputs)
    return {name: found.slopes for name, found in slopes_of(at, names, noise_of(at, names)).items()}


def require(found: Estimate, truth: Array, precise: float = 1e-6) -> None:
    """The derivative is within a few errors, which are small against each entry, and there is no kink."""
    assert np.all(np.abs(found.value - truth) <= ERRORS * found.error)
    assert np.all(found.error <= precise * np.abs(truth))
    assert np.array_equal(found.left, found.right)


def skewness(x: Array) -> Array:
    """A large factor of the cubes about the mean."""
    return 1e6 * np.sum((x - np.mean(x)) ** 3)


def skewness_slopes(x: Array) -> Array:
    """Its derivative."""
    squares = 3e6 * (x - np.mean(x)) ** 2
    return squares - np.mean(squares)


NEAR_FIVE = 5 + 1e-3 * np.random.default_rng(107).normal(size=7)


def log_sum_exp(x: Array) -> Array:
    """A loss over rows."""
    top = x.max(axis=1, keepdims=True)
    return np.sum(np.log(np.sum(np.exp(x - top), axis=1)) + top[:, 0])


SCALED = np.array([1e-12, 1e-9, 1e-3, 1.0, 1e6])
SMOOTH: dict[str, tuple[Callable[..., Any], Array, Array]] = {
    "exp": (np.exp, X, np.exp(X)),
    "a number": (lambda x: x**3, 2.0, np.array(12.0)),
    "log of scaled entries": (np.log, SCALED, 1 / SCALED),
    "sum of logs": (lambda x: np.sum(np.log(x)), SCALED, 1 / SCALED),
    "root near 0": (np.sqrt, SCALED, 0.5 / np.sqrt(SCALED)),
    "squares of scaled entries": (lambda x: x**2, SCALED, 2 * SCALED),
    "natural scale 1e-12": (lambda x: np.exp(x / 1e-12), 1e-12 * X, np.exp(X) / 1e-12),
    "natural scale 1e12": (lambda x: np.sin(x / 1e12), 1e12 * X, np.cos(X) / 1e12),
    "rounding that moves of few digits do not meet": (skewness, NEAR_FIVE, skewness_slopes(NEAR_FIVE)),
    "a large constant": (lambda x: 1e8 + np.sum(x**2), 3 + X, 2 * (3 + X)),
    "log-sum-exp": (log_sum_exp, X, np.exp(X) / np.exp(X).sum(axis=1, keepdims=True)),
    "of all zeros": (lambda x: np.sin(x) + 1, np.zeros(3), np.ones(3)),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_functions(name: str) -> None:
    """Literal derivatives, at scales from 1e-12 to 1e12, where domains end, next to large constants."""
    function, x, truth = SMOOTH[name]

    require(slopes(function, x=x)["x"], truth)


HIDDEN: dict[str, tuple[Callable[..., Any], float, float]] = {
    "stairs under a slope": (lambda x: x * (1 + np.tanh(x)), -11.0, -42 * np.exp(-22.0)),
    "the rounding of a square": (lambda x: np.sin(x**2), -297.9695111064471, 171.1125942),
    "waves shorter than most steps": (lambda x: np.sin(3000 * x), 2.0, 3000 * np.cos(6000.0)),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_noise_that_hides(name: str) -> None:
    """Where rounding looks even from near, the error covers the derivative all the same."""
    function, x, truth = HIDDEN[name]
    found = slopes(function, x=np.array([x]))["x"]

    assert abs(found.value[0] - truth) <= ERRORS * found.error[0] + 1e-6 * abs(truth)
    assert found.error[0] <= max(1e-4 * abs(truth), 1e-13)


def test_outputs_are_weighed_after_they_are_subtracted() -> None:
    """An entry that does not reach a large output has no noise from it."""
    upstream = (np.array([0.5, 2.0]), np.array(-1.5))
    found = slopes(lambda x, y: (np.array([1e12 * y, x**2]), x * y), upstream, x=3.0, y=2.0)

    require(found["x"], np.array(2.0 * 6.0 - 1.5 * 2.0), 1e-9)
    require(found["y"], np.array(0.5e12 - 4.5))


def test_kinks_have_two_slopes() -> None:
    """At 0 and at ties exactly; not beside them, however near."""
    near = np.array([0.0, 1e-9, -1e-9, 1e-12, 2.0])
    relu = slopes(lambda x: np.maximum(x, 0.0), x=near)["x"]
    tied = slopes(lambda x: x.max(axis=1), x=np.array([[1.0, 1.0, 0.0], [2.0, 3.0, 5.0]]))["x"]
    absolute = slopes(lambda x: np.sum(np.abs(x)) ** 2, x=np.array([0.0, 0.5, -1.0]))["x"]

    assert relu.left == pytest.approx([0, 1, 0, 1, 1], abs=1e-9)
    assert relu.right == pytest.approx([1, 1, 0, 1, 1], abs=1e-9)
    assert tied.left.ravel() == pytest.approx([0, 0, 0, 0, 0, 1], abs=1e-9)
    assert tied.right.ravel() == pytest.approx([1, 1, 0, 0, 0, 1], abs=1e-9)
    assert absolute.left == pytest.approx([-3, 3, -3])
    assert absolute.right == pytest.approx([3, 3, -3])


def test_a_domain_ends_on_one_side() -> None:
    """Where a function has values on one side alone, its slope there is found; also where it raises on the other."""

    def raises(x: Array) -> Array:
        if np.any(x < 1):
            message = "below 1"
            raise ValueError(message)
        return (x - 1) * x

    for function in raises, lambda x: np.where(x >= 1, (x - 1) * x, np.nan):
        found = slopes(function, x=np.array([1.0, 2.0]))["x"]
        assert found.value == pytest.approx([1.0, 3.0], rel=1e-6)
        assert np.all(np.abs(found.value - [1.0, 3.0]) <= ERRORS * found.error)


def test_a_root_has_no_slope_at_its_end() -> None:
    """The quotients of sqrt at 0 grow without end: no answer."""
    found = slopes(np.sqrt, x=np.array([0.0, 4.0]))["x"]

    assert found.error[0] == inf
    assert found.value[1] == pytest.approx(0.25)


def test_saturated_functions_change_no_more_than_their_rounding_hides() -> None:
    """The sigmoid at 200 has the slope 1.4e-87, which the error covers."""
    found = slopes(lambda x: 1 / (1 + np.exp(-x)), x=np.array([200.0, 30.0, -30.0]))["x"]
    slope = np.exp(-30.0) / (1 + np.exp(-30.0)) ** 2

    assert np.all(np.abs(found.value - [1.4e-87, slope, slope]) <= ERRORS * found.error)
    assert np.all(found.error <= 1e-10)


@pytest.mark.parametrize("x", [X, X.astype(np.float32)], ids=["inside", "outside"])
def test_float32(x: Array) -> None:
    """A function in float32 has its slopes to three digits, and an honest error."""
    found = slopes(lambda x: np.sum(np.tanh(x.astype(np.float32)) ** 2), x=x)["x"]
    truth = 2 * np.tanh(X) * (1 - np.tanh(X) ** 2)

    assert np.all(np.abs(found.value - truth) <= ERRORS * found.error + 1e-6)
    assert np.all(found.error <= 2e-3)


def test_noise_is_told_in_the_error() -> None:
    """A function that is rounded to nine decimals is known to six digits, and no more is claimed."""
    found = slopes(lambda x: np.round(np.sin(x), 9), x=X)["x"]

    assert np.all(np.abs(found.value - np.cos(X)) <= ERRORS * found.error)
    assert np.all(found.error <= 1e-4)
    assert np.median(found.error) >= 1e-9


def test_no_time_leaves_entries_out() -> None:
    """What is not reached before the deadline is NaN, value and error."""
    at = at_of(np.exp, x=X)
    found = slopes_of(at, ["x"], noise_of(at, ["x"]), deadline=0.0)["x"].slopes

    assert np.isnan(found.value).all()
    assert np.isnan(found.error).all()


def test_memory_is_taken_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """One entry after the other gives what all together give."""
    together = slopes(lambda x: np.abs(x) * np.sin(x), x=X)["x"]
    monkeypatch.setattr("bpcli.check.functions.slopes.MOST_NUMBERS", 1)
    apart = slopes(lambda x: np.abs(x) * np.sin(x), x=X)["x"]

    assert together.value.tolist() == apart.value.tolist()


def test_the_jacobian() -> None:
    """Every output by every entry; none where it is too large."""
    weight = CHANCE.normal(size=(4, 2))
    at = at_of(lambda x: np.tanh(x @ weight), x=X)
    inner = 1 - np.tanh(X @ weight) ** 2
    truth = np.einsum("nk,nm,dk->nkmd", inner, np.eye(3), weight).reshape(6, 12)
    found = jacobian_of(at, "x", noise_of(at, ["x"]))

    assert found is not None
    assert np.abs(found - truth).max() <= 1e-9
    large = at_of(lambda x: np.tile(x, 1000), x=np.ones(2001))
    assert jacobian_of(large, "x", noise_of(at, ["x"])) is None


def test_floats_alone_are_differentiated() -> None:
    """No whole numbers, truth values, texts or mappings."""
    inputs = {"x": X, "n": 3, "y": np.arange(3), "on": True, "mode": "train", "p": {"s": 1.0}, "r": 0.5, "f": X > 0}

    assert differentiable(inputs) == ["x", "r"]


def test_a_pass_that_is_lost_ends_all() -> None:
    """What a child process that is gone would say is handed on, and not taken for the end of a domain."""

    class Lost(Called):
        def moved(self, *_: Any) -> Array:
            raise MisbehaviourError(Fault("lost", "forward", "gone"))

    at = at_of(np.exp, x=X)
    noise = noise_of(at, ["x"])

    with pytest.raises(MisbehaviourError, match="gone"):
        slopes_of(at._replace(callee=Lost(np.exp)), ["x"], noise)
