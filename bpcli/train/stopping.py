"""When training ends: early stopping on a loss that does not improve, and what else ends it."""

from math import inf
from typing import NamedTuple

from bpcli.train.plan import Plan
from bpcli.train.state import Best, State


class Stopped(NamedTuple):
    """The last event: why, and where, counted from 1.

    `reason` is `finished`, `patience`, `nonfinite` (the step was not taken, the weights are those before it) or
    `differ` (the gradient that the step would have used is wrong). `batch` is 0 between epochs.
    """

    reason: str
    epoch: int
    step: int
    batch: int
    text: str = ""


def watched(state: State, loss: float, plan: Plan) -> bool:
    """Keep the weights of the epoch that is over if its loss is the best so far; whether it is."""
    if plan.patience is None:
        return False
    before = inf if state.best is None else state.best.loss
    if not loss < before - plan.least_gain:
        state.waited += 1
        return False
    state.best = Best(state.epoch, loss, state.weights.flat.copy(), dict(state.buffers))
    state.waited = 0
    return True


def has_waited_enough(state: State, patience: int | None) -> bool:
    """Whether so many epochs in a row were no better than the best."""
    return patience is not None and state.waited >= patience
