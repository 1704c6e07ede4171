"""bpcli computes and differentiates arrays as PyTorch 2.13 does, at ordinary points, kinks, ties and empty axes.

The fixture holds what PyTorch said, in float64, with the upstream gradient; `make_pytorch_fixtures.py` writes it.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpcli import grad

FIXTURE = Path(__file__).parent / "fixtures" / "pytorch_arrays.json"
CASES: list[dict[str, Any]] = json.loads(FIXTURE.read_text("utf-8"))
ROUNDING = 1e-11  # of sums of products, and of what is solved, relative to the largest entry


def label(case: dict[str, Any]) -> str:
    """The expression and the shapes."""
    return f"{case['expression']} of {', '.join(str(tuple(shape)) for shape in case['shapes'].values())}"


# Where bpcli says something else on purpose: the gradients, and why.
DEVIATIONS: dict[str, tuple[dict[str, Any], str]] = {
    "det(x) of (2, 2)": (
        {"x": [[2.0, -1.0], [-1.0, 0.5]]},
        "the cofactors are the derivative of a determinant that is 0, too, and PyTorch says 0",
    ),
}


def check(found: Any, expected: Any) -> None:
    """Assert that arrays are equal, in shape too, and up to rounding; what is not finite must be met exactly."""
    expected = np.array(expected, float)
    size = float(np.max(np.abs(expected), initial=1.0, where=np.isfinite(expected)))

    assert np.shape(found) == expected.shape
    assert np.asarray(found) == pytest.approx(expected, rel=ROUNDING, abs=ROUNDING * size, nan_ok=True)


@pytest.mark.parametrize("case", CASES, ids=label)
def test_bpcli_agrees_with_pytorch(case: dict[str, Any]) -> None:
    """Value and gradients are PyTorch's, for an upstream gradient whose entries differ."""
    at = {name: np.array(x, float) for name, x in case["at"].items()}
    result = grad(case["expression"], at, seed=np.reshape(np.array(case["upstream"], float), case["shape"]))
    expected, reason = DEVIATIONS.get(label(case), (case["gradients"], ""))

    check(result.value, np.reshape(np.array(case["value"], float), case["shape"]))
    for name, gradient in expected.items():
        check(result.gradients[name], gradient)
    assert not reason or expected != case["gradients"], reason


def test_every_named_deviation_is_in_the_fixture() -> None:
    """No deviation is listed for a case that does not exist."""
    assert set(DEVIATIONS) <= set(map(label, CASES))
