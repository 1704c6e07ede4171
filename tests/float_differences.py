"""A plain stand-in for float64 differences: two central steps, whose disagreement is the estimated error."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np

from bpcli.graph.node import Graph
from bpcli.numbers.arrays import arrays
from bpcli.numbers.evaluate import evaluate

STEPS = (1e-4, 1e-5)


class Differences(NamedTuple):
    """What `differences` gives for one variable, each in its shape."""

    estimate: Any
    error: Any
    left: Any
    right: Any
    used: str


def differences(
    graph: Graph, values_at: Mapping[str, Any], wanted: Collection[str], seed: Any = None
) -> dict[str, Differences]:
    """The gradient of ⟨seed, output⟩ with respect to every entry of the wanted variables; two slopes at a kink."""
    found = {}
    for name in wanted:
        shape = np.shape(values_at[name])
        parts = np.array([_entry(graph, values_at, name, place, seed) for place in np.ndindex(*shape)])
        estimate, error, left, right = np.reshape(parts.T, (4, *shape))
        found[name] = Differences(estimate, error, left, right, "central differences")
    return found


def _entry(graph: Graph, at: Mapping[str, Any], name: str, place: Any, seed: Any) -> tuple[float, ...]:
    def output(step: float) -> float:
        moved = np.array(at[name], dtype=float)
        moved[place] += step
        with np.errstate(all="ignore"):
            value = evaluate(graph, {**at, name: moved}, arrays)[graph.output]
        return float(np.sum(value if seed is None else value * np.asarray(seed)))

    here = output(0.0)
    sides = [((here - output(-step)) / step, (output(step) - here) / step) for step in STEPS]
    coarse, fine = [(left + right) / 2 for left, right in sides]
    error = abs(coarse - fine) + 1e-15 * abs(here) / STEPS[1]
    left, right = sides[1]
    if abs(right - left) <= 1e-2 * max(abs(left), abs(right)) + error:
        return fine, error, fine, fine
    return fine, error + abs(right - left) / 2, left, right
