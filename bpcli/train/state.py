"""Where a training stands: with the plan and the data it is all that a run needs to go on, to the bit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bpcli.train.model import Model
from bpcli.train.optimisers import Optimiser, OptimiserState
from bpcli.train.weights import Weights


class Best(NamedTuple):
    """The best epoch so far, by the loss that early stopping watches: its weights, flat, and its buffers."""

    epoch: int
    loss: float
    weights: Any
    buffers: Mapping[str, Any]


@dataclass(slots=True)
class State:
    """What changes while a model is trained.

    `epoch` counts the epochs that are done, `batch` the batches of the next one that are done, `step` all updates.
    `loss` and `predictions` are gathered over the batches of the current epoch: the sum of their losses, each weighed
    as the epoch's loss weighs it, and what the loss was applied to, in the order of the data. `waited` counts the
    epochs since the best one; `history` has an entry for each epoch, as JSON has it.
    """

    weights: Weights
    optimiser: OptimiserState
    buffers: dict[str, Any]
    epoch: int = 0
    batch: int = 0
    step: int = 0
    loss: float = 0.0
    predictions: Any = None
    best: Best | None = None
    waited: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)

    def numbers(self) -> dict[str, Any]:
        """All but arrays, as JSON has it."""
        best = None if self.best is None else {"epoch": self.best.epoch, "loss": self.best.loss}
        return {
            "optimiser_steps": self.optimiser.steps,
            "epoch": self.epoch,
            "batch": self.batch,
            "step": self.step,
            "loss": self.loss,
            "best": best,
            "waited": self.waited,
            "history": self.history,
        }

    def arrays(self) -> dict[str, Any]:
        """All arrays by name, in the shapes of the parameters: these and buffers by their own names.

        Behind `optimizer/NAME/` stands the state of the optimiser, behind `best/` the best weights and buffers, and
        `predictions` are those of the current epoch, where one has begun.
        """
        found = {**self.weights.views, **self.buffers}
        for slot, flat in self.optimiser.slots.items():
            found |= {f"optimizer/{slot}/{name}": one for name, one in self.weights.split(flat).items()}
        if self.best is not None:
            kept = {**self.weights.split(self.best.weights), **self.best.buffers}
            found |= {f"best/{name}": one for name, one in kept.items()}
        if self.predictions is not None:
            found["predictions"] = self.predictions
        return found


def state_of(model: Model, optimiser: Optimiser) -> State:
    """The state before the first step."""
    weights = model.weights()
    return State(weights, optimiser.started(len(weights.flat)), dict(model.buffers))


def restored(model: Model, optimiser: Optimiser, numbers: Mapping[str, Any], arrays: Mapping[str, Any]) -> State:
    """The state that `State.numbers` and `State.arrays` tell of. Raises KeyError where one is missing."""
    state = state_of(model, optimiser)
    weights = state.weights
    weights.fill({name: arrays[name] for name in weights.views})
    state.buffers = {name: arrays[name] for name in model.buffers}
    for slot, flat in state.optimiser.slots.items():
        for name, view in weights.split(flat).items():
            view[...] = arrays[f"optimizer/{slot}/{name}"]
    state.optimiser.steps = numbers["optimiser_steps"]
    for name in ("epoch", "batch", "step", "loss", "waited"):
        setattr(state, name, numbers[name])
    state.history = list(numbers["history"])
    state.predictions = arrays.get("predictions")
    if numbers["best"] is not None:
        best = Weights(weights.shapes)
        best.fill({name: arrays[f"best/{name}"] for name in best.views})
        buffers = {name: arrays[f"best/{name}"] for name in model.buffers}
        state.best = Best(numbers["best"]["epoch"], numbers["best"]["loss"], best.flat, buffers)
    return state
