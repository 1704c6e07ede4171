"""Every layer, and every argument of it, says what PyTorch 2.13 says: the value, and the gradient of each parameter.

The fixtures hold PyTorch's answers in float64; `make_layer_fixtures.py` writes them from the specs in `layer_cases`.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpcli import grad
from bpcli.backprop.statistics import running_statistics
from bpcli.language.expressions import parse
from bpcli.layers import LAYERS
from bpcli.layers.module import Module, Stage
from bpcli.ops import activations

FOLDER = Path(__file__).parent / "fixtures" / "layers"
CASES: list[dict[str, Any]] = [case for path in sorted(FOLDER.glob("*.json")) for case in json.loads(path.read_text())]
CLOSE = 1e-9
ROUNDED = {"Hardsigmoid": 1e-7}  # PyTorch's slope 1/6 is a float32 number


def near(found: Any, expected: Any, close: float = CLOSE) -> None:
    """Assert that arrays have one shape, and entries that are equal up to rounding."""
    expected = np.array(expected, float)
    size = float(np.max(np.abs(expected), initial=1e-3))

    assert np.shape(found) == expected.shape
    assert np.asarray(found) == pytest.approx(expected, rel=close, abs=close * size)


def text_of(case: dict[str, Any]) -> str:
    """The spec as a pipeline."""
    return f"{case['spec']} -> {case['loss']}" if case["loss"] else str(case["spec"])


DEPRECATED = ("size_average", "reduce")  # arguments of losses that are refused in words


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_layer_is_that_of_pytorch(case: dict[str, Any]) -> None:
    """Value and gradients agree, and every parameter is named as in PyTorch's state_dict."""
    values = {name: np.array(value, float) for name, value in {**case["at"], **case["parameters"]}.items()}
    result = grad(
        text_of(case),
        values,
        seed=None if case["upstream"] is None else np.array(case["upstream"]),
        evaluation_mode=case["mode"] == "eval",
    )

    near(result.value, case["value"])
    assert set(case["gradients"]) == set(result.gradients)
    for name, gradient in case["gradients"].items():
        near(result.gradients[name], gradient, next((ROUNDED[one] for one in ROUNDED if one in case["spec"]), CLOSE))
    statistics = running_statistics(result)
    assert set(case["after"]) == set(statistics)
    for name, value in case["after"].items():
        near(statistics[name], value)


def test_every_layer_and_argument_has_a_fixture() -> None:
    """No argument of a layer is heard without PyTorch's word on it."""
    asked = {(one.name, argument.name) for one in LAYERS.values() for argument in one.arguments}
    asked -= {(name, argument) for name, argument in asked if argument in DEPRECATED}
    stages = [node for case in CASES for node in parse(text_of(case)).nodes if isinstance(node, Stage)]
    modules = [one for stage in stages if isinstance(stage.module, Module) for _, one in stage.module.leaves("")]

    assert asked - {(one.definition.name, name) for one in modules for name in one.arguments} == set()
    assert set(LAYERS) <= {one.definition.name for one in modules}


def test_every_activation_is_a_layer() -> None:
    """By PyTorch's name, which differs from that of the op in capitals and bars only."""
    ops = [name for name, op in vars(activations).items() if getattr(op, "name", None) == name]

    assert len(ops) > 10
    assert {name.replace("_", "") for name in ops} <= {name.lower() for name in LAYERS}
