"""Single updates in full: each parameter's value and gradient, the optimiser's state, and what a step computes."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from bpcli.backprop.gradients import gradients_of
from bpcli.graph.node import Graph
from bpcli.numbers.arrays import arrays
from bpcli.train.clipping import Clipping, norm_of
from bpcli.train.model import Model, Pass, buffers_after, gradients_into
from bpcli.train.optimisers import Optimiser
from bpcli.train.weights import Weights

if TYPE_CHECKING:
    from bpcli.backprop.nonfinite import Notice


class Change(NamedTuple):
    """What a step does to one parameter: arrays of its shape.

    `gradient` is that of the loss, `clipped` what the optimiser sees; `state` is its state before, by PyTorch's names;
    `computed` holds what it computes, by the names of its formulas, `θ_new` last.
    """

    name: str
    value: Any
    gradient: Any
    clipped: Any
    state: Mapping[str, Any]
    computed: Mapping[str, Any]


class Update(NamedTuple):
    """One update: its number, from 1 on, the loss before and after it, at the same batch and masks, and the changes.

    `norm` is that of all gradients together before they are clipped, `clipped_norm` after. `statistics` are the running
    statistics that a network in training keeps.
    """

    step: int
    graph: Graph
    loss: float
    loss_after: float
    norm: float
    clipped_norm: float
    changes: tuple[Change, ...]
    statistics: Mapping[str, Any]
    warnings: "tuple[Notice, ...]"

    @property
    def beyond(self) -> str | None:
        """The first of the new values, of the statistics, or else the loss after, that is not finite, in words."""
        values = {**{change.name: change.computed["θ_new"] for change in self.changes}, **self.statistics}
        names = [name for name, value in values.items() if not arrays.is_finite(value)]
        if names:
            return f"the new value of {names[0]}"
        return None if isfinite(self.loss_after) else "the loss after the update"

    @property
    def is_finite(self) -> bool:
        """Whether loss, gradients and values are finite numbers, before and after."""
        return not self.warnings and self.beyond is None


def updates(
    model: Model, optimiser: Optimiser, clipping: Clipping, count: int, *, evaluation_mode: bool = False
) -> Iterator[Update]:
    """So many updates, one after the other, on what the model was given; it ends behind one that is not finite.

    The masks of dropout are those of the steps of `bpcli train`. The last weights are those of the last update.
    """
    weights, gradient, buffers = model.weights(), Weights(model.shapes), dict(model.buffers)
    state = optimiser.started(weights.flat.size)
    slots = {name: weights.split(flat) for name, flat in state.slots.items()}
    for step in range(count):
        masks = None if evaluation_mode else step
        with arrays.at_work():
            found = model.forward(weights, buffers, {}, masks)
            gradients_into(gradient, found)
            raw = _copies(gradient.views)
            norm = clipping.clip(gradient.flat)
            kept = {name: _copies(slot) for name, slot in slots.items()}
            changes = tuple(
                [
                    _change(name, value, raw[name], gradient.views[name], kept, optimiser, step + 1)
                    for name, value in _copies(weights.views).items()
                ]
            )
        optimiser.step(weights.flat, gradient.flat, state)
        with arrays.at_work():
            after = model.forward(weights, buffers, {}, masks).loss
            buffers |= {} if evaluation_mode else buffers_after(found)
            warnings = _warnings(found, model) if not (isfinite(found.loss) and isfinite(norm)) else ()
            clipped = norm_of(gradient.flat)
        graph, statistics = found.program.graph, dict(buffers)
        done = Update(step + 1, graph, found.loss, after, norm, clipped, changes, statistics, warnings)
        yield done
        if not done.is_finite:
            return


def _copies(views: Mapping[str, Any]) -> dict[str, Any]:
    return {name: view.copy() for name, view in views.items()}


def _change(  # noqa: PLR0913, PLR0917 - what a step is made of
    name: str,
    value: Any,
    gradient: Any,
    clipped: Any,
    kept: Mapping[str, Mapping[str, Any]],
    optimiser: Optimiser,
    step: int,
) -> Change:
    before = {slot: values[name] for slot, values in kept.items()}
    return Change(
        name, value, gradient, clipped.copy(), before, optimiser.computed(value, clipped.copy(), before, step)
    )


def _warnings(found: Pass, model: Model) -> "tuple[Notice, ...]":
    """Where a number stopped being finite."""
    graph = found.program.graph
    at = {variable.name: found.values[variable] for variable in graph.variables}
    return gradients_of(graph, at, model.learned, system=arrays).warnings
