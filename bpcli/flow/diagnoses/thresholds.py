"""Where a finding begins: each threshold with its name, its default and what it means; `NAME=VALUE` sets one."""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bpcli.errors import UsageError
from bpcli.language.complaints import shortened, suggestion

Thresholds = Mapping[str, float]


class Threshold(NamedTuple):
    """A figure at which a finding begins: its name, its value where nobody sets it, and what it means.

    Its values are positive numbers, and of a share no more than 1.
    """

    name: str
    default: float
    meaning: str

    @property
    def is_share(self) -> bool:
        """Whether it is a part of a whole."""
        return self.name.endswith(("-share", "-chance"))


KNOWN = (
    Threshold("vanishing", 1e-4, "through depth: the first layer's gradient is less than this times the last one's"),
    Threshold("vanishing-time", 1e-6, "through time: ‖∂h_T/∂h_1‖ is less than this"),
    Threshold("exploding", 1e4, "through depth: the first layer's gradient is more than this times the last one's"),
    Threshold("exploding-time", 1e2, "through time: ‖∂h_T/∂h_t‖ is more than this for a step t"),
    Threshold("scale", 1e-3, "weights of the wrong scale shrink the gradient below this, or let it grow above 1/this"),
    Threshold("gain", 1.25, "weights are of the wrong scale from this factor on, up or down, of what fits the layer"),
    Threshold("input-scale", 100, "inputs are not standardised: their root mean square is above this, or below 1/this"),
    Threshold("saturated-slope", 1e-3, "a sigmoid or tanh is saturated where its slope is below this"),
    Threshold("saturated-share", 0.25, "the share of saturated entries of a layer from which on it is a finding"),
    Threshold("dead-chance", 1e-9, "so many ReLUs off, or on, for a whole batch are less likely than this by chance"),
    Threshold("dead-margin", 6, "a ReLU is dead, or always on, with an input this many times what its weights suggest"),
    Threshold("dead-share", 0.1, "the share of a layer's ReLUs, dead or always on, from which on it is a finding"),
    Threshold("dead-samples", 8, "the samples of a batch from which on a ReLU can be called dead, or always on"),
    Threshold("clipped-share", 0.1, "the share of entries beyond a clip's edges from which on it is a finding"),
    Threshold("clip-norm", 1, "the norm at which the remedy for exploding gradients clips"),
    Threshold("clip-value", 0.1, "the value at which clipping by value is tried beside it"),
)
DEFAULTS: Thresholds = {threshold.name: float(threshold.default) for threshold in KNOWN}


def thresholds_from(texts: Iterable[str]) -> Thresholds:
    """The thresholds as they are by default, but for those set by `NAME=VALUE`; of two for one name the last counts.

    Raises UsageError for an unknown name, with a suggestion, and for a value that the threshold cannot have.
    """
    named = {threshold.name: threshold for threshold in KNOWN}
    found = dict(DEFAULTS)
    for text in texts:
        name, sign, typed = (part.strip() for part in text.partition("="))
        if not sign:
            message = f"a threshold is set by NAME=VALUE, not by '{shortened(text)}'"
            raise UsageError(message, hint="write vanishing=1e-4")
        threshold = named.get(name) or named.get(name.replace("_", "-").replace(" ", "-").lower())
        if threshold is None:
            message = f"there is no threshold '{shortened(name)}'"
            raise UsageError(message, hint=suggestion(name, list(named), f"there are {', '.join(named)}"))
        found[threshold.name] = _value_of(threshold, typed)
    return found


def _value_of(threshold: Threshold, typed: str) -> float:
    """The number that was typed. Raises UsageError where it is none, or not one that the threshold can have."""
    try:
        value = float(typed)
    except ValueError:
        value = math.nan
    most = 1 if threshold.is_share else math.inf
    if not 0 < value <= most or value == math.inf:
        kind = "a share, above 0 and at most 1" if threshold.is_share else "a finite number above 0"
        message = f"the threshold '{threshold.name}' is {kind}, not '{shortened(typed)}'"
        raise UsageError(message, hint=f"{threshold.name}={threshold.default:g} is the default: {threshold.meaning}")
    return value
