"""What backpropagation found: the value, the gradients by variable, and what must be said about them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bpcli.backprop.sweep import Step, gradients_at, steps
from bpcli.errors import ShapeError
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Graph, Node, Variable
from bpcli.graph.order import downstream_of
from bpcli.numbers.evaluate import evaluate
from bpcli.numbers.floats import floats
from bpcli.numbers.system import NumberSystem

if TYPE_CHECKING:
    from bpcli.backprop.nonfinite import Notice


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Gradients:
    """The gradient of a graph's output at a point.

    `at` holds the point, `value` the output there and `gradients` ∂output/∂variable for each wanted variable, in the
    shape of the variable; `values` and `upstreams` hold the value of, and the gradient that arrived at, every node, as
    `system` has them. `seed` is the upstream gradient of the output itself. `warnings` says where a number stopped
    being finite.
    """

    graph: Graph
    at: Mapping[str, Any]
    value: Any
    gradients: Mapping[str, Any]
    values: Mapping[Node, Any]
    upstreams: Mapping[Node, Any]
    warnings: "tuple[Notice, ...]"
    seed: Any = 1.0
    system: NumberSystem = floats

    def __repr__(self) -> str:
        return f"Gradients(value={self.value!r}, gradients={self.gradients!r})"

    @property
    def is_finite(self) -> bool:
        """Whether the value and every gradient are finite numbers."""
        return all(map(self.system.is_finite, (self.value, *self.gradients.values())))

    @property
    def wanted(self) -> tuple[Variable, ...]:
        """The variables whose gradient was asked for, in the order of the text."""
        return tuple(variable for variable in self.graph.variables if variable.name in self.gradients)

    @property
    def is_seeded(self) -> bool:
        """Whether the output was given an upstream gradient that is not 1."""
        return bool(self.graph.output.shape) or self.seed != 1

    @property
    def has_arrays(self) -> bool:
        """Whether any value is an array."""
        return self.system is not floats

    def labels(self) -> dict[Node, str]:
        """What each node is called in tables and documents."""
        return labels_of(self.graph)

    def steps(self) -> Iterator[Step]:
        """Each edge of the backward pass that leads to a wanted variable, in order."""
        everything = len(self.gradients) == len(self.graph.variables)
        along = None if everything else downstream_of(self.graph, self.wanted)
        return steps(self.graph, self.values, self.upstreams, along, self.system)


def gradients_of(
    graph: Graph,
    at: Mapping[str, Any],
    wanted: Collection[str] | None = None,
    *,
    system: NumberSystem = floats,
    seed: Any = None,
) -> Gradients:
    """Run the forward and the backward pass; `at` gives every variable a value, `wanted` defaults to all of them.

    `seed` is the upstream gradient of the output, of its shape; 1 by default. Raises ShapeError for an output that is
    an array without one: its gradient is a Jacobian.
    """
    started = 1.0 if seed is None else seed
    if seed is None and graph.output.shape:
        raise _needs_seed(graph)
    with system.at_work():
        values = evaluate(graph, at, system)
        upstreams = gradients_at(graph, values, system, system.value(started))
        found = {variable.name: upstreams.get(variable) for variable in graph.variables}
    zeros = {
        variable.name: system.zeros(variable.shape) for variable in graph.variables if found[variable.name] is None
    }
    gradients = {
        name: system.handed_out(zeros.get(name, gradient))
        for name, gradient in found.items()
        if wanted is None or name in wanted
    }
    value = system.handed_out(values[graph.output])
    result = Gradients(graph, at, value, gradients, values, upstreams, (), started, system)
    if result.is_finite:
        return result
    from bpcli.backprop.nonfinite import notices  # noqa: PLC0415 - most answers are finite

    with system.at_work():
        warnings = tuple(notices(result))
    return Gradients(graph, at, value, gradients, values, upstreams, warnings, started, system)


def _needs_seed(graph: Graph) -> ShapeError:
    """What to say of an output that is an array."""
    shape = graph.output.shape
    label = labels_of(graph).get(graph.output, "f")
    message = f"{label} is an array of shape {shape}, not one number: its gradient is a Jacobian"
    example = str([1, *[0] * (shape[0] - 1)]) if len(shape) == 1 and 0 < shape[0] <= 4 else "[…]"  # noqa: PLR2004 - short
    hint = (
        f"'bpcli jacobian' shows it; --upstream-seed \"{example}\" weighs its entries; or reduce it, as in sum({label})"
    )
    if graph.network is not None:
        hint = f'end it in a loss, -> MSELoss(t), or add --loss-function "nn.MSELoss()"; {hint}'
    spans = (graph.output.span,) if graph.output.span else ()
    return ShapeError(message, hint=hint, text=graph.text or None, spans=spans)
