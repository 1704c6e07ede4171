"""bpcli computes and differentiates as PyTorch 2.13 does, at ordinary points, kinks, edges and far out.

The fixture holds what PyTorch said, in float64; `make_pytorch_fixtures.py` writes it.
"""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from bpcli import grad

FIXTURE = Path(__file__).parent / "fixtures" / "pytorch_scalars.json"
CASES: list[dict[str, Any]] = json.loads(FIXTURE.read_text("utf-8"))

ROUNDING = 1e-13  # two libraries round differently, a few operations each, and digamma next to its zero
# Where PyTorch itself has fewer digits than float64; bpcli is held to mpmath elsewhere.
FEWER_DIGITS = {
    "polygamma(1, x)": 1e-8,  # a series cut short
    "digamma(x)": 1e-8,  # its slope is the same series
    "hardsigmoid(x)": 1e-7,  # the slope 1/6 is a float32 number
    "acosh(x)": 1e-12,  # x**2 - 1 cancels at 1
    "atanh(x)": 1e-12,  # 1 - x**2 cancels at 1
    "softsign(x)": 1e-12,  # the slope is computed from 1 - abs(out)
}


def label(case: dict[str, Any]) -> str:
    """The expression and the point."""
    return f"{case['expression']} at {', '.join(f'{name} = {x:g}' for name, x in case['at'].items())}"


# Where bpcli says something else on purpose: its value, its gradients, and why.
DEVIATIONS: dict[str, tuple[float, dict[str, float], str]] = {
    "hypot(x, y) at x = 0, y = 0": (0.0, {"x": 0.0, "y": 0.0}, "NaN would spoil every gradient that flows through"),
    "x**0.5 at x = -0": (0.0, {"x": math.inf}, "no function has a slope of minus infinity at 0 for the zero's sign"),
    "expm1(x) at x = -40": (-1.0, {"x": 4.248354255291589e-18}, "PyTorch takes out + 1, which cancels"),
    "gelu(x) at x = -10": (
        -7.619853024160526e-23,
        {"x": -7.618400096464814e-22},
        "PyTorch takes 1 + erf(x), which cancels",
    ),
}
KEPT = [case for case in CASES if label(case) not in DEVIATIONS]
DEVIANT = [case for case in CASES if label(case) in DEVIATIONS]


def near(value: Any, accuracy: float = ROUNDING) -> Any:
    """Equal up to rounding; 0 and what is not finite must be met exactly."""
    return pytest.approx(value, rel=accuracy, abs=0, nan_ok=True)


def expected_slopes(case: dict[str, Any]) -> dict[str, float]:
    """PyTorch's gradients, of which those that are not finite stand as words in the fixture."""
    return {name: float(slope) for name, slope in case["gradients"].items()}


@pytest.mark.parametrize("case", KEPT, ids=label)
def test_bpcli_agrees_with_pytorch(case: dict[str, Any]) -> None:
    """Value and gradients are PyTorch's; infinities and NaN too."""
    accuracy = FEWER_DIGITS.get(case["expression"], ROUNDING)
    result = grad(case["expression"], case["at"])

    assert result.value == near(float(case["value"]), accuracy)
    assert dict(result.gradients) == near(expected_slopes(case), accuracy)


@pytest.mark.parametrize("case", DEVIANT, ids=label)
def test_a_named_deviation_is_one_and_says_why(case: dict[str, Any]) -> None:
    """Each deviation has the numbers stated here, and PyTorch has others."""
    value, slopes, reason = DEVIATIONS[label(case)]
    result = grad(case["expression"], case["at"])
    said = (result.value, dict(result.gradients))

    assert said == (near(value), near(slopes))
    assert said != (near(float(case["value"])), near(expected_slopes(case))), reason


def test_every_named_deviation_is_in_the_fixture() -> None:
    """No deviation is listed for a case that does not exist."""
    found = {label(case) for case in DEVIANT}

    assert found == set(DEVIATIONS)
