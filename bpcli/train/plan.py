"""What a training is to do, which does not change while it runs."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from bpcli.train.batches import Values
from bpcli.train.clipping import Clipping
from bpcli.train.optimisers import Optimiser
from bpcli.train.schedules import Schedule

Metrics: TypeAlias = Callable[[Any, Values], Mapping[str, float]]  # of predictions, and the data that they are for


class Plan(NamedTuple):
    """What is to be done.

    `batch_size` None takes all samples at once. `metrics` are found of what the loss was applied to, over the epoch as
    it was trained and over the validation data. With `patience` training stops after so many epochs in a row whose
    loss, of the validation data where there are any, was not below the best one by more than `least_gain`.
    `check_every` is the number of steps between two checks of the live gradient; `random_seed` decides the order of the
    samples.
    """

    optimiser: Optimiser
    epochs: int
    batch_size: int | None = None
    schedule: Schedule = Schedule()
    clipping: Clipping = Clipping()
    random_seed: int = 0
    patience: int | None = None
    least_gain: float = 0.0
    check_every: int | None = None
    metrics: Metrics | None = None

    def rate(self, epoch: int) -> float:
        """The learning rate in an epoch, from 0 on."""
        return self.schedule.rate(self.optimiser.rate, epoch)
