"""What a mistake in a backward pass is here: a cause, and the array that it gives; and what mistakes are about."""

from typing import Any, NamedTuple

from bpcli.check.array_mistakes import AXES
from bpcli.check.findings import Cause
from bpcli.check.slips import ARITHMETIC, CHAIN, PATH, RULE

ACCUMULATION = "how contributions are added up"
CONVOLUTION = "how a kernel slides back"
MASK = "what a mask is taken from"
ACTIVATION = "where a derivative is taken"
TIME = "the steps over time"
REGULARISATION = "the regularisation"
STATISTICS = "what depends on the statistics"
LABELS = "the labels"
MIXED_UP = "two inputs mixed up"
PLACES = "which entries are reached"

__all__ = ["ARITHMETIC", "AXES", "CHAIN", "PATH", "RULE", "Mistake"]


class Mistake(NamedTuple):
    """A cause together with the array that it gives."""

    cause: Cause
    values: Any
