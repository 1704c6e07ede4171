"""What a wrong gradient is consistent with: nothing that another point refutes, and nothing that is not there."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bpcli import check_function


def told(forward: Any, backward: Any, inputs: Any = "normal(N,D)", wanted: str = "x") -> str:
    """The causes of one gradient, in full."""
    given = inputs if isinstance(inputs, dict) else {"x": inputs}
    result = check_function(forward, backward, given, with_respect_to=wanted)
    return "; ".join(cause.text for group in result.worst_groups for cause in result.causes_of(group))


def summed(x: Any) -> Any:
    """The sum of squares."""
    return (x**2).sum()


@pytest.mark.parametrize("factor", [1 / 4, 3, 4])
def test_a_factor_that_stays_where_lengths_change_is_no_length(factor: float) -> None:
    """Even where it is the length of some axis at each point."""
    assert told(summed, lambda x: 2 * factor * x) == f"every entry times {factor:g}"


def test_a_length_changes_from_point_to_point() -> None:
    """A mean for a sum stays what it is; where the length is typed, it is that of the same axis everywhere."""
    assert "mean instead of sum" in told(summed, lambda x: 2 * x / len(x))
    assert "mean instead of sum" in told(summed, lambda x: 2 * x / len(x), "normal(4,D)")


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        (summed, lambda x: 3 * x),
        (lambda x: np.sqrt((x**2).sum()), lambda x: x * np.sqrt((x**2).sum())),
        (lambda x: 1e-12 * (x**2).sum(), lambda x: 2.1e-12 * x),
    ],
    ids=["square", "norm", "tiny"],
)
def test_a_gradient_in_proportion_to_its_input_has_no_regularisation(
    forward: Callable[..., Any], backward: Callable[..., Any]
) -> None:
    """It is what the function itself has."""
    causes = told(forward, backward)

    assert causes
    assert "regularisation" not in causes


def ridge(w: Any, x: Any, reg: float = 0.1) -> Any:
    """A loss whose regularisation is halved in its gradient."""
    return ((x @ w) ** 2).sum() + reg * (w * w).sum(), 2 * x.T @ (x @ w) + reg * w


@pytest.mark.parametrize("given", [{}, {"reg": 0.3}], ids=["default", "given"])
def test_a_parameter_left_at_its_default_is_known(given: dict[str, float]) -> None:
    """Half of the regularisation is there, whichever way the number came."""
    assert "halved" in told(ridge, None, {"w": "normal(D,M)", "x": "normal(N,D)", **given}, "w")


def softmax(x: Any, axis: int = 1) -> Any:
    """Over one axis."""
    powers = np.exp(x)
    return powers / powers.sum(axis, keepdims=True)


def log_sum(x: Any) -> Any:
    """The log of the sum of exp over the last axis."""
    return np.log(np.exp(x).sum(1))


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        (lambda p, g: p * (g - (g * p).sum(0, keepdims=True)), "wrong axis"),
        (lambda p, g: p * (g - (g * p).mean(1, keepdims=True)), "mean instead of sum"),
        (lambda p, g: p * g, "path left out: through the sum"),
        (lambda p, g: p * (1 - p) * g, "diagonal"),
        (lambda p, g: p * (g + (g * p).sum(1, keepdims=True)), "sign"),
    ],
    ids=["axis", "mean", "inner", "diagonal", "sign"],
)
def test_what_is_wrong_in_a_softmax_is_told(wrong: Callable[..., Any], cause: str) -> None:
    """Its own sum over the wrong axis, averaged, or left out."""
    assert cause in told(softmax, lambda x, upstream: wrong(softmax(x), upstream))


def test_the_log_of_a_sum_over_another_axis_is_told() -> None:
    """Its gradient is a softmax."""
    assert "the wrong axis" in told(log_sum, lambda x: softmax(x, 0))


@pytest.mark.parametrize(
    ("forward", "backward", "cause"),
    [
        (lambda x: np.maximum(x, 0), np.ones_like, "mask left out"),
        (lambda x: x.max(1), np.ones_like, "mask left out"),
        (lambda x: x.max(1), lambda x: 1.0 * (x == x.min(1, keepdims=True)), "mask inverted: the smallest"),
    ],
    ids=["relu", "every", "smallest"],
)
def test_which_entry_passes_is_told(forward: Callable[..., Any], backward: Callable[..., Any], cause: str) -> None:
    """As the first thing, and no mask that lets every entry pass."""
    assert told(forward, backward, "normal(4,5)").startswith(cause)


def recurrent(x: Any, wx: Any, wh: Any) -> Any:
    """All states of a recurrent layer, and what its backward pass needs."""
    states = [np.zeros((len(x), len(wh)))]
    for step in range(x.shape[1]):
        states.append(np.tanh(x[:, step] @ wx + states[-1] @ wh))
    return np.stack(states[1:], 1), (x, wx, wh, states)


def back_through(dout: Any, cache: Any, *, state: int = 0, slope: int = 1) -> Any:
    """Gradients, with the state and the slope taken so many steps later."""
    x, wx, wh, states = cache
    dx, dwx, dwh, carried = np.zeros_like(x), np.zeros_like(wx), np.zeros_like(wh), 0.0
    for step in range(x.shape[1] - 1, -1, -1):
        into = (dout[:, step] + carried) * (1 - states[step + slope] ** 2)
        dx[:, step], carried = into @ wx.T, into @ wh.T
        dwx += x[:, step].T @ into
        dwh += states[step + state].T @ into
    return dx, dwx, dwh


@pytest.mark.parametrize(
    ("state", "slope", "wanted"), [(1, 1, "wh"), (0, 0, "wh"), (0, 0, "x")], ids=["state", "slope", "data"]
)
def test_a_state_of_another_step_is_told(state: int, slope: int, wanted: str) -> None:
    """h[t+1] for h[t], and the other way round."""
    inputs = {"x": "normal(N,T,D)", "wx": "normal(D,H)", "wh": "normal(H,H)"}

    def wrong(dout: Any, cache: Any) -> Any:
        return back_through(dout, cache, state=state, slope=slope)

    assert told(recurrent, wrong, inputs, wanted).startswith("one step off")


def test_swapped_operands_are_told() -> None:
    """The input itself for the other factor, also where that is broadcast, and inside another function."""
    inputs = {"x": "normal(N,D)", "w": "normal(D)"}

    assert told(lambda x, w: x * w, lambda g, x, w: (g * x, (g * x).sum(0)), inputs) == (
        "operands swapped: x in place of w"
    )
    same = {"x": "normal(N,D)", "w": "normal(N,D)"}
    cause = told(lambda x, w: x * np.tanh(w), lambda g, x, w: (g * np.tanh(x), g * x * (1 - np.tanh(w) ** 2)), same)
    assert cause == "operands swapped: x in place of w"


def test_the_second_term_of_a_product_is_told() -> None:
    """Of swish, x times sigmoid: without the x, and of the wrong sign."""

    def squashed(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    def slope(x: Any) -> Any:
        return squashed(x) * (1 - squashed(x))

    assert "x in the second term" in told(lambda x: x * squashed(x), lambda x: squashed(x) + slope(x))
    assert "a sign lost" in told(lambda x: x * squashed(x), lambda x: squashed(x) - x * slope(x))
