"""Schedules: the learning rate as a function of the tick, which is the number of epochs that are done.

Each is the closed form of PyTorch's scheduler of that kind, which its recursion follows to rounding: beyond `T_max` the
cosine rises again, with period 2·T_max, as torch.optim.lr_scheduler.CosineAnnealingLR does.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from bpcli.errors import UsageError
from bpcli.language.complaints import named, suggestion
from bpcli.train.optimisers.options import Given, Option, options_from

START_FACTOR = 1 / 3  # of LinearLR

SCHEDULES: Mapping[str, Mapping[str, Option]] = {
    "constant": {},
    "step": {"step_size": Option(None, least=1, is_whole=True), "gamma": Option(0.1, least=-math.inf)},
    "cosine": {"T_max": Option(None, least=1, is_whole=True), "eta_min": Option(0.0)},
}


class Schedule(NamedTuple):
    """A schedule with its options, behind `warmup` ticks in which the rate rises from a third of it (LinearLR)."""

    name: str = "constant"
    options: Mapping[str, Any] = {}
    warmup: int = 0

    def rate(self, base: float, tick: int) -> float:
        """The learning rate at a tick, from 0 on, of an optimiser with the rate `base`; as SequentialLR has it."""
        if tick < self.warmup:
            return base * (START_FACTOR + (1 - START_FACTOR) * tick / self.warmup)
        return RATES[self.name](base, tick - self.warmup, **self.options)


def _constant(base: float, tick: int) -> float:
    del tick
    return base


def _step(base: float, tick: int, *, step_size: int, gamma: float) -> float:
    """Multiply by gamma after every `step_size` ticks: torch.optim.lr_scheduler.StepLR. Infinite beyond float64."""
    try:
        return base * gamma ** (tick // step_size)
    except OverflowError:
        return math.inf if base else 0.0


def _cosine(base: float, tick: int, *, T_max: int, eta_min: float) -> float:  # noqa: N803 - PyTorch's name
    """Fall from the base to `eta_min` along half a cosine: torch.optim.lr_scheduler.CosineAnnealingLR."""
    return eta_min + (base - eta_min) * (1 + math.cos(math.pi * tick / T_max)) / 2


RATES: Mapping[str, Callable[..., float]] = {"constant": _constant, "step": _step, "cosine": _cosine}


def schedule_from(name: str, options: Given, warmup: int = 0) -> Schedule:
    """The schedule of that name with options as text or as numbers, behind so many ticks of warm-up.

    Raises UsageError for an unknown name or option, and for a value that it cannot take.
    """
    if name not in SCHEDULES:
        message = f"there is no schedule {named(name)}"
        raise UsageError(message, hint=suggestion(name, list(SCHEDULES), f"there are {', '.join(SCHEDULES)}"))
    return Schedule(name, options_from(f"the schedule '{name}'", SCHEDULES[name], options), warmup)
