"""Networks whose weights a test sets, and what is diagnosed of them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bpcli import grad
from bpcli.flow.diagnoses import DEFAULTS, Thresholds, diagnoses_of
from bpcli.flow.looking import flow_of
from bpcli.flow.results import Diagnosis

Change = Callable[[str, Any], Any]  # of a parameter's name and value


def diagnoses(
    text: str, at: Mapping[str, Any], change: Change | None = None, thresholds: Thresholds = DEFAULTS
) -> tuple[Diagnosis, ...]:
    """What is diagnosed of a text at a point, after a change of the parameters that are drawn."""
    result = grad(text, at)
    network = result.graph.network
    if change and network:
        names = [one.variable.name for one in network.parameters if one.is_saved]
        result = grad(text, {**at, **{name: change(name, np.array(result.at[name])) for name in names}})
    return diagnoses_of(flow_of(result), thresholds)


def one_of(kind: str, found: tuple[Diagnosis, ...]) -> Diagnosis:
    """The only diagnosis of this kind."""
    (one,) = [diagnosis for diagnosis in found if diagnosis.kind == kind]
    return one


def kinds(found: tuple[Diagnosis, ...]) -> set[str]:
    """The kinds of what was found."""
    return {diagnosis.kind for diagnosis in found}


def layers(activation: str, depth: int, width: int = 32, loss: str = "MSELoss") -> str:
    """A text of so many linear layers with an activation behind each, and a linear layer with a loss."""
    hidden = " -> ".join([f"Linear({width}) -> {activation}"] * depth)
    return f"x -> {hidden} -> Linear(4) -> {loss}(t)"


def regression(samples: int = 32, features: int = 16, seed: int = 0) -> dict[str, Any]:
    """Normal inputs and targets."""
    random = np.random.default_rng(seed)
    return {"x": random.normal(size=(samples, features)), "t": random.normal(size=(samples, 4))}


def sequences(steps: int, features: int = 4, seed: int = 0) -> dict[str, Any]:
    """Normal sequences (T, 8, features), and targets (T, 8, 2)."""
    random = np.random.default_rng(seed)
    return {"x": random.normal(size=(steps, 8, features)), "t": random.normal(size=(steps, 8, 2))}


def he(seed: int) -> Change:
    """He initialisation: normal weights of variance 2/fan_in, biases of 0."""
    random = np.random.default_rng(seed)

    def change(_: str, value: Any) -> Any:
        if value.ndim == 1:
            return value * 0
        return random.normal(size=value.shape) * (2 * len(value) / value.size) ** 0.5

    return change


def xavier(seed: int) -> Change:
    """Xavier initialisation: uniform weights of variance 2/(fan_in + fan_out), biases of 0."""
    random = np.random.default_rng(seed)

    def change(_: str, value: Any) -> Any:
        return value * 0 if value.ndim == 1 else random.uniform(-1, 1, value.shape) * (6 / sum(value.shape)) ** 0.5

    return change


def moved(name: str, by: float) -> Change:
    """Something added to one parameter."""
    return lambda own, value: value + by if own == name else value


def recurrent(weight: Any) -> Change:
    """This recurrent weight, and biases of 0."""
    return lambda own, value: np.array(weight, float) if "weight_hh" in own else value * 0 if value.ndim == 1 else value
