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
