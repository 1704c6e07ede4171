"""One step: forward, backward, clipping, update. Where it leaves the finite numbers nothing is changed."""

from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

from bpcli.backprop.gradients import gradients_of
from bpcli.graph.node import Graph, Node
from bpcli.numbers.arrays import arrays
from bpcli.train.batches import Values, count_of
from bpcli.train.model import Model, Pass, buffers_after, gradients_into
from bpcli.train.plan import Plan
from bpcli.train.state import State
from bpcli.train.stopping import Stopped
from bpcli.train.weights import Weights


class StepDone(NamedTuple):
    """An update: its number, that of its epoch and of its batch, all from 1 on; rate, loss and ‖gradient‖.

    The loss and the gradient, which clipping has not touched, are those of the batch before the update.
    """

    step: int
    epoch: int
    batch: int
    rate: float
    loss: float
    gradient_norm: float


class Stepping:
    """The steps of one run; the gradient, and what a step replaces, have one place in memory for all of them."""

    def __init__(self, plan: Plan, model: Model, state: State) -> None:
        self._plan = plan
        self._model = model
        self._state = state
        self._gradient = Weights(state.weights.shapes)
        self._before = [flat.copy() for flat in self._replaced]

    @property
    def _replaced(self) -> list[Any]:
        """The flat arrays that an update writes into."""
        return [self._state.weights.flat, *self._state.optimiser.slots.values()]

    def step(self, batch: Values, places: Any, count: int) -> StepDone | Stopped:
        """Update the state by one batch, whose samples are those at these places of so many."""
        plan, model, state = self._plan, self._model, self._state
        rate = plan.rate(state.epoch)
        with arrays.at_work():
            found = model.forward(state.weights, state.buffers, batch, state.step)
            loss = found.loss
            gradients_into(self._gradient, found)
            norm = plan.clipping.clip(self._gradient.flat)
            if not isfinite(loss) or not (isfinite(norm) or arrays.is_finite(self._gradient.flat)):
                return not_finite(found, state)
            buffers = buffers_after(found)
            self._update(rate)
            beyond = _not_finite_in({**state.weights.views, **buffers})
        if beyond is not None:
            self._undo()
            text = f"the update, at a rate of {rate:g}, leaves {beyond} not finite"
            return Stopped("nonfinite", state.epoch + 1, state.step + 1, state.batch + 1, text)
        state.buffers |= buffers
        size = count_of(batch)
        state.loss += loss * (1 if model.adds_up else size)
        state.predictions = model.gathered(state.predictions, found.prediction, places, size, count)
        state.step += 1
        state.batch += 1
        return StepDone(state.step, state.epoch + 1, state.batch, rate, loss, norm)

    def _update(self, rate: float) -> None:
        """Let the optimiser take its step, and keep what it replaces."""
        for before, flat in zip(self._before, self._replaced, strict=True):
            before[...] = flat
        self._plan.optimiser.step(self._state.weights.flat, self._gradient.flat, self._state.optimiser, rate)

    def _undo(self) -> None:
        """Take the step back."""
        for before, flat in zip(self._before, self._replaced, strict=True):
            flat[...] = before
        self._state.optimiser.steps -= 1


def _not_finite_in(values: Values) -> str | None:
    """The first name whose value is not finite."""
    return next((name for name, value in values.items() if not arrays.is_finite(value)), None)


def _layer_of(graph: Graph, values: Mapping[Node, Any]) -> str:
    """The layer of the first node whose value is not finite; nothing where there is none, or no layer."""
    layers = graph.network.layers if graph.network else ()
    for place, node in enumerate(graph.nodes):
        if not arrays.is_finite(values[node]):
            found = [one for one in layers for block in one.blocks if block.start <= place < block.stop]
            return found[0].title if found else ""
    return ""


def not_finite(found: Pass, state: State) -> Stopped:
    """Why a step was not taken: the first step of the graph that left the finite numbers."""
    graph = found.program.graph
    at = {variable.name: found.values[variable] for variable in graph.variables}
    wanted = [name for name in at if name in state.weights.views]
    result = gradients_of(graph, at, wanted, system=arrays)
    text = result.warnings[0].message if result.warnings else "the weights are not finite"
    layer = _layer_of(graph, result.values)
    text = f"in layer {layer}, {text}" if layer else text
    return Stopped("nonfinite", state.epoch + 1, state.step + 1, state.batch + 1, text)
