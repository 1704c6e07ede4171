"""What backpropagation found: the value, the gradients by variable, and what must be said about them."""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bpcli.backprop.sweep import Step, gradients_at, steps
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Graph, Node, Variable
from bpcli.graph.order import downstream_of
from bpcli.numbers.evaluate import evaluate

if TYPE_CHECKING:
    from bpcli.backprop.nonfinite import Notice


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Gradients:
    """The gradient of a graph's output at a point.

    `at` holds the point, `value` the output there and `gradients` ∂output/∂variable for each wanted variable; `values`
    and `upstreams` hold the value of, and the gradient that arrived at, every node. `warnings` says where a number
    stopped being finite.
    """

    graph: Graph
    at: Mapping[str, float]
    value: float
    gradients: Mapping[str, float]
    values: Mapping[Node, float]
    upstreams: Mapping[Node, float]
    warnings: "tuple[Notice, ...]"

    def __repr__(self) -> str:
        return f"Gradients(value={self.value!r}, gradients={self.gradients!r})"

    @property
    def is_finite(self) -> bool:
        """Whether the value and every gradient are finite numbers."""
        return all(map(math.isfinite, (self.value, *self.gradients.values())))

    @property
    def wanted(self) -> tuple[Variable, ...]:
        """The variables whose gradient was asked for, in the order of the text."""
        return tuple(variable for variable in self.graph.variables if variable.name in self.gradients)

    def labels(self) -> dict[Node, str]:
        """What each node is called in tables and documents."""
        return labels_of(self.graph)

    def steps(self) -> Iterator[Step]:
        """Each edge of the backward pass that leads to a wanted variable, in order."""
        everything = len(self.gradients) == len(self.graph.variables)
        along = None if everything else downstream_of(self.graph, self.wanted)
        return steps(self.graph, self.values, self.upstreams, along)


def gradients_of(graph: Graph, at: Mapping[str, float], wanted: Collection[str] | None = None) -> Gradients:
    """Run the forward and the backward pass; `at` gives every variable a value, `wanted` defaults to all of them."""
    values = evaluate(graph, at)
    upstreams = gradients_at(graph, values)
    gradients = {
        variable.name: float(upstreams.get(variable, 0.0))
        for variable in graph.variables
        if wanted is None or variable.name in wanted
    }
    result = Gradients(graph, at, float(values[graph.output]), gradients, values, upstreams, ())
    if result.is_finite:
        return result
    from bpcli.backprop.nonfinite import notices  # noqa: PLC0415 - most answers are finite

    found = tuple(notices(graph, values, result.steps()))
    return Gradients(graph, at, result.value, gradients, values, upstreams, found)
